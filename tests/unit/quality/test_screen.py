"""A screen at any bitrate: the frame rate falls before the size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.quality.screen import LEAST_KBPS, MOST_KBPS, STEPS, screen_kbps, screen_step
from desktop_app.quality.sound import audio_share_kbps


def test_text_stays_sharp_while_pictures_become_fewer() -> None:
    assert screen_step(1500) == STEPS[0]
    sizes = [screen_step(kbps).width_px for kbps in (1500, 700, 250)]
    rates = [screen_step(kbps).frame_rate for kbps in (1500, 700, 250)]
    assert sizes == [1280, 1280, 1280]
    assert rates == [15, 10, 5]
    assert screen_step(100).width_px < 1280


def test_less_is_never_more() -> None:
    for better, worse in pairwise(STEPS):
        assert (better.width_px, better.frame_rate) >= (worse.width_px, worse.frame_rate)


@given(st.floats(0, 10_000), st.booleans())
def test_sound_comes_first_and_the_camera_keeps_a_share(path_kbps: float, has_camera: bool) -> None:
    kbps = screen_kbps(path_kbps, has_camera=has_camera)
    assert LEAST_KBPS <= kbps <= MOST_KBPS
    if kbps > LEAST_KBPS:
        assert kbps <= path_kbps - audio_share_kbps(path_kbps) + 1e-6
