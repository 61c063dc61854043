"""What a frame of sound is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

AudioFrame = npt.NDArray[np.int16]


def rms_level(frame: AudioFrame) -> float:
    """RMS of a frame, 0 to 1."""
    samples = frame.astype(np.float32)
    return float(np.sqrt(np.mean(samples * samples))) / 32768.0 if len(samples) else 0.0
