"""One path, or several that are alike: scripted networks and computers, and what holds for any."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.quality.controller import (
    LOW_DATA_KBPS,
    QualityController,
    QualityDecision,
    QualityInput,
    Source,
)
from desktop_app.quality.ladder import LEAST_KBPS
from desktop_app.quality.planner import Load, Mode, PathState, QualityPlanner
from desktop_app.quality.sound import AUDIO_KBPS, LEAST_AUDIO_KBPS

STEP_S = 0.25


@dataclass
class Run:
    """A planner and its clock; what differs from a clean VGA call is passed."""

    planner: QualityPlanner = field(default_factory=QualityPlanner)
    now_s: float = 0.0
    history: list[tuple[float, QualityDecision]] = field(default_factory=list)

    def go(
        self,
        seconds: float,
        kbps: float,
        *,
        loss_pct: float = 0.0,
        encode_ms: float = 5.0,
        width: int = 640,
        height: int = 480,
        mode: Mode = "automatic",
        noise: random.Random | None = None,
        spread: float = 0.0,
    ) -> QualityDecision:
        for _ in range(max(1, round(seconds / STEP_S))):
            factor = 1.0 if noise is None else noise.uniform(1 - spread, 1 + spread)
            plan = self.planner.update(
                self.now_s,
                {"bob": PathState(kbps * factor, loss_pct)},
                Load(encode_ms, 1000 / 30),
                Source(width, height, 30.0),
                mode,
            )
            assert plan.low is None, "one path never needs a second encoding"
            self.history.append((self.now_s, plan.main))
            self.now_s += STEP_S
        return self.history[-1][1]

    def changes(self, since_s: float = 0.0) -> list[tuple[float, int, int]]:
        """When the step changed, from which to which."""
        found = []
        for (_, before), (at_s, after) in itertools.pairwise(self.history):
            if before.step != after.step and at_s >= since_s:
                found.append((at_s, before.step, after.step))
        return found


# Networks


def test_down_to_sound_alone_and_up_again() -> None:
    run = Run()
    assert run.go(10, 1032).step == 0
    decision = run.go(5, 330)
    assert (decision.width_px, decision.reason) == (480, "network")
    decision = run.go(5, 180)
    assert (decision.width_px, decision.height_px, decision.reason) == (320, 240, "network")
    decision = run.go(5, 80, loss_pct=8)
    assert (decision.video_enabled, decision.video_kbps, decision.reason) == (False, 0, "network")
    assert decision.audio_kbps == AUDIO_KBPS
    assert decision.description == "Sound only"
    decision = run.go(40, 1032)
    assert (decision.step, decision.reason) == (0, "recovered")
    reasons = [reason for _, reason in _reasons(run)]
    assert reasons[:3] == ["network"] * 3
    assert set(reasons[3:]) == {"recovered"}


def _reasons(run: Run) -> list[tuple[float, str]]:
    times = {at_s for at_s, _, _ in run.changes()}
    return [(at_s, decision.reason) for at_s, decision in run.history if at_s in times]


def test_a_collapse_is_answered_within_a_moment_however_deep() -> None:
    run = Run()
    run.go(10, 1032)
    run.go(3, 60, loss_pct=30)
    assert run.changes() == [(10.0, 0, 4)]


def test_a_little_too_little_is_given_a_second() -> None:
    run = Run()
    run.go(10, 1032)
    run.go(0.75, 300)
    assert run.changes() == []
    run.go(0.75, 300)
    assert len(run.changes()) == 1


def test_loss_alone_changes_nothing() -> None:
    run = Run()
    run.go(10, 1032)
    run.go(60, 1032, loss_pct=20)
    assert run.changes() == []


def test_loss_with_a_falling_estimate_steps_down_at_once() -> None:
    run = Run()
    run.go(10, 1032)
    run.go(0.25, 300, loss_pct=8)
    assert len(run.changes()) == 1


def test_steps_up_are_taken_one_at_a_time_where_there_is_little_to_spare() -> None:
    run = Run()
    run.go(5, 150)
    run.go(30, 420)  # half of it beside what a step needs at least
    ups = run.changes()
    assert ups
    assert all(before - after == 1 for _, before, after in ups)
    assert all(later - earlier >= 3 for (earlier, _, _), (later, _, _) in itertools.pairwise(ups))


def test_several_steps_up_are_taken_at_once_where_the_path_is_clearly_wide_enough_for_them() -> None:
    run = Run()
    run.go(5, 150)
    begun_s = run.now_s
    run.go(30, 2000)
    assert run.history[-1][1].step == 0
    assert len(run.changes(begun_s)) == 1
    assert run.changes(begun_s)[0][0] - begun_s < 3


def test_after_failed_steps_up_a_path_that_is_clearly_wider_is_not_kept_waiting() -> None:
    run = Run()
    run.go(5, 250)
    while run.now_s < 300:
        wide = run.history[-1][1].width_px < 480
        run.go(0.25, 400 if wide else 150)
    began_s = run.now_s
    run.go(12, 1500)
    assert run.history[-1][1].width_px == 640
    ups = [at_s for at_s, before, after in run.changes() if after < before and at_s >= began_s]
    assert ups[-1] - began_s < 8


def test_a_queue_that_empties_lowers_the_bitrate_and_not_the_step() -> None:
    controller = QualityController()
    state = QualityInput(
        estimate_kbps=800, loss_pct=0, encode_ms=0, frame_interval_ms=0, source=Source(640, 480, 30)
    )
    before = controller.update(0.0, state)
    draining = controller.update(0.25, replace(state, limit_kbps=200))
    assert draining.step == before.step
    assert draining.video_kbps == 200 - draining.audio_kbps
    assert controller.update(0.5, state).video_kbps == before.video_kbps


def test_failed_steps_up_become_rare() -> None:
    run = Run()
    run.go(5, 250)
    while run.now_s < 600:
        wide = run.history[-1][1].width_px < 480  # the path looks wide until more is sent over it
        run.go(0.25, 400 if wide else 150)
    ups = [at_s for at_s, before, after in run.changes() if after < before and before == 2]
    assert ups[-1] - ups[-2] >= 18
    assert len(ups) < 25


def test_sound_alone_is_tried_again_though_the_estimate_cannot_grow() -> None:
    run = Run()
    run.go(5, 60)
    assert not run.history[-1][1].video_enabled
    while run.now_s < 60 and not run.go(0.25, 90).video_enabled:
        pass
    assert run.history[-1][1].video_kbps >= LEAST_KBPS
    assert run.go(30, 200).video_enabled, "the path carries it: it stays"


def test_tries_that_fail_become_rare_and_spare_the_sound() -> None:
    run = Run()
    run.go(5, 70)
    while run.now_s < 300:
        with_video = run.history[-1][1].video_enabled
        run.go(0.25, 50 if with_video else 90, loss_pct=20 if with_video else 0)
    tries = [at_s for at_s, before, after in run.changes() if after < before]
    assert 3 <= len(tries) <= 18
    assert tries[-1] - tries[-2] >= 20
    assert sum(decision.video_enabled for _, decision in run.history) < 0.2 * len(run.history)


def test_no_try_while_sound_is_lost() -> None:
    run = Run()
    run.go(5, 60)
    run.go(120, 60, loss_pct=12)
    assert not run.history[-1][1].video_enabled


# Computers


def test_an_overloaded_computer_gets_smaller_pictures_until_it_keeps_up() -> None:
    run = Run()
    run.go(5, 2000, encode_ms=10)
    while run.now_s < 120:
        decision = run.history[-1][1]
        run.go(0.25, 2000, encode_ms=40 * decision.width_px * decision.height_px / (640 * 480))
    assert run.history[-1][1].reason == "cpu"
    assert run.history[-1][1].width_px == 480
    assert len(run.changes()) == 1, "the larger picture would be too much again, and is not tried"


def test_a_computer_that_is_free_again_gets_its_picture_back() -> None:
    run = Run()
    run.go(20, 2000, encode_ms=31)
    assert run.history[-1][1].reason == "cpu"
    decision = run.go(60, 2000, encode_ms=4)
    assert (decision.step, decision.reason) == (0, "recovered")


def test_one_slow_picture_is_no_overload() -> None:
    run = Run()
    run.go(10, 2000)
    run.go(0.25, 2000, encode_ms=200)
    run.go(10, 2000)
    assert run.changes() == []


# Settings and sources


def test_low_data_is_small_slow_and_within_its_share() -> None:
    run = Run()
    run.go(5, 2000)
    decision = run.go(1, 2000, mode="low-data")
    assert (decision.width_px, decision.frame_rate, decision.reason) == (320, 15, "setting")
    assert decision.video_kbps + decision.audio_kbps <= LOW_DATA_KBPS
    decision = run.go(1, 2000)
    assert (decision.step, decision.reason) == (0, "setting")


@pytest.mark.parametrize(("width", "height"), [(960, 540), (1280, 720), (1920, 1080), (800, 600)])
def test_low_data_is_never_wide(width: int, height: int) -> None:
    decision = Run().go(1, 5000, mode="low-data", width=width, height=height)
    assert decision.width_px <= 320
    assert decision.width_px / decision.height_px == pytest.approx(width / height, rel=0.03)


def test_audio_only_sends_no_picture_however_wide_the_path_is() -> None:
    run = Run()
    run.go(60, 5000, mode="audio-only")
    assert run.changes() == []
    assert not run.history[-1][1].video_enabled
    assert run.history[-1][1].reason == "setting"
    assert run.go(1, 5000).video_enabled


def test_another_camera_keeps_about_the_same_rate() -> None:
    run = Run()
    run.go(5, 330)
    before = run.history[-1][1]
    after = run.go(0.25, 330, width=1280, height=720)
    assert after.width_px * after.height_px <= 1.3 * before.width_px * before.height_px
    assert after.width_px / after.height_px == pytest.approx(16 / 9, rel=0.02)


def test_without_a_camera_there_is_a_decision_all_the_same() -> None:
    paths = {"bob": PathState(600, 0)}
    decision = QualityPlanner().update(0, paths, Load(), Source(0, 0, 0), "automatic").main
    assert decision.audio_kbps == AUDIO_KBPS
    assert decision.width_px > 0


# Always


@settings(deadline=None)
@given(st.floats(30, 4000), st.integers(0, 1000), st.floats(0, 0.1))
def test_a_noisy_steady_path_is_answered_by_no_swing(kbps: float, seed: int, spread: float) -> None:
    run = Run()
    run.go(60, kbps, noise=random.Random(seed), spread=spread)
    begin = run.now_s
    if not run.history[-1][1].video_enabled or kbps < 150:
        return  # near sound alone, tries are meant: the other tests bound them
    run.go(60, kbps, noise=random.Random(seed + 1), spread=spread)
    directions = [after > before for _, before, after in run.changes(begin)]
    assert sum(first != second for first, second in itertools.pairwise(directions)) <= 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_wild_paths_cannot_make_it_swing_for_long(seed: int) -> None:
    chance = random.Random(seed)
    run = Run()
    while run.now_s < 240:
        run.go(chance.choice((0.25, 1, 4, 12)), chance.choice((110, 200, 350, 500, 1000, 2000)))
    ups = [at_s for at_s, before, after in run.changes() if after < before]
    downs = [at_s for at_s, before, after in run.changes() if after > before]
    swings = sum(any(up < down < up + 10 for down in downs) for up in ups)
    assert swings <= 240 / 20


@settings(deadline=None, max_examples=50)
@given(st.floats(20, 4000), st.floats(20, 4000))
def test_a_wider_path_never_means_a_worse_call(first: float, second: float) -> None:
    narrow, wide = sorted((first, second))
    runs = [Run(), Run()]
    for run, kbps in zip(runs, (narrow, wide), strict=True):
        run.go(1, kbps)
    worse, better = (run.history[-1][1] for run in runs)
    assert better.step <= worse.step
    assert better.video_kbps >= worse.video_kbps or better.step < worse.step
    assert better.audio_kbps >= worse.audio_kbps


wild = st.floats(allow_nan=True, allow_infinity=True)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-2, 70),
            wild,
            wild,
            wild,
            wild,
            st.integers(-5, 5000),
            st.integers(-5, 5000),
            st.floats(0, 240),
            st.sampled_from(["automatic", "low-data", "audio-only"]),
        ),
        max_size=40,
    )
)
def test_bounded_whatever_is_measured(
    steps: list[tuple[float, float, float, float, float, int, int, float, Mode]],
) -> None:
    planner = QualityPlanner()
    now_s = 0.0
    for pause_s, kbps, loss, encode_ms, interval_ms, width, height, fps, mode in steps:
        now_s += pause_s
        decision = planner.update(
            now_s,
            {"bob": PathState(kbps, loss)},
            Load(encode_ms, interval_ms),
            Source(width, height, fps),
            mode,
        ).main
        assert LEAST_AUDIO_KBPS <= decision.audio_kbps <= AUDIO_KBPS
        assert math.isfinite(decision.video_kbps)
        assert decision.video_kbps == 0 or decision.video_kbps >= LEAST_KBPS
        assert decision.video_enabled == (decision.video_kbps > 0)
        assert decision.width_px >= 2
        assert decision.height_px >= 2
        assert decision.frame_rate >= 1
        assert decision.video_enabled or decision.description == "Sound only"
        assert not (mode == "audio-only" and decision.video_enabled)
