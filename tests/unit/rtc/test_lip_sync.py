"""What LipSync decides, against a playout and a screen that do what it says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.rtc.lip_sync import (
    HOLD_SLEW,
    HYSTERESIS_S,
    MAX_HOLD_S,
    MAX_OFFSET_S,
    MAX_SOUND_S,
    PEAK_S,
    RELEASE_SLEW,
    SOUND_AHEAD_S,
    SOUND_BEHIND_S,
    STOPPED_S,
    LipSync,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S = 0.1
GOAL_S = 0.080
NETWORK_S = 0.025
UNKNOWN_CLOCKS_S = 12_345.0
"""By how much the two clocks differ; both delays are wrong by that."""


class Call:
    """A participant whose sound and pictures take so long by themselves."""

    def __init__(self, playout_s: float | None, picture_s: float | None) -> None:
        self.lip_sync = LipSync()
        self.now_s = 1000.0
        self.playout_s = playout_s
        """The adaptive target, without a minimum."""
        self.picture_s = picture_s
        self.holds_s: list[float] = []
        self.minima_s: list[float] = []

    def run(self, seconds: float, wobble: Callable[[int], float] = lambda _tick: 0.0) -> None:
        """So much time; `wobble` is added to the pictures' delay."""
        for tick in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            sound_s = picture_s = None
            if self.playout_s is not None:
                sound_s = self.sound_s + UNKNOWN_CLOCKS_S
            if self.picture_s is not None:
                picture_s = self.picture_s + wobble(tick) + UNKNOWN_CLOCKS_S
            self.lip_sync.update(self.now_s, sound_s, picture_s)
            self.holds_s.append(self.lip_sync.hold_s)
            self.minima_s.append(self.lip_sync.sound_minimum_s)

    @property
    def sound_s(self) -> float:
        """Mouth to ear."""
        assert self.playout_s is not None
        return NETWORK_S + max(self.playout_s, self.lip_sync.sound_minimum_s)

    @property
    def offset_s(self) -> float:
        """How far the sound really is behind the picture that is shown."""
        assert self.picture_s is not None
        return self.sound_s - self.picture_s - self.lip_sync.hold_s


def test_at_the_beginning_nothing_is_known_and_nothing_kept_back() -> None:
    lip_sync = LipSync()
    assert lip_sync.offset_s is None
    lip_sync.update(1.0, None, None)
    assert (lip_sync.hold_s, lip_sync.sound_minimum_s, lip_sync.offset_s) == (0, 0, None)


@pytest.mark.parametrize("playout_s", [0.020, 0.030, 0.045, 0.060, 0.080])
def test_on_a_clean_path_nothing_is_added(playout_s: float) -> None:
    call = Call(playout_s, NETWORK_S + 0.015)
    call.run(60, lambda tick: 0.005 * (-1) ** tick)
    assert max(call.holds_s) == max(call.minima_s) == 0
    assert call.lip_sync.offset_s == pytest.approx(call.offset_s, abs=0.005)


@pytest.mark.parametrize("playout_s", [0.100, 0.200, 0.300])
def test_late_sound_makes_pictures_wait_slowly_and_no_longer_than_needed(playout_s: float) -> None:
    call = Call(playout_s, 0.040)
    call.run(20)
    assert 0 <= call.offset_s <= GOAL_S
    assert call.offset_s >= SOUND_BEHIND_S - 0.001
    assert max(call.minima_s) == 0
    steps = [after - before for before, after in zip(call.holds_s, call.holds_s[1:], strict=False)]
    assert max(map(abs, steps)) <= HOLD_SLEW * TICK_S + 1e-9
    assert call.lip_sync.offset_s == pytest.approx(call.offset_s, abs=0.001)


def test_late_pictures_raise_the_sound_s_minimum_and_nothing_stays_behind() -> None:
    call = Call(0.030, 0.180)
    call.run(20)
    assert -GOAL_S <= call.offset_s <= 0
    assert max(call.holds_s) == 0
    assert 0 < call.lip_sync.sound_minimum_s <= MAX_SOUND_S
    call.picture_s = 0.040
    call.run(20)
    assert call.lip_sync.sound_minimum_s == 0


def test_pictures_are_released_when_the_sound_is_no_longer_late() -> None:
    call = Call(0.250, 0.040)
    call.run(20)
    assert call.lip_sync.hold_s > 0.1
    call.playout_s = 0.035
    call.run(20)
    assert call.lip_sync.hold_s == 0


def test_both_delays_have_their_bounds() -> None:
    call = Call(0.500, 0.040)
    call.run(60)
    assert call.lip_sync.hold_s == MAX_HOLD_S
    call = Call(0.030, 0.900)
    call.run(60)
    assert call.lip_sync.sound_minimum_s == MAX_SOUND_S


@pytest.mark.parametrize("level_s", [0.0, 0.02, 0.03, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("period", [2, 14, 50, 301])
def test_a_wobble_of_20_ms_moves_nothing_once_all_is_settled(level_s: float, period: int) -> None:
    def wobble(tick: int) -> float:
        return 0.010 * math.sin(2 * math.pi * tick / period)

    call = Call(0.030 + level_s, 0.040)
    call.run(60, wobble)
    settled_s = call.lip_sync.hold_s
    call.holds_s.clear()
    call.run(120, wobble)
    assert call.holds_s == pytest.approx([settled_s] * len(call.holds_s), abs=0.001)
    assert max(call.minima_s) == 0


def test_no_more_than_the_peak_of_a_wobble_is_kept() -> None:
    call = Call(0.200, 0.040)
    call.run(20)
    before_s = call.lip_sync.hold_s
    call.playout_s = 0.185  # less than the hysteresis
    call.run(3)
    assert call.lip_sync.hold_s == before_s
    call.run(PEAK_S)
    assert call.lip_sync.hold_s == pytest.approx(before_s - 0.015, abs=0.001)


def test_pictures_are_shown_at_once_when_the_sound_has_stopped() -> None:
    call = Call(0.200, 0.040)
    call.run(20)
    call.playout_s = None
    call.run(STOPPED_S - 2 * TICK_S)
    assert call.lip_sync.hold_s > 0.1, "a hole in the sound is no end"
    call.run(3 * TICK_S)
    assert (call.lip_sync.hold_s, call.lip_sync.offset_s) == (0, None)


def test_without_sound_or_without_pictures_nothing_ever_waits() -> None:
    for call in (Call(None, 0.040), Call(0.300, None)):
        call.run(20)
        assert max(call.holds_s) == max(call.minima_s) == 0


def test_the_sound_s_minimum_goes_slowly_when_the_pictures_have_stopped() -> None:
    call = Call(0.030, 0.180)
    call.run(20)
    call.picture_s = None
    call.run(STOPPED_S)
    call.minima_s.clear()
    call.run(10)
    assert call.minima_s[0] > 0.03
    assert call.minima_s[-1] == 0
    steps = [before - after for before, after in zip(call.minima_s, call.minima_s[1:], strict=False)]
    assert max(steps) <= RELEASE_SLEW * TICK_S + 1e-9


def test_clocks_that_have_nothing_to_do_with_each_other_align_nothing() -> None:
    call = Call(0.200, 0.040)
    call.run(20)
    call.picture_s = 0.040 - MAX_OFFSET_S - 1
    call.run(STOPPED_S + 1)
    assert (call.lip_sync.hold_s, call.lip_sync.offset_s) == (0, None)


def test_a_moment_of_nonsense_is_no_jump() -> None:
    call = Call(0.030, 0.040)
    call.run(10)
    call.picture_s = -2.0
    call.run(0.4)
    call.picture_s = 0.040
    call.run(10)
    assert max(call.holds_s) == 0


def test_a_stall_of_the_engine_is_no_jump() -> None:
    call = Call(0.200, 0.040)
    call.run(1)
    before_s = call.lip_sync.hold_s
    call.now_s += 60
    call.run(TICK_S)
    assert call.lip_sync.hold_s - before_s <= 0.5 * HOLD_SLEW + 1e-9


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(-1e9, 1e9)), st.one_of(st.none(), st.floats(-1e9, 1e9))),
        max_size=60,
    ),
    st.floats(0.0, 5.0),
)
def test_whatever_comes_the_delays_stay_in_their_bounds(
    delays: list[tuple[float | None, float | None]], step_s: float
) -> None:
    lip_sync = LipSync()
    for number, (sound_s, picture_s) in enumerate(delays):
        lip_sync.update(number * step_s, sound_s, picture_s)
        assert 0 <= lip_sync.hold_s <= MAX_HOLD_S
        assert 0 <= lip_sync.sound_minimum_s <= MAX_SOUND_S


@settings(deadline=None)
@given(st.floats(0.0, 0.300), st.floats(0.0, 0.200))
def test_every_steady_call_ends_within_80_ms_or_at_a_bound(playout_s: float, picture_s: float) -> None:
    call = Call(playout_s, picture_s)
    call.run(30)
    assert abs(call.offset_s) <= GOAL_S or call.lip_sync.hold_s == MAX_HOLD_S
    natural_s = NETWORK_S + playout_s - picture_s
    if -SOUND_AHEAD_S - HYSTERESIS_S < natural_s < SOUND_BEHIND_S + HYSTERESIS_S:
        assert max(call.holds_s) == max(call.minima_s) == 0
