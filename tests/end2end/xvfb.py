"""A virtual display of our own, and what it shows as pixels.

Xvfb keeps its picture in a file (-fbdir) in the X Window Dump format, so that a screenshot needs no X client.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import struct
import subprocess
import time
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    import numpy.typing as npt

START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
LOOK_AGAIN_S = 0.05

# XWDFile.h: 25 big-endian numbers, then the window's name up to header_size, then the colours.
_XWD_HEADER = struct.Struct(">25I")
_XWD_VERSION, _Z_PIXMAP, _COLOUR_BYTES = 7, 2, 12


def read_xwd(data: bytes) -> npt.NDArray[np.uint8]:
    """The picture of a 24-bit X Window Dump as RGB, shape (height, width, 3).

    Raises:
        ValueError: it is no such dump.
    """
    if len(data) < _XWD_HEADER.size:
        raise ValueError("too short for an X Window Dump")
    fields = _XWD_HEADER.unpack_from(data)
    header_bytes, version, pixmap_format, _, width, height, _, byte_order = fields[:8]
    bits_per_pixel, bytes_per_line = fields[11:13]
    masks, colours = fields[14:17], fields[19]
    if (version, pixmap_format, bits_per_pixel) != (_XWD_VERSION, _Z_PIXMAP, 32):
        raise ValueError("not an X Window Dump with 32 bits a pixel")
    lines = np.frombuffer(
        data,
        dtype=">u4" if byte_order else "<u4",
        count=height * bytes_per_line // 4,
        offset=header_bytes + colours * _COLOUR_BYTES,
    ).reshape(height, bytes_per_line // 4)
    shifts = [(mask & -mask).bit_length() - 1 for mask in masks]
    planes = [((lines[:, :width] >> shift) & 0xFF).astype(np.uint8) for shift in shifts]
    return np.stack(planes, axis=-1)


def write_png(path: Path, rgb: npt.NDArray[np.uint8]) -> None:
    """Write an RGB picture, shape (height, width, 3), as PNG (W3C PNG, third edition)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width, _ = rgb.shape
    unfiltered = np.zeros((height, 1 + width * 3), dtype=np.uint8)  # each line begins with filter type 0
    unfiltered[:, 1:] = rgb.reshape(height, width * 3)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(unfiltered.tobytes(), 6))
        + chunk(b"IEND", b"")
    )


class Xvfb:
    """A virtual display, from `with` to the end of its block.

    Args:
        folder: where its picture is kept; it is made when it does not exist.
        width_px, height_px: the size of the screen.
    """

    def __init__(self, folder: Path, width_px: int = 1280, height_px: int = 800) -> None:
        self._folder = folder
        self._size = f"{width_px}x{height_px}x24"
        self._process: subprocess.Popen[bytes] | None = None
        self.display = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to open its windows here."""
        return {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def __enter__(self) -> Xvfb:
        """Start the display on a number that is free; returns when it takes connections."""
        self._folder.mkdir(parents=True, exist_ok=True)
        told, teller = os.pipe()
        command = ["Xvfb", "-displayfd", str(teller), "-screen", "0", self._size]
        command += ["-fbdir", str(self._folder), "-nolisten", "tcp", "-noreset"]
        try:
            with (self._folder / "Xvfb.log").open("wb") as log:
                self._process = subprocess.Popen(
                    command, pass_fds=[teller], stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            os.close(teller)
            teller = -1
            number = _read_line(told, START_LIMIT_S)
        finally:
            os.close(told)
            if teller >= 0:
                os.close(teller)
        if not number.isdigit():
            self.stop()
            log_text = (self._folder / "Xvfb.log").read_text(errors="replace")
            raise RuntimeError(f"Xvfb did not start: {log_text.strip()}")
        self.display = f":{number}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the display."""
        self.stop()

    def stop(self) -> None:
        """Stop the display; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def screenshot(self, path: Path | None = None) -> npt.NDArray[np.uint8]:
        """What the screen shows now as RGB, shape (height, width, 3); also written to `path` as PNG."""
        rgb = read_xwd((self._folder / "Xvfb_screen0").read_bytes())
        if path is not None:
            write_png(path, rgb)
        return rgb

    async def wait_until(
        self, shows: Callable[[npt.NDArray[np.uint8]], bool], *, timeout: float = 30.0
    ) -> npt.NDArray[np.uint8]:
        """The first screenshot for which `shows` is true.

        Raises:
            AssertionError: none within `timeout` seconds; the last one is in the folder as last.png.
        """
        deadline = time.monotonic() + timeout
        while True:
            picture = self.screenshot()
            if shows(picture):
                return picture
            if time.monotonic() > deadline:
                write_png(self._folder / "last.png", picture)
                raise AssertionError(f"not shown within {timeout} s: see {self._folder / 'last.png'}")
            await asyncio.sleep(LOOK_AGAIN_S)


def _read_line(descriptor: int, limit_s: float) -> str:
    """What comes through a pipe up to a line's end, the pipe's end or the limit."""
    deadline = time.monotonic() + limit_s
    line = b""
    with contextlib.closing(select.epoll()) as poll:
        poll.register(descriptor, select.EPOLLIN)
        while not line.endswith(b"\n") and poll.poll(max(0.0, deadline - time.monotonic())):
            piece = os.read(descriptor, 64)
            if not piece:
                break
            line += piece
    return line.decode().strip()
