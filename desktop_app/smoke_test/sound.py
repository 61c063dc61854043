"""A microphone that plays a tone and a speaker that listens for one: a sound card for the smoke test."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.audio_sinks import NullSink
from desktop_app.media.audio_sources import ToneSource
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.media.devices import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from desktop_app.media.audio import AudioFrame, AudioSink, AudioSource, FramePull
    from desktop_app.media.source_status import StatusListener

WINDOW_FRAMES = 10
"""200 ms: long enough to tell the tones apart, so short that a stretched playout does not smear them."""
KEPT_WINDOWS = 5
MIN_SHARE = 0.5
"""Of the sound's energy that has to be in the tone: noise and another tone have next to none of it there."""
MIN_LEVEL = 0.01
"""RMS, of full scale; the tone is sent with 0.18."""


def tone_share(samples: npt.NDArray[np.int16], frequency_hz: float) -> float:
    """Which part of the energy is a sine of this frequency, 0 to 1: one bin of the discrete Fourier transform."""
    signal = samples.astype(np.float64)
    energy = float(signal @ signal)
    if energy == 0.0:
        return 0.0
    angles = 2 * np.pi * frequency_hz / AUDIO_RATE_HZ * np.arange(len(signal))
    bin_ = complex(signal @ np.exp(-1j * angles))
    return min(1.0, 2 * abs(bin_) ** 2 / (len(signal) * energy))


class ListeningSink:
    """Pulls at a speaker's pace and keeps the last second."""

    def __init__(self, on_status: StatusListener) -> None:
        self._sink = NullSink(on_status)
        self._lock = threading.Lock()
        self._frames: deque[AudioFrame] = deque(maxlen=WINDOW_FRAMES * KEPT_WINDOWS)
        self.underruns = 0
        self.latency_ms = 0.0

    def start(self, pull: FramePull) -> None:
        """See AudioSink."""

        def pull_and_keep() -> AudioFrame:
            frame = pull()
            with self._lock:
                self._frames.append(frame.copy())
            return frame

        self._sink.start(pull_and_keep)

    def stop(self) -> None:
        """See AudioSink."""
        self._sink.stop()

    def hears(self, frequency_hz: float) -> tuple[int, float]:
        """In how many of the last five windows of 200 ms the tone was loud and clear, and the level (RMS, 0 to 1)."""
        with self._lock:
            frames = list(self._frames)
        if not frames:
            return 0, 0.0
        samples = np.concatenate(frames)
        size = WINDOW_FRAMES * AUDIO_FRAME_SAMPLES
        clear, loudest = 0, 0.0
        for start in range(0, len(samples) - size + 1, size):
            window = samples[start : start + size]
            level = float(np.sqrt(np.mean(window.astype(np.float64) ** 2))) / 32768
            loudest = max(loudest, level)
            clear += level >= MIN_LEVEL and tone_share(window, frequency_hz) >= MIN_SHARE
        return clear, loudest


class SmokeAudio:
    """An AudioBackend with one of each.

    Args:
        tone_hz: what its microphone "hears".
    """

    def __init__(self, tone_hz: float) -> None:
        self.tone_hz = tone_hz
        self.speaker: ListeningSink | None = None

    def microphones(self) -> tuple[Device, ...]:
        """The tone."""
        return (Device("tone", "Smoke test tone"),)

    def speakers(self) -> tuple[Device, ...]:
        """The one that listens."""
        return (Device("listener", "Smoke test listener"),)

    def subscribe_devices(self, listener: Callable[[], None]) -> Callable[[], None]:
        """They never change."""
        return lambda: None

    def open_microphone(self, device_id: str, on_status: StatusListener) -> AudioSource:
        """The tone."""
        return ToneSource(on_status, frequency_hz=self.tone_hz)

    def open_speaker(self, device_id: str, on_status: StatusListener) -> AudioSink:
        """The one that listens."""
        self.speaker = ListeningSink(on_status)
        return self.speaker

    def hears(self, frequency_hz: float) -> tuple[int, float]:
        """See ListeningSink."""
        return (0, 0.0) if self.speaker is None else self.speaker.hears(frequency_hz)

    def close(self) -> None:
        """Nothing is held."""
