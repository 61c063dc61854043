"""Sources of sound that need no device, and the way from a setting's words to any source."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.audio import AudioFrame, silence
from desktop_app.media.audio_file import AudioFileReader
from desktop_app.media.audio_thread import PacedAudioSource
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.media.errors import DeviceError
from desktop_app.media.media_file import is_file_spec
from desktop_app.media.source_status import SourceState

if TYPE_CHECKING:
    from desktop_app.media.audio import AudioSource
    from desktop_app.media.audio_backend import AudioBackend
    from desktop_app.media.source_status import StatusListener

TONE_HZ = 440.0
TONE_AMPLITUDE = 0.25
"""Of full scale: -12 dBFS, loud enough to measure and not to hurt."""
FADE_IN_S = 0.01


class ToneReader:
    """A sine without clicks: the phase goes on when the frequency changes, and the beginning is faded in."""

    def __init__(self, frequency_hz: float) -> None:
        self.frequency_hz = frequency_hz
        self._phase = 0.0
        self._played = 0

    def read(self) -> AudioFrame:
        """The next 20 ms."""
        step = 2 * math.pi * self.frequency_hz / AUDIO_RATE_HZ
        sine = np.sin(self._phase + step * np.arange(AUDIO_FRAME_SAMPLES))
        self._phase = (self._phase + step * AUDIO_FRAME_SAMPLES) % (2 * math.pi)
        if self._played < FADE_IN_S * AUDIO_RATE_HZ:
            times = (self._played + np.arange(AUDIO_FRAME_SAMPLES)) / AUDIO_RATE_HZ
            sine *= np.minimum(times / FADE_IN_S, 1.0)
        self._played += AUDIO_FRAME_SAMPLES
        frame: AudioFrame = (sine * (TONE_AMPLITUDE * 32767)).astype(np.int16)
        return frame

    def close(self) -> None:
        """Nothing is held."""


class ToneSource(PacedAudioSource):
    """A tone; `frequency_hz` may be changed while it plays."""

    def __init__(self, on_status: StatusListener, *, frequency_hz: float = TONE_HZ) -> None:
        self._tone = ToneReader(frequency_hz)
        super().__init__("tone", lambda: self._tone, on_status)

    @property
    def frequency_hz(self) -> float:
        """The tone's frequency."""
        return self._tone.frequency_hz

    @frequency_hz.setter
    def frequency_hz(self, frequency_hz: float) -> None:
        self._tone.frequency_hz = frequency_hz


class SilenceReader:
    """Nothing to hear."""

    def read(self) -> AudioFrame:
        """20 ms of silence."""
        return silence()

    def close(self) -> None:
        """Nothing is held."""


class SilenceSource(PacedAudioSource):
    """Frames of silence at the right pace: the microphone "none", which counts as off."""

    def __init__(self, on_status: StatusListener) -> None:
        super().__init__("silence", SilenceReader, on_status, running_state=SourceState.OFF)


class WavFileSource(PacedAudioSource):
    """A sound file of any kind, looped."""

    def __init__(self, path: Path, on_status: StatusListener) -> None:
        super().__init__(path.name, lambda: AudioFileReader(path), on_status)


class _NoBackendSource(PacedAudioSource):
    """A device in a process that opens none: silence, and the reason."""

    def __init__(self, on_status: StatusListener) -> None:
        super().__init__("microphone", self._refuse, on_status)

    @staticmethod
    def _refuse() -> SilenceReader:
        raise DeviceError("Microphones cannot be used here; choose a sound file, the test tone or none.")


def open_audio_source(
    spec: str, *, on_status: StatusListener, device_backend: AudioBackend | None = None
) -> AudioSource:
    """The source that `spec` names; it opens nothing before `start` and never raises for what is missing.

    "" is the default microphone, "none" silence, "test" a tone, the path of a file that file in a loop, anything else
    a microphone's id or name. `on_status` is called on the source's thread.
    """
    if spec == "none":
        return SilenceSource(on_status)
    if spec == "test":
        return ToneSource(on_status)
    if is_file_spec(spec):
        return WavFileSource(Path(spec).expanduser(), on_status)
    if device_backend is None:
        return _NoBackendSource(on_status)
    return device_backend.open_microphone(spec, on_status)
