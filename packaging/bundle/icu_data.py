"""Takes away what Qt never asks of ICU: 24 of the 32 MB of libicudata.

QtCore compares texts, changes their case and asks for time zones with ICU; names of countries, currencies, units
and zones, spelled-out numbers, transliteration, word breaks and old encodings are no part of that. ICU answers what
is not in its data with an error code, as it does for a language that it does not know. The format: ICU's
"Common data format", source/common/ucmndata.h: a header, and a table of names and offsets, sorted by name.
"""

from __future__ import annotations

import re
import struct

_UNUSED = re.compile(r"[^/]+/(?:(?:unit|zone|brkitr|curr|lang|region|translit|rbnf)/.*|[^/]*\.cnv)")


def trimmed(data: bytes) -> bytes:
    """`data`, the content of an ICU common data file, without the entries that Qt has no use for.

    Raises:
        ValueError: it is no such file.
    """
    (header,) = struct.unpack_from("<H", data, 0)
    if data[12:16] != b"CmnD":
        raise ValueError("not an ICU common data file")
    (count,) = struct.unpack_from("<I", data, header)
    table = [struct.unpack_from("<II", data, header + 4 + 8 * number) for number in range(count)]
    starts = [start for _, start in table] + [len(data) - header]
    kept = []
    for number, (name_at, start) in enumerate(table):
        name_start = header + name_at
        name = data[name_start : data.index(b"\0", name_start)]
        if not _UNUSED.fullmatch(name.decode("ascii")):
            kept.append((name, data[header + start : header + starts[number + 1]]))
    names = bytearray()
    places = []
    base = 4 + 8 * len(kept)
    for name, _ in kept:
        places.append(base + len(names))
        names += name + b"\0"
    body = bytearray(struct.pack("<I", len(kept)) + bytes(8 * len(kept)) + names)
    for number, (_, content) in enumerate(kept):
        body += bytes(-len(body) % 16)
        struct.pack_into("<II", body, 4 + 8 * number, places[number], len(body))
        body += content
    return data[:header] + bytes(body)


def find(image: bytes) -> bytes:
    """The common data file within `image`, a libicudata.

    Raises:
        ValueError: there is none.
    """
    at = image.find(b"CmnD")
    if at < 12 or image[at - 10 : at - 8] != b"\xda\x27":
        raise ValueError("no ICU data in this library")
    return image[at - 12 :]
