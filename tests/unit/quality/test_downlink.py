"""How many pictures are asked for on a narrow downlink."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.quality.downlink import LEVELS, DownlinkControl, Level
from desktop_app.quality.steps import MAX_QUIET_S, QUIET_S, SETTLING_S
from desktop_app.rtc.sfu.reception import DownlinkState

STEP_S = 0.25
GOOD = DownlinkState(0.0, 0.01, 2000)
LOSSY = DownlinkState(0.10, 0.01, 2000)
QUEUED = DownlinkState(0.0, 0.4, 900)
AWFUL = DownlinkState(0.5, 0.5, 300)


class Line:
    """A control on a clock of its own."""

    def __init__(self) -> None:
        self.control = DownlinkControl()
        self.now_s = 0.0
        self.changes: list[tuple[float, Level]] = []

    def go(self, seconds: float, seen: DownlinkState) -> Level:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            before = self.control.level
            level = self.control.update(self.now_s, seen)
            if level != before:
                self.changes.append((self.now_s, level))
            self.now_s += STEP_S
        return self.control.level


def test_a_good_path_gets_everything() -> None:
    line = Line()
    assert line.go(120, GOOD) == LEVELS[0]
    assert not line.changes


def test_trouble_costs_one_picture_after_the_other_down_to_sound_alone() -> None:
    line = Line()
    assert line.go(1.5, QUEUED) == LEVELS[1]
    assert line.go(60, QUEUED) == LEVELS[-1]
    assert [level for _, level in line.changes] == list(LEVELS[1:])
    gaps = [later - sooner for (sooner, _), (later, _) in zip(line.changes, line.changes[1:], strict=False)]
    assert min(gaps) >= SETTLING_S


def test_much_loss_costs_all_large_pictures_at_once() -> None:
    line = Line()
    assert line.go(1.5, AWFUL) == Level(0, True)


def test_a_moment_of_trouble_costs_nothing() -> None:
    line = Line()
    for _ in range(20):
        line.go(0.75, LOSSY)
        line.go(1.0, GOOD)
    assert not line.changes


def test_it_comes_back_one_level_at_a_time() -> None:
    line = Line()
    line.go(60, QUEUED)
    assert line.go(4 * (QUIET_S + STEP_S) + SETTLING_S + 1, GOOD) == LEVELS[0]


def test_a_narrow_path_is_tried_ever_less_often() -> None:
    line = Line()
    tries = []
    for _ in range(2400):
        # Two large pictures are one too many.
        line.go(STEP_S, QUEUED if line.control.level.max_large >= 2 else GOOD)
    tries = [at_s for at_s, level in line.changes if level == LEVELS[1]][1:]
    waits = [later - sooner for sooner, later in itertools.pairwise(tries)]
    assert waits == sorted(waits)
    assert waits[0] < 3 * QUIET_S
    assert waits[-1] > 60
    assert len(tries) < 10


SEEN = st.builds(
    DownlinkState,
    st.one_of(st.floats(0, 1), st.just(math.nan)),
    st.one_of(st.floats(0, 10), st.just(math.inf)),
    st.just(1000.0),
)


@given(st.lists(st.tuples(SEEN, st.integers(1, 200)), max_size=40))
def test_it_never_swings_and_never_leaves_the_levels(phases: list[tuple[DownlinkState, int]]) -> None:
    line = Line()
    for seen, steps in phases:
        line.go(steps * STEP_S, seen)
    for (sooner, before), (later, after) in zip(line.changes, line.changes[1:], strict=False):
        assert later - sooner >= SETTLING_S
        up = LEVELS.index(after) < LEVELS.index(before)
        if up:
            assert LEVELS.index(before) - LEVELS.index(after) == 1
            assert later - sooner >= min(QUIET_S, MAX_QUIET_S)


@given(st.lists(st.tuples(SEEN, st.integers(1, 40)), max_size=20))
def test_whatever_was_it_gets_everything_back_in_the_end(phases: list[tuple[DownlinkState, int]]) -> None:
    line = Line()
    for seen, steps in phases:
        line.go(steps * STEP_S, seen)
    assert line.go(len(LEVELS) * (MAX_QUIET_S + SETTLING_S + 1), GOOD) == LEVELS[0]
