"""RED (RFC 2198): packets of sound that repeat the frames before them. Pure.

Each copy has a header of four bytes: a flag that more follow, its payload type (7 bits), how much older than the
packet it is (14 bits of the RTP clock) and its length (10 bits). The newest frame, the primary one, comes last with a
header of one byte and no length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_AGE, MAX_COPY_BYTES = (1 << 14) - 1, (1 << 10) - 1
MAX_COPIES = 16
"""In what others send: more than that is no redundancy but an attack."""

_MORE = 0x80


@dataclass(frozen=True, slots=True)
class Copy:
    """An earlier frame, sent once more."""

    age: int
    """In units of the RTP clock."""
    payload: bytes


def fits(copy: Copy) -> bool:
    """Whether a header can describe it."""
    return 0 < copy.age <= MAX_AGE and 0 < len(copy.payload) <= MAX_COPY_BYTES


def build(primary: bytes, copies: Sequence[Copy], payload_type: int) -> bytes:
    """A RED payload; the copies, oldest first, have to fit."""
    headers = [
        (((_MORE | payload_type) << 24) | (each.age << 10) | len(each.payload)).to_bytes(4, "big")
        for each in copies
    ]
    return b"".join((*headers, bytes((payload_type,)), *(each.payload for each in copies), primary))


def parse(data: bytes, payload_type: int | None) -> tuple[bytes, list[Copy]]:
    """The primary frame and the copies, oldest first, that are of this payload type.

    Raises:
        ValueError: it is malformed, or its primary frame is of another type.
    """
    position = 0
    headers: list[tuple[int, int, int]] = []
    while position < len(data) and data[position] & _MORE:
        if len(headers) == MAX_COPIES or position + 4 > len(data):
            raise ValueError("the headers of a RED packet have no end")
        word = int.from_bytes(data[position : position + 4], "big")
        headers.append(((word >> 24) & 0x7F, (word >> 10) & MAX_AGE, word & MAX_COPY_BYTES))
        position += 4
    if position >= len(data) or data[position] != payload_type:
        raise ValueError("a RED packet has no primary frame of ours")
    position += 1
    copies: list[Copy] = []
    for type_of_copy, age, length in headers:
        if position + length > len(data):
            raise ValueError("a RED packet is shorter than its headers say")
        if type_of_copy == payload_type and age and length:
            copies.append(Copy(age, data[position : position + length]))
        position += length
    return data[position:], copies
