"""One encoder of the camera, on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from av.video.reformatter import Interpolation, VideoReformatter

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ, now_s

from . import vp8
from .encoded_feed import EncodedFeed, EncodedFrame
from .vp8_encoder import Vp8Encoder, open_vp8_encoder

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from desktop_app.media.frame_slot import FrameSlot

logger = logging.getLogger(__name__)

KEYFRAME_INTERVAL_S = 0.300
"""Requests that come closer together are answered by one keyframe."""
START_KBPS = 600.0
MIN_KBPS = 40.0
MAX_QUEUED_FRAMES = 30
BITRATE_STEP = 0.05
"""Changes of the target below this part of it are not worth a call into the encoder."""


def max_kbps(width_px: int, height_px: int) -> float:
    """The bitrate above which VP8 gains nothing to see, by size (libwebrtc's simulcast table, rounded)."""
    pixels = width_px * height_px
    for limit, kbps in ((320 * 240, 250.0), (480 * 360, 500.0), (640 * 360, 800.0), (640 * 480, 1000.0)):
        if pixels <= limit:
            return kbps
    return 1700.0 if pixels <= 960 * 540 else 2500.0


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What of the camera's picture is sent at most; it is scaled down with its aspect kept."""

    width_px: int = 1 << 15
    height_px: int = 1 << 15
    frame_rate: float = 1000.0


@dataclass(slots=True)
class VideoEncoderCounters:
    """Counts since the encoder was made; written by its thread, read anywhere."""

    frames_encoded: int = 0
    frames_dropped: int = 0
    """By the encoder's own rate control."""
    key_frames_encoded: int = 0
    bytes_encoded: int = 0
    total_encode_s: float = 0.0
    width_px: int = 0
    height_px: int = 0
    target_kbps: float = START_KBPS


class VideoEncoder:
    """Encodes the newest frame of a FrameSlot for all peers that want it. Made and closed on the engine loop.

    Args:
        slot: the camera's.
        on_error: called on the encoder's thread when pictures cannot be encoded.
        joins_in: begin with the next picture, as the one that there is was sent already by another encoder.
        screen: the pictures are of a screen, which may stand still.
        on_keyframe_request: called on any thread when a keyframe is wanted, for which there has to be a picture.
    """

    def __init__(
        self,
        slot: FrameSlot,
        *,
        on_error: Callable[[BaseException], None],
        joins_in: bool = False,
        screen: bool = False,
        on_keyframe_request: Callable[[], None] = lambda: None,
    ) -> None:
        self._slot = slot
        self._on_error = on_error
        self._joins_in = joins_in
        self._is_screen = screen
        self._on_keyframe_request = on_keyframe_request
        self._loop = asyncio.get_running_loop()
        self.feed = EncodedFeed(
            max_frames=MAX_QUEUED_FRAMES,
            on_demand=self._set_wanted,
            on_keyframe_request=self._request_keyframe,
        )
        self.feed.target_kbps = START_KBPS
        self.counters = VideoEncoderCounters()
        self._wake = threading.Condition()
        self._fresh = False
        self._wanted = False
        self._paused = False
        self._closed = False
        self._running = False
        """Whether the thread goes on; changed under the lock, so that a new one begins when the old one is done."""
        self._keyframe_requested = False
        self._limits = VideoLimits()
        self._thread: threading.Thread | None = None
        # The rest belongs to the encoder's thread.
        self._encoder: Vp8Encoder | None = None
        self._encoder_size = (0, 0)
        self._encoder_kbps = 0.0
        self._failing = False
        self._reformatter = VideoReformatter()
        self._next_due: float | None = None
        self._last_keyframe_s = -1.0
        self._last_timestamp = -1
        self._picture_id = random.randrange(1 << 15)
        self._unsubscribe = slot.subscribe(self._frame_arrived)

    # --- any thread -----------------------------------------------------------------------------

    def set_target_kbps(self, kbps: float) -> None:
        """What the narrowest path carries; bounded by what the picture's size can use."""
        self.counters.target_kbps = self.feed.target_kbps = max(MIN_KBPS, kbps)

    def set_limits(self, width_px: int, height_px: int, frame_rate: float) -> None:
        """Send no larger and no more frequent pictures than these."""
        self._limits = VideoLimits(max(16, width_px), max(16, height_px), max(1.0, frame_rate))

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
            if wanted and not self._running and not self._closed:
                self._fresh = not self._joins_in and self._slot.newest() is not None
                self._running = True
                self._thread = threading.Thread(target=self._run, name="video-encoder", daemon=True)
                self._thread.start()

    def _request_keyframe(self) -> None:
        with self._wake:
            self._keyframe_requested = True
        self._on_keyframe_request()

    def _frame_arrived(self) -> None:
        with self._wake:
            if self._running:
                self._fresh = True
                self._wake.notify()

    # --- the encoder's thread -------------------------------------------------------------------

    def _run(self) -> None:
        while self._wait_for_frame():
            newest = self._slot.newest()
            if newest is None:
                continue
            try:
                self._encode(newest.frame)
            except Exception as error:
                self._drop_encoder()
                if not self._failing:  # once, not thirty times a second
                    self._failing = True
                    logger.exception("the picture could not be encoded")
                    self._on_error(error)
            else:
                self._failing = False

    def _wait_for_frame(self) -> bool:
        """True when there is a fresh frame to encode; False ends the thread, as nobody wants more."""
        with self._wake:
            while self._wanted and not self._closed and not (self._fresh and not self._paused):
                self._wake.wait()
            self._fresh = False
            self._running = self._wanted and not self._closed
            if not self._running:
                self._drop_encoder()
            return self._running

    def _encode(self, frame: av.VideoFrame) -> None:
        begin_s = now_s()
        timestamp = int(frame.pts or 0)
        if timestamp <= self._last_timestamp:
            return  # a source that was just switched off may hand over one last, older frame
        limits = self._limits
        if not self._is_due(timestamp, limits.frame_rate) or self.feed.is_held:
            return
        self._last_timestamp = timestamp
        frame = self._scaled(frame, limits)
        encoder = self._encoder_for(frame.width, frame.height)
        with self._wake:
            force = self._keyframe_requested and begin_s - self._last_keyframe_s >= KEYFRAME_INTERVAL_S
            if force:
                self._keyframe_requested = False
        encoded = encoder.encode(frame, timestamp, keyframe=force)
        self.counters.total_encode_s += now_s() - begin_s
        if encoded is None:
            self.counters.frames_dropped += 1
            with self._wake:
                self._keyframe_requested |= force
            return
        self._publish(*encoded, timestamp, begin_s)

    def _is_due(self, timestamp: int, frame_rate: float) -> bool:
        # By deadlines, so that every second of 30 frames is taken for 15, and two of three for 20.
        interval = VIDEO_CLOCK_RATE_HZ / frame_rate
        if self._next_due is None or timestamp > self._next_due + 4 * interval:
            self._next_due = float(timestamp)
        # A quarter of an interval early is the wobble of a camera, not a higher rate.
        if timestamp < self._next_due - interval / 4:
            return False
        self._next_due += interval
        return True

    def _scaled(self, frame: av.VideoFrame, limits: VideoLimits) -> av.VideoFrame:
        scale = min(1.0, limits.width_px / frame.width, limits.height_px / frame.height)
        if scale == 1.0 and frame.format.name == "yuv420p":
            return frame
        width, height = (max(16, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
        return self._reformatter.reformat(
            frame, width, height, "yuv420p", interpolation=Interpolation.BILINEAR
        )

    def _encoder_for(self, width_px: int, height_px: int) -> Vp8Encoder:
        kbps = min(self.counters.target_kbps, max_kbps(width_px, height_px))
        if self._encoder is None or self._encoder_size != (width_px, height_px):
            self._drop_encoder()
            self._encoder = open_vp8_encoder(
                width_px, height_px, kbps, self._limits.frame_rate, screen=self._is_screen
            )
            self._encoder_size, self._encoder_kbps = (width_px, height_px), kbps
            self.counters.width_px, self.counters.height_px = width_px, height_px
        elif abs(kbps - self._encoder_kbps) > BITRATE_STEP * self._encoder_kbps:
            self._encoder.set_kbps(kbps)
            self._encoder_kbps = kbps
        return self._encoder

    def _drop_encoder(self) -> None:
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()

    def _publish(self, data: bytes, keyframe: bool, timestamp: int, at_s: float) -> None:
        self.counters.frames_encoded += 1
        self.counters.bytes_encoded += len(data)
        if keyframe:
            self.counters.key_frames_encoded += 1
            self._last_keyframe_s = at_s
        self._picture_id = (self._picture_id + 1) & vp8.MAX_PICTURE_ID
        payloads = vp8.packetize(data, self._picture_id)
        encoded = EncodedFrame(payloads, timestamp, keyframe, self._picture_id)
        try:
            self._loop.call_soon_threadsafe(self.feed.publish, encoded)
        except RuntimeError:  # the loop ended; close() follows
            logger.debug("an encoded frame came after the end of the engine loop")
