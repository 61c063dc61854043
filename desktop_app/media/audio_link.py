"""The messages between us and the helper process that holds the sound devices.

One message is a header (kind, stream, length; little endian) and a payload. Streams are numbered by us. Binary pipes,
one in each direction; sound is int16 mono at 48 kHz, frames of 20 ms.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing import IO

_HEADER = struct.Struct("<BHI")
_CAPTURED = struct.Struct("<d")
_NEED = struct.Struct("<HIf")
MAX_PAYLOAD_BYTES = 1 << 20


class Kind(IntEnum):
    """What a message says. To the helper: OPEN_*, CLOSE, PLAY. From it: the others."""

    OPEN_MICROPHONE = 1
    """Payload: the id or name of the device, UTF-8, empty for the default one."""
    OPEN_SPEAKER = 2
    CLOSE = 3
    PLAY = 4
    """Payload: one frame for a speaker."""
    DEVICES = 5
    """Payload: JSON, see DeviceLists. Sent at the start and after each change."""
    STATUS = 6
    """Payload: JSON {"live": bool, "message": sentence}."""
    CAPTURED = 7
    """Payload: the capture time (monotonic clock, seconds, float64) and one frame of a microphone."""
    NEED = 8
    """Payload: frames wanted now (uint16), underruns so far (uint32), latency in ms (float32)."""
    LOG = 9
    """Payload: JSON {"level": int, "message": text}."""


class Message(NamedTuple):
    """One message."""

    kind: Kind
    stream: int
    payload: bytes


class Need(NamedTuple):
    """What a speaker asks for."""

    frames: int
    underruns: int
    latency_ms: float


def pack(kind: Kind, stream: int, payload: bytes = b"") -> bytes:
    """The bytes of a message."""
    return _HEADER.pack(kind, stream, len(payload)) + payload


def pack_json(kind: Kind, stream: int, value: Any) -> bytes:
    """The bytes of a message with a JSON payload."""
    return pack(kind, stream, json.dumps(value).encode())


def pack_captured(stream: int, captured_at_s: float, frame: bytes) -> bytes:
    """The bytes of a CAPTURED message."""
    return pack(Kind.CAPTURED, stream, _CAPTURED.pack(captured_at_s) + frame)


def unpack_captured(payload: bytes) -> tuple[float, bytes]:
    """The time and the frame of a CAPTURED message."""
    return _CAPTURED.unpack_from(payload)[0], payload[_CAPTURED.size :]


def pack_need(stream: int, need: Need) -> bytes:
    """The bytes of a NEED message."""
    return pack(Kind.NEED, stream, _NEED.pack(min(need.frames, 0xFFFF), need.underruns, need.latency_ms))


def unpack_need(payload: bytes) -> Need:
    """What a NEED message says."""
    return Need(*_NEED.unpack(payload))


def read_message(pipe: IO[bytes]) -> Message | None:
    """The next message; None at the end of the pipe. Raises ValueError for what is not a message."""
    header = pipe.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    kind, stream, length = _HEADER.unpack(header)
    if length > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a message of {length} bytes")
    payload = pipe.read(length)
    if len(payload) < length:
        return None
    return Message(Kind(kind), stream, payload)
