"""When a missing packet is asked for, and when no longer."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtcpPacket, RtcpRtpfbPacket
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.nack import (
    MAX_AGE_S,
    MAX_MISSING,
    MAX_TRIES,
    MIN_RETRY_S,
    REORDER_GRACE_S,
    NackTracker,
    split_at_wrap,
)

RTT_S = 0.1


def test_nothing_missing_nothing_asked() -> None:
    tracker = NackTracker()
    for number in range(65_530, 65_550):
        assert tracker.add(number & 0xFFFF, number / 100)
    assert len(tracker) == 0
    assert tracker.take_due(1000, RTT_S) == []


def test_a_gap_over_the_wrap_around_is_asked_for_after_the_grace_time_oldest_first() -> None:
    tracker = NackTracker()
    tracker.add(65_533, 0)
    assert tracker.add(2, 0)
    assert tracker.take_due(REORDER_GRACE_S / 2, RTT_S) == []
    assert tracker.take_due(REORDER_GRACE_S, RTT_S) == [65_534, 65_535, 0, 1]


def test_reordering_within_the_grace_time_costs_no_request() -> None:
    tracker = NackTracker()
    for number in (0, 2, 1, 4, 3):
        tracker.add(number, 0)
    assert len(tracker) == 0
    assert tracker.take_due(REORDER_GRACE_S, RTT_S) == []


def test_it_asks_again_once_a_round_trip_until_the_packet_comes() -> None:
    tracker = NackTracker()
    tracker.add(0, 0)
    tracker.add(2, 0)
    assert tracker.take_due(0.01, RTT_S) == [1]
    assert tracker.take_due(0.01 + RTT_S, RTT_S) == []
    assert tracker.take_due(0.01 + 1.15 * RTT_S, RTT_S) == [1]
    tracker.add(1, 0.2)
    assert tracker.take_due(0.9, RTT_S) == []


def test_a_tiny_round_trip_is_paced_by_the_minimum() -> None:
    tracker = NackTracker()
    tracker.add(0, 0)
    tracker.add(2, 0)
    assert tracker.take_due(0.01, 0.0001) == [1]
    assert tracker.take_due(0.01 + MIN_RETRY_S * 0.9, 0.0001) == []
    assert tracker.take_due(0.01 + MIN_RETRY_S * 1.1, 0.0001) == [1]


def test_it_gives_up_after_so_many_tries() -> None:
    tracker = NackTracker()
    tracker.add(0, 0)
    tracker.add(2, 0)
    asked = sum(len(tracker.take_due(0.01 + step * MIN_RETRY_S, 0)) for step in range(MAX_TRIES + 5))
    assert asked == MAX_TRIES
    assert len(tracker) == 0


def test_it_gives_up_after_so_much_time() -> None:
    tracker = NackTracker()
    tracker.add(0, 0)
    tracker.add(2, 0)
    assert tracker.take_due(MAX_AGE_S + 0.001, RTT_S) == []
    assert len(tracker) == 0


def test_each_gap_has_a_clock_of_its_own() -> None:
    tracker = NackTracker()
    tracker.add(0, 0)
    tracker.add(2, 0)
    tracker.add(4, 0.008)
    assert tracker.take_due(0.012, RTT_S) == [1]
    assert tracker.take_due(0.019, RTT_S) == [3]


def test_what_was_handed_out_or_dropped_is_not_asked_for() -> None:
    tracker = NackTracker()
    tracker.add(65_530, 0)
    tracker.add(3, 0)
    tracker.forget_through(65_535)
    assert tracker.take_due(0.02, RTT_S) == [0, 1, 2]


@pytest.mark.parametrize("jump", [MAX_MISSING + 2, 20_000, -20_000])
def test_too_much_at_once_is_given_up_and_life_goes_on(jump: int) -> None:
    tracker = NackTracker()
    tracker.add(30_000, 0)
    tracker.add(30_002, 0)
    assert not tracker.add((30_002 + jump) & 0xFFFF, 0)
    assert len(tracker) == 0
    assert tracker.add((30_004 + jump) & 0xFFFF, 0)
    assert tracker.take_due(0.02, RTT_S) == [(30_003 + jump) & 0xFFFF]


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 0.05)), max_size=300))
def test_whatever_comes_the_memory_is_bounded_and_only_gaps_are_asked_for(
    packets: list[tuple[int, float]],
) -> None:
    tracker = NackTracker()
    now_s = 0.0
    seen: set[int] = set()
    for number, pause_s in packets:
        now_s += pause_s
        tracker.add(number, now_s)
        seen.add(number)
        due = tracker.take_due(now_s, RTT_S)
        assert len(set(due)) == len(due) <= len(tracker) <= MAX_MISSING
        assert number not in due


def test_runs_are_cut_where_the_numbers_wrap() -> None:
    assert split_at_wrap([]) == []
    assert split_at_wrap([5, 6, 9]) == [[5, 6, 9]]
    assert split_at_wrap([65_534, 65_535, 0, 4]) == [[65_534, 65_535], [0, 4]]


@given(st.integers(0, 0xFFFF), st.sets(st.integers(0, 400), min_size=1, max_size=60))
def test_every_run_survives_the_wire(begin: int, offsets: set[int]) -> None:
    numbers = [(begin + offset) & 0xFFFF for offset in sorted(offsets)]
    read: list[int] = []
    for run in split_at_wrap(numbers):
        data = bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2, lost=run))
        (packet,) = RtcpPacket.parse(data)
        assert isinstance(packet, RtcpRtpfbPacket)
        read += packet.lost
    assert read == numbers
