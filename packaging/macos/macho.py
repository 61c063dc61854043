"""What a file of machine code says of itself: whether it is one, and which macOS it needs.

Mach-O as in Apple's <mach-o/loader.h> and <mach-o/fat.h>.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MACHO_64 = b"\xcf\xfa\xed\xfe"  # little-endian: both of Apple's processors
FAT = b"\xca\xfe\xba\xbe"
ELF = b"\x7fELF"
MAX_SLICES = 16
"""A class file of Java begins as a fat file does, with a version where that has its number of slices."""

LC_VERSION_MIN_MACOSX = 0x24
LC_BUILD_VERSION = 0x32
PLATFORM_MACOS = 1

Version = tuple[int, int]
"""Of macOS: (13, 0)."""


def is_code(path: Path) -> bool:
    """Whether codesign takes `path` for code. Linux's ELF counts, so that the layout can be tried there."""
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == FAT:
        return len(head) == 8 and 0 < struct.unpack(">I", head[4:])[0] <= MAX_SLICES
    return head[:4] in (MACHO_64, ELF)


def oldest_macos(path: Path) -> Version | None:
    """The oldest macOS that `path` runs on, by the slice that asks for most; None when it says nothing."""
    data = path.read_bytes()
    found = [version for start in _slices(data) for version in _versions(data, start)]
    return max(found, default=None)


def _slices(data: bytes) -> Iterator[int]:
    if data[:4] == MACHO_64:
        yield 0
    elif data[:4] == FAT and len(data) >= 8:
        (count,) = struct.unpack_from(">I", data, 4)
        for index in range(min(count, MAX_SLICES)):
            entry = 8 + 20 * index
            if entry + 20 > len(data):
                return
            (start,) = struct.unpack_from(">I", data, entry + 8)
            if data[start : start + 4] == MACHO_64:
                yield start


def _versions(data: bytes, start: int) -> Iterator[Version]:
    if start + 32 > len(data):
        return
    (count,) = struct.unpack_from("<I", data, start + 16)
    at = start + 32
    for _ in range(count):
        if at + 16 > len(data):
            return
        command, size, first, second = struct.unpack_from("<IIII", data, at)
        if command == LC_BUILD_VERSION and first == PLATFORM_MACOS:
            yield second >> 16, second >> 8 & 0xFF
        elif command == LC_VERSION_MIN_MACOSX:
            yield first >> 16, first >> 8 & 0xFF
        if size < 8:
            return
        at += size
