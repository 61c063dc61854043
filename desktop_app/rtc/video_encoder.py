"""The one VP8 encoder of the camera, on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.video.frame import PictureType

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s

from . import vp8
from .encoded_feed import EncodedFeed, EncodedFrame

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.frame_slot import FrameSlot

logger = logging.getLogger(__name__)

KEYFRAME_INTERVAL_S = 0.300
"""Requests that come closer together are answered by one keyframe."""
START_KBPS = 600.0
MIN_KBPS = 100.0
REBUILD_RATIO = 1.25
"""libvpx behind FFmpeg cannot change its bitrate: the encoder is rebuilt, at the price of a keyframe, so only for
a change by more than this ratio,"""
REBUILD_UP_INTERVAL_S = 4.0
"""and upwards not more often than this."""
MAX_QUEUED_FRAMES = 30


def max_kbps(width_px: int, height_px: int) -> float:
    """The bitrate above which VP8 gains nothing to see, by size (libwebrtc's simulcast table, rounded)."""
    pixels = width_px * height_px
    for limit, kbps in ((320 * 240, 250.0), (480 * 360, 500.0), (640 * 360, 800.0), (640 * 480, 1000.0)):
        if pixels <= limit:
            return kbps
    return 1700.0 if pixels <= 960 * 540 else 2500.0


@dataclass(slots=True)
class VideoEncoderCounters:
    """Counts since the encoder was made; written by its thread, read anywhere."""

    frames_encoded: int = 0
    key_frames_encoded: int = 0
    bytes_encoded: int = 0
    total_encode_s: float = 0.0
    width_px: int = 0
    height_px: int = 0
    target_kbps: float = START_KBPS


class VideoEncoder:
    """Encodes the newest frame of a FrameSlot for all peers. Made and closed on the engine loop."""

    def __init__(self, slot: FrameSlot, *, on_error: Callable[[BaseException], None]) -> None:
        self._slot = slot
        self._on_error = on_error
        self._loop = asyncio.get_running_loop()
        self.feed = EncodedFeed(
            max_frames=MAX_QUEUED_FRAMES,
            on_demand=self._set_wanted,
            on_keyframe_request=self._request_keyframe,
        )
        self.counters = VideoEncoderCounters()
        self._wake = threading.Condition()
        self._fresh = False
        self._wanted = False
        self._paused = False
        self._closed = False
        self._keyframe_requested = False
        self._thread: threading.Thread | None = None
        self._codec: av.VideoCodecContext | None = None
        self._codec_kbps = 0.0
        self._built_s = 0.0
        self._last_keyframe_s = -1.0
        self._last_timestamp = -1
        self._picture_id = random.randrange(1 << 15)
        self._unsubscribe = slot.subscribe(self._frame_arrived)

    def set_target_kbps(self, kbps: float) -> None:
        """What the slowest path carries; bounded by what the picture's size can use."""
        self.counters.target_kbps = max(MIN_KBPS, kbps)

    def set_paused(self, paused: bool) -> None:
        """Encode nothing while the camera is muted; going on begins with a keyframe."""
        with self._wake:
            self._paused = paused
            self._keyframe_requested |= not paused
            self._wake.notify()

    def close(self) -> None:
        """End the thread after the frame at hand; returns at once."""
        self._unsubscribe()
        with self._wake:
            self._closed = True
            self._wake.notify()

    def join(self) -> None:
        """Wait for the thread's end after `close`; not for the engine loop."""
        if self._thread is not None:
            self._thread.join(2.0)

    @property
    def running(self) -> bool:
        """True while the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def _set_wanted(self, wanted: bool) -> None:
        with self._wake:
            self._wanted = wanted
            self._wake.notify()
            if wanted and self._thread is None and not self._closed:
                self._fresh = self._slot.newest() is not None
                self._thread = threading.Thread(target=self._run, name="video-encoder", daemon=True)
                self._thread.start()

    def _request_keyframe(self) -> None:
        with self._wake:
            self._keyframe_requested = True

    def _frame_arrived(self) -> None:
        with self._wake:
            self._fresh = True
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._closed and not (self._fresh and self._wanted and not self._paused):
                    self._wake.wait()
                if self._closed:
                    self._codec = None
                    return
                self._fresh = False
            newest = self._slot.newest()
            if newest is None:
                continue
            try:
                self._encode(newest.frame)
            except Exception as error:
                logger.exception("the picture could not be encoded")
                self._codec = None
                self._on_error(error)

    def _encode(self, frame: av.VideoFrame) -> None:
        begin_s = now_s()
        timestamp = int(frame.pts or 0)
        if timestamp <= self._last_timestamp:
            return  # a source that was just switched off may hand over one last, older frame
        self._last_timestamp = timestamp
        codec = self._codec_for(frame.width, frame.height, begin_s)
        with self._wake:
            force = self._keyframe_requested and begin_s - self._last_keyframe_s >= KEYFRAME_INTERVAL_S
            if force:
                self._keyframe_requested = False
        frame.pict_type = PictureType.I if force else PictureType.NONE
        for packet in codec.encode(frame):
            self._publish(bytes(packet), timestamp, packet.is_keyframe, begin_s)
        self.counters.total_encode_s += now_s() - begin_s

    def _publish(self, data: bytes, timestamp: int, keyframe: bool, at_s: float) -> None:
        self.counters.frames_encoded += 1
        self.counters.bytes_encoded += len(data)
        if keyframe:
            self.counters.key_frames_encoded += 1
            self._last_keyframe_s = at_s
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        encoded = EncodedFrame(vp8.packetize(data, self._picture_id), timestamp, keyframe)
        try:
            self._loop.call_soon_threadsafe(self.feed.publish, encoded)
        except RuntimeError:  # the loop ended; close() follows
            logger.debug("an encoded frame came after the end of the engine loop")

    def _codec_for(self, width_px: int, height_px: int, at_s: float) -> av.VideoCodecContext:
        wanted = min(self.counters.target_kbps, max_kbps(width_px, height_px))
        codec = self._codec
        if codec is not None and (codec.width, codec.height) == (width_px, height_px):
            down = wanted * REBUILD_RATIO < self._codec_kbps
            up = wanted > self._codec_kbps * REBUILD_RATIO and at_s - self._built_s > REBUILD_UP_INTERVAL_S
            if not (down or up):
                return codec
        self._codec = codec = _make_codec(width_px, height_px, wanted)
        self._codec_kbps = wanted
        self._built_s = at_s
        self.counters.width_px, self.counters.height_px = width_px, height_px
        return codec


def _make_codec(width_px: int, height_px: int, kbps: float) -> av.VideoCodecContext:
    bits = int(kbps * 1000)
    codec = av.VideoCodecContext.create("libvpx", "w")
    codec.width, codec.height = width_px, height_px
    codec.pix_fmt = "yuv420p"
    codec.bit_rate = bits
    codec.time_base = Fraction(1, VIDEO_CLOCK_RATE_HZ)
    codec.framerate = Fraction(30, 1)
    codec.gop_size = 100_000  # keyframes on request alone
    codec.qmin, codec.qmax = 2, 56
    codec.thread_count = 2 if width_px * height_px > 640 * 480 else 1
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-8",
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
