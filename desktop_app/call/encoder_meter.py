"""What a video encoder took and made in the last second, and what to ask it for."""

from __future__ import annotations

import math
from dataclasses import dataclass

WINDOW_S = 1.0
"""What one picture costs is averaged over this long."""
OVERSHOOT_SMOOTHING = 0.4
MAX_OVERSHOOT = 1.5
"""A rate control that is further off than this has a picture that cannot be made any smaller."""


@dataclass(frozen=True, slots=True)
class EncoderLoad:
    """What a video encoder has done since it was made."""

    frames: int = 0
    encode_s: float = 0.0
    encoded_bytes: int = 0


class EncoderMeter:
    """One encoder's. Pure: the time is passed in."""

    def __init__(self) -> None:
        self.frames_per_s = 0.0
        self.busy = 0.0
        """Seconds of encoding in a second."""
        self._at_s = -math.inf
        self._load = EncoderLoad()
        self._asked_kbps = 0.0
        self._overshoot = 1.0
        """What the encoder makes of what it is asked for; as in libwebrtc's EncoderOvershootDetector."""

    def update(self, now_s: float, load: EncoderLoad) -> None:
        """Take the encoder's counts of now."""
        seconds = now_s - self._at_s
        if seconds < WINDOW_S:
            return
        frames = load.frames - self._load.frames
        self.frames_per_s = frames / seconds
        self.busy = (load.encode_s - self._load.encode_s) / seconds
        made_kbps = (load.encoded_bytes - self._load.encoded_bytes) * 8 / 1000 / seconds
        if frames > 0 and math.isfinite(seconds) and self._asked_kbps > 0:
            ratio = min(max(made_kbps / self._asked_kbps, 1.0), MAX_OVERSHOOT)
            self._overshoot += OVERSHOOT_SMOOTHING * (ratio - self._overshoot)
        self._load, self._at_s = load, now_s

    def ask_kbps(self, kbps: float) -> float:
        """What to ask the encoder for so that about `kbps` come out of it."""
        self._asked_kbps = kbps / self._overshoot
        return self._asked_kbps
