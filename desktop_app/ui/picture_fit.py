"""Where a picture goes inside a tile: pure geometry, in device pixels."""

from __future__ import annotations

from typing import NamedTuple

MAX_CROP = 0.15
"""The share of a picture's width or height that may be cut off to fill the tile.

A phone's upright picture or 4:3 in a 16:9 tile exceeds it and gets bars; 16:10 in 16:9 does not."""


class Fit(NamedTuple):
    """The whole picture's place; it may reach beyond the tile, which then shows the middle."""

    x: int
    y: int
    width: int
    height: int


def fit_picture(picture_width: int, picture_height: int, box_width: int, box_height: int) -> Fit:
    """Scale a picture into a box without distortion: filling it when little is lost, otherwise with bars.

    All sizes in pixels, greater than zero. The result's width and height are even (chroma of yuv420p has half
    the resolution), so it may exceed an odd box by a pixel.
    """
    fill = max(box_width / picture_width, box_height / picture_height)
    shown = min(box_width / (picture_width * fill), box_height / (picture_height * fill))
    scale = fill
    if shown < 1 - MAX_CROP:
        scale = min(box_width / picture_width, box_height / picture_height)
    width = _even(picture_width * scale)
    height = _even(picture_height * scale)
    # A pixel short of the edge would show as a dark line.
    if 0 < box_width - width <= 2:
        width = _even(box_width + 1)
    if 0 < box_height - height <= 2:
        height = _even(box_height + 1)
    return Fit((box_width - width) // 2, (box_height - height) // 2, width, height)


def _even(length: float) -> int:
    """The even number at or just below the rounded length, at least 2."""
    return max(2, round(length) // 2 * 2)
