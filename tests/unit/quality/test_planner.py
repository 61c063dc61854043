"""Several paths: what each participant gets, and that one slow path spoils nobody else's picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.quality.assignment import Encoding
from desktop_app.quality.controller import Source
from desktop_app.quality.planner import Load, Mode, PathState, QualityPlan, QualityPlanner

if TYPE_CHECKING:
    from desktop_app.quality.controller import QualityDecision

STEP_S = 0.25
HIGH, LOW, NONE = Encoding.HIGH, Encoding.LOW, Encoding.NONE


@dataclass
class Run:
    """A planner and its clock."""

    source: Source = field(default_factory=lambda: Source(640, 480, 30.0))
    mode: Mode = "automatic"
    load: Load = field(default_factory=lambda: Load(5, 1000 / 30))
    planner: QualityPlanner = field(default_factory=QualityPlanner)
    now_s: float = 0.0
    plans: list[QualityPlan] = field(default_factory=list)

    def go(self, seconds: float, *, loss_pct: float = 0.0, **kbps: float) -> QualityPlan:
        """`loss_pct` is that of every path below 100 kbit/s."""
        for _ in range(max(1, round(seconds / STEP_S))):
            paths = {u: PathState(each, loss_pct if each < 100 else 0.0) for u, each in kbps.items()}
            self.plans.append(self.planner.update(self.now_s, paths, self.load, self.source, self.mode))
            self.now_s += STEP_S
        return self.plans[-1]


def size(decision: QualityDecision | None) -> tuple[int, int]:
    assert decision is not None
    return decision.width_px, decision.height_px


def test_alike_paths_have_one_encoding_by_the_narrowest() -> None:
    plan = Run().go(10, a=700, b=500, c=450)
    assert plan.low is None
    assert set(plan.assignment.values()) == {HIGH}
    assert (size(plan.main), plan.main.video_kbps) == ((640, 480), 418)


def test_each_encoding_follows_the_narrowest_of_its_own_paths() -> None:
    plan = Run().go(10, a=1032, b=700, c=250, d=150)
    assert plan.assignment == {"a": HIGH, "b": HIGH, "c": LOW, "d": LOW}
    assert (size(plan.main), plan.main.video_kbps) == ((640, 480), 668)
    assert plan.low is not None
    assert (size(plan.low), plan.low.video_kbps) == ((320, 240), 118)
    assert (plan.sent_to("a").reason, plan.sent_to("c").reason) == ("", "network")


@pytest.mark.parametrize("source", [(640, 480), (1280, 720), (1920, 1080), (800, 600), (482, 362)])
def test_the_low_picture_is_at_most_half_as_wide_and_high(source: tuple[int, int]) -> None:
    plan = Run(Source(*source, 30.0)).go(10, a=9000, b=150)
    width, height = size(plan.low)
    assert width <= source[0] / 2
    assert height <= source[1] / 2
    assert width % 2 == height % 2 == 0
    assert width / height == pytest.approx(source[0] / source[1], rel=0.03)


def test_a_path_that_carries_sound_alone_is_that_participants_state() -> None:
    run = Run()
    run.go(10, a=1032, b=1032, c=200)
    plan = run.go(2, a=1032, b=60, c=200, loss_pct=20)
    assert plan.assignment == {"a": HIGH, "b": NONE, "c": LOW}
    assert plan.main.video_enabled
    assert plan.main.video_kbps == 1000
    assert plan.sent_to("b").description == "Sound only"
    assert (plan.sent_to("b").reason, plan.sent_to("c").reason) == ("network", "network")
    assert plan.main.audio_kbps == 24, "there is one sound, by the narrowest path"
    plan = run.go(30, a=1032, b=1032, c=200)
    assert plan.assignment["b"] is HIGH
    assert plan.reasons["b"] == "recovered"


def test_pictures_that_come_back_to_one_begin_on_the_lowest_step_of_the_low_encoding() -> None:
    run = Run()
    run.go(4, a=1032, b=60, loss_pct=20)
    begin = len(run.plans)
    while run.go(STEP_S, a=1032, b=90).assignment["b"] is NONE:
        pass
    plan = run.plans[-1]
    assert len(run.plans) - begin >= 4
    assert plan.assignment["b"] is LOW
    assert plan.low is not None
    assert (plan.low.description, plan.low.video_kbps) == ("320 × 240, 15 fps", 58)
    assert plan.main.video_kbps == 1000


def test_when_all_paths_carry_sound_alone_that_is_what_is_said_and_it_ends_on_the_lowest_step() -> None:
    run = Run()
    run.go(10, a=1032, b=200)
    plan = run.go(3, a=60, b=70, loss_pct=20)
    assert set(plan.assignment.values()) == {NONE}
    assert (plan.main.description, plan.main.video_enabled) == ("Sound only", False)
    assert plan.low is None
    while not run.go(STEP_S, a=1032, b=70).main.video_enabled:
        pass
    assert (run.plans[-1].main.description, run.plans[-1].main.reason) == ("320 × 240, 15 fps", "recovered")
    assert run.go(30, a=1032, b=70).main.description == "640 × 480, 30 fps"


def test_a_newcomer_on_a_wide_path_does_not_begin_where_the_others_are_stuck() -> None:
    run = Run()
    run.go(10, a=60, loss_pct=20)
    plan = run.go(STEP_S, a=60, b=1032, loss_pct=20)
    assert plan.assignment == {"a": NONE, "b": HIGH}
    assert size(plan.main) == (640, 480)


def test_audio_only_is_for_everybody() -> None:
    run = Run(mode="audio-only")
    plan = run.go(5, a=1032, b=100)
    assert set(plan.assignment.values()) == {NONE}
    assert plan.sent_to("b").reason == plan.main.reason == "setting"
    run.mode = "automatic"
    plan = run.go(STEP_S, a=1032, b=200)
    assert plan.assignment == {"a": HIGH, "b": LOW}
    assert (plan.main.description, plan.main.reason) == ("640 × 480, 30 fps", "setting")


def test_low_data_leaves_little_to_divide() -> None:
    assert Run(mode="low-data").go(10, a=1032, b=110).low is None


def test_the_computer_makes_the_high_encoding_give_way() -> None:
    run = Run(load=Load(31, 1000 / 30))
    plan = run.go(6, a=1032, b=200)
    assert plan.main.reason == "cpu"
    assert size(plan.main) == (480, 360)
    assert plan.low is not None
    assert plan.low.reason == ""
    assert size(plan.low) == (320, 240)


def test_who_has_left_is_forgotten() -> None:
    run = Run()
    run.go(5, a=1032, b=200)
    plan = run.go(STEP_S, a=1032)
    assert plan.assignment == {"a": HIGH}
    assert plan.low is None
    assert set(plan.reasons) <= {"a"}


names = st.sampled_from("abcd")
wild = st.floats(allow_nan=True, allow_infinity=True)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 40),
            st.dictionaries(names, st.tuples(wild, wild), min_size=1),
            st.tuples(wild, wild),
            st.tuples(st.integers(-5, 5000), st.integers(-5, 5000), st.floats(0, 240)),
            st.sampled_from(["automatic", "low-data", "audio-only"]),
        ),
        max_size=40,
    )
)
def test_whatever_is_measured_everybody_gets_something_that_exists(
    steps: list[
        tuple[float, dict[str, tuple[float, float]], tuple[float, float], tuple[int, int, float], Mode]
    ],
) -> None:
    planner = QualityPlanner()
    now_s = 0.0
    for pause_s, paths, load, source, mode in steps:
        now_s += pause_s
        states = {user: PathState(*path) for user, path in paths.items()}
        plan = planner.update(now_s, states, Load(*load), Source(*source), mode)
        assert plan.assignment.keys() == paths.keys()
        used = set(plan.assignment.values())
        assert (plan.low is not None) == (LOW in used)
        assert plan.main.video_enabled == (HIGH in used)
        assert LOW not in used or HIGH in used
        for user in paths:
            decision = plan.sent_to(user)
            assert decision.video_enabled == (decision.video_kbps > 0)
            assert decision.width_px >= 2
            assert decision.height_px >= 2
