"""Opus (RFC 6716), mono at 48 kHz: libopus itself where it can be had, FFmpeg's wrapper of it elsewhere.

The wrapper encodes and decodes as well; it has no concealment, no FEC on the receiving side, and a bitrate that
cannot be changed. Which one is used shows in `native()` and in the log.
"""

from __future__ import annotations

import functools
import logging
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ

from . import libopus, native_library

if TYPE_CHECKING:
    from desktop_app.media.audio import AudioFrame

    from .concealment import Samples

logger = logging.getLogger(__name__)

DEFAULT_KBPS = 32.0
DEFAULT_EXPECTED_LOSS_PCT = 5.0
"""What the in-band FEC is prepared for before a receiver has reported."""
MAX_PACKET_SAMPLES = 120 * AUDIO_RATE_HZ // 1000
DTX_BYTES = 2
"""A packet no longer than this announces that the sender is silent on purpose (RFC 7587 3.1.3)."""
CONCEAL_STEP_SAMPLES = 120
"""libopus conceals in steps of 2.5 ms."""


@functools.cache
def native() -> bool:
    """Whether libopus is used directly."""
    try:
        logger.info("%s is used directly", libopus.version())
    except (native_library.NativeLibraryError, AttributeError):
        logger.warning(
            "libopus cannot be used directly; lost sound is made up without its help", exc_info=True
        )
        return False
    return True


class OpusEncoder:
    """Encodes one 20 ms frame to one packet."""

    def __init__(self, kbps: float = DEFAULT_KBPS) -> None:
        self._native: libopus.Encoder | None = None
        self._wrapped: _WrappedEncoder | None = None
        if native():
            self._native = libopus.Encoder(kbps=kbps)
            self._native.set_expected_loss(DEFAULT_EXPECTED_LOSS_PCT)
        else:
            self._wrapped = _WrappedEncoder(kbps)

    def set_kbps(self, kbps: float) -> None:
        """The bitrate from the next frame on (the wrapper keeps its first one)."""
        if self._native is not None:
            self._native.set_kbps(kbps)

    def set_expected_loss(self, percent: float) -> None:
        """How much loss the packets shall survive (the wrapper keeps its first value)."""
        if self._native is not None:
            self._native.set_expected_loss(percent)

    def set_dtx(self, on: bool) -> None:
        """Whether silence becomes packets of DTX_BYTES at most (the wrapper's never does)."""
        if self._native is not None:
            self._native.set_dtx(on)

    def encode(self, samples: AudioFrame) -> bytes:
        """Encode shape (960,) int16; the wrapper's first call is empty, while it fills its look-ahead."""
        if self._native is not None:
            return self._native.encode(samples)
        assert self._wrapped is not None
        return self._wrapped.encode(samples)


class OpusDecoder:
    """Decodes packets of any length to mono float32, full scale 32768. Nothing it is given makes it raise."""

    def __init__(self) -> None:
        self._native = libopus.Decoder() if native() else None
        self._wrapped = None if self._native is not None else _WrappedDecoder()

    def decode(self, payload: bytes) -> Samples:
        """The packet's samples; empty when it cannot be decoded."""
        if not payload:
            return _nothing()
        if self._native is None:
            assert self._wrapped is not None
            return self._wrapped.decode(payload)
        try:
            return self._native.decode(payload)[:MAX_PACKET_SAMPLES].astype(np.float32)
        except libopus.OpusError:
            return _nothing()

    def can_recover(self, following: bytes) -> bool:
        """Whether `following` carries a copy of the frame before it that this decoder can use."""
        return self._native is not None and libopus.has_fec(following)

    def recover(self, following: bytes, count: int) -> Samples | None:
        """The lost `count` samples before the packet `following`, from the copy in it; None when it has none."""
        if self._native is None or not libopus.has_fec(following):
            return None
        try:
            if libopus.packet_samples(following) < count:
                return None
            return self._native.decode_fec(following, count).astype(np.float32)
        except libopus.OpusError:
            return None

    def conceal(self, count: int) -> Samples | None:
        """`count` samples that continue what was decoded; None when that has to be done by other means."""
        if self._native is None or count % CONCEAL_STEP_SAMPLES or not 0 < count <= MAX_PACKET_SAMPLES:
            return None
        try:
            return self._native.conceal(count).astype(np.float32)
        except libopus.OpusError:
            return None


def _nothing() -> Samples:
    return np.zeros(0, dtype=np.float32)


class _WrappedEncoder:
    def __init__(self, kbps: float) -> None:
        codec = av.AudioCodecContext.create("libopus", "w")
        codec.bit_rate = int(kbps * 1000)
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = AUDIO_RATE_HZ
        codec.time_base = Fraction(1, AUDIO_RATE_HZ)
        codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": str(int(DEFAULT_EXPECTED_LOSS_PCT)),
        }
        self._codec = codec
        self._pts = 0

    def encode(self, samples: AudioFrame) -> bytes:
        frame = av.AudioFrame.from_ndarray(
            samples.reshape(1, AUDIO_FRAME_SAMPLES), format="s16", layout="mono"
        )
        frame.sample_rate = AUDIO_RATE_HZ
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        frame.pts = self._pts
        self._pts += AUDIO_FRAME_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class _WrappedDecoder:
    def __init__(self) -> None:
        self._codec = av.AudioCodecContext.create("libopus", "r")
        self._codec.format = "s16"
        self._codec.layout = "mono"
        self._codec.sample_rate = AUDIO_RATE_HZ

    def decode(self, payload: bytes) -> Samples:
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError:
            return _nothing()
        samples = (
            np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) if frames else _nothing()
        )
        return samples[:MAX_PACKET_SAMPLES].astype(np.float32)
