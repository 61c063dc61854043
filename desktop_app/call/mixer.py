"""Everybody's sound as one: what the speaker pulls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, now_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.audio import AudioFrame


class SoundSource(Protocol):
    """What can be mixed: a participant's AudioPlayout, or anything else that has a frame whenever one is wanted."""

    def pull(self, now_s: float) -> AudioFrame:
        """The next 20 ms, shape (960,) int16; called on the speaker's thread, must not block."""


class AudioMixer:
    """Adds the participants' frames; `pull` runs on the speaker's thread, the rest anywhere.

    `on_render` sees each mixed frame before it is played: the echo canceller's reference. `latency_s` is how long a
    frame waits in the speaker before it is heard.
    """

    def __init__(
        self,
        on_render: Callable[[AudioFrame], None] = lambda _frame: None,
        latency_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.latency_s = latency_s
        self._lock = threading.Lock()
        self._sources: tuple[SoundSource, ...] = ()
        self._on_render = on_render
        self._tone: list[AudioFrame] = []
        self.frames_pulled = 0
        """By the speaker, which pulls nothing when it does not play."""

    def add(self, source: SoundSource) -> None:
        """Mix `source` from the next frame on."""
        with self._lock:
            self._sources = (*self._sources, source)

    def remove(self, source: SoundSource) -> None:
        """Mix it no longer."""
        with self._lock:
            self._sources = tuple(each for each in self._sources if each is not source)

    def play(self, samples: AudioFrame) -> None:
        """Mix a short sound of our own (int16 mono, any length) into what follows."""
        count = len(samples) // AUDIO_FRAME_SAMPLES
        frames = [samples[i * AUDIO_FRAME_SAMPLES : (i + 1) * AUDIO_FRAME_SAMPLES] for i in range(count)]
        with self._lock:
            self._tone = frames

    def pull(self) -> AudioFrame:
        """The next 20 ms, shape (960,) int16."""
        with self._lock:
            sources = self._sources
            tone = self._tone.pop(0) if self._tone else None
            self.frames_pulled += 1
        now = now_s()
        total = np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int32)
        for source in sources:
            total += source.pull(now)
        if tone is not None:
            total += tone
        # Clipping is rare and short here: every source has its own automatic gain.
        mixed = np.clip(total, -32768, 32767).astype(np.int16)
        self._on_render(mixed)
        return mixed
