"""Keyboard and mouse of a virtual display: what a person does with their hands, through the XTEST extension.

The few requests that this takes are written here (X Window System Protocol, X Version 11, appendix B; X Test
Extension Protocol 2.2), so that no X library and no `xdotool` is needed.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_GET_INPUT_FOCUS, _QUERY_EXTENSION, _GET_KEYBOARD_MAPPING = 43, 98, 101
_FAKE_INPUT = 2
_KEY_PRESS, _KEY_RELEASE, _BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = range(2, 7)
_REPLY_BYTES = 32
_KEYSYMS = {  # X11/keysymdef.h
    "Return": 0xFF0D,
    "Home": 0xFF50,
    "Down": 0xFF54,
    "Shift": 0xFFE1,
    "Ctrl": 0xFFE3,
}
HAND_S = 0.012
"""Between two places of a moving mouse: a mouse reports some 100 times a second, and Qt joins what comes at once."""
STEP_PX = 9


class X11Input:
    """One person's hands at a display, until `close`.

    Args:
        display: as in DISPLAY, of this machine and without access control: ":7".

    Raises:
        ConnectionError: nobody serves the display, or it has no XTEST.
    """

    def __init__(self, display: str) -> None:
        self._place = (0, 0)
        self._stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._stream.settimeout(10)
        try:
            self._stream.connect(f"/tmp/.X11-unix/X{display.removeprefix(':')}")
            self._set_up()
        except BaseException:
            self._stream.close()
            raise

    def close(self) -> None:
        """Let go of the display; safe to call twice."""
        self._stream.close()

    # --- the protocol ---------------------------------------------------------------------------

    def _set_up(self) -> None:
        self._stream.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        status, _, _, units = struct.unpack("<BxHHH", self._take(8))
        rest = self._take(units * 4)
        if status != 1:
            raise ConnectionError("the display does not let us in")
        vendor_bytes = struct.unpack_from("<H", rest, 16)[0]
        formats, self._first_key, last_key = rest[21], rest[26], rest[27]
        self._root = struct.unpack_from("<I", rest, 32 + (vendor_bytes + 3) // 4 * 4 + formats * 8)[0]
        name = b"XTEST"
        self._send(_QUERY_EXTENSION, 0, struct.pack("<Hxx", len(name)) + name)
        answer = self._reply()
        if not answer[8]:
            raise ConnectionError("the display has no XTEST")
        self._xtest = answer[9]
        count = last_key - self._first_key + 1
        self._send(_GET_KEYBOARD_MAPPING, 0, struct.pack("<BBxx", self._first_key, count))
        answer = self._reply()
        columns = answer[1]
        symbols = struct.unpack_from(f"<{columns * count}I", answer, _REPLY_BYTES)
        self._keys: dict[int, tuple[int, bool]] = {}
        for column in (1, 0):  # with and without Shift; what needs none is better
            for number, symbol in enumerate(symbols[column::columns]):
                self._keys[symbol] = (self._first_key + number, column == 1)

    def _send(self, request: int, detail: int, body: bytes) -> None:
        body += b"\0" * (-len(body) % 4)
        self._stream.sendall(struct.pack("<BBH", request, detail, 1 + len(body) // 4) + body)

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._stream.recv(count - len(data))
            if not piece:
                raise ConnectionError("the display has ended")
            data += piece
        return data

    def _reply(self) -> bytes:
        while True:
            head = self._take(_REPLY_BYTES)
            if head[0] == 0:
                raise ConnectionError(f"the display refuses request {head[10]} with error {head[1]}")
            if head[0] == 1:
                return head + self._take(struct.unpack_from("<I", head, 4)[0] * 4)
            # An event that every client gets, as when the keyboard changes.

    def _fake(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        self._send(self._xtest, _FAKE_INPUT, struct.pack("<BBxxII8xhh8x", kind, detail, 0, self._root, x, y))

    def _settle(self) -> None:
        """Wait until the display has done all of it."""
        self._send(_GET_INPUT_FOCUS, 0, b"")
        self._reply()

    # --- hands ----------------------------------------------------------------------------------

    def keys(self, *names: str) -> None:
        """Press keys together, and let go: keys("Ctrl", "Shift", "f")."""
        codes = [self._keys[_KEYSYMS.get(name, ord(name[0]))][0] for name in names]
        for code in codes:
            self._fake(_KEY_PRESS, code)
        for code in reversed(codes):
            self._fake(_KEY_RELEASE, code)
        self._settle()

    def type(self, text: str) -> None:
        """Type what the keyboard has keys for."""
        shift = self._keys[_KEYSYMS["Shift"]][0]
        for character in text:
            code, shifted = self._keys[ord(character)]
            if shifted:
                self._fake(_KEY_PRESS, shift)
            self._fake(_KEY_PRESS, code)
            self._fake(_KEY_RELEASE, code)
            if shifted:
                self._fake(_KEY_RELEASE, shift)
        self._settle()

    def move(self, x: int, y: int) -> None:
        """Put the mouse at a pixel of the screen."""
        self._place = (x, y)
        self._fake(_MOTION, 0, x, y)
        self._settle()

    def click(self, x: int, y: int) -> None:
        """Click with the left button."""
        self.move(x, y)
        self._fake(_BUTTON_PRESS, 1)
        self._fake(_BUTTON_RELEASE, 1)
        self._settle()

    async def glide(self, x: int, y: int) -> None:
        """Move the mouse as a hand does, on the straight way."""
        from_x, from_y = self._place
        steps = max(1, max(abs(x - from_x), abs(y - from_y)) // STEP_PX)
        for step in range(1, steps + 1):
            self.move(
                from_x + round((x - from_x) * step / steps), from_y + round((y - from_y) * step / steps)
            )
            await asyncio.sleep(HAND_S)

    async def drag(self, points: Iterable[tuple[int, int]]) -> None:
        """Draw from the first point over the others to the last with the left button held."""
        first, *others = points
        self.move(*first)
        self._fake(_BUTTON_PRESS, 1)
        for x, y in others:
            await self.glide(x, y)
        self._fake(_BUTTON_RELEASE, 1)
        self._settle()
