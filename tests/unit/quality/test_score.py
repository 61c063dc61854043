"""The score: its bounds, its words, and that it falls fast and rises slowly."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.quality.score import LOST_AFTER_S, Quality, QualityScorer, ScoreInput, momentary

CLEAN = ScoreInput(round_trip_ms=50, jitter_ms=2, frames_per_second=30, concealed_pct=0)
BAD = ScoreInput(
    loss_pct=20, round_trip_ms=400, jitter_ms=40, frames_per_second=6, frozen_pct=60, concealed_pct=20
)


def seconds(scorer: QualityScorer, given: ScoreInput, begin_s: int, count: int) -> list[Quality]:
    return [scorer.update(float(begin_s + second), given).quality for second in range(count)]


def test_a_clean_call_is_excellent_and_a_broken_one_poor() -> None:
    assert QualityScorer().update(0, CLEAN).quality is Quality.EXCELLENT
    assert QualityScorer().update(0, BAD).quality is Quality.POOR
    repaired = ScoreInput(loss_pct=5, round_trip_ms=80, jitter_ms=10, frames_per_second=29, concealed_pct=1)
    assert QualityScorer().update(0, repaired).quality is Quality.GOOD


def test_it_falls_fast_and_rises_slowly() -> None:
    scorer = QualityScorer()
    seconds(scorer, CLEAN, 0, 5)
    assert seconds(scorer, BAD, 5, 2)[-1] is Quality.POOR
    rising = seconds(scorer, CLEAN, 7, 60)
    assert rising[2] is Quality.POOR
    assert rising[-1] is Quality.EXCELLENT
    assert rising == sorted(rising, key=[Quality.POOR, Quality.GOOD, Quality.EXCELLENT].index)


def test_a_word_does_not_flicker_at_its_bound() -> None:
    scorer = QualityScorer()
    near = [ScoreInput(round_trip_ms=50, loss_pct=loss) for loss in (6.2, 6.8)]
    words = [scorer.update(second, near[second % 2]).quality for second in range(60)]
    assert sum(before is not after for before, after in itertools.pairwise(words)) <= 1


def test_nothing_that_comes_is_lost_after_a_while() -> None:
    scorer = QualityScorer()
    scorer.update(0, CLEAN)
    silent = ScoreInput(receiving=False)
    assert scorer.update(1, silent).quality is not Quality.LOST
    assert scorer.update(1 + LOST_AFTER_S, silent).quality is Quality.LOST
    assert scorer.update(2 + LOST_AFTER_S, CLEAN).quality is Quality.POOR


def test_no_connection_is_unknown_and_begins_anew() -> None:
    scorer = QualityScorer()
    scorer.update(0, BAD)
    assert scorer.update(1, None).quality is Quality.UNKNOWN
    assert scorer.update(2, CLEAN).quality is Quality.EXCELLENT


def test_a_camera_that_is_off_takes_nothing_away() -> None:
    assert momentary(ScoreInput(round_trip_ms=20, concealed_pct=0)) > 95


def test_a_lowered_frame_rate_is_no_fault() -> None:
    assert momentary(ScoreInput(frames_per_second=15, expected_fps=15)) == 100


any_number = st.floats(allow_nan=True, allow_infinity=True)
known = st.floats(0, 1000)


@given(
    any_number, st.none() | any_number, any_number, st.none() | any_number, any_number, st.none() | any_number
)
def test_bounded_whatever_is_measured(
    loss: float, rtt: float | None, jitter: float, fps: float | None, frozen: float, concealed: float | None
) -> None:
    assert 0 <= momentary(ScoreInput(loss, rtt, jitter, fps, 30, frozen, concealed)) <= 100


@given(known, known, known, known, known, known)
def test_worse_never_scores_better(
    loss: float, rtt: float, jitter: float, frozen: float, concealed: float, more: float
) -> None:
    base = momentary(ScoreInput(loss, rtt, jitter, None, 30, frozen, concealed))
    for worse in (
        ScoreInput(loss + more, rtt, jitter, None, 30, frozen, concealed),
        ScoreInput(loss, rtt + more, jitter, None, 30, frozen, concealed),
        ScoreInput(loss, rtt, jitter + more, None, 30, frozen, concealed),
        ScoreInput(loss, rtt, jitter, None, 30, frozen + more, concealed),
        ScoreInput(loss, rtt, jitter, None, 30, frozen, concealed + more),
    ):
        assert momentary(worse) <= base + 1e-9
