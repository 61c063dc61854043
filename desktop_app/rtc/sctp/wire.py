"""SCTP packets and the chunks that carry data (RFC 9260 section 3, RFC 3758 section 3.2), as bytes.

Everything that is read here was written by a stranger: what does not hold together is a ValueError.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from google_crc32c import value as crc32c

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT = range(7)
SHUTDOWN, ERROR, COOKIE_ECHO, RECONFIG, FORWARD_TSN = 7, 9, 10, 130, 192
ANSWERED = frozenset((INIT, INIT_ACK, HEARTBEAT, SHUTDOWN, COOKIE_ECHO, RECONFIG))
"""Who gets no answer to these sends them again."""

LAST, FIRST, UNORDERED, IMMEDIATE = 0x01, 0x02, 0x04, 0x08
"""Flags of a DATA chunk; IMMEDIATE asks for a SACK at once (RFC 7053)."""

MAX_PACKET_BYTES = 1188
"""An IPv6 packet of the least MTU, 1280 bytes, less IP, UDP and DTLS, and a multiple of 4 as chunks are."""
HEADER_BYTES = 12
DATA_HEADER_BYTES = 16
MAX_BODY_BYTES = MAX_PACKET_BYTES - HEADER_BYTES
MAX_PAYLOAD_BYTES = MAX_BODY_BYTES - DATA_HEADER_BYTES

MAX_RECONFIG_PARAMETERS = 2
"""RFC 6525 section 3.1; each is answered."""

_HEADER = Struct("!HHL")
_CHECKSUM = Struct("<L")
_CHUNK = Struct("!BBH")
_DATA = Struct("!BBHLHHL")
_DATA_FIELDS = Struct("!LHHL")
_SACK = Struct("!BBHLLHH")
_SACK_FIELDS = Struct("!LLHH")
_PAIR = Struct("!HH")
_TSN = Struct("!L")
_FORWARD = Struct("!BBHL")
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")
_NO_CHECKSUM = bytes(4)

_PARAMETERS_AT = {INIT: 16, INIT_ACK: 16, HEARTBEAT: 0, HEARTBEAT_ACK: 0, ABORT: 0, ERROR: 0, RECONFIG: 0}
"""The chunks that consist of parameters, and where these begin."""


class Sack(NamedTuple):
    """What the far end has; numbers are 32 bit ones, gap blocks are counted from the cumulative TSN."""

    cumulative_tsn: int
    window_bytes: int
    gaps: Sequence[tuple[int, int]]
    duplicates: Sequence[int]


def header(source_port: int, destination_port: int, verification_tag: int) -> bytes:
    """The common header without its checksum."""
    return _HEADER.pack(source_port, destination_port, verification_tag)


def packet(head: bytes, body: bytes) -> bytes:
    """A whole packet of chunks."""
    return head + _CHECKSUM.pack(crc32c(head + _NO_CHECKSUM + body)) + body


def open_packet(data: bytes) -> int:
    """Check length and checksum; the verification tag.

    Raises:
        ValueError: it is no SCTP packet.
    """
    if len(data) < HEADER_BYTES + _CHUNK.size:
        raise ValueError("too short for a packet")
    if _CHECKSUM.unpack_from(data, 8)[0] != crc32c(data[:8] + _NO_CHECKSUM + data[12:]):
        raise ValueError("wrong checksum")
    tag: int = _TSN.unpack_from(data, 4)[0]
    return tag


def chunks(data: bytes) -> list[tuple[int, int, int, int]]:
    """The chunks of a packet as (type, flags, where the value begins, where it ends).

    Raises:
        ValueError: a length is impossible. Nothing of such a packet is used.
    """
    found = []
    position, end = HEADER_BYTES, len(data)
    while position <= end - 4:
        kind, flags, length = _CHUNK.unpack_from(data, position)
        if length < 4 or position + length > end:
            raise ValueError("a chunk has an impossible length")
        found.append((kind, flags, position + 4, position + length))
        position += (length + 3) & ~3
    return found


def check_parameters(kind: int, value: bytes) -> None:
    """Check the lengths of a chunk's parameters (RFC 9260 section 3.2.1).

    Raises:
        ValueError: one has an impossible length; with 0 a naive parser turns in a circle.
    """
    position = _PARAMETERS_AT.get(kind)
    if position is None:
        return
    if len(value) < position:
        raise ValueError("a chunk is too short")
    count = 0
    while position <= len(value) - 4:
        length = _PAIR.unpack_from(value, position)[1]
        if length < 4 or position + length > len(value):
            raise ValueError("a parameter has an impossible length")
        position += (length + 3) & ~3
        count += 1
    if kind == RECONFIG and count > MAX_RECONFIG_PARAMETERS:
        raise ValueError("more parameters than a RE-CONFIG has")


def data_chunk(
    flags: int, tsn: int, stream_id: int, ssn: int, ppid: int, payload: bytes | memoryview
) -> bytes:
    """A DATA chunk with its padding."""
    length = DATA_HEADER_BYTES + len(payload)
    head = _DATA.pack(DATA, flags, length, tsn, stream_id, ssn, ppid)
    return b"".join((head, payload, _PADDING[length % 4]))


def parse_data(data: bytes, begin: int, end: int) -> tuple[int, int, int, int, bytes]:
    """TSN, stream, SSN, protocol and payload of a DATA chunk.

    Raises:
        ValueError: there is no payload (RFC 9260 section 3.3.1).
    """
    if end - begin <= _DATA_FIELDS.size:
        raise ValueError("a DATA chunk without data")
    tsn, stream_id, ssn, ppid = _DATA_FIELDS.unpack_from(data, begin)
    return tsn, stream_id, ssn, ppid, data[begin + _DATA_FIELDS.size : end]


def heartbeat_ack(value: bytes) -> bytes:
    """The answer to a HEARTBEAT, with what was in it (RFC 9260 section 3.3.6)."""
    length = _CHUNK.size + len(value)
    return b"".join((_CHUNK.pack(HEARTBEAT_ACK, 0, length), value, _PADDING[length % 4]))


def sack_chunk(sack: Sack) -> bytes:
    """A SACK chunk."""
    length = 16 + 4 * (len(sack.gaps) + len(sack.duplicates))
    parts = [
        _SACK.pack(
            SACK, 0, length, sack.cumulative_tsn, sack.window_bytes, len(sack.gaps), len(sack.duplicates)
        )
    ]
    parts += [_PAIR.pack(*gap) for gap in sack.gaps]
    parts += [_TSN.pack(tsn) for tsn in sack.duplicates]
    return b"".join(parts)


def parse_sack(data: bytes, begin: int, end: int) -> Sack:
    """Read a SACK chunk.

    Raises:
        ValueError: it is shorter than it says.
    """
    if end - begin < _SACK_FIELDS.size:
        raise ValueError("a SACK is too short")
    cumulative_tsn, window_bytes, gaps, duplicates = _SACK_FIELDS.unpack_from(data, begin)
    begin += _SACK_FIELDS.size
    if end - begin < 4 * (gaps + duplicates):
        raise ValueError("a SACK is too short")
    middle = begin + 4 * gaps
    return Sack(
        cumulative_tsn,
        window_bytes,
        list(_PAIR.iter_unpack(data[begin:middle])) if gaps else (),
        [tsn for (tsn,) in _TSN.iter_unpack(data[middle : middle + 4 * duplicates])] if duplicates else (),
    )


def forward_tsn_chunk(tsn: int, streams: Iterable[tuple[int, int]]) -> bytes:
    """A FORWARD TSN chunk: nothing up to `tsn` will come any more; `streams` are (stream, last SSN skipped)."""
    pairs = b"".join(_PAIR.pack(*pair) for pair in streams)
    return _FORWARD.pack(FORWARD_TSN, 0, 8 + len(pairs), tsn) + pairs


def parse_forward_tsn(data: bytes, begin: int, end: int) -> tuple[int, list[tuple[int, int]]]:
    """TSN and streams of a FORWARD TSN chunk.

    Raises:
        ValueError: it is too short, or ends in the middle of a stream.
    """
    if end - begin < 4 or (end - begin) % 4:
        raise ValueError("a FORWARD TSN has an impossible length")
    return _TSN.unpack_from(data, begin)[0], list(_PAIR.iter_unpack(data[begin + 4 : end]))
