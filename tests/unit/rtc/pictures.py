"""Synthetic pictures: a textured background with a bright block that moves."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ

_TIME_BASE = Fraction(1, VIDEO_CLOCK_RATE_HZ)


class MovingBlock:
    """Frames of one size; the block's place tells their number."""

    def __init__(self, width_px: int = 160, height_px: int = 120) -> None:
        generator = np.random.default_rng(1)
        noise = generator.integers(0, 32, (height_px * 3 // 2, width_px), dtype=np.uint8)
        self._background: npt.NDArray[np.uint8] = (noise + 100).astype(np.uint8)
        self._width_px, self._height_px = width_px, height_px

    def frame(self, number: int, pts: int) -> av.VideoFrame:
        """Frame `number`, yuv420p."""
        picture = self._background.copy()
        picture[: self._height_px][:, self._block(number)] = 235
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = pts
        frame.time_base = _TIME_BASE
        return frame

    def number_in(self, frame: av.VideoFrame, candidates: int = 16) -> int:
        """Which of the first `candidates` frames this is, by where it is brightest."""
        luma = frame.to_ndarray()[: self._height_px].mean(axis=0)
        return int(np.argmax([luma[self._block(number)].mean() for number in range(candidates)]))

    def _block(self, number: int) -> slice:
        width_px = self._width_px // 16
        return slice((number % 16) * width_px, (number % 16 + 1) * width_px)
