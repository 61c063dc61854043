"""A video file as a camera: decoded by PyAV, played at its own speed, looped, delivered at the rate asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import av
from av.video.reformatter import VideoReformatter

from desktop_app.media.clock import now_s
from desktop_app.media.errors import DeviceError
from desktop_app.media.media_file import open_media_file
from desktop_app.media.pacing import Pacer, wait_until
from desktop_app.media.picture import Picture, picture_from_frame
from desktop_app.media.video_thread import TimedPicture

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from desktop_app.media.video_source import VideoFormat

logger = logging.getLogger(__name__)

MAX_PIXELS = 8192 * 4352
MAX_STEP_S = 5.0
"""A longer jump between two timestamps is taken for damage, not for a picture that stands still."""
MIN_LOOP_S = 1.0
"""A photograph or a very short film is not opened more often than this."""
MAX_CATCH_UP_S = 0.25


class VideoFileReader:
    """Plays one file in a loop at its own speed; pictures are repeated or skipped to keep the rate asked for."""

    def __init__(self, path: Path, video_format: VideoFormat, stopping: threading.Event) -> None:
        self._path = path
        self._format = video_format
        self._stopping = stopping
        self._reformatter = VideoReformatter()
        self._timeline = self._play_for_ever()
        self._next: tuple[float, av.VideoFrame] | None = None
        self._shown: Picture | None = None
        self._position_s = 0.0
        rate = video_format.frame_rate
        self._pacer = Pacer(rate, start_s=now_s(), max_late_s=1.0 / rate)
        self._last_due_s: float | None = None

    def read(self, wait_s: float) -> TimedPicture | None:
        """The picture of the next deadline; raises DeviceError when the file cannot be read (any more)."""
        _, due_s = self._pacer.next(now_s())
        if self._last_due_s is not None:
            # When decoding is slower than the film, the film slows down: it must not fall behind without end.
            self._position_s += min(due_s - self._last_due_s, MAX_CATCH_UP_S)
        self._last_due_s = due_s
        picture = self._picture_at_position()
        if picture is None or not wait_until(due_s, self._stopping):
            return None
        return TimedPicture(picture, due_s)

    def close(self) -> None:
        """Close the file."""
        self._timeline.close()

    def _picture_at_position(self) -> Picture | None:
        newest: av.VideoFrame | None = None
        if self._next is None:
            self._next = next(self._timeline)
        while self._next[0] <= self._position_s and not self._stopping.is_set():
            newest = self._next[1]
            self._next = next(self._timeline)
        if newest is not None:
            self._shown = picture_from_frame(newest, self._format, self._reformatter)
        return self._shown

    def _play_for_ever(self) -> Generator[tuple[float, av.VideoFrame], None, None]:
        """Frames with their time since the first one, pass after pass; the file is opened anew for each.

        Opening takes a few ms, and it is how we learn that the file is gone or has become another one.
        """
        at_s = 0.0
        while True:
            started_s, count = at_s, 0
            with open_media_file(self._path) as container:
                if not container.streams.video:
                    raise DeviceError(f'The file "{self._path.name}" holds no video.')
                stream = container.streams.video[0]
                interval_s = 1.0 / float(min(max(stream.average_rate or 25, 1), 240))
                previous_s = 0.0
                for frame in self._decoded(container, stream):
                    stamp_s = previous_s + interval_s if frame.pts is None else frame.time
                    if count:
                        step_s = stamp_s - previous_s
                        at_s += step_s if 0 < step_s <= MAX_STEP_S else interval_s
                    previous_s = stamp_s
                    count += 1
                    yield at_s, frame
            if count == 0:
                raise DeviceError(f'The file "{self._path.name}" holds no picture that can be shown.')
            at_s = max(at_s + interval_s, started_s + MIN_LOOP_S)

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        """The frames of one pass; damaged parts are left out."""
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise DeviceError(
                f'The pictures of "{self._path.name}" are too large ({context.width}x{context.height}).'
            )
        context.thread_count = 1  # a pool of threads for each pass costs more than it saves
        damaged = 0
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    damaged += 1
                    continue
                for frame in frames:
                    if isinstance(frame, av.VideoFrame):
                        yield frame
        except (OSError, ValueError) as error:  # PyAV's errors are OSErrors and ValueErrors
            logger.warning("%s ends early: %s", self._path.name, error)
        if damaged:
            logger.info("%d damaged packets in %s were left out", damaged, self._path.name)
