"""One voice, which may come by two ways at a time: it is the newest way's, once that has begun to play."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.audio import silence
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.counting_playout import CountingPlayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.audio import AudioFrame

_RISING = np.sin(np.linspace(0, np.pi / 2, AUDIO_FRAME_SAMPLES, dtype=np.float32)) ** 2
"""The two are the same voice, a little apart in time: their gains add up to one."""


@dataclass(slots=True)
class Heard:
    """What was played of a voice, whichever way it came; as AudioPlayout counts it."""

    total_samples: int = 0
    concealed_samples: int = 0
    energy: float = 0.0
    total_delay_s: float = 0.0
    delay_count: int = 0


class VoiceSwitch:
    """What the mixer pulls of one participant. `pull` runs on the speaker's thread, the rest on the engine loop."""

    def __init__(self, on_first_frame: Callable[[], None]) -> None:
        self._on_first_frame = on_first_frame
        self._lock = threading.Lock()
        self._wanted: AudioPlayout | None = None
        self._played: AudioPlayout | None = None
        self.heard = Heard()

    def way(self, *, decode: bool = True) -> AudioPlayout:
        """Another way for the voice to come by; without `decode` it is silent."""
        return (AudioPlayout if decode else CountingPlayout)(on_first_frame=self._begins)

    def _begins(self) -> None:
        begins, self._on_first_frame = self._on_first_frame, _nothing
        begins()

    def prefer(self, way: AudioPlayout) -> None:
        """Play `way` as soon as it has sound to play, and until then what was played before."""
        with self._lock:
            if self._wanted is not way and self._played is not way:
                way.restart()  # what lies in it is from before, when nobody listened
            self._wanted = way
            if self._played is None:
                self._played = way

    @property
    def has_come(self) -> bool:
        """Whether sound has come by the preferred way since it is that."""
        wanted = self._wanted
        return wanted is not None and (wanted.is_playing or wanted.buffered_s > 0)

    @property
    def last_arrival_s(self) -> float | None:
        """When a packet of it came last by the preferred way; None before the first one."""
        return None if self._wanted is None else self._wanted.last_arrival_s

    def pull(self, now_s: float) -> AudioFrame:
        """The next 20 ms, shape (960,) int16."""
        with self._lock:
            played, wanted = self._played, self._wanted
            if played is None or wanted is None:
                return silence()
            frame = self._pull(played, now_s)
            if wanted is played:
                return frame
            coming = wanted.pull(now_s)
            if not wanted.is_playing:
                return frame
            self._played = wanted
        mixed: AudioFrame = (frame * (1 - _RISING) + coming * _RISING).astype(np.int16)
        return mixed

    def _pull(self, way: AudioPlayout, now_s: float) -> AudioFrame:
        # Written out: it is done for everybody in the room fifty times a second.
        heard = self.heard
        samples, concealed, energy = way.total_samples, way.concealed_samples, way.energy
        delay_s, delays = way.total_delay_s, way.delay_count
        frame = way.pull(now_s)
        heard.total_samples += way.total_samples - samples
        heard.concealed_samples += way.concealed_samples - concealed
        heard.energy += way.energy - energy
        heard.total_delay_s += way.total_delay_s - delay_s
        heard.delay_count += way.delay_count - delays
        return frame


def _nothing() -> None:
    """A voice begins once."""
