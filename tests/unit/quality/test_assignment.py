"""Who gets the low encoding: quickly down, slowly up, and nobody swings."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.quality.assignment import (
    MAX_QUIET_S,
    NARROW_S,
    QUIET_S,
    TRIAL_S,
    UP_MARGIN,
    Encoding,
    EncodingAssignment,
)
from desktop_app.quality.controller import QualityController, Source
from desktop_app.quality.sound import AUDIO_KBPS
from desktop_app.rtc.receive_estimate import SENT_FLOOR_KBPS, SENT_RATIO

HIGH, LOW = Encoding.HIGH, Encoding.LOW
STEP_S = 0.25


class Run:
    """An assignment and its clock."""

    def __init__(self) -> None:
        self.assignment = EncodingAssignment()
        self.controller = QualityController()
        self.controller.take_source(0.0, Source(640, 480, 30.0), low_data=False)
        self.now_s = 0.0
        self.history: list[tuple[float, dict[str, Encoding]]] = []

    def go(self, seconds: float, **kbps: float) -> dict[str, Encoding]:
        for _ in range(max(1, round(seconds / STEP_S))):
            usable = {user: min(each, self.controller.most_kbps) for user, each in kbps.items()}
            least = self.controller.least_kbps(max(usable.values(), default=0.0))
            self.history.append((self.now_s, self.assignment.update(self.now_s, usable, least)))
            self.now_s += STEP_S
        return self.history[-1][1]

    def moves(self, user: str) -> list[tuple[float, Encoding]]:
        """When a participant was put on another encoding, and on which."""
        return [
            (at_s, after[user])
            for (_, before), (at_s, after) in itertools.pairwise(self.history)
            if user in before and user in after and before[user] is not after[user]
        ]


def test_paths_that_are_alike_share_one_encoding() -> None:
    run = Run()
    assert set(run.go(60, a=1000, b=700, c=500).values()) == {HIGH}
    assert set(run.go(60, a=300, b=270, c=240).values()) == {HIGH}
    assert set(run.go(60, a=170, b=110, c=90).values()) == {HIGH}, "a low one would be no smaller"


@pytest.mark.parametrize("kbps", [30, 120, 600, 5000])
def test_one_path_has_the_high_encoding_however_narrow_it_is(kbps: float) -> None:
    assert Run().go(10, a=kbps) == {"a": HIGH}


def test_a_path_that_would_cost_the_others_a_step_goes_down_soon() -> None:
    run = Run()
    run.go(10, a=1032, b=1032, c=1032)
    run.go(3, a=1032, b=340, c=320)
    assert run.moves("a") == run.moves("b") == []
    assert run.moves("c") == [(10.0 + NARROW_S, LOW)]


def test_a_path_that_could_not_show_its_width_yet_is_not_held_back() -> None:
    run = Run()
    run.go(10, a=600, b=300)
    assert run.history[-1][1] == {"a": HIGH, "b": LOW}
    assert run.moves("b") == [], "and there it stays, though the difference is not large"


def test_up_after_a_quiet_time() -> None:
    run = Run()
    run.go(5, a=1032, b=200)
    begin = run.now_s
    run.go(20, a=1032, b=800)
    assert run.moves("b") == [(begin + QUIET_S, HIGH)]


def test_a_path_that_is_wide_only_while_it_is_not_used_is_tried_ever_more_rarely() -> None:
    run = Run()
    run.go(5, a=1032, b=200)
    while run.now_s < 1200:
        on_high = run.history[-1][1]["b"] is HIGH
        run.go(STEP_S, a=1032, b=300 if on_high else 410)
    tries = [at_s for at_s, encoding in run.moves("b") if encoding is HIGH]
    assert 5 <= len(tries) <= 14
    assert tries[-1] - tries[-2] >= MAX_QUIET_S


def test_a_path_that_became_wide_is_trusted_again() -> None:
    run = Run()
    run.go(5, a=1032, b=200)
    for _ in range(3):  # failed tries
        run.go(QUIET_S * 8 + 1, a=1032, b=410)
        run.go(2, a=1032, b=200)
    run.go(QUIET_S * 20, a=1032, b=1032)
    assert run.history[-1][1]["b"] is HIGH
    run.go(TRIAL_S, a=1032, b=1032)
    begin = run.now_s
    run.go(2, a=1032, b=100)
    run.go(QUIET_S + 3, a=1032, b=1032)
    assert [encoding for _, encoding in run.moves("b")[-2:]] == [LOW, HIGH]
    assert run.moves("b")[-1][0] <= begin + 2 + QUIET_S


def test_when_the_others_have_gone_those_on_the_low_encoding_get_the_high_one_at_once() -> None:
    run = Run()
    run.go(10, a=1032, b=300, c=280)
    assert run.go(STEP_S, b=300, c=280) == {"b": HIGH, "c": HIGH}
    run.go(10, a=1032, b=300, c=100)
    assert run.go(STEP_S, b=300, c=100) == {"b": HIGH, "c": LOW}


def test_when_the_wide_path_becomes_the_narrow_one_they_change_places() -> None:
    run = Run()
    run.go(10, a=1032, b=300)
    assert run.go(2, a=60, b=300) == {"a": LOW, "b": HIGH}


def test_a_newcomer_is_put_where_the_path_belongs_and_disturbs_nobody() -> None:
    run = Run()
    run.go(5, a=1032)
    assert run.go(STEP_S, a=1032, b=150, c=600) == {"a": HIGH, "b": LOW, "c": HIGH}


def test_nobody_is_nobody() -> None:
    run = Run()
    assert run.go(1) == {}
    assert run.go(1, a=0.0) == {"a": HIGH}
    assert run.go(1, a=0.0, b=0.0) == {"a": HIGH, "b": HIGH}


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (640, 360), (960, 540), (1280, 720), (1920, 1080)])
def test_the_way_up_is_within_reach_of_an_estimate_that_only_sees_the_low_encoding(
    size: tuple[int, int],
) -> None:
    high, low = QualityController(), QualityController()
    source = Source(*size, 30.0)
    high.take_source(0, source, low_data=False)
    low.take_source(0, source.halved, low_data=False)
    reach_kbps = SENT_RATIO * (low.most_kbps - AUDIO_KBPS) + SENT_FLOOR_KBPS + AUDIO_KBPS
    assert reach_kbps > UP_MARGIN * high.least_kbps(high.most_kbps) > 0


# Always


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(100, 2000), min_size=2, max_size=7), st.floats(0, 0.25), st.integers(0, 10_000))
def test_under_noise_nobody_swings(means: list[float], spread: float, seed: int) -> None:
    chance = random.Random(seed)
    run = Run()
    while run.now_s < 300:
        run.go(
            STEP_S, **{f"p{i}": mean * chance.uniform(1 - spread, 1 + spread) for i, mean in enumerate(means)}
        )
    for index in range(len(means)):
        # White noise of a quarter is far more than an estimate has; a move in twenty seconds is no swinging.
        assert len(run.moves(f"p{index}")) <= run.now_s / 20


scripts = st.lists(
    st.tuples(st.floats(0.25, 30), st.lists(st.floats(0, 3000), min_size=3, max_size=3)), max_size=40
)


@settings(deadline=None, max_examples=60)
@given(scripts)
def test_whatever_the_paths_do_moves_beside_a_wide_one_are_bounded(
    script: list[tuple[float, list[float]]],
) -> None:
    run = Run()
    for seconds, paths in script:
        run.go(seconds, wide=3000.0, **{f"p{index}": kbps for index, kbps in enumerate(paths)})
    assert run.moves("wide") == []
    for index in range(3):
        moves = run.moves(f"p{index}")
        ups = [at_s for at_s, encoding in moves if encoding is HIGH]
        assert all(later - earlier >= QUIET_S for earlier, later in itertools.pairwise(ups))
        assert len(moves) <= 2 * len(ups) + 1


coming_and_going = st.lists(
    st.tuples(st.floats(0.25, 30), st.dictionaries(st.sampled_from("abcd"), st.floats(0, 3000), min_size=1)),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(coming_and_going)
def test_whoever_comes_and_goes_somebody_is_on_the_high_encoding(
    script: list[tuple[float, dict[str, float]]],
) -> None:
    run = Run()
    for seconds, paths in script:
        run.go(seconds, **paths)
    assert all(HIGH in assigned.values() for _, assigned in run.history)
