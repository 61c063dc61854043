"""What we must know of ELF files: which libraries they need, and which names they offer and ask for.

System V ABI, gABI 4.1, chapters 4 and 5 (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html); 64 bit,
little-endian alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"
_SHT_DYNAMIC, _SHT_DYNSYM, _SHT_SYMTAB = 6, 11, 2
_DT_NEEDED, _DT_SONAME = 1, 14
_STT_OBJECT, _PT_LOAD = 1, 1


@dataclass(frozen=True)
class Library:
    """The dynamic part of an ELF file."""

    machine: int
    needed: tuple[str, ...]
    soname: str
    offered: frozenset[str]
    """Names that others can link to."""
    asked: frozenset[str]
    """Names that must come from elsewhere."""
    objects: frozenset[str]
    """Those of `offered` that are data, not code."""
    has_symbols: bool
    """Whether `strip` would find something to take away."""


def is_elf(path: Path) -> bool:
    """Whether `path` is a 64-bit little-endian ELF file."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read(path: Path) -> Library:
    """Read the dynamic part of `path`, which must be one for which is_elf holds."""
    image = path.read_bytes()
    machine = struct.unpack_from("<H", image, 18)[0]
    (table,) = struct.unpack_from("<Q", image, 40)
    size, count = struct.unpack_from("<HH", image, 58)
    headers = [struct.unpack_from("<IIQQQQII", image, table + size * number) for number in range(count)]
    needed: list[str] = []
    offered, asked, objects = set(), set(), set()
    soname = ""
    for _, kind, _, _, offset, length, link, _ in headers:
        if kind == _SHT_DYNAMIC:
            strings = headers[link][4]
            for tag, value in struct.iter_unpack("<QQ", image[offset : offset + length]):
                if tag == _DT_NEEDED:
                    needed.append(_text(image, strings + value))
                elif tag == _DT_SONAME:
                    soname = _text(image, strings + value)
        elif kind == _SHT_DYNSYM:
            for name, symbol_kind, section in _symbols(image, offset, length, headers[link][4]):
                if section == 0:
                    asked.add(name)
                else:
                    offered.add(name)
                    if symbol_kind == _STT_OBJECT:
                        objects.add(name)
    has_symbols = any(header[1] == _SHT_SYMTAB for header in headers)
    return Library(
        machine, tuple(needed), soname, frozenset(offered), frozenset(asked), frozenset(objects), has_symbols
    )


def is_loadable(path: Path) -> bool:
    """Whether every segment's place in the file and in memory agree (gABI 5, "Base Address"), as ld.so insists."""
    image = path.read_bytes()
    (table,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for number in range(count):
        kind, _, offset, address, _, _, _, align = struct.unpack_from(
            "<IIQQQQQQ", image, table + size * number
        )
        if kind == _PT_LOAD and align > 1 and (offset - address) % align:
            return False
    return True


def _symbols(image: bytes, offset: int, length: int, strings: int) -> Iterator[tuple[str, int, int]]:
    """Name, type and section of each entry of a symbol table but the first, which is empty."""
    entries = struct.iter_unpack("<IBBHQQ", image[offset : offset + length])
    next(entries, None)
    for name, info, _, section, _, _ in entries:
        yield _text(image, strings + name), info & 0xF, section


def _text(image: bytes, start: int) -> str:
    return image[start : image.index(b"\0", start)].decode("utf-8", "replace")
