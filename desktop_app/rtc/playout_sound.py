"""Decoded sound on its way to the speaker, and what is made up where it is missing: without a click in between."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_RATE_HZ

from . import concealment

if TYPE_CHECKING:
    from .concealment import Samples
    from .opus import OpusDecoder

FADE_AFTER_S = 0.040
"""One or two lost frames keep their loudness,"""
FADE_OUT_S = 0.120
"""Made-up sound is silent after this long: a longer repetition sounds like a machine."""
PAUSE_SHARE = 0.1
"""Less than this part of the recent loudness is a pause between words,"""
LOUDNESS_PULLS = 150
"""and recent means about three seconds."""


class PlayoutSound:
    """A queue of samples that is filled by decoding or making up and emptied by the speaker."""

    def __init__(self, decoder: OpusDecoder) -> None:
        self.decoder = decoder
        self._pcm: Samples = np.zeros(0, dtype=np.float32)
        self._history: Samples = np.zeros(concealment.HISTORY_SAMPLES, dtype=np.float32)
        self._continuation: concealment.Continuation | None = None
        self._made_up_run = 0
        self._loudness = 0.0

    def __len__(self) -> int:
        """Samples that wait."""
        return len(self._pcm)

    def clear(self) -> None:
        """What follows comes from another source."""
        self._pcm = np.zeros(0, dtype=np.float32)
        self._continuation = None
        self._made_up_run = 0

    def take(self, count: int) -> Samples:
        """The next `count` samples, of at least as many."""
        taken, self._pcm = self._pcm[:count], self._pcm[count:]
        self._history = np.concatenate((self._history, taken))[-concealment.HISTORY_SAMPLES :]
        self._loudness = max(_rms(taken), self._loudness * (1 - 1 / LOUDNESS_PULLS))
        return taken

    @property
    def is_pause(self) -> bool:
        """Whether nobody speaks in what waits: nothing is heard of a change there."""
        return _rms(self._pcm) < max(concealment.SILENCE_RMS, PAUSE_SHARE * self._loudness)

    # --- what comes in --------------------------------------------------------------------------

    def decode(self, payload: bytes) -> int:
        """Append a packet's sound; how many samples, 0 when it cannot be decoded."""
        samples = self.decoder.decode(payload)
        if len(samples):
            self._append_joined(samples)
        return len(samples)

    def recover(self, following: bytes, count: int) -> bool:
        """Append the lost `count` samples before the packet `following` from the coarse copy in it (RFC 6716 2.1.7)."""
        samples = self.decoder.recover(following, count)
        if samples is None or len(samples) != count:
            return False
        self._append_joined(samples)
        return True

    def make_up(self, count: int) -> None:
        """Append `count` samples in place of lost ones; silent in the end."""
        # libopus knows what it decoded last and goes on from there without a seam, at both ends; but once the other
        # way was begun (at a jump of the media time) it has to be gone on with.
        concealed = self.decoder.conceal(count) if self._continuation is None else None
        if concealed is None:
            self._append(self._continue(count))
            return
        gains = self._gains(count)
        self._made_up_run += count
        self._append((concealed * gains).astype(np.float32))

    def comfort(self, count: int) -> None:
        """Append `count` samples of the background noise that libopus remembers, for a sender that is silent."""
        noise = self.decoder.conceal(count) if self._continuation is None else None
        if noise is None:
            self.make_up(count)
        else:
            self._append(noise)

    def jump(self) -> None:
        """What is decoded next does not follow: its seam is faded like the end of what was made up."""
        if self._continuation is None:
            self._continuation = concealment.Continuation(self._recent())

    def _append_joined(self, samples: Samples) -> None:
        # Decoded sound after made-up sound is faded over instead of jumping.
        made_up = self._made_up_run > 0 or self._continuation is not None
        if made_up and len(samples) >= concealment.OVERLAP:
            if self._continuation is None:  # what libopus made up is in the past already, with its fade
                tail = concealment.Continuation(self._recent()).take(concealment.OVERLAP)
            else:
                tail = self._continue(concealment.OVERLAP)
            head = concealment.cross_fade(tail, samples[: concealment.OVERLAP])
            samples = np.concatenate((head, samples[concealment.OVERLAP :]))
        self._continuation = None
        self._made_up_run = 0
        self._append(samples)

    def _continue(self, count: int) -> Samples:
        if self._continuation is None:
            self._continuation = concealment.Continuation(self._recent())
        gains = self._gains(count)
        self._made_up_run += count
        made_up: Samples = (self._continuation.take(count) * gains).astype(np.float32)
        return made_up

    def _gains(self, count: int) -> Samples:
        """The fade of the next `count` made-up samples."""
        run = np.arange(self._made_up_run, self._made_up_run + count, dtype=np.float32)
        hold, end = FADE_AFTER_S * AUDIO_RATE_HZ, FADE_OUT_S * AUDIO_RATE_HZ
        gains: Samples = np.clip(1.0 - (run - hold) / (end - hold), 0.0, 1.0)
        return gains

    def _recent(self) -> Samples:
        return np.concatenate((self._history, self._pcm))[-concealment.HISTORY_SAMPLES :]

    def _append(self, samples: Samples) -> None:
        self._pcm = np.concatenate((self._pcm, samples)) if len(self._pcm) else samples

    # --- faster and slower ----------------------------------------------------------------------

    def shorten(self, longest: int = concealment.MAX_LAG) -> None:
        """Take out one pitch period, 2.5 ms to `longest` samples; needs concealment.STRETCH_SAMPLES."""
        self._pcm = concealment.shorten(self._pcm, longest)

    def lengthen(self) -> None:
        """Put in one pitch period, 2.5 to 15 ms; needs concealment.STRETCH_SAMPLES."""
        self._pcm = concealment.lengthen(self._pcm)


def _rms(samples: Samples) -> float:
    return math.sqrt(float(np.dot(samples, samples)) / len(samples)) if len(samples) else 0.0
