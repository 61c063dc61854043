"""A window of one colour on an X11 display, made with the requests of our own client (media/screen/x11.py)."""

from __future__ import annotations

import struct
from typing import Self

from desktop_app.media.screen.x11 import X11Display

_CREATE, _ATTRIBUTES, _DESTROY, _MAP, _UNMAP, _CONFIGURE = 1, 2, 4, 8, 10, 12
_CHANGE_PROPERTY, _CLEAR = 18, 61
_BACK_PIXEL = 2
_INPUT_OUTPUT = 1
_WM_NAME, _STRING = 39, 31
_WIDTH, _HEIGHT = 4, 8


class PlainWindow:
    """From `with` to the end of its block, or `destroy`; without a window manager it is where it is put."""

    def __init__(
        self,
        display: str,
        title: str,
        place: tuple[int, int, int, int],
        rgb: tuple[int, int, int],
    ) -> None:
        self._display = X11Display(display)
        self._title = title.encode("latin-1")
        self._place = place
        self._rgb = rgb
        self.id = 0

    def __enter__(self) -> Self:
        # The second number of the connection's resource ids; nothing else of it makes any.
        self.id = self._display.resource_base + 1
        x, y, width, height = self._place
        body = struct.pack(
            "<IIhhHHHHII", self.id, self._display.root, x, y, width, height, 0, _INPUT_OUTPUT, 0, _BACK_PIXEL
        )
        self._send(_CREATE, 0, body + struct.pack("<I", self._pixel(self._rgb)))
        name = struct.pack("<IIIBxxxI", self.id, _WM_NAME, _STRING, 8, len(self._title))
        self._send(_CHANGE_PROPERTY, 0, name + self._title)
        self._send(_MAP, 0, struct.pack("<I", self.id))
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()
        self._display.close()

    def paint(self, rgb: tuple[int, int, int]) -> None:
        """Have another colour."""
        self._send(_ATTRIBUTES, 0, struct.pack("<III", self.id, _BACK_PIXEL, self._pixel(rgb)))
        self._send(_CLEAR, 0, struct.pack("<IhhHH", self.id, 0, 0, 0, 0))

    def resize(self, width: int, height: int) -> None:
        """Have another size."""
        self._send(_CONFIGURE, 0, struct.pack("<IHxxII", self.id, _WIDTH | _HEIGHT, width, height))

    def minimise(self, minimised: bool) -> None:
        """Be on the screen, or not."""
        self._send(_UNMAP if minimised else _MAP, 0, struct.pack("<I", self.id))

    def destroy(self) -> None:
        """Close it; safe to call twice."""
        if self.id:
            self._send(_DESTROY, 0, struct.pack("<I", self.id))
            self.id = 0

    def _send(self, opcode: int, data: int, body: bytes) -> None:
        self._display.request(opcode, data, body)
        self._display.settle()

    @staticmethod
    def _pixel(rgb: tuple[int, int, int]) -> int:
        return rgb[0] << 16 | rgb[1] << 8 | rgb[2]
