"""Capture times from sender reports: honest, lost, late, drifting and false ones."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.remote_clock import NTP_UNITS, TOLERANCE_S, RemoteClock

RATE_HZ = 48_000
NTP_S = 3_950_000_000.0
"""In the year 2025."""


def ntp(seconds: float) -> int:
    """The 64 bits of a report."""
    return round((NTP_S + seconds) * NTP_UNITS)


class Source:
    """A sender whose sample clock is off."""

    def __init__(self, ppm: float = 0.0, timestamp: int = 0) -> None:
        self._rate_hz = RATE_HZ * (1 + ppm * 1e-6)
        self._timestamp = timestamp

    def timestamp(self, at_s: float) -> int:
        """The RTP timestamp that is captured at a time."""
        return (self._timestamp + round(at_s * self._rate_hz)) & 0xFFFFFFFF

    def report(self, clock: RemoteClock, at_s: float, wobble_s: float = 0.0) -> None:
        """A sender report from a time."""
        clock.add_report(ntp(at_s + wobble_s), self.timestamp(at_s))

    def error_s(self, clock: RemoteClock, at_s: float) -> float:
        """By how much `clock` misses the capture time."""
        captured_s = clock.captured_s(self.timestamp(at_s))
        assert captured_s is not None
        return captured_s - NTP_S - at_s


def test_before_the_first_report_nothing_is_known() -> None:
    clock = RemoteClock(RATE_HZ)
    assert clock.captured_s(0) is None
    clock.add_report(0, 1234)  # a sender that has no clock
    assert clock.captured_s(1234) is None


def test_one_report_is_enough_before_and_behind_it() -> None:
    clock, source = RemoteClock(RATE_HZ), Source()
    source.report(clock, 10.0)
    for at_s in (0.0, 10.0, 3600.0):
        assert source.error_s(clock, at_s) == pytest.approx(0, abs=1e-4)


def test_timestamps_wrap_around() -> None:
    clock, source = RemoteClock(RATE_HZ), Source(timestamp=0xFFFFFFFF - 5 * RATE_HZ)
    for at_s in range(10):
        source.report(clock, at_s)
        assert source.error_s(clock, at_s + 1.0) == pytest.approx(0, abs=1e-4)
    hours_later_s = 30 * 3600.0  # once more round, with reports on the way
    for at_s in range(10, int(hours_later_s), 600):
        source.report(clock, at_s)
    assert source.error_s(clock, hours_later_s) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("ppm", [-300, -100, 100, 300])
@pytest.mark.parametrize("interval_s", [1.0, 5.0])
def test_a_sample_clock_that_is_off_is_followed_for_hours(ppm: float, interval_s: float) -> None:
    clock, source = RemoteClock(RATE_HZ), Source(ppm)
    for number in range(2000):
        source.report(clock, number * interval_s)
    assert source.error_s(clock, 2000 * interval_s) == pytest.approx(0, abs=0.010)


def test_reports_that_are_lost_for_minutes_cost_little_and_are_made_up_for() -> None:
    clock, source = RemoteClock(RATE_HZ), Source(300)
    for at_s in range(10):
        source.report(clock, at_s)
    assert abs(source.error_s(clock, 60.0)) < 0.020
    for at_s in range(240, 250):
        source.report(clock, at_s)
    assert abs(source.error_s(clock, 250.0)) < 0.010
    for at_s in (2000, 2001):  # so long that the first one contradicts
        source.report(clock, at_s)
    assert abs(source.error_s(clock, 2001.0)) < 0.010


def test_reports_out_of_order_and_twice_do_no_harm() -> None:
    clock, source = RemoteClock(RATE_HZ), Source(100)
    for at_s in (1.0, 3.0, 2.0, 2.0, 5.0, 4.0, 1.0):
        source.report(clock, at_s)
    assert source.error_s(clock, 6.0) == pytest.approx(0, abs=0.002)


def test_the_wobble_of_the_sender_s_thread_is_smoothed() -> None:
    clock, source, generator = RemoteClock(RATE_HZ), Source(), random.Random(1)
    errors = []
    for at_s in range(200):
        source.report(clock, at_s, generator.uniform(-0.02, 0.02))
        errors.append(source.error_s(clock, at_s))
    assert max(map(abs, errors[20:])) < 0.015


def test_one_report_that_contradicts_is_ignored() -> None:
    clock, source = RemoteClock(RATE_HZ), Source()
    source.report(clock, 1.0)
    for jump_s in (3.0, -1000.0, 0.2):
        source.report(clock, 2.0, jump_s)
        assert source.error_s(clock, 3.0) == pytest.approx(0, abs=1e-4)
    source.report(clock, 3.0)
    source.report(clock, 4.0, 3.0)  # the same contradiction as before, but not in a row
    assert source.error_s(clock, 5.0) == pytest.approx(0, abs=1e-4)


def test_two_reports_that_agree_are_a_clock_set_anew() -> None:
    clock, source = RemoteClock(RATE_HZ), Source()
    source.report(clock, 1.0)
    source.report(clock, 2.0, -7200.0)
    source.report(clock, 3.0, -7200.0)
    assert source.error_s(clock, 4.0) == pytest.approx(-7200, abs=1e-4)


def test_another_source_begins_anew() -> None:
    clock, source = RemoteClock(RATE_HZ), Source()
    source.report(clock, 1.0)
    clock.restart()
    assert clock.captured_s(0) is None
    other = Source(timestamp=123_456_789)
    other.report(clock, 2.0)
    assert other.error_s(clock, 3.0) == pytest.approx(0, abs=1e-4)


@given(
    st.lists(st.tuples(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 32) - 1)), max_size=20),
    st.integers(0, (1 << 32) - 1),
)
def test_hostile_reports_raise_nothing(pairs: list[tuple[int, int]], timestamp: int) -> None:
    clock = RemoteClock(RATE_HZ)
    for pair in pairs:
        clock.add_report(*pair)
    captured_s = clock.captured_s(timestamp)
    assert captured_s is None or math.isfinite(captured_s)


@given(st.lists(st.floats(-0.9 * TOLERANCE_S / 2, 0.9 * TOLERANCE_S / 2), min_size=1, max_size=50))
def test_honest_reports_keep_the_error_within_their_own(wobbles_s: list[float]) -> None:
    clock, source = RemoteClock(RATE_HZ), Source()
    for at_s, wobble_s in enumerate(wobbles_s):
        source.report(clock, at_s, wobble_s)
        least_s, most_s = min(wobbles_s[: at_s + 1]), max(wobbles_s[: at_s + 1])
        assert least_s - 1e-4 <= source.error_s(clock, at_s) <= most_s + 1e-4
