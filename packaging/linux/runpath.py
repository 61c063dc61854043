"""Take run paths of the machine that built it out of an ELF file.

A Python that was built with --enable-shared has its own folder as DT_RUNPATH in each of its libraries. On another
machine that folder could be anybody's. The libraries find each other without it: PyInstaller's start program sets the
loader's path.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = b"\x7fELF\x02\x01"
"""64 bit, little-endian: others are left alone."""
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 0, 5, 15, 29


def remove_absolute(path: Path) -> bool:
    """Remove a run path with a folder that does not begin with $ORIGIN; returns whether there was one.

    Its entry is taken out of the dynamic section (System V gABI, chapter 5), which ends with one more DT_NULL instead:
    the file's size and all offsets stay.
    """
    data = bytearray(path.read_bytes())
    if not data.startswith(_HEAD):
        return False
    offset, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    loads, dynamic = [], None
    for index in range(count):
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", data, offset + index * size)
        if kind == _PT_LOAD:
            loads.append((address, address + length, start - address))
        elif kind == _PT_DYNAMIC:
            dynamic = (start, length)
    if dynamic is None:
        return False
    entries = list(struct.iter_unpack("<QQ", data[dynamic[0] : dynamic[0] + dynamic[1]]))
    table = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    base = next((table + shift for first, end, shift in loads if first <= table < end), None)
    if base is None:
        return False
    kept = [one for one in entries if one[0] not in (_DT_RPATH, _DT_RUNPATH) or _is_own(data, base + one[1])]
    if len(kept) == len(entries):
        return False
    kept += [(_DT_NULL, 0)] * (len(entries) - len(kept))
    data[dynamic[0] : dynamic[0] + 16 * len(kept)] = b"".join(struct.pack("<QQ", *one) for one in kept)
    path.write_bytes(data)
    return True


def _is_own(data: bytearray, start: int) -> bool:
    text = data[start : data.index(0, start)].decode(errors="replace")
    return all(part.startswith("$ORIGIN") for part in text.split(":"))
