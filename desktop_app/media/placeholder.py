"""The picture that stands in for a camera that does not work."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from desktop_app.media.opencv import cv2
from desktop_app.media.picture import Picture, filled_picture, planes_of

if TYPE_CHECKING:
    from desktop_app.media.video_source import VideoFormat

_DARK_Y, _TEXT_Y = 40, 200
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def placeholder_picture(sentence: str, video_format: VideoFormat) -> Picture:
    """A dark picture with `sentence` in its middle, wrapped to the width."""
    width, height = video_format.even_width_px, video_format.even_height_px
    picture = filled_picture(width, height, luma=_DARK_Y)
    scale = max(0.3, min(width / 640, height / 360) * 0.8)
    thickness = max(1, round(scale * 1.5))
    line_px = round(scale * 40)
    lines = _wrapped(_plain(sentence), scale, thickness, round(width * 0.9))[: max(1, height // line_px)]
    top = (height - line_px * len(lines)) // 2 + round(line_px * 0.7)
    for i, line in enumerate(lines):
        origin = ((width - _width_px(line, scale, thickness)) // 2, top + i * line_px)
        cv2.putText(planes_of(picture).y, line, origin, _FONT, scale, (_TEXT_Y,), thickness)
    return picture


def _plain(text: str) -> str:
    """The nearest text in ASCII: OpenCV's stroke fonts have nothing else."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _width_px(text: str, scale: float, thickness: int) -> int:
    return int(cv2.getTextSize(text, _FONT, scale, thickness)[0][0])


def _wrapped(text: str, scale: float, thickness: int, width_px: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width_px(longer, scale, thickness) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
