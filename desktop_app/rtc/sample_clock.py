"""Timestamps of sound that count samples, and what they have to do with the clock. Pure."""

from __future__ import annotations

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ

HOLE_S = 0.100
"""Capture times wobble by less than this; a larger surprise is sound that is missing."""
SMOOTHING_FRAMES = 250
"""Five seconds: a sample clock that is 300 ppm off is followed to within 2 ms, a thread that woke up late is not."""


class SampleClock:
    """Media timestamps at 48 kHz, one frame after the other without a seam.

    A sound card's clock is never quite the monotonic one. Its timestamps follow the samples for good, however far
    that takes them from the clock, and `lag_s` tells how far. Only a sudden difference (a stall lost sound, a device
    was changed) makes them jump, and never back.
    """

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._frames = 0
        self.lag_s = 0.0
        """How far the timestamps are behind the clock that frames are captured by."""

    def advance(self, captured_at_s: float) -> int:
        """The media timestamp of the next frame, whose first sample was captured at a time of the monotonic clock."""
        if self._timestamp is None:
            self._timestamp = int(captured_at_s * AUDIO_RATE_HZ)
            return self._timestamp
        following = self._timestamp + AUDIO_FRAME_SAMPLES
        lag_s = captured_at_s - following / AUDIO_RATE_HZ
        surprise_s = lag_s - self.lag_s
        if surprise_s > HOLE_S:
            following += round(surprise_s * AUDIO_RATE_HZ)
        elif surprise_s < -HOLE_S:
            self.lag_s, self._frames = lag_s, 0
        else:
            self._frames = min(self._frames + 1, SMOOTHING_FRAMES)
            self.lag_s += surprise_s / self._frames
        self._timestamp = following
        return following
