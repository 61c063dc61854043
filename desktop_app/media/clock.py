"""The one clock of all media, and the rates that everything is counted in."""

from __future__ import annotations

import time

VIDEO_CLOCK_RATE_HZ = 90_000
"""Ticks a second of a video timestamp (RFC 3551, section 5)."""

AUDIO_RATE_HZ = 48_000
AUDIO_FRAME_SAMPLES = 960
"""Samples of one audio frame: 20 ms, mono."""

AUDIO_FRAME_S = AUDIO_FRAME_SAMPLES / AUDIO_RATE_HZ


def now_s() -> float:
    """Seconds of the monotonic clock that every media timestamp is taken from."""
    return time.monotonic()
