"""How one input becomes another: bytes, and the words and numbers of text, changed, doubled, swapped and left out."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MAX_BYTES = 8192
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_STRIKING_NUMBERS = (
    b"0", b"-1", b"1", b"65535", b"65536", b"4294967296", b"9" * 25, b"1e999", b"-0.0", b"1e-400", b"NaN", b"null",
)  # fmt: skip
_STRIKING_BYTES = (
    b"\x00",
    b"\xff" * 4,
    b"\x7f\xff",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"[" * 70,
    b'{"":' * 70,
)


def mutated(data: bytes, others: Sequence[bytes], source: random.Random) -> bytes:
    """`data` with one to four changes."""
    for _ in range(source.choice((1, 1, 1, 2, 2, 3, 4))):
        change = _structure if b"{" in data[:2] and source.random() < 0.6 else source.choice(_CHANGES)
        data = change(data, others, source)
    return data[:MAX_BYTES]


def inputs(seeds: Sequence[bytes], *, seed: int) -> Iterator[bytes]:
    """The seeds, and then mutations of them without end; now and then a mutation is taken for a seed."""
    yield from seeds
    source = random.Random(seed)
    pool = list(seeds)
    while True:
        made = mutated(source.choice(pool), pool, source)
        yield made
        if source.random() < 0.02 and len(made) < MAX_BYTES:
            if len(pool) < 4 * len(seeds) + 50:
                pool.append(made)
            else:
                pool[source.randrange(len(seeds), len(pool))] = made


STRIKING_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 65536, 2**31, 2**63, 10**25, -0.0, 0.5, 1e300, "", "a", "b" * 200, "\u202e", "\ud800",
    "\r\n", [], [[]], {}, {"": None}, [None] * 300, "0" * 32,
)  # fmt: skip


def _structure(data: bytes, others: Sequence[bytes], source: random.Random) -> bytes:
    """Another value somewhere in a JSON object, or a field more, less or of another object."""
    begin = data.find(b"{")
    try:
        value = json.loads(data[begin:])
    except (ValueError, RecursionError):
        return _cross(data, others, source)
    inner = value
    while isinstance(inner, dict | list) and inner and source.random() < 0.7:
        key: Any = source.choice(list(inner)) if isinstance(inner, dict) else source.randrange(len(inner))
        deeper = inner[key]
        if not isinstance(deeper, dict | list) or source.random() < 0.3:
            _change_value(inner, key, value, source)
            break
        inner = deeper
    try:
        return data[: max(0, begin)] + json.dumps(value).encode()
    except (ValueError, RecursionError):
        return data


def _change_value(inner: Any, key: Any, whole: Any, source: random.Random) -> None:
    match source.randrange(5):
        case 0:
            del inner[key]
        case 1:
            inner[key] = json.loads(json.dumps(whole))
        case 2 if isinstance(inner[key], int | float) and not isinstance(inner[key], bool):
            inner[key] += source.choice((-1, 1, 0.5, 2**16, -(2**31)))
        case 3 if isinstance(inner[key], str):
            at = source.randrange(len(inner[key]) + 1)
            inner[key] = (
                inner[key][:at]
                + source.choice(("", "\x00", "\u202e", "a" * 129, "é", "\n"))
                + inner[key][at:]
            )
        case _:
            inner[key] = source.choice(STRIKING_VALUES)


def _span(data: bytes, source: random.Random, most: int) -> tuple[int, int]:
    begin = source.randrange(len(data) + 1)
    return begin, min(len(data), begin + 1 + int(most * source.random() ** 3))


def _flip(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    if not data:
        return b"\x00"
    at = source.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << source.randrange(8),)) + data[at + 1 :]


def _replace(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    begin, end = _span(data, source, 8)
    return data[:begin] + source.randbytes(end - begin) + data[end:]


def _delete(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    begin, end = _span(data, source, 200)
    return data[:begin] + data[end:]


def _double(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    begin, end = _span(data, source, 200)
    times = source.choice((1, 1, 2, 10, 100))
    return data[:end] + data[begin:end] * times + data[end:]


def _insert(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    begin, _end = _span(data, source, 1)
    return data[:begin] + source.choice(_STRIKING_BYTES) + data[begin:]


def _cut(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def _cross(data: bytes, others: Sequence[bytes], source: random.Random) -> bytes:
    other = source.choice(others)
    begin, end = _span(other, source, 400)
    at = source.randrange(len(data) + 1)
    return data[:at] + other[begin:end] + data[at + source.choice((0, end - begin)) :]


def _renumber(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    numbers = list(_NUMBER.finditer(data))
    if not numbers:
        return _flip(data, (), source)
    found = source.choice(numbers)
    return data[: found.start()] + source.choice(_STRIKING_NUMBERS) + data[found.end() :]


def _integer(data: bytes, _: Sequence[bytes], source: random.Random) -> bytes:
    width = source.choice((1, 2, 4))
    if len(data) < width:
        return data + bytes(width)
    at = source.randrange(len(data) - width + 1)
    near = int.from_bytes(data[at : at + width], "big") + source.choice((-1, 1, 1 << 8 * width - 1))
    return data[:at] + (near % (1 << 8 * width)).to_bytes(width, "big") + data[at + width :]


_CHANGES: tuple[Callable[[bytes, Sequence[bytes], random.Random], bytes], ...] = (
    _flip, _replace, _delete, _double, _insert, _cut, _cross, _cross, _renumber, _renumber, _integer,
)  # fmt: skip
