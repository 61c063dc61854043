"""Writes a small shared library without a compiler: functions that do nothing, and tables of constants.

They stand in for libraries that a wheel's others are linked to and that we never call (prune.py says which). An
ELF64 file with the least that ld.so, and the tools of distributions, want to see: System V ABI, gABI 4.1, chapters
4 and 5; the entries' numbers are from there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

X86_64, AARCH64 = 62, 183
_PAGE = 0x10000
_HEADER, _PROGRAM_HEADER, _SYMBOL = 64, 56, 24


def returning(machine: int, value: int) -> bytes:
    """A function that returns 0 or -1 whatever it is called with: `mov eax, value; ret`, or the same for ARM."""
    if machine == X86_64:
        return b"\xb8" + struct.pack("<i", value) + b"\xc3"
    if machine == AARCH64:
        return struct.pack("<II", 0x52800000 if value == 0 else 0x12800000, 0xD65F03C0)
    raise ValueError(f"no code for ELF machine {machine}")


def stopping(machine: int) -> bytes:
    """A function that ends the process with SIGILL, where a wrong result would be worse: `ud2`, `udf`."""
    if machine == X86_64:
        return b"\x0f\x0b"
    if machine == AARCH64:
        return bytes(4)
    raise ValueError(f"no code for ELF machine {machine}")


@dataclass
class _Section:
    name: str
    kind: int
    flags: int
    content: bytes
    link: int = 0
    info: int = 0
    align: int = 16
    entry: int = 0
    offset: int = 0


def library(machine: int, soname: str, functions: Mapping[str, bytes], tables: Mapping[str, bytes]) -> bytes:
    """A shared library called `soname` that offers `functions` (their code) and `tables` (read-only data)."""
    names = sorted({*functions, *tables})
    strings, at = _string_table([soname, *names])
    code, code_at = _joined(functions)
    data, data_at = _joined(tables)
    # Sections by number: 1 .hash, 2 .dynsym, 3 .dynstr, 4 .rodata, 5 .text, 6 .dynamic, 7 .shstrtab
    sections = [
        _Section(".hash", 5, 2, _hash_table(names), link=2, align=8, entry=4),
        _Section(".dynsym", 11, 2, bytes(_SYMBOL * (len(names) + 1)), link=3, info=1, align=8, entry=_SYMBOL),
        _Section(".dynstr", 3, 2, strings, align=1),
        _Section(".rodata", 1, 2, data),
        _Section(".text", 1, 6, code),
        _Section(".dynamic", 6, 3, bytes(16 * 7), link=3, align=8, entry=16),
    ]
    sections.append(_section_names(sections))
    _place(sections)
    hashes, symbols, strings_section, rodata, text, dynamic = sections[:6]
    entries = [bytes(_SYMBOL)]
    for name in names:
        is_code = name in functions
        base, where, number = (text, code_at, 5) if is_code else (rodata, data_at, 4)
        length = len(functions[name] if is_code else tables[name])
        kind = 2 if is_code else 1
        entries.append(
            struct.pack("<IBBHQQ", at[name], 0x10 | kind, 0, number, base.offset + where[name], length)
        )
    symbols.content = b"".join(entries)
    # DT_SONAME, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_NULL
    tags = [(14, at[soname]), (4, hashes.offset), (5, strings_section.offset), (6, symbols.offset)]
    tags += [(10, len(strings)), (11, _SYMBOL), (0, 0)]
    dynamic.content = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    return _image(machine, sections)


def _string_table(texts: list[str]) -> tuple[bytes, dict[str, int]]:
    content, at = b"\0", {}
    for text in texts:
        at[text] = len(content)
        content += text.encode() + b"\0"
    return content, at


def _joined(parts: Mapping[str, bytes]) -> tuple[bytes, dict[str, int]]:
    content, at = bytearray(), {}
    for name in sorted(parts):
        content += bytes(-len(content) % 16)
        at[name] = len(content)
        content += parts[name]
    return bytes(content), at


def _hash_table(names: list[str]) -> bytes:
    """gABI 5, "Hash Table": a bucket for each name, chains by number; number 0 is the empty symbol."""
    count = len(names) + 1
    buckets, chains = [0] * count, [0] * count
    for number, name in enumerate(names, 1):
        value = 0
        for byte in name.encode():
            value = (value << 4) + byte
            high = value & 0xF0000000
            value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
        chains[number], buckets[value % count] = buckets[value % count], number
    return struct.pack(f"<{2 + 2 * count}I", count, count, *buckets, *chains)


def _section_names(sections: list[_Section]) -> _Section:
    content, _ = _string_table([*(section.name for section in sections), ".shstrtab"])
    return _Section(".shstrtab", 3, 0, content, align=1)


def _place(sections: list[_Section]) -> None:
    """Give each section its place; code and what is written when it is loaded begin on pages of their own."""
    end = _HEADER + 5 * _PROGRAM_HEADER
    for section in sections:
        align = _PAGE if section.name in (".text", ".dynamic") else section.align
        section.offset = end + -end % align
        end = section.offset + len(section.content)


def _image(machine: int, sections: list[_Section]) -> bytes:
    _, _, _, rodata, text, dynamic, last = sections
    table = last.offset + len(last.content)
    table += -table % 8
    read_only_end = rodata.offset + len(rodata.content)

    def segment(kind: int, flags: int, start: int, length: int, align: int) -> bytes:
        return struct.pack("<IIQQQQQQ", kind, flags, start, start, start, length, length, align)

    programs = [
        segment(1, 4, 0, read_only_end, _PAGE),
        segment(1, 5, text.offset, len(text.content), _PAGE),
        segment(1, 6, dynamic.offset, len(dynamic.content), _PAGE),
        segment(2, 6, dynamic.offset, len(dynamic.content), 8),
        segment(0x6474E551, 6, 0, 0, 16),  # PT_GNU_STACK: data is not executable
    ]
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    count = len(sections) + 1
    head = identity + struct.pack(
        "<HHIQQQIHHHHHH",
        *(3, machine, 1, 0, _HEADER, table, 0, _HEADER, _PROGRAM_HEADER, len(programs), 64, count, count - 1),
    )
    image = bytearray(head + b"".join(programs))
    for section in sections:
        image += bytes(section.offset - len(image)) + section.content
    image += bytes(table - len(image)) + bytes(64)
    for section in sections:
        address = section.offset if section.flags else 0
        image += struct.pack(
            "<IIQQQQIIQQ",
            last.content.index(b"\0" + section.name.encode() + b"\0") + 1,
            *(section.kind, section.flags, address, section.offset, len(section.content)),
            *(section.link, section.info, section.align, section.entry),
        )
    return bytes(image)
