"""Which chunks are lost, by time."""

from __future__ import annotations

import pytest

from desktop_app.rtc.sctp import outstanding as module
from desktop_app.rtc.sctp.message import Chunk, Message
from desktop_app.rtc.sctp.outstanding import Outstanding, RoundTrip

RTT_S = 0.1
SIZE = 1000


class Flight:
    """Chunks 1, 2, 3, ... that were sent."""

    def __init__(self) -> None:
        self.lost: list[int] = []
        self.outstanding = Outstanding(1, self._note_lost)
        self.message = Message(1, 53, b"x")

    def _note_lost(self, chunk: Chunk) -> bool:
        self.lost.append(chunk.tsn)
        return True

    def send(self, count: int, now_s: float) -> None:
        for _ in range(count):
            self.outstanding.sent(self.outstanding.add(b"chunk", SIZE, self.message), now_s)

    def timer_s(self) -> float:
        due_s = self.outstanding.timer_s()
        assert due_s is not None
        return due_s

    def wait_for_timeout(self, now_s: float) -> float:
        """Do what the timers ask for until everything is taken for lost, and send it again; when that was."""
        outstanding = self.outstanding
        before = outstanding.timeouts
        while outstanding.timeouts == before:
            due_s = self.timer_s()
            assert due_s >= now_s
            now_s = due_s
            _, probe_due, _ = outstanding.expire(now_s)
            if probe_due and (probe := outstanding.probe()) is not None:
                outstanding.sent(probe, now_s)
            while (chunk := outstanding.next_retransmission()) is not None:
                outstanding.to_retransmit.popleft()
                outstanding.sent(chunk, now_s)
        return now_s

    def sack(self, now_s: float, cumulative: int, *gaps: tuple[int, int], duplicates: int = 0) -> int:
        """What arrived newly, in bytes."""
        found = self.outstanding.acknowledge(now_s, cumulative, gaps, duplicates)
        assert found is not None
        if found.round_trip_s is not None:
            self.outstanding.round_trip.add(found.round_trip_s)
        return found.newly_bytes


@pytest.fixture
def flight() -> Flight:
    """One round trip is known."""
    made = Flight()
    made.send(1, 0.0)
    made.sack(RTT_S, 1)
    return made


def test_a_hole_is_lost_after_the_reordering_window_and_not_before(flight: Flight) -> None:
    flight.send(1, 1.0)  # 2
    flight.send(3, 1.01)  # 3 to 5
    assert flight.sack(1.01 + RTT_S, 1, (3, 5)) == 3 * SIZE
    assert flight.lost == []
    due_s = flight.timer_s()
    assert due_s == pytest.approx(1.0 + RTT_S * (1 + module.REORDERING_SHARE))
    assert flight.outstanding.expire(due_s - 0.001) == (0, False, False)
    assert flight.outstanding.expire(due_s + 1e-9) == (SIZE, False, False)
    assert flight.lost == [2]
    chunk = flight.outstanding.next_retransmission()
    assert chunk is not None
    assert chunk.tsn == 2
    assert flight.outstanding.in_flight_bytes == 0
    assert flight.outstanding.outstanding_bytes == SIZE


def test_what_comes_late_is_not_sent_again(flight: Flight) -> None:
    flight.send(1, 1.0)
    flight.send(1, 1.01)
    flight.sack(1.01 + RTT_S, 1, (3, 3))
    flight.sack(1.02 + RTT_S, 3)
    assert flight.lost == []
    flight.send(1, 2.0)
    flight.send(1, 2.1)
    flight.sack(2.1 + RTT_S, 3, (5, 5))
    assert flight.lost == [4]
    flight.sack(2.2 + RTT_S, 5)
    assert flight.outstanding.next_retransmission() is None
    assert flight.outstanding.outstanding_bytes == flight.outstanding.in_flight_bytes == 0


def test_a_lost_retransmission_is_seen(flight: Flight) -> None:
    flight.send(1, 1.0)
    flight.send(1, 1.05)
    flight.sack(1.05 + RTT_S, 1, (3, 3))
    chunk = flight.outstanding.next_retransmission()
    assert chunk is not None
    flight.outstanding.to_retransmit.popleft()
    flight.outstanding.sent(chunk, 1.2)
    flight.send(1, 1.3)
    flight.sack(1.3 + RTT_S, 1, (3, 4))
    assert flight.lost == [2, 2]


def test_duplicates_widen_the_window_and_calm_narrows_it(flight: Flight) -> None:
    def spurious(now_s: float) -> float:
        flight.send(1, now_s)
        flight.send(1, now_s + 0.001)
        before = flight.outstanding.next_tsn
        flight.sack(now_s + 0.001 + RTT_S, before - 3, (before - 1, before - 1))
        due_s = flight.timer_s()
        flight.sack(now_s + 0.002 + RTT_S, before - 1, duplicates=1)
        return due_s - now_s - RTT_S

    windows_s = [spurious(1.0 + number) for number in range(12)]
    assert windows_s == sorted(windows_s)
    assert windows_s[0] < windows_s[2] <= RTT_S * 1.3 + 0.002
    for number in range(module.REORDERING_ROUNDS):
        flight.send(2, 100.0 + number)
        last = flight.outstanding.next_tsn - 1
        flight.sack(100.0 + number + RTT_S, last - 2, (last, last))
        flight.outstanding.expire(101.0 + number - 0.5)
        flight.sack(100.9 + number, last)
    assert spurious(200.0) == pytest.approx(windows_s[0], rel=0.1)


def test_the_end_of_a_flight_is_probed_before_the_timeout(flight: Flight) -> None:
    flight.send(2, 1.0)
    due_s = flight.timer_s()
    assert due_s == pytest.approx(1.0 + module.TAIL_ROUNDS * RTT_S + module.TAIL_S)
    assert flight.outstanding.expire(due_s) == (0, True, False)
    chunk = flight.outstanding.probe()
    assert chunk is not None
    assert chunk.tsn == 3
    flight.outstanding.sent(chunk, due_s)
    assert flight.outstanding.in_flight_bytes == 2 * SIZE
    timeout_s = flight.timer_s()
    assert timeout_s == pytest.approx(due_s + flight.outstanding.timeout_s)
    flight.sack(due_s + RTT_S, 1, (3, 3))
    assert flight.lost == [2]


def test_the_timeout_takes_everything_for_lost_and_backs_off_to_a_second(flight: Flight) -> None:
    flight.send(3, 1.0)
    lengths_s, now_s = [], 1.0
    for _ in range(8):
        now_s = flight.wait_for_timeout(now_s)
        lengths_s.append(flight.outstanding.timeout_s)
    assert flight.lost == [2, 3, 4] * 8
    assert flight.outstanding.in_flight_bytes == 3 * SIZE
    assert lengths_s == sorted(lengths_s)
    assert lengths_s[0] >= 2 * module.RTO_MIN_S
    assert lengths_s[-1] == module.RTO_BACKED_OFF_S
    flight.sack(now_s + RTT_S, 4)
    assert flight.outstanding.timeouts == 0
    assert flight.outstanding.timeout_s < 0.5
    assert len(flight.outstanding) == flight.outstanding.outstanding_bytes == 0


def test_after_a_timeout_gaps_are_told_anew_and_counted_once(flight: Flight) -> None:
    flight.send(3, 1.0)
    assert flight.sack(1.0 + RTT_S, 1, (3, 4)) == 2 * SIZE
    now_s = flight.wait_for_timeout(1.0 + RTT_S)
    assert flight.outstanding.outstanding_bytes == 3 * SIZE
    before = flight.outstanding.round_trip.smoothed_s
    assert flight.sack(now_s + 0.01, 1, (3, 4)) == 0
    assert flight.outstanding.outstanding_bytes == SIZE
    assert flight.outstanding.round_trip.smoothed_s == before
    assert flight.sack(now_s + RTT_S, 4) == SIZE


@pytest.mark.parametrize(
    ("cumulative", "gaps"),
    [
        (0, ()),
        (9, ()),
        (2**40, ()),
    ],
)
def test_a_sack_that_is_old_or_of_the_future_is_ignored(
    flight: Flight, cumulative: int, gaps: tuple[tuple[int, int], ...]
) -> None:
    flight.send(3, 1.0)
    assert flight.outstanding.acknowledge(2.0, cumulative, gaps, 0) is None
    assert flight.outstanding.in_flight_bytes == 3 * SIZE


@pytest.mark.parametrize("gap", [(0, 3), (1, 1), (3, 2), (5, 5), (3, 70_000), (-5, 3)])
def test_impossible_gap_blocks_are_ignored(flight: Flight, gap: tuple[int, int]) -> None:
    flight.send(3, 1.0)
    assert flight.sack(2.0, 1, gap) == 0
    assert flight.outstanding.in_flight_bytes == 3 * SIZE


def test_abandoned_chunks_are_skipped_in_a_row(flight: Flight) -> None:
    flight.send(4, 1.0)
    chunks = [flight.outstanding._chunks[tsn] for tsn in (2, 3, 5)]
    for chunk in chunks:
        flight.outstanding.abandon(chunk)
        flight.outstanding.abandon(chunk)
    assert flight.outstanding.in_flight_bytes == SIZE
    tsn, skipped = flight.outstanding.abandoned_to()
    assert (tsn, skipped) == (3, chunks[:2])
    flight.sack(1.2, 5)
    assert flight.outstanding.in_flight_bytes == flight.outstanding.outstanding_bytes == 0


def test_round_trip_is_rfc_9260() -> None:
    round_trip = RoundTrip()
    round_trip.add(0.4)
    assert round_trip.timeout_s == pytest.approx(0.4 + 4 * 0.2)
    round_trip.add(0.8)
    assert round_trip.smoothed_s == pytest.approx(0.45)
    assert round_trip.timeout_s == pytest.approx(0.45 + 4 * 0.25)
    for _ in range(100):
        round_trip.add(0.01)
    assert round_trip.timeout_s == module.RTO_MIN_S
    round_trip.add(100.0)
    assert round_trip.timeout_s == module.RTO_MAX_S
