"""Binary messages of the bulk channel (docs/data-channels.md). What a far end sends is a Frame or a FrameError."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from desktop_app.data.channels import MAX_CHUNK_BYTES

_HEADER = struct.Struct("!BIQ")
HEADER_BYTES = _HEADER.size
DIGEST_BYTES = 32
MAX_OFFSET = 2**53
"""What a browser can count to."""


class Kind(IntEnum):
    """What a frame is."""

    BEGIN = 1
    DATA = 2
    END = 3


class FrameError(ValueError):
    """Not a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One binary message."""

    kind: Kind
    number: int
    """Of the transfer's newest offer."""
    offset: int
    payload: bytes = b""
    """Of data the bytes, of an end the SHA-256."""


def pack(frame: Frame) -> bytes:
    """The message for a frame."""
    return _HEADER.pack(frame.kind, frame.number, frame.offset) + frame.payload


def parse(message: bytes) -> Frame:
    """The frame that a far end sent.

    Raises:
        FrameError: it is too short or too long, of an unknown kind, or its payload is not that of its kind.
    """
    data = message
    if not HEADER_BYTES <= len(data) <= HEADER_BYTES + MAX_CHUNK_BYTES:
        raise FrameError(f"{len(data)} bytes")
    number_of_kind, number, offset = _HEADER.unpack_from(data)
    try:
        kind = Kind(number_of_kind)
    except ValueError as error:
        raise FrameError(f"kind {number_of_kind}") from error
    payload = data[HEADER_BYTES:]
    right = {Kind.BEGIN: not payload, Kind.DATA: bool(payload), Kind.END: len(payload) == DIGEST_BYTES}
    if not right[kind]:
        raise FrameError(f"{kind.name.lower()} with {len(payload)} bytes")
    if offset + len(payload) > MAX_OFFSET:
        raise FrameError(f"offset {offset}")
    return Frame(kind, number, offset, payload)
