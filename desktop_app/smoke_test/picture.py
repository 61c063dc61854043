"""What a video tile really shows: its test pattern's frame number, read from the painted pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from desktop_app.media.pattern import read_counter

if TYPE_CHECKING:
    from desktop_app.ui.video_tile import VideoTile


def shown_counter(tile: VideoTile) -> int | None:
    """The number of the frame on the tile; None when there is no (whole) pattern on it, or it is not on screen."""
    area = tile.picture_area()
    if area is None or not tile.isVisible():
        return None
    image = tile.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    ratio = image.devicePixelRatio()
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    edges = (area.left(), area.right(), area.top(), area.bottom())
    left, right, top, bottom = (round(each * ratio) for each in edges)
    whole = np.zeros((bottom - top, right - left), dtype=np.uint8)  # what is cut off stays black
    upper, lower = max(0, top), min(image.height(), bottom)
    first, last = max(0, left), min(image.width(), right)
    whole[upper - top : lower - top, first - left : last - left] = rows[upper:lower, first:last]
    return read_counter(whole[:, ::-1] if tile.mirrored else whole)
