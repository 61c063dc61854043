"""The RTCP message of transport-wide feedback, and the receiver's account of arrivals."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.transport_feedback import (
    MAX_PACKETS,
    REFERENCE_US,
    TICK_US,
    FeedbackCollector,
    TransportFeedback,
    build,
    parse,
    split_compound,
)


def without_padding(message: bytes) -> bytes:
    return message[: len(message) - (message[-1] if message[0] & 0x20 else 0)]


def told(message: bytes) -> dict[int, int]:
    """Arrival in microseconds (of the far end's clock, modulo its wrap) by 16 bit number."""
    feedback = parse(without_padding(message))
    return {
        (feedback.base_sequence + offset) & 0xFFFF: feedback.reference_us + at_us
        for offset, at_us in feedback.arrivals_us.items()
    }


# The message


@given(
    st.integers(0, 65535),
    st.integers(0, 10**12),
    st.lists(st.one_of(st.none(), st.integers(-5_000_000, 5_000_000)), min_size=1, max_size=300),
)
def test_what_is_built_is_read_again(base: int, begin_us: int, offsets_us: list[int | None]) -> None:
    arrivals_us = [None if each is None else max(0, begin_us + each) for each in offsets_us]
    data, taken = build(
        sender_ssrc=1, media_ssrc=2, message_number=300, base_sequence=base, arrivals_us=arrivals_us
    )
    assert len(data) % 4 == 0
    assert struct.unpack_from("!H", data, 2)[0] == len(data) // 4 - 1
    feedback = parse(without_padding(data))
    assert (feedback.base_sequence, feedback.count) == (base, taken)
    assert taken >= 1
    expected = {index: each for index, each in enumerate(arrivals_us[:taken]) if each is not None}
    assert feedback.arrivals_us.keys() == expected.keys()
    span_us = REFERENCE_US << 24
    for index, at_us in expected.items():
        error_us = (feedback.reference_us + feedback.arrivals_us[index] - at_us) % span_us
        assert min(error_us, span_us - error_us) < TICK_US


def test_a_message_as_the_draft_draws_it() -> None:
    # Two packets 10 ms apart, one missing between them: one chunk of seven two-bit symbols.
    data, taken = build(
        sender_ssrc=0x11111111,
        media_ssrc=0x22222222,
        message_number=7,
        base_sequence=0x1234,
        arrivals_us=[64_000, None, 74_000],
    )
    assert taken == 3
    header = bytes.fromhex("8f cd 0005 11111111 22222222 1234 0003 000001 07")
    chunk = (0xC000 | 1 << 12 | 0 << 10 | 1 << 8).to_bytes(2, "big")
    assert data[:20] == header
    # Seven symbols cover three packets; the two arrivals follow, and fill the last word.
    assert data[20:] == chunk + bytes((0, 40))


@pytest.mark.parametrize(
    "chunks",
    [
        (0x2000 | 5,),  # five small ones as a run
        (0xC000 | 0b01_01_01_01_01_00_00 << 0,),  # two bits each
        (0x8000 | 0b11111_000000000,),  # one bit each
    ],
)
def test_every_kind_of_chunk_is_read(chunks: tuple[int, ...]) -> None:
    body = b"".join(chunk.to_bytes(2, "big") for chunk in chunks) + bytes((4, 4, 4, 4, 4))
    header = struct.pack("!BBHLLHH", 0x8F, 205, 0, 1, 2, 100, 5) + bytes((0, 0, 2, 0))
    feedback = parse(header + body)
    assert feedback == TransportFeedback(100, 5, 2 * REFERENCE_US, {i: (i + 1) * 1000 for i in range(5)})


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_never_long_to_read(rest: bytes) -> None:
    try:
        feedback = parse(struct.pack("!BBH", 0x8F, 205, len(rest) // 4) + rest)
    except ValueError:
        return
    assert len(feedback.arrivals_us) <= feedback.count <= MAX_PACKETS


@given(st.lists(st.binary(max_size=40), max_size=6), st.binary(max_size=8))
def test_a_compound_packet_is_split_without_losing_a_byte(bodies: list[bytes], tail: bytes) -> None:
    packets = []
    for number, body in enumerate(bodies):
        body = body + bytes(-len(body) % 4)
        kind = 0x80 | (15 if number % 2 else 1)
        packets.append(struct.pack("!BBH", kind, 205, len(body) // 4) + body)
    found, rest = split_compound(b"".join(packets) + tail)
    assert found[: len(packets) // 2] == packets[1::2][: len(found)]
    assert len(b"".join(found)) + len(rest) == len(b"".join(packets) + tail)
    assert rest.startswith(b"".join(packets[0::2]))


# The collector


def test_each_message_tells_what_came_and_repeats_the_ones_before() -> None:
    collector = FeedbackCollector()
    assert not collector
    assert collector.take(sender_ssrc=1, media_ssrc=2) == []
    reports = []
    for first in range(65_530, 65_530 + 40, 10):
        for number in range(first, first + 10):
            if number % 10 != 3:
                collector.add(number & 0xFFFF, 50.0 + number / 1000)
        assert collector
        (message,) = collector.take(sender_ssrc=1, media_ssrc=2)
        reports.append(told(message))
    assert set(reports[0]) == {number & 0xFFFF for number in range(65_530, 65_540)} - {65_533}
    assert (set(reports[1]) | set(reports[0])) - set(reports[1]) == set()
    assert set(reports[0]) & set(reports[3]) == set()
    assert not collector


def test_a_late_packet_is_reported_and_a_double_one_keeps_its_first_time() -> None:
    collector = FeedbackCollector()
    for number in (10, 11, 13, 14):
        collector.add(number, number / 100)
    for _ in range(3):
        collector.take(sender_ssrc=1, media_ssrc=2)
        collector.add(15, 0.15)
    collector.add(12, 0.20)
    collector.add(12, 0.90)
    (message,) = collector.take(sender_ssrc=1, media_ssrc=2)
    assert told(message)[12] == pytest.approx(200_000, abs=TICK_US)


@given(st.lists(st.tuples(st.integers(0, 65535), st.floats(0, 1e6)), max_size=200), st.integers(1, 50))
def test_whatever_comes_is_reported_within_bounds(packets: list[tuple[int, float]], every: int) -> None:
    collector = FeedbackCollector()
    for index, (number, at_s) in enumerate(packets):
        collector.add(number, at_s)
        if index % every == 0:
            messages = collector.take(sender_ssrc=1, media_ssrc=2)
            reported = {each for message in messages for each in told(message)}
            assert reported <= {each for each, _ in packets[: index + 1]}
            assert sum(len(message) for message in messages) < 40_000
            assert not collector
