"""The few requests of X11 that looking at windows takes, over a socket of our own.

By the X Window System Protocol, X Version 11, release 7.7 (appendix B has the encoding), the Composite and XFIXES
extensions, and Xau's file format. Xlib is no way for a thread of an application: it ends the process when a display
goes away, and its handler for errors is one for the whole process. Here an error is an exception.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
from pathlib import Path
from typing import NamedTuple

_GET_ATTRIBUTES, _GET_GEOMETRY, _QUERY_TREE, _INTERN_ATOM, _GET_PROPERTY = 3, 14, 15, 16, 20
_TRANSLATE, _GET_IMAGE, _QUERY_EXTENSION = 40, 73, 98
_ERROR, _REPLY = 0, 1
_GENERIC_EVENT = 35
_PACKET_BYTES = 32
_ANY_TYPE = 0
_Z_PIXMAP = 2
_VIEWABLE = 2
_COMPOSITE_REDIRECT, _AUTOMATIC = 1, 0
_XFIXES_VERSION, _XFIXES_CURSOR_IMAGE = 0, 4
_FAMILY_LOCAL, _FAMILY_WILD = 256, 65535
_COOKIE = b"MIT-MAGIC-COOKIE-1"
TIMEOUT_S = 5.0
MAX_REPLY_BYTES = 256 * 1024 * 1024
"""More than any picture has; a display that says otherwise is broken."""


class X11Error(Exception):
    """The display is not there, or refuses; `code` is the protocol's number of the error, 0 where there is none."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Geometry(NamedTuple):
    """A window's place in its parent, and the depth of its pixels."""

    depth: int
    x: int
    y: int
    width: int
    height: int


class Cursor(NamedTuple):
    """The mouse's pointer: where its picture is on the screen, and its pixels (premultiplied ARGB)."""

    x: int
    y: int
    width: int
    height: int
    pixels: bytes


class X11Display:
    """One connection. Belongs to one thread.

    Raises:
        X11Error: nobody serves the display.
    """

    def __init__(self, display: str | None = None) -> None:
        name = display if display is not None else os.environ.get("DISPLAY", "")
        self._sequence = 0
        self._atoms: dict[str, int] = {}
        self._opcodes: dict[str, int | None] = {}
        self._stream, number = _connected(name)
        try:
            self._stream.settimeout(TIMEOUT_S)
            self.root = self._set_up(number)
        except (OSError, struct.error, X11Error) as error:
            self.close()
            raise X11Error(f"the display {name!r} refuses: {error}") from error

    def close(self) -> None:
        """End the connection; safe to call twice."""
        self._stream.close()

    # --- the protocol ---------------------------------------------------------------------------

    def _set_up(self, number: str) -> int:
        cookie = _cookie(number)
        name = _COOKIE if cookie else b""
        header = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie))
        self._send(header + _padded(name) + _padded(cookie))
        status, reason_bytes, words = struct.unpack("<BBxxxxH", self._read(8))
        body = self._read(4 * words)
        if status != 1:
            raise X11Error(bytes(body[:reason_bytes]).decode("latin-1") or "access is denied")
        vendor_bytes, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        self.resource_base: int = struct.unpack_from("<I", body, 4)[0]
        root: int = struct.unpack_from("<I", body, 32 + (vendor_bytes + 3 & ~3) + 8 * formats)[0]
        return root

    def _send(self, data: bytes) -> None:
        try:
            self._stream.sendall(data)
        except OSError as error:
            raise X11Error(f"the display is gone: {error}") from error

    def _read(self, count: int) -> bytearray:
        data = bytearray(count)
        self._read_into(memoryview(data))
        return data

    def _read_into(self, view: memoryview) -> None:
        try:
            while view:
                got = self._stream.recv_into(view)
                if not got:
                    raise X11Error("the display is gone")
                view = view[got:]
        except OSError as error:
            raise X11Error(f"the display is gone: {error}") from error

    def request(self, opcode: int, data: int, body: bytes) -> int:
        """Send a request and do not wait for what becomes of it; its number."""
        body += bytes(-len(body) % 4)
        self._send(struct.pack("<BBH", opcode, data, 1 + len(body) // 4) + body)
        self._sequence = self._sequence + 1 & 0xFFFF
        return self._sequence

    def _ask(self, opcode: int, data: int, body: bytes) -> tuple[bytes, bytearray]:
        """The first 32 bytes of the answer, and what follows them. Errors of requests without one are passed over."""
        sequence = self.request(opcode, data, body)
        while True:
            head = bytes(self._read(_PACKET_BYTES))
            kind, detail, answered, words = struct.unpack_from("<BBHI", head)
            more = bytearray()
            if kind in (_REPLY, _GENERIC_EVENT):
                if 4 * words > MAX_REPLY_BYTES:
                    raise X11Error("the display answers with too much")
                more = self._read(4 * words)
            if kind == _ERROR and answered == sequence:
                raise X11Error(f"error {detail} for request {opcode}", detail)
            if kind == _REPLY and answered == sequence:
                return head, more

    def settle(self) -> None:
        """Return when the display has done everything that was asked."""
        self.geometry(self.root)

    def _extension(self, name: str) -> int | None:
        if name not in self._opcodes:
            head, _ = self._ask(_QUERY_EXTENSION, 0, struct.pack("<Hxx", len(name)) + name.encode())
            self._opcodes[name] = head[9] if head[8] else None
        return self._opcodes[name]

    def _atom(self, name: str) -> int:
        if name not in self._atoms:
            head, _ = self._ask(_INTERN_ATOM, 0, struct.pack("<Hxx", len(name)) + name.encode())
            self._atoms[name] = struct.unpack_from("<I", head, 8)[0]
        return self._atoms[name]

    # --- windows --------------------------------------------------------------------------------

    def children(self, window: int) -> tuple[int, ...]:
        """The windows in a window, the lowest first."""
        head, more = self._ask(_QUERY_TREE, 0, struct.pack("<I", window))
        count = struct.unpack_from("<H", head, 16)[0]
        return struct.unpack_from(f"<{count}I", more)

    def property(self, window: int, name: str, most_bytes: int = 4096) -> bytes:
        """The value of a property, empty where there is none."""
        body = struct.pack("<IIIII", window, self._atom(name), _ANY_TYPE, 0, most_bytes // 4)
        head, more = self._ask(_GET_PROPERTY, 0, body)
        count: int = struct.unpack_from("<I", head, 16)[0]
        return bytes(more[: count * head[1] // 8])

    def numbers(self, window: int, name: str) -> tuple[int, ...]:
        """The value of a property of 32-bit numbers."""
        value = self.property(window, name)
        return struct.unpack(f"<{len(value) // 4}I", value[: len(value) & ~3])

    def is_shown(self, window: int) -> tuple[bool, bool]:
        """Whether it can be seen, and whether it is a menu or tip that is no window for people."""
        head, more = self._ask(_GET_ATTRIBUTES, 0, struct.pack("<I", window))
        attributes = head + bytes(more)
        return attributes[26] == _VIEWABLE, bool(attributes[27])

    def geometry(self, window: int) -> Geometry:
        """Where it is."""
        head, _ = self._ask(_GET_GEOMETRY, 0, struct.pack("<I", window))
        return Geometry(head[1], *struct.unpack_from("<hhHH", head, 12))

    def place_on_screen(self, window: int) -> tuple[int, int]:
        """Where its upper left corner is on the whole screen."""
        head, _ = self._ask(_TRANSLATE, 0, struct.pack("<IIhh", window, self.root, 0, 0))
        x, y = struct.unpack_from("<hh", head, 12)
        return x, y

    def keep_whole(self, window: int) -> None:
        """Let the display keep the window's pixels also where another one lies over it (Composite)."""
        opcode = self._extension("Composite")
        if opcode is not None:
            self.request(opcode, _COMPOSITE_REDIRECT, struct.pack("<IBxxx", window, _AUTOMATIC))

    def image(self, window: int, width: int, height: int) -> bytearray:
        """Its pixels, four bytes each: blue, green, red, nothing."""
        body = struct.pack("<IhhHHI", window, 0, 0, width, height, 0xFFFFFFFF)
        _, more = self._ask(_GET_IMAGE, _Z_PIXMAP, body)
        if len(more) != 4 * width * height:
            raise X11Error("the window's pixels do not have four bytes each")
        return more

    def cursor(self) -> Cursor | None:
        """The mouse's pointer; None where the display does not tell (XFIXES)."""
        known = "XFIXES" in self._opcodes
        opcode = self._extension("XFIXES")
        if opcode is None:
            return None
        if not known:
            self._ask(opcode, _XFIXES_VERSION, struct.pack("<II", 4, 0))
        head, more = self._ask(opcode, _XFIXES_CURSOR_IMAGE, b"")
        x, y, width, height, hot_x, hot_y = struct.unpack_from("<hhHHHH", head, 8)
        return Cursor(x - hot_x, y - hot_y, width, height, bytes(more[: 4 * width * height]))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _connected(name: str) -> tuple[socket.socket, str]:
    match = re.fullmatch(r"(?:unix/?)?([^:]*):(\d+)(?:\.\d+)?", name)
    if match is None:
        raise X11Error("no display is named")
    host, number = match[1], match[2]
    try:
        if host and not host.startswith("/"):
            return socket.create_connection((host, 6000 + int(number)), TIMEOUT_S), number
        path = f"/tmp/.X11-unix/X{number}"
        for address in (path, f"\0{path}"):
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                stream.connect(address)
            except OSError:
                stream.close()
            else:
                return stream, number
    except OSError as error:
        raise X11Error(f"the display {name!r} is not there") from error
    raise X11Error(f"the display {name!r} is not there")


def _cookie(number: str) -> bytes:
    """What opens the display, from Xau's file; empty where there is none."""
    path = Path(os.environ.get("XAUTHORITY") or Path.home() / ".Xauthority")
    data = b""
    with contextlib.suppress(OSError):
        data = path.read_bytes()
    host = socket.gethostname().encode()
    position = 0
    with contextlib.suppress(struct.error):
        while position < len(data):
            family = struct.unpack_from(">H", data, position)[0]
            position += 2
            fields = []
            for _ in range(4):  # address, number of the display, name of the method, data
                length = struct.unpack_from(">H", data, position)[0]
                fields.append(data[position + 2 : position + 2 + length])
                position += 2 + length
            address, display, method, cookie = fields
            is_ours = family == _FAMILY_WILD or (family == _FAMILY_LOCAL and address == host)
            if is_ours and method == _COOKIE and display in (b"", number.encode()):
                return cookie
    return b""
