"""The steps between the camera's full picture and the smallest one that is worth sending.

Bitrates follow libwebrtc's simulcast table for VP8 (video/config/simulcast.cc): 180 lines up to 250 kbit/s, 360 up
to 700, 480 up to 1000, 540 up to 1700, 720 up to 2500. More makes a picture of that size no better to see.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import lru_cache

SCALES = (1.0, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125)
"""Of width and height; libwebrtc's adaptation steps (3/4 and 2/3 in turn) as even fractions."""
SMALLEST_PIXELS = 320 * 180
LOW_FRAME_RATE = 15.0
LOW_FRAME_RATE_SHARE = 0.6
"""Half the frames take more than half the bits: neighbours differ more."""
MIN_SHARE = 0.3
"""Below this part of its highest bitrate a picture looks better one step smaller."""
LEAST_KBPS = 40.0
"""Even the smallest picture needs this much; under it sound alone is better."""

_HIGHEST_KBPS = (
    (0, LEAST_KBPS),
    (160 * 90, 100.0),
    (320 * 180, 250.0),
    (320 * 240, 250.0),
    (480 * 360, 500.0),
    (640 * 360, 700.0),
    (640 * 480, 1000.0),
    (960 * 540, 1700.0),
    (1280 * 720, 2500.0),
    (1920 * 1080, 4500.0),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: a picture and the bitrates that it is good for."""

    width_px: int
    height_px: int
    frame_rate: float
    min_kbps: float
    max_kbps: float

    @property
    def description(self) -> str:
        """Size and frame rate, for people."""
        return f"{self.width_px} × {self.height_px}, {self.frame_rate:.0f} fps"


def highest_kbps(width_px: int, height_px: int) -> float:
    """The bitrate above which VP8 gains nothing to see at 30 frames a second; between the table's sizes, between
    its bitrates.
    """
    pixels = width_px * height_px
    index = bisect.bisect_right(_HIGHEST_KBPS, pixels, key=lambda each: each[0])
    if index == len(_HIGHEST_KBPS):
        return _HIGHEST_KBPS[-1][1]
    (lower, low_kbps), (upper, high_kbps) = _HIGHEST_KBPS[index - 1], _HIGHEST_KBPS[index]
    return low_kbps + (high_kbps - low_kbps) * (pixels - lower) / (upper - lower)


@lru_cache(maxsize=64)
def make_ladder(width_px: int, height_px: int, frame_rate: float) -> tuple[Step, ...]:
    """The steps for a source, best first: at least one, sizes even, the aspect kept to the pixel.

    Args:
        width_px: of the camera's picture, at least 2.
        height_px: likewise.
        frame_rate: that the camera delivers, at least 1.
    """
    steps: list[Step] = []
    for scale in SCALES:
        width, height = _even(width_px * scale), _even(height_px * scale)
        if steps and width * height < SMALLEST_PIXELS:
            break
        steps.append(_step(width, height, frame_rate))
    last = steps[-1]
    if frame_rate > 1.2 * LOW_FRAME_RATE:
        steps.append(_step(last.width_px, last.height_px, LOW_FRAME_RATE))
    return tuple(steps)


def _step(width_px: int, height_px: int, frame_rate: float) -> Step:
    highest = highest_kbps(width_px, height_px)
    if frame_rate <= 1.2 * LOW_FRAME_RATE:
        highest *= LOW_FRAME_RATE_SHARE
    highest = max(highest, LEAST_KBPS)
    return Step(width_px, height_px, frame_rate, max(LEAST_KBPS, MIN_SHARE * highest), highest)


def _even(size_px: float) -> int:
    return max(2, round(size_px / 2) * 2)
