"""The OPEN message of the Data Channel Establishment Protocol (RFC 8832 section 5.1), as a stranger wrote it."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

_OPEN = Struct("!BBHLHH")
_OPEN_TYPE = 3
_UNORDERED, _LIMIT, _RETRANSMITS, _LIFETIME = 0x80, 3, 1, 2


class Open(NamedTuple):
    """What kind of channel the far end wants."""

    label: str
    protocol: str
    ordered: bool
    max_retransmits: int | None
    max_lifetime_ms: int | None


def parse_open(data: bytes) -> Open:
    """Read an OPEN message.

    Raises:
        ValueError: it is none, it is too short, or its texts are no UTF-8.
    """
    if len(data) < _OPEN.size or data[0] != _OPEN_TYPE:
        raise ValueError("an unknown DCEP message")
    _, kind, _, reliability, label_length, protocol_length = _OPEN.unpack_from(data)
    middle = _OPEN.size + label_length
    end = middle + protocol_length
    if len(data) < end:
        raise ValueError("a DCEP message is too short")
    return Open(
        label=data[_OPEN.size : middle].decode(),
        protocol=data[middle:end].decode(),
        ordered=not kind & _UNORDERED,
        max_retransmits=reliability if kind & _LIMIT == _RETRANSMITS else None,
        max_lifetime_ms=reliability if kind & _LIMIT == _LIFETIME else None,
    )
