"""The one Opus encoder of the microphone."""

from __future__ import annotations

import asyncio
import logging
import math

import numpy as np

from desktop_app.media.audio import AudioFrame, rms_level
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES

from .encoded_feed import EncodedFeed, EncodedFrame
from .opus import DEFAULT_EXPECTED_LOSS_PCT, DEFAULT_KBPS, DTX_BYTES, OpusEncoder
from .sample_clock import SampleClock

logger = logging.getLogger(__name__)

MAX_QUEUED_FRAMES = 10
"""200 ms: a sender that is further behind has no use for older sound."""
ANNOUNCEMENTS = 3
"""Of a silence: whoever loses one would take what is not sent after it for lost."""


def level_dbov(level: float) -> int:
    """RMS 0..1 to dBov, -127 to 0 (RFC 6464)."""
    return -127 if level <= 0 else max(-127, min(0, round(20 * math.log10(level))))


class AudioEncoder:
    """Encodes microphone frames for all peers. `push` is called on the microphone's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._encoder = OpusEncoder()
        self._clock = SampleClock()
        self._wanted = False
        self._closed = False
        self._kbps = self._used_kbps = DEFAULT_KBPS
        self._loss_pct = self._used_loss_pct = DEFAULT_EXPECTED_LOSS_PCT
        self._dtx = self._used_dtx = False
        self._silent_packets = 0
        self.level = 0.0
        """RMS of the newest frame that was sent, 0 to 1."""
        self.feed = EncodedFeed(max_frames=MAX_QUEUED_FRAMES, on_demand=self._set_wanted)

    def _set_wanted(self, wanted: bool) -> None:
        self._wanted = wanted

    def set_kbps(self, kbps: float) -> None:
        """The bitrate from the next frame on."""
        self._kbps = kbps

    def set_expected_loss(self, percent: float) -> None:
        """How much loss the packets shall survive, from the next frame on."""
        self._loss_pct = percent

    def set_dtx(self, on: bool) -> None:
        """Whether next to nothing is sent during silence, from the next frame on."""
        self._dtx = on

    def close(self) -> None:
        """Ignore further frames."""
        self._closed = True

    def push(self, samples: AudioFrame, captured_at_s: float, *, muted: bool) -> None:
        """Encode one frame; `muted` sends silence in its place."""
        if muted:
            samples = np.zeros(AUDIO_FRAME_SAMPLES, dtype=np.int16)
        self.level = rms_level(samples)
        timestamp = self._clock.advance(captured_at_s)
        self.feed.lag_s = self._clock.lag_s
        if not self._wanted or self._closed:
            return
        self._adapt()
        payload = self._encoder.encode(samples)
        if not payload or self._is_needless(payload):
            return
        encoded = EncodedFrame([payload], timestamp, keyframe=True, audio_level_dbov=level_dbov(self.level))
        try:
            self._loop.call_soon_threadsafe(self.feed.publish, encoded)
        except RuntimeError:
            logger.debug("an encoded frame came after the end of the engine loop")

    def _is_needless(self, payload: bytes) -> bool:
        # libopus still says twice or three times a second what the background sounds like; the rest is not for sending.
        silent = self._used_dtx and len(payload) <= DTX_BYTES
        self._silent_packets = self._silent_packets + 1 if silent else 0
        return self._silent_packets > ANNOUNCEMENTS

    def _adapt(self) -> None:
        # Set by the engine loop, used here on the microphone's thread: libopus is not thread-safe.
        kbps, loss_pct = self._kbps, self._loss_pct
        if kbps != self._used_kbps:
            self._encoder.set_kbps(kbps)
            self._used_kbps = kbps
        if loss_pct != self._used_loss_pct:
            self._encoder.set_expected_loss(loss_pct)
            self._used_loss_pct = loss_pct
        if (dtx := self._dtx) != self._used_dtx:
            self._encoder.set_dtx(dtx)
            self._used_dtx = dtx
