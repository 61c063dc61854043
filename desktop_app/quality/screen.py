"""What of a shared screen is sent at a bitrate: text has to stay sharp, so the frame rate falls before the size."""

from __future__ import annotations

from typing import NamedTuple

from .sound import audio_share_kbps

MOST_KBPS = 1500.0
"""1280x720 at 15 frames a second gains nothing to see above it."""
LEAST_KBPS = 60.0
SHARE = 0.7
"""Of what sound and thumbnail leave, while the camera's picture is watched, too."""


class ScreenStep(NamedTuple):
    """A screen's largest picture, and how many a second."""

    from_kbps: float
    width_px: int
    height_px: int
    frame_rate: float


STEPS = (
    ScreenStep(1000.0, 1280, 720, 15.0),
    ScreenStep(600.0, 1280, 720, 10.0),
    ScreenStep(200.0, 1280, 720, 5.0),
    ScreenStep(120.0, 960, 540, 5.0),
    ScreenStep(0.0, 640, 360, 5.0),
)
"""Best first."""


def screen_step(kbps: float) -> ScreenStep:
    """The best step for a bitrate."""
    return next((step for step in STEPS if kbps >= step.from_kbps), STEPS[-1])


def screen_kbps(path_kbps: float, *, has_camera: bool) -> float:
    """The bitrate of the screen on a path that carries `path_kbps` for everything but the thumbnail; sound first."""
    left = max(0.0, path_kbps - audio_share_kbps(path_kbps))
    return min(MOST_KBPS, max(LEAST_KBPS, SHARE * left if has_camera else left))
