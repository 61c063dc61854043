"""The ladder: its steps for usual cameras, and what holds for any."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.quality.ladder import LEAST_KBPS, LOW_FRAME_RATE, SMALLEST_PIXELS, highest_kbps, make_ladder


def test_a_vga_camera() -> None:
    assert [(step.width_px, step.height_px, step.frame_rate) for step in make_ladder(640, 480, 30)] == [
        (640, 480, 30),
        (480, 360, 30),
        (320, 240, 30),
        (320, 240, 15),
    ]
    assert [step.max_kbps for step in make_ladder(640, 480, 30)] == [1000, 500, 250, 150]


def test_an_hd_camera() -> None:
    assert [(step.width_px, step.height_px) for step in make_ladder(1280, 720, 30)] == [
        (1280, 720),
        (960, 540),
        (640, 360),
        (480, 270),
        (320, 180),
        (320, 180),
    ]
    assert [round(step.max_kbps) for step in make_ladder(1280, 720, 30)][:3] == [2500, 1700, 700]


@pytest.mark.parametrize(
    ("size", "kbps"),
    [((320, 180), 250), ((640, 360), 700), ((640, 480), 1000), ((960, 540), 1700), ((1280, 720), 2500)],
)
def test_the_bitrates_of_libwebrtcs_table(size: tuple[int, int], kbps: float) -> None:
    assert highest_kbps(*size) == kbps


@pytest.mark.parametrize("fps", [5, 15])
def test_a_slow_camera_has_no_step_for_frames(fps: float) -> None:
    assert {step.frame_rate for step in make_ladder(640, 480, fps)} == {fps}


sizes = st.integers(2, 4096)


@given(sizes, sizes, st.floats(1, 120))
def test_every_step_is_even_in_proportion_and_worth_taking(width: int, height: int, fps: float) -> None:
    steps = make_ladder(width, height, fps)
    assert steps
    for step in steps:
        assert step.width_px % 2 == 0
        assert step.height_px % 2 == 0
        assert 2 <= step.width_px <= width + 1
        assert 2 <= step.height_px <= height + 1
        scale = step.width_px / width
        assert abs(step.height_px - height * scale) <= 1 + height / width + 1
        assert LEAST_KBPS <= step.min_kbps <= step.max_kbps
        assert step.frame_rate in (fps, LOW_FRAME_RATE)
    for step in steps[1:]:
        assert step.width_px * step.height_px >= min(SMALLEST_PIXELS, steps[0].width_px * steps[0].height_px)
    for better, worse in itertools.pairwise(steps):
        assert worse.max_kbps <= better.max_kbps
        assert worse.min_kbps <= better.min_kbps
        assert worse.max_kbps >= better.min_kbps, "no bitrate falls between two steps"


@given(st.integers(0, 4_000_000), st.integers(0, 4_000_000))
def test_more_pixels_never_mean_a_lower_bitrate(first: int, second: int) -> None:
    fewer, more = sorted((first, second))
    assert highest_kbps(fewer, 1) <= highest_kbps(more, 1)
