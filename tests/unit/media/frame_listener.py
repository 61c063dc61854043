"""What a source of sound gives to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.waiting import eventually

if TYPE_CHECKING:
    from desktop_app.media.audio import AudioFrame


class Listener:
    """Collects frames and their times."""

    def __init__(self) -> None:
        self.frames: list[AudioFrame] = []
        self.times_s: list[float] = []

    def __call__(self, frame: AudioFrame, captured_at_s: float) -> None:
        """One frame."""
        self.frames.append(frame)
        self.times_s.append(captured_at_s)

    def wait_for(self, count: int) -> AudioFrame:
        """All sound after `count` frames have come."""
        eventually(lambda: len(self.frames) >= count, f"{count} frames")
        return np.concatenate(self.frames)
