"""Rate and time left."""

from __future__ import annotations

import pytest

from desktop_app.data.files.progress import SPAN_S, RateMeter


def test_a_steady_rate() -> None:
    meter = RateMeter()
    meter.restart(10.0, 5_000_000)
    for tick in range(1, 41):
        meter.update(10.0 + tick * 0.25, 5_000_000 + tick * 25_000)
    assert meter.bytes_per_s == pytest.approx(100_000)
    assert meter.left_s(50_000) == pytest.approx(0.5)


def test_what_was_there_before_does_not_count() -> None:
    meter = RateMeter()
    meter.restart(0.0, 10**9)
    assert meter.bytes_per_s == 0
    assert meter.left_s(5) is None
    meter.update(1.0, 10**9)
    assert meter.bytes_per_s == 0
    assert meter.left_s(5) is None


def test_an_old_rate_is_forgotten() -> None:
    meter = RateMeter()
    meter.restart(0.0, 0)
    meter.update(0.25, 10_000_000)
    for tick in range(1, 30):
        meter.update(0.25 + tick * 0.25, 10_000_000 + tick * 250)
    assert SPAN_S < 0.25 + 29 * 0.25
    assert meter.bytes_per_s == pytest.approx(1000, rel=0.3)


def test_a_moment_says_nothing() -> None:
    meter = RateMeter()
    meter.restart(0.0, 0)
    meter.update(0.01, 10_000_000)
    assert meter.bytes_per_s == 0
    meter.stop()
    assert meter.bytes_per_s == 0
