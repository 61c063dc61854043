"""The moving test pattern, and the way to prove by pixels that it moves.

From top to bottom: colour bars; a row of black and white cells that carries a frame counter; a block that sweeps from
side to side; the wall time (HH:MM:SS.mmm) and the frame number in words.

The counter row has 22 cells over the full width, from `CODE_TOP` to `CODE_BOTTOM` of the height (near the middle,
where no label of a video tile covers it): white, black, white | 16 bits of the frame number, the highest first, 1 is
white | even parity | black, black. `read_counter` reads it from any picture of the whole pattern, at any size down to
about 100 px wide, through VP8 at 300 kbit/s; it answers None for a mirrored, cropped or smeared one rather than guess.

A test that wants to prove motion takes two pictures some time apart: both must have a counter, and the later one must
be larger (modulo 65536) by about the frame rate times the time between them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from desktop_app.media.clock import now_s
from desktop_app.media.opencv import cv2
from desktop_app.media.pacing import Pacer, wait_until
from desktop_app.media.picture import BLACK_Y, WHITE_Y, Picture, picture_from_image, planes_of
from desktop_app.media.video_thread import TimedPicture

if TYPE_CHECKING:
    import threading

    from desktop_app.media.video_source import VideoFormat

COUNTER_BITS = 16
CODE_CELLS = 3 + COUNTER_BITS + 1 + 2
CODE_TOP, CODE_BOTTOM = 0.42, 0.56
"""The counter row's edges as parts of the height."""

_HEAD, _TAIL = (1, 0, 1), (0, 0)
_SWEEP_TOP, _SWEEP_BOTTOM = 0.60, 0.72
_SWEEP_FRAMES = 90
# 75 % colour bars, left to right: grey, yellow, cyan, green, magenta, red, blue (as BGR).
_BARS_BGR = (
    (191, 191, 191),
    (0, 191, 191),
    (191, 191, 0),
    (0, 191, 0),
    (191, 0, 191),
    (0, 0, 191),
    (191, 0, 0),
)


class PatternPainter:
    """Paints the pattern for one format. What stands still is painted once; a frame costs a copy and 24 small fills."""

    def __init__(self, video_format: VideoFormat) -> None:
        self._width = video_format.even_width_px
        self._height = video_format.even_height_px
        self._edges = [round(i * self._width / CODE_CELLS) for i in range(CODE_CELLS + 1)]
        self._code_rows = slice(round(CODE_TOP * self._height), round(CODE_BOTTOM * self._height))
        self._sweep_rows = slice(round(_SWEEP_TOP * self._height), round(_SWEEP_BOTTOM * self._height))
        self._block_px = max(2, self._width // 16)
        self._text_scale = self._width / 640
        self._text_px = max(1, round(self._text_scale * 2))
        self._still = self._paint_still(video_format)

    def _paint_still(self, video_format: VideoFormat) -> Picture:
        image = np.zeros((self._height, self._width, 3), dtype=np.uint8)
        for i, colour in enumerate(_BARS_BGR):
            left, right = (round(n * self._width / len(_BARS_BGR)) for n in (i, i + 1))
            image[: self._code_rows.start, left:right] = colour
        picture = picture_from_image(image, video_format)
        planes_of(picture).y[self._sweep_rows] = 64
        return picture

    def picture(self, number: int, wall_s: float) -> Picture:
        """The picture of frame `number` at Unix time `wall_s`."""
        picture = self._still.copy()
        luma = planes_of(picture).y
        code = luma[self._code_rows]
        for i, bit in enumerate(_code_of(number)):
            code[:, self._edges[i] : self._edges[i + 1]] = WHITE_Y if bit else BLACK_Y
        swing = abs(number % (2 * _SWEEP_FRAMES) - _SWEEP_FRAMES) / _SWEEP_FRAMES
        left = round((1 - swing) * (self._width - self._block_px))
        luma[self._sweep_rows, left : left + self._block_px] = WHITE_Y
        clock = time.strftime("%H:%M:%S", time.localtime(wall_s))
        self._write(luma, f"{clock}.{int(wall_s * 1000) % 1000:03d}", 0.83)
        self._write(luma, f"frame {number}", 0.95)
        return picture

    def _write(self, luma: npt.NDArray[np.uint8], text: str, baseline: float) -> None:
        origin = (round(0.05 * self._width), round(baseline * self._height))
        scale = self._text_scale * 1.4
        cv2.putText(luma, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (WHITE_Y,), self._text_px)


def _code_of(number: int) -> tuple[int, ...]:
    bits = [number >> i & 1 for i in reversed(range(COUNTER_BITS))]
    return (*_HEAD, *bits, sum(bits) & 1, *_TAIL)


def read_counter(image: npt.NDArray[np.uint8]) -> int | None:
    """The frame number modulo 65536 from a picture of the whole pattern, (h, w) grey or (h, w, 3 or 4) in colour."""
    grey = image if image.ndim == 2 else image[..., :3].mean(axis=2)
    height, width = grey.shape
    if width < CODE_CELLS * 4 or height < 24:
        return None
    span = CODE_BOTTOM - CODE_TOP
    rows = grey[round((CODE_TOP + 0.3 * span) * height) : round((CODE_BOTTOM - 0.3 * span) * height)]
    cell_px = width / CODE_CELLS
    levels = [
        float(rows[:, int((i + 0.3) * cell_px) : int((i + 0.7) * cell_px) + 1].mean())
        for i in range(CODE_CELLS)
    ]
    black, white = min(levels), max(levels)
    if white - black < 80:
        return None
    parts = [(level - black) / (white - black) for level in levels]
    if any(0.35 < part < 0.65 for part in parts):
        return None  # a cell in the middle of changing: no answer is better than a wrong one
    cells = [int(part > 0.5) for part in parts]
    bits = cells[len(_HEAD) : len(_HEAD) + COUNTER_BITS]
    number = sum(bit << i for i, bit in enumerate(reversed(bits)))
    return number if tuple(cells) == _code_of(number) else None


class PatternReader:
    """The pattern at a steady rate: the counter is the number of the deadline, so a stall shows as a jump."""

    def __init__(self, video_format: VideoFormat, stopping: threading.Event) -> None:
        self._painter = PatternPainter(video_format)
        self._stopping = stopping
        rate = video_format.frame_rate
        self._pacer = Pacer(rate, start_s=now_s(), max_late_s=1.0 / rate)

    def read(self, wait_s: float) -> TimedPicture | None:
        """The next picture at its time."""
        number, due_s = self._pacer.next(now_s())
        if not wait_until(due_s, self._stopping):
            return None
        return TimedPicture(self._painter.picture(number, time.time()), due_s)

    def close(self) -> None:
        """Nothing is held."""
