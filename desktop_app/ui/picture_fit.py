"""Where a picture goes inside a tile: pure geometry, in device pixels."""

from __future__ import annotations

import math
from typing import NamedTuple

MAX_CROP = 0.15
"""The share of a picture's width or height that may be cut off to fill the tile.

A phone's upright picture or 4:3 in a 16:9 tile exceeds it and gets bars; 16:10 in 16:9 does not."""


WIDTH_STEP = 8
"""swscale's fast conversion from yuv420p to RGB leaves the last columns unwritten at other widths (FFmpeg 8)."""
HEIGHT_STEP = 2


class Fit(NamedTuple):
    """The whole picture's place; it may reach beyond the tile, which then shows the middle."""

    x: int
    y: int
    width: int
    height: int


def fit_picture(
    picture_width: int, picture_height: int, box_width: int, box_height: int, *, whole: bool = False
) -> Fit:
    """Scale a picture into a box without distortion: filling it when little is lost, otherwise with bars.

    All sizes in pixels, greater than zero. The width is a multiple of 8 and the height even, rounded up: a few
    pixels more than the box are cut off. Of a `whole` picture nothing is: it has bars instead.
    """
    if whole:
        scale = min(box_width / picture_width, box_height / picture_height)
        width = max(WIDTH_STEP, int(picture_width * scale + 1e-6) // WIDTH_STEP * WIDTH_STEP)
        height = max(HEIGHT_STEP, int(picture_height * scale + 1e-6) // HEIGHT_STEP * HEIGHT_STEP)
        return Fit((box_width - width) // 2, (box_height - height) // 2, width, height)
    fill = max(box_width / picture_width, box_height / picture_height)
    shown = min(box_width / (picture_width * fill), box_height / (picture_height * fill))
    scale = fill
    if shown < 1 - MAX_CROP:
        scale = min(box_width / picture_width, box_height / picture_height)
    width = _round_up(picture_width * scale, WIDTH_STEP)
    height = _round_up(width * picture_height / picture_width, HEIGHT_STEP)
    # The width's rounding must not stretch a picture that is a few pixels wide to many times its height.
    height = min(height, _round_up(picture_height * scale, HEIGHT_STEP) + 2 * WIDTH_STEP)
    return Fit((box_width - width) // 2, (box_height - height) // 2, width, height)


def _round_up(length: float, step: int) -> int:
    """The least multiple of `step` that is not shorter, but for errors of the last digits."""
    return max(step, math.ceil(length / step - 1e-6) * step)
