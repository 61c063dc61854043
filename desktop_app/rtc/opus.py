"""Opus (RFC 6716) through FFmpeg's libopus: mono, 48 kHz, 20 ms."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ

if TYPE_CHECKING:
    from desktop_app.media.audio import AudioFrame

    from .concealment import Samples

logger = logging.getLogger(__name__)

DEFAULT_KBPS = 32
EXPECTED_LOSS_PCT = 10
"""What the in-band FEC is prepared for; only with a value above 0 does libopus add any."""
MAX_PACKET_SAMPLES = 120 * AUDIO_RATE_HZ // 1000


class OpusEncoder:
    """Encodes one 20 ms frame to one packet."""

    def __init__(self, kbps: int = DEFAULT_KBPS) -> None:
        codec = av.AudioCodecContext.create("libopus", "w")
        codec.bit_rate = kbps * 1000
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = AUDIO_RATE_HZ
        codec.time_base = Fraction(1, AUDIO_RATE_HZ)
        codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": str(EXPECTED_LOSS_PCT),
        }
        self._codec = codec
        self._pts = 0

    def encode(self, samples: AudioFrame) -> bytes:
        """Encode shape (960,) int16; empty while the encoder fills its look-ahead."""
        frame = av.AudioFrame.from_ndarray(
            samples.reshape(1, AUDIO_FRAME_SAMPLES), format="s16", layout="mono"
        )
        frame.sample_rate = AUDIO_RATE_HZ
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        frame.pts = self._pts
        self._pts += AUDIO_FRAME_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class OpusDecoder:
    """Decodes packets of any length to mono."""

    def __init__(self) -> None:
        self._codec = av.AudioCodecContext.create("libopus", "r")
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.sample_rate = AUDIO_RATE_HZ

    def decode(self, payload: bytes) -> Samples:
        """The packet's samples, float32 with full scale 32768; empty when it cannot be decoded."""
        if not payload:
            return np.zeros(0, dtype=np.float32)
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError:
            return np.zeros(0, dtype=np.float32)
        samples = (
            np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) if frames else np.zeros(0)
        )
        return samples[:MAX_PACKET_SAMPLES].astype(np.float32)
