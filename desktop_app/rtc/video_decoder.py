"""Encoded frames to pictures, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from desktop_app.media.clock import now_s

from .freeze import FreezeDetector

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.frame_slot import FrameSlot

    from .frame_assembler import AssembledFrame

logger = logging.getLogger(__name__)

MAX_QUEUED_FRAMES = 20
"""Two thirds of a second at 30 fps: a decoder that is further behind skips to the next keyframe."""
MAX_PIXELS = 3840 * 2160
_TIME_BASE = Fraction(1, 90000)


class VideoDecoder:
    """Decodes VP8 and puts each picture into a FrameSlot.

    `on_keyframe_needed` and `on_first_frame` are called on the decoder's thread.
    """

    def __init__(
        self,
        slot: FrameSlot,
        *,
        on_keyframe_needed: Callable[[], None],
        on_first_frame: Callable[[], None],
    ) -> None:
        self._slot = slot
        self._on_keyframe_needed = on_keyframe_needed
        self._on_first_frame = on_first_frame
        self._queue: deque[AssembledFrame] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._skip_to_keyframe = False
        self._thread: threading.Thread | None = None
        self.freezes = FreezeDetector()
        self.frames_decoded = 0
        self.key_frames_decoded = 0
        self.frames_dropped = 0
        self.width_px = 0
        self.height_px = 0
        self.total_decode_s = 0.0
        self.total_delay_s = 0.0
        """Sum over all frames of the time from their first packet to the hand-over."""

    def push(self, frame: AssembledFrame) -> None:
        """Queue a frame; starts the thread with the first one."""
        overflow = False
        with self._wake:
            if self._closed:
                return
            if len(self._queue) >= MAX_QUEUED_FRAMES:
                self.frames_dropped += len(self._queue)
                self._queue.clear()
                self._skip_to_keyframe = overflow = True
            if self._skip_to_keyframe and not frame.keyframe:
                self.frames_dropped += 1
            else:
                self._skip_to_keyframe = overflow = False
                self._queue.append(frame)
                self._wake.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="video-decoder", daemon=True)
                self._thread.start()
        if overflow:
            self._on_keyframe_needed()

    def close(self) -> None:
        """End the thread after the frame at hand; returns at once."""
        with self._wake:
            self._closed = True
            self._queue.clear()
            self._wake.notify()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end after `close`; not for the engine loop."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    @property
    def running(self) -> bool:
        """True while the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        codec = av.VideoCodecContext.create("vp8", "r")
        codec.thread_count = 1  # frame threads would hold frames back
        codec.options = {"max_pixels": str(MAX_PIXELS)}  # refused before the memory for it is taken
        while True:
            with self._wake:
                while not self._queue and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                frame = self._queue.popleft()
            try:
                self._decode(codec, frame)
            except Exception as error:
                if not isinstance(error, av.FFmpegError):
                    logger.exception("a video frame could not be decoded")
                with self._wake:
                    self.frames_dropped += 1
                    while self._queue and not self._queue[0].keyframe:
                        self._queue.popleft()  # refers to what was just lost
                        self.frames_dropped += 1
                    self._skip_to_keyframe = lost = not self._queue
                if lost:
                    self._on_keyframe_needed()

    def _decode(self, codec: av.VideoCodecContext, frame: AssembledFrame) -> None:
        packet = av.Packet(frame.data)
        packet.pts = frame.timestamp
        packet.time_base = _TIME_BASE
        begin_s = now_s()
        pictures = codec.decode(packet)
        end_s = now_s()
        self.total_decode_s += end_s - begin_s
        for picture in pictures:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError("the decoded picture is unreasonably large")
            self.width_px, self.height_px = picture.width, picture.height
            self.frames_decoded += 1
            self.key_frames_decoded += frame.keyframe
            self.total_delay_s += end_s - frame.first_arrival_s
            self.freezes.frame_shown(end_s)
            self._slot.put(picture)
            if self.frames_decoded == 1:
                self._on_first_frame()
