"""A VP8 encoder for one picture size, by whichever way the machine has."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import av
from av.video.frame import PictureType

from . import libvpx

if TYPE_CHECKING:
    from collections.abc import Callable

REBUILD_RATIO = 1.25
"""Behind FFmpeg, libvpx cannot change its bitrate: the encoder is rebuilt, at the price of a keyframe, so only for a
change by more than this ratio,"""
REBUILD_UP_INTERVAL_S = 4.0
"""and upwards not more often than this."""


class Vp8Encoder(Protocol):
    """What the camera's encoder thread needs. Not thread-safe."""

    def encode(self, frame: av.VideoFrame, pts: int, *, keyframe: bool) -> tuple[bytes, bool] | None:
        """Encode a yuv420p frame, pts in 1/90000 s: (data, is a keyframe), or None when it was dropped."""

    def set_kbps(self, kbps: float) -> None:
        """The bitrate from about now on."""

    def close(self) -> None:
        """Free it."""


THREADS = 1
"""libvpx's threads wait for each other in a loop that spins: with another program on the cores a picture then takes
ten times as long as on one thread, which needs 6 ms for 1280x720."""
USUAL_FRAME_RATE = 30.0


def open_vp8_encoder(
    width_px: int, height_px: int, kbps: float, frame_rate: float, *, screen: bool = False
) -> Vp8Encoder:
    """libvpx itself where it can be had, FFmpeg's wrapper of it elsewhere, which knows no mode for a `screen`."""
    if libvpx.supported():
        return libvpx.Vp8Encoder(
            width_px,
            height_px,
            kbps,
            threads=THREADS,
            frame_rate=min(frame_rate, USUAL_FRAME_RATE),
            screen=screen,
        )
    return WrappedVp8Encoder(width_px, height_px, kbps)


class WrappedVp8Encoder:
    """libvpx behind FFmpeg."""

    def __init__(
        self,
        width_px: int,
        height_px: int,
        kbps: float,
        *,
        make: Callable[[int, int, float], av.VideoCodecContext] | None = None,
    ) -> None:
        self._size = (width_px, height_px)
        self._make = make or _make_codec
        self._wanted_kbps = self._built_kbps = kbps
        self._codec = self._make(width_px, height_px, kbps)
        self._built_pts: int | None = None

    def set_kbps(self, kbps: float) -> None:
        """Taken up with the next frame, when the change is large enough."""
        self._wanted_kbps = kbps

    def encode(self, frame: av.VideoFrame, pts: int, *, keyframe: bool) -> tuple[bytes, bool] | None:
        """As in Vp8Encoder."""
        if self._built_pts is None:
            self._built_pts = pts
        age_s = (pts - self._built_pts) / libvpx.TIME_BASE_HZ
        down = self._wanted_kbps * REBUILD_RATIO < self._built_kbps
        up = self._wanted_kbps > self._built_kbps * REBUILD_RATIO and age_s > REBUILD_UP_INTERVAL_S
        if down or up:
            self._codec = self._make(*self._size, self._wanted_kbps)
            self._built_kbps, self._built_pts = self._wanted_kbps, pts
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        data, key = b"", False
        for packet in self._codec.encode(frame):
            data += bytes(packet)
            key |= packet.is_keyframe
        return (data, key) if data else None

    def close(self) -> None:
        """Nothing: PyAV frees the codec with its last reference."""


def _make_codec(width_px: int, height_px: int, kbps: float) -> av.VideoCodecContext:
    bits = int(kbps * 1000)
    codec = av.VideoCodecContext.create("libvpx", "w")
    codec.width, codec.height = width_px, height_px
    codec.pix_fmt = "yuv420p"
    codec.bit_rate = bits
    codec.time_base = Fraction(1, libvpx.TIME_BASE_HZ)
    codec.framerate = Fraction(30, 1)
    codec.gop_size = 100_000  # keyframes on request alone
    codec.qmin, codec.qmax = libvpx.MIN_QUANTIZER, libvpx.MAX_QUANTIZER
    codec.thread_count = THREADS
    codec.options = {
        "deadline": "realtime",
        "cpu-used": str(libvpx.CPU_USED),
        "lag-in-frames": "0",
        "minrate": str(bits),  # with maxrate: constant bitrate
        "maxrate": str(bits),
        "bufsize": str(bits),  # one second
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "static-thresh": "1",
        "max-intra-rate": "300",
        "auto-alt-ref": "0",
    }
    return codec
