"""The thread of a video source: opens a reader, passes its pictures on, shows a placeholder and retries on failure."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from desktop_app.core.errors import sentence_for
from desktop_app.media.clock import now_s
from desktop_app.media.errors import DeviceError
from desktop_app.media.pacing import RateMeter, wait_until
from desktop_app.media.picture import FrameClock, Picture, frame_from_picture
from desktop_app.media.placeholder import placeholder_picture
from desktop_app.media.source_status import SourceState, StatusListener, StatusReporter

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.video_source import VideoFormat

logger = logging.getLogger(__name__)

RETRY_S = 1.0
PLACEHOLDER_INTERVAL_S = 0.5
STOP_LIMIT_S = 2.0


class TimedPicture(NamedTuple):
    """A picture and the time of the media clock at which it was captured or due."""

    picture: Picture
    captured_at_s: float


class PictureReader(Protocol):
    """One opened device or file. Its methods are called on the source's thread only."""

    def read(self, wait_s: float) -> TimedPicture | None:
        """The next picture, at its time; None when none came within `wait_s` or the source is being stopped.

        Raises DeviceError when the device or file is lost.
        """

    def close(self) -> None:
        """Release what was opened; must not raise or block for more than about a second."""


ReaderOpener: TypeAlias = "Callable[[threading.Event], PictureReader]"
"""Opens the device or file; raises DeviceError. The event is set when the source is being stopped."""


class ThreadedVideoSource:
    """A VideoSource made of a ReaderOpener. See `video_source.VideoSource` for what it promises."""

    def __init__(
        self,
        name: str,
        open_reader: ReaderOpener,
        video_format: VideoFormat,
        *,
        slot: FrameSlot,
        on_status: StatusListener,
        can_skip: bool = False,
    ) -> None:
        """`can_skip`: the reader makes its pictures itself, and none while it is not asked (`limit_rate`)."""
        self._can_skip = can_skip
        self._least_interval_s = 0.0
        self._name = name
        self._open_reader = open_reader
        self._format = video_format
        self._slot = slot
        self._status = StatusReporter(f"video source {name!r}", on_status)
        self._clock = FrameClock()
        self._meter = RateMeter()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._output = threading.Lock()  # held while something goes out, so that nothing does after stop()
        self._closed = False
        self._placeholder: tuple[str, Picture] | None = None

    @property
    def slot(self) -> FrameSlot:
        """Where the frames go."""
        return self._slot

    @property
    def delivered_fps(self) -> float:
        """Pictures of the device in the last second."""
        return self._meter.rate_hz(now_s())

    def limit_rate(self, most_fps: float) -> None:
        """Make no more pictures a second, where the source is free to; may be called on any thread."""
        self._least_interval_s = 1 / most_fps if self._can_skip else 0.0

    def start(self) -> None:
        """Start the thread; harmless when it runs. A stopped source cannot be started again."""
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name=f"video-{self._name}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and release the device; see VideoSource."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                # Only a read that the operating system does not return from comes here (a dead network drive).
                logger.error("video source %r does not end; its thread is abandoned", self._name)
        with self._output:
            if self._closed:
                return
            self._closed = True
            self._slot.clear()
        self._meter.clear()
        self._status.report(SourceState.OFF)

    def _run(self) -> None:
        self._report(SourceState.OPENING)
        while not self._stopping.is_set():
            try:
                with contextlib.closing(self._open_reader(self._stopping)) as reader:
                    self._play(reader)
            except DeviceError as error:
                logger.info("video source %r: %s", self._name, error, exc_info=error.__cause__)
                self._fail(str(error))
            except Exception as error:
                logger.exception("video source %r failed", self._name)
                self._fail(sentence_for(error))

    def _play(self, reader: PictureReader) -> None:
        asked_s = now_s()
        while not self._stopping.is_set():
            # A reader that is asked late skips what was due meanwhile.
            if self._least_interval_s and not wait_until(asked_s + self._least_interval_s, self._stopping):
                return
            asked_s = now_s()
            timed = reader.read(PLACEHOLDER_INTERVAL_S)
            if timed is None:
                self._put_placeholder()
                continue
            self._placeholder = None
            self._meter.add(now_s())
            self._put(timed.picture, timed.captured_at_s)
            if self._status.state is not SourceState.LIVE:
                self._report(SourceState.LIVE)

    def _fail(self, sentence: str) -> None:
        """Show and report the failure, and wait until it is time to try again."""
        if self._stopping.is_set():
            return
        if self._placeholder is None or self._placeholder[0] != sentence:
            self._placeholder = (sentence, placeholder_picture(sentence, self._format))
        self._report(SourceState.FAILED, sentence)
        again_at_s = now_s() + RETRY_S
        while now_s() < again_at_s and not self._stopping.is_set():
            self._put_placeholder()
            self._stopping.wait(PLACEHOLDER_INTERVAL_S)

    def _put_placeholder(self) -> None:
        if self._placeholder is not None and not self._stopping.is_set():
            self._put(self._placeholder[1], now_s())

    def _put(self, picture: Picture, at_s: float) -> None:
        frame = frame_from_picture(picture, self._clock.pts(at_s))
        with self._output:
            if not self._closed:
                self._slot.put(frame)

    def _report(self, state: SourceState, message: str = "") -> None:
        with self._output:
            closed = self._closed
        if not closed:
            self._status.report(state, message)
