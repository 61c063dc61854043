"""Chunks as bytes, beside aiortc's own parser, and bytes that no honest end sends."""

from __future__ import annotations

import pytest
from aiortc import rtcsctptransport as reference
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.wire import Sack

HEAD = wire.header(5000, 5001, 0x01020304)
NUMBERS = st.integers(0, 2**32 - 1)


def only_chunk(body: bytes) -> reference.Chunk:
    """What aiortc reads from a packet with these chunks."""
    source, destination, tag, chunks = reference.parse_packet(wire.packet(HEAD, body))
    assert (source, destination, tag) == (5000, 5001, 0x01020304)
    [chunk] = chunks
    return chunk


@given(st.integers(0, 15), NUMBERS, st.integers(0, 65535), st.binary(min_size=1, max_size=70))
def test_data_chunks(flags: int, tsn: int, stream_id: int, payload: bytes) -> None:
    body = wire.data_chunk(flags, tsn, stream_id, 7, 53, memoryview(payload))
    theirs = only_chunk(body)
    assert isinstance(theirs, reference.DataChunk)
    assert (theirs.flags, theirs.tsn, theirs.stream_id) == (flags, tsn, stream_id)
    assert (theirs.stream_seq, theirs.protocol, theirs.user_data) == (7, 53, payload)
    packet = wire.packet(HEAD, body)
    assert wire.open_packet(packet) == 0x01020304
    [(kind, read_flags, begin, end)] = wire.chunks(packet)
    assert (kind, read_flags) == (wire.DATA, flags)
    assert wire.parse_data(packet, begin, end) == (tsn, stream_id, 7, 53, payload)


@given(
    NUMBERS,
    NUMBERS,
    st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)), max_size=20),
    st.lists(NUMBERS, max_size=8),
)
def test_sacks(tsn: int, window: int, gaps: list[tuple[int, int]], duplicates: list[int]) -> None:
    body = wire.sack_chunk(Sack(tsn, window, gaps, duplicates))
    theirs = only_chunk(body)
    assert isinstance(theirs, reference.SackChunk)
    assert (theirs.cumulative_tsn, theirs.advertised_rwnd) == (tsn, window)
    assert (theirs.gaps, theirs.duplicates) == (gaps, duplicates)
    read = wire.parse_sack(body, 4, len(body))
    assert (read.cumulative_tsn, read.window_bytes) == (tsn, window)
    assert (list(read.gaps), list(read.duplicates)) == (gaps, duplicates)


@given(NUMBERS, st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)), max_size=20))
def test_forward_tsn(tsn: int, streams: list[tuple[int, int]]) -> None:
    body = wire.forward_tsn_chunk(tsn, streams)
    theirs = only_chunk(body)
    assert isinstance(theirs, reference.ForwardTsnChunk)
    assert (theirs.cumulative_tsn, theirs.streams) == (tsn, streams)
    assert wire.parse_forward_tsn(body, 4, len(body)) == (tsn, streams)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    packet = wire.packet(HEAD, data)
    try:
        wire.open_packet(packet)
        chunks = wire.chunks(packet)
    except ValueError:
        return
    for kind, _, begin, end in chunks:
        assert wire.HEADER_BYTES < begin <= end <= len(packet)
        for parse in (wire.parse_data, wire.parse_sack, wire.parse_forward_tsn):
            try:
                parse(packet, begin, end)
            except ValueError:
                continue
        try:
            wire.check_parameters(kind, packet[begin:end])
        except ValueError:
            continue


def test_a_wrong_checksum_and_a_stump_are_refused() -> None:
    packet = wire.packet(HEAD, wire.data_chunk(3, 1, 1, 0, 53, b"x"))
    with pytest.raises(ValueError, match="checksum"):
        wire.open_packet(packet[:-1] + b"\xff")
    with pytest.raises(ValueError, match="too short"):
        wire.open_packet(packet[:12])


@pytest.mark.parametrize("kind", [wire.HEARTBEAT, wire.ABORT, wire.ERROR, wire.RECONFIG])
@pytest.mark.parametrize("length", [0, 3, 9])
def test_a_parameter_of_impossible_length_is_refused(kind: int, length: int) -> None:
    # aiortc's parser would turn in a circle at a length of 0.
    with pytest.raises(ValueError, match="parameter"):
        wire.check_parameters(kind, b"\x00\x01" + length.to_bytes(2, "big") + b"abcd")


def test_a_full_packet_fits_the_least_mtu() -> None:
    chunk = wire.data_chunk(3, 1, 1, 0, 53, bytes(wire.MAX_PAYLOAD_BYTES))
    assert len(wire.packet(HEAD, chunk)) == wire.MAX_PACKET_BYTES <= reference.SCTP_MAX_PACKET_LENGTH
