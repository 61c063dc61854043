"""What a frame of sound is, and what every source and sink of sound looks like from outside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.media.source_status import SourceState, SourceStatus, StatusListener

if TYPE_CHECKING:
    from collections.abc import Callable

AudioFrame: TypeAlias = npt.NDArray[np.int16]
"""20 ms of sound: mono, 48 kHz, shape (960,)."""

FrameListener: TypeAlias = "Callable[[AudioFrame, float], None]"
"""Called with a frame and the media clock's time at which its first sample was captured."""

FramePull: TypeAlias = "Callable[[], AudioFrame]"


def silence() -> AudioFrame:
    """A frame of silence of the caller's own."""
    return np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16)


def rms_level(frame: AudioFrame) -> float:
    """RMS of a frame, 0 to 1 (a full-scale sine has 0.707)."""
    if len(frame) == 0:
        return 0.0
    samples = frame.astype(np.float32)
    return math.sqrt(float(np.dot(samples, samples)) / len(samples)) / 32768.0


class AudioSource(Protocol):
    """Calls back with a frame every 20 ms on a thread of its own, between `start` and `stop`.

    While a device or file fails, frames of silence keep coming at the same pace, the status says why, and the source
    tries again about once a second.
    """

    def start(self, on_frame: FrameListener) -> None:
        """Start the thread; harmless when it runs."""

    def stop(self) -> None:
        """Release the device and report `off`; no frame comes afterwards. Harmless when called again."""


class AudioSink(Protocol):
    """Pulls a frame on a thread of its own whenever the device needs one, between `start` and `stop`.

    While a device fails, frames are pulled at the same pace and thrown away, so that nothing piles up behind it.
    """

    @property
    def underruns(self) -> int:
        """How often the device ran dry since the start."""

    @property
    def latency_ms(self) -> float:
        """Sound that was pulled and not yet played, in ms."""

    def start(self, pull: FramePull) -> None:
        """Start the thread; harmless when it runs."""

    def stop(self) -> None:
        """Release the device and report `off`; nothing is pulled afterwards. Harmless when called again."""


__all__ = [
    "AudioFrame",
    "AudioSink",
    "AudioSource",
    "FrameListener",
    "FramePull",
    "SourceState",
    "SourceStatus",
    "StatusListener",
    "rms_level",
    "silence",
]
