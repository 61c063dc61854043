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
from .picture_hold import HeldPicture, PictureHold, TypicalPicture

if TYPE_CHECKING:
    from collections.abc import Callable

    from .frame_assembler import AssembledFrame
    from .picture_sink import PictureSink

logger = logging.getLogger(__name__)

MAX_QUEUED_FRAMES = 20
"""Two thirds of a second at 30 fps: a decoder that is further behind skips to the next keyframe."""
MAX_PIXELS = 3840 * 2160
_TIME_BASE = Fraction(1, 90000)


class VideoDecoder:
    """Decodes VP8 and puts each picture into a FrameSlot, at once or when its sound is due.

    `on_keyframe_needed` and `on_first_frame` are called on the decoder's thread.
    """

    def __init__(
        self,
        slot: PictureSink,
        *,
        on_keyframe_needed: Callable[[], None],
        on_first_frame: Callable[[], None],
    ) -> None:
        self._slot = slot
        self._on_keyframe_needed = on_keyframe_needed
        self._on_first_frame = on_first_frame
        self._queue: deque[AssembledFrame] = deque()
        self._hold = PictureHold()
        self._wake = threading.Condition()
        self._closed = False
        self._skip_to_keyframe = False
        self._thread: threading.Thread | None = None
        self.freezes = FreezeDetector()
        self.frames_decoded = self.frames_shown = 0
        self.key_frames_decoded = 0
        self._frames_dropped = 0
        self.width_px = 0
        self.height_px = 0
        self.total_decode_s = 0.0
        self.total_delay_s = 0.0
        """Sum over all frames shown of the time from their first packet to the hand-over."""

    def push(self, frame: AssembledFrame) -> None:
        """Queue a frame; starts the thread with the first one."""
        overflow = False
        with self._wake:
            if self._closed:
                return
            if len(self._queue) >= MAX_QUEUED_FRAMES:
                self._frames_dropped += len(self._queue)
                self._queue.clear()
                self._skip_to_keyframe = overflow = True
            if self._skip_to_keyframe and not frame.keyframe:
                self._frames_dropped += 1
            else:
                self._skip_to_keyframe = overflow = False
                self._queue.append(frame)
                self._wake.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="video-decoder", daemon=True)
                self._thread.start()
        if overflow:
            self._on_keyframe_needed()

    @property
    def frames_dropped(self) -> int:
        """Frames that were not decoded, or not shown."""
        return self._frames_dropped + self._hold.dropped

    def set_hold(self, hold_s: float) -> None:
        """Keep pictures back by so much from now on, those that wait already as well."""
        with self._wake:
            if hold_s != self._hold.hold_s:
                self._hold.hold_s = hold_s
                self._wake.notify()

    def typical_picture(self) -> TypicalPicture | None:
        """When pictures are ready for display, before they are kept back."""
        with self._wake:
            return self._hold.typical()

    def pause(self) -> None:
        """The camera was switched off on purpose: show nothing that waits, and do not call that a freeze."""
        with self._wake:
            self._hold.clear()
        self.freezes.pause()

    def close(self) -> None:
        """End the thread after the frame at hand; returns at once."""
        with self._wake:
            self._closed = True
            self._queue.clear()
            self._hold.clear()
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
                    until_due_s = self._hold.wait_s(now_s())
                    if until_due_s == 0:
                        break
                    self._wake.wait(until_due_s)
                if self._closed:
                    return
                due = self._hold.take_due(now_s())
                frame = self._queue.popleft() if self._queue else None
            try:
                if due is not None:
                    self._show(due)
                if frame is not None:
                    self._decode(codec, frame)
            except Exception as error:
                if not isinstance(error, av.FFmpegError):
                    logger.exception("a video frame could not be decoded")
                with self._wake:
                    self._frames_dropped += 1
                    while self._queue and not self._queue[0].keyframe:
                        self._queue.popleft()  # refers to what was just lost
                        self._frames_dropped += 1
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
            with self._wake:
                self._hold.add(HeldPicture(picture, frame, end_s))

    def _show(self, held: HeldPicture) -> None:
        shown_s = now_s()
        self.frames_shown += 1
        self.total_delay_s += shown_s - held.encoded.first_arrival_s
        self._note_shown(shown_s)
        self._slot.put(held.picture)
        if self.frames_shown == 1:
            self._on_first_frame()

    def _note_shown(self, shown_s: float) -> None:
        if self._slot.is_steady:
            self.freezes.frame_shown(shown_s)
        else:
            self.freezes.pause()


class FrameCounter(VideoDecoder):
    """Decodes nothing, for load tests: hands over the same blank picture for each frame, without a thread."""

    def push(self, frame: AssembledFrame) -> None:
        """Count a frame as shown."""
        if self._closed:
            return
        self.frames_decoded += 1
        if frame.keyframe:
            self.key_frames_decoded += 1
            # RFC 6386 9.1: three bytes of frame tag, three of start code, then width and height with two bits of scale.
            self.width_px, self.height_px = (
                int.from_bytes(frame.data[at : at + 2], "little") & 0x3FFF for at in (6, 8)
            )
        shown_s = now_s()
        self.frames_shown += 1
        self.total_delay_s += shown_s - frame.first_arrival_s
        self._note_shown(shown_s)
        self._slot.put(_BLANK)
        if self.frames_shown == 1:
            self._on_first_frame()


_BLANK = av.VideoFrame(16, 16, "yuv420p")
