"""Frames for the tiles of tests, and what a widget shows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QWidget

RED = (220, 30, 30)
GREEN = (30, 200, 30)
BLUE = (30, 30, 220)


def make_frame(pixels: NDArray[np.uint8]) -> av.VideoFrame:
    """A yuv420p frame of RGB pixels (height, width, 3)."""
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")


def plain_frame(color: tuple[int, int, int], width: int = 640, height: int = 360) -> av.VideoFrame:
    """A frame of one colour."""
    return make_frame(np.full((height, width, 3), color, dtype=np.uint8))


def two_halves(
    left: tuple[int, int, int], right: tuple[int, int, int], width: int = 640, height: int = 360
) -> av.VideoFrame:
    """A frame whose left and right halves differ."""
    pixels = np.full((height, width, 3), left, dtype=np.uint8)
    pixels[:, width // 2 :] = right
    return make_frame(pixels)


def color_at(widget: QWidget, x_share: float, y_share: float) -> QColor:
    """The colour of the widget's picture at a point given in shares of its size."""
    image = widget.grab().toImage()
    x = min(image.width() - 1, round(x_share * image.width()))
    y = min(image.height() - 1, round(y_share * image.height()))
    return image.pixelColor(x, y)


def is_close(color: QColor, expected: tuple[int, int, int], tolerance: int = 24) -> bool:
    """Whether a painted colour is `expected`, but for the conversion to YUV and back."""
    pairs = zip((color.red(), color.green(), color.blue()), expected, strict=True)
    return all(abs(one - other) <= tolerance for one, other in pairs)


def rgb_of(color: QColor) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    return color.red(), color.green(), color.blue()
