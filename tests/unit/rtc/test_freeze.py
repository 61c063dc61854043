"""The W3C's rule for freezes."""

from __future__ import annotations

import pytest

from desktop_app.rtc.freeze import FreezeDetector


def shown(*intervals_s: float) -> FreezeDetector:
    """A detector that saw frames with these intervals between them."""
    detector = FreezeDetector()
    now_s = 100.0
    detector.frame_shown(now_s)
    for interval_s in intervals_s:
        now_s += interval_s
        detector.frame_shown(now_s)
    return detector


def test_a_steady_stream_never_freezes() -> None:
    detector = shown(*[1 / 30] * 1000)
    assert detector.freeze_count == 0
    assert detector.total_freezes_duration_s == 0


def test_at_a_high_rate_the_mean_plus_150_ms_decides() -> None:
    assert shown(*[0.03] * 30, 0.179).freeze_count == 0
    detector = shown(*[0.03] * 30, 0.181)
    assert detector.freeze_count == 1
    assert detector.total_freezes_duration_s == pytest.approx(0.181)


def test_at_a_low_rate_three_times_the_mean_decides() -> None:
    assert shown(*[0.2] * 30, 0.59).freeze_count == 0
    assert shown(*[0.2] * 30, 0.61).freeze_count == 1


def test_only_the_last_30_intervals_count() -> None:
    assert shown(*[1.0] * 30, *[0.03] * 30, 0.2).freeze_count == 1


def test_several_freezes_add_up() -> None:
    detector = shown(*[0.03] * 30, 0.5, *[0.03] * 40, 1.0)
    assert detector.freeze_count == 2
    assert detector.total_freezes_duration_s == pytest.approx(1.5)


def test_a_pause_on_purpose_is_no_freeze() -> None:
    detector = shown(*[0.03] * 30)
    detector.pause()
    detector.frame_shown(1000.0)
    detector.frame_shown(1000.03)
    assert detector.freeze_count == 0
    detector.frame_shown(1001.0)
    assert detector.freeze_count == 1


def test_the_first_interval_has_nothing_to_be_compared_with() -> None:
    assert shown(10.0).freeze_count == 0
