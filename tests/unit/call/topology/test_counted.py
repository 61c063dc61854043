"""Counters that go on growing when media takes another way."""

from __future__ import annotations

from dataclasses import replace

from desktop_app.call.topology.counted import Tally
from desktop_app.call.topology.voice_switch import Heard
from desktop_app.rtc.counters import InboundCounters, OutboundCounters, PeerCounters


def inbound(received: int) -> InboundCounters:
    """Of a stream that has brought so many packets of 100 bytes."""
    return InboundCounters(
        codec="video/VP8",
        bytes_received=100 * received,
        packets_received=received,
        packets_lost=0,
        packets_expected=received,
        packets_missed=0,
        jitter_ms=float(received % 7),
        frames_received=received,
        frames_decoded=received,
        width_px=640,
    )


def outbound(sent: int) -> OutboundCounters:
    """Likewise."""
    return OutboundCounters("video/VP8", 100 * sent, sent, 0, sent, 1, 0, 0, 0.0, 0.0, None)


def counters(connection: int, received: int, sent: int, at_s: float = 0.0) -> PeerCounters:
    """Of one connection."""
    video, audio = inbound(received), inbound(received)
    return PeerCounters(
        connection,
        at_s,
        0.05,
        None,
        None,
        10 * sent,
        10 * received,
        video,
        audio,
        outbound(sent),
        outbound(sent),
    )


def test_one_connection_counts_as_it_counts() -> None:
    tally = Tally()
    for received in (5, 9, 20):
        total = tally.update([counters(1, received, 3)], Heard(total_samples=77), 12)
        assert total is not None
        assert total.inbound_video is not None
        assert total.inbound_audio is not None
        assert total.inbound_video.packets_received == received
        assert total.inbound_video.frames_decoded == 12
        assert total.inbound_audio.total_samples == 77
        assert total.transport_bytes_received == 10 * received


def test_two_ways_add_up_and_what_is_no_sum_is_that_of_the_newer_one() -> None:
    tally = Tally()
    tally.update([counters(1, 100, 50)], Heard(), 0)
    second = counters(2, 10, 5, at_s=1.0)
    assert second.inbound_video is not None
    second = replace(second, inbound_video=replace(second.inbound_video, width_px=320))
    total = tally.update([counters(1, 110, 60), second], Heard(), 0)
    assert total is not None
    assert total.inbound_video is not None
    assert total.outbound_video is not None
    assert total.connection == 1
    assert total.inbound_video.bytes_received == 100 * 120
    assert total.inbound_video.width_px == 320
    assert total.outbound_video.packets_sent == 65
    total = tally.update([counters(2, 30, 5, at_s=2.0)], Heard(), 0)
    assert total is not None
    assert total.inbound_video is not None
    assert total.inbound_video.packets_received == 110 + 30
    assert total.at_s == 2.0


def test_a_stream_that_counts_from_the_beginning_again_takes_nothing_away() -> None:
    tally = Tally()
    tally.update([counters(1, 100, 50)], Heard(), 0)
    total = tally.update([counters(1, 4, 50)], Heard(), 0)
    assert total is not None
    assert total.inbound_video is not None
    assert total.inbound_video.packets_received == 104


def test_what_was_sent_before_somebody_came_was_not_for_them() -> None:
    tally = Tally()
    tally.begin([counters(1, 0, 5000)])
    total = tally.update([counters(1, 0, 5003)], Heard(), 0)
    assert total is not None
    assert total.outbound_video is not None
    assert total.outbound_video.packets_sent == 3
    assert total.transport_bytes_sent == 30


def test_nothing_is_known_while_there_is_no_connection() -> None:
    assert Tally().update([], Heard(), 0) is None


def test_a_connection_that_is_made_again_takes_nothing_away() -> None:
    tally = Tally()
    tally.update([counters(1, 50, 40)], Heard(), 0)
    total = tally.update([counters(1, 5, 4)], Heard(), 0)
    assert total is not None
    assert (total.transport_bytes_received, total.transport_bytes_sent) == (10 * 55, 10 * 44)


def test_a_connection_that_brings_nothing_for_a_while_is_not_counted_twice() -> None:
    tally = Tally()
    tally.update([counters(1, 50, 40), counters(2, 10, 10)], Heard(), 0)
    tally.update([counters(1, 50, 40)], Heard(), 0)
    total = tally.update([counters(1, 50, 40), counters(2, 12, 10)], Heard(), 0)
    assert total is not None
    assert (total.transport_bytes_received, total.transport_bytes_sent) == (10 * 62, 10 * 50)
