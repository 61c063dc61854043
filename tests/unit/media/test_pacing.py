"""Deadlines and measured rates, with the time passed in."""

from __future__ import annotations

import threading

import pytest

from desktop_app.media.pacing import Pacer, RateMeter, wait_until


def test_deadlines_do_not_drift() -> None:
    pacer = Pacer(30, start_s=100.0, max_late_s=1 / 30)
    now_s = 100.0
    for number in range(100_000):
        index, due_s = pacer.next(now_s)
        assert index == number
        assert due_s == pytest.approx(100.0 + number / 30, abs=1e-9)
        now_s = due_s + 0.004  # every wait ends late


def test_a_little_late_is_made_up_for() -> None:
    pacer = Pacer(50, start_s=0.0, max_late_s=0.2)
    assert [pacer.next(0.1) for _ in range(3)] == [(0, 0.0), (1, 0.02), (2, 0.04)]


def test_a_long_stall_is_skipped_and_leaves_a_gap_in_the_numbers() -> None:
    pacer = Pacer(50, start_s=0.0, max_late_s=0.2)
    pacer.next(0.0)
    number, due_s = pacer.next(10.005)
    assert number == 501
    assert due_s == pytest.approx(10.02)
    assert pacer.next(10.02)[0] == 502


def test_waiting_ends_at_once_when_stopping() -> None:
    stopping = threading.Event()
    assert wait_until(5.0, stopping, clock=lambda: 5.1)
    stopping.set()
    assert not wait_until(1e9, stopping, clock=lambda: 0.0)
    assert not wait_until(0.0, stopping, clock=lambda: 5.0)


def test_rate_of_steady_events() -> None:
    meter = RateMeter()
    for number in range(90):
        meter.add(number / 30)
    assert meter.rate_hz(89 / 30) == pytest.approx(30.0, abs=0.01)


def test_rate_is_right_from_the_second_event_on_and_falls_when_they_stop() -> None:
    meter = RateMeter()
    assert meter.rate_hz(0.0) == 0.0
    meter.add(10.0)
    meter.add(10.1)
    assert meter.rate_hz(10.1) == pytest.approx(10.0)
    assert meter.rate_hz(10.9) < 2
    assert meter.rate_hz(11.2) == 0.0


def test_clear_forgets() -> None:
    meter = RateMeter()
    meter.add(1.0)
    meter.clear()
    assert meter.rate_hz(1.0) == 0.0
