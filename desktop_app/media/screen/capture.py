"""The thread that looks at a shared screen. Unlike a camera, what is gone does not come back: it ends."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING

from desktop_app.core.errors import sentence_for
from desktop_app.media.clock import now_s
from desktop_app.media.errors import DeviceError
from desktop_app.media.pacing import RateMeter
from desktop_app.media.picture import FrameClock, frame_from_picture
from desktop_app.media.source_status import SourceState, StatusListener, StatusReporter

from .reader import ScreenReader

if TYPE_CHECKING:
    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.media.video_thread import PictureReader, ReaderOpener

logger = logging.getLogger(__name__)

STOP_LIMIT_S = 2.0
READ_S = 0.5


class ScreenCapture:
    """A VideoSource (video_source.py) whose pictures have the size of the screen or window.

    `on_status` is called on its thread: `live` with the first picture; `failed` once, with a sentence, when the source
    has ended by itself, after which nothing more comes.
    """

    def __init__(
        self, name: str, open_reader: ReaderOpener, *, slot: FrameSlot, on_status: StatusListener
    ) -> None:
        self._name = name
        self._open_reader = open_reader
        self._slot = slot
        self._status = StatusReporter(f"screen {name!r}", on_status)
        self._clock = FrameClock()
        self._meter = RateMeter()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._reader: PictureReader | None = None
        self._output = threading.Lock()  # held while something goes out, so that nothing does after stop()

    @property
    def slot(self) -> FrameSlot:
        """Where the frames go."""
        return self._slot

    @property
    def delivered_fps(self) -> float:
        """Pictures in the last second."""
        return self._meter.rate_hz(now_s())

    def refresh(self) -> None:
        """Pass on the picture of now, also when it stands still. Any thread."""
        if isinstance(self._reader, ScreenReader):
            self._reader.refresh()

    def start(self) -> None:
        """Start the thread; harmless when it runs."""
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(target=self._run, name=f"screen-{self._name}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, clear the slot, report `off`. Blocks up to 2 s; harmless when called again."""
        if self._stopping.is_set():
            return
        with self._output:
            self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                logger.error("the capture of %r does not end; its thread is abandoned", self._name)
        self._slot.clear()
        self._meter.clear()
        self._status.report(SourceState.OFF)

    def _run(self) -> None:
        self._status.report(SourceState.OPENING)
        try:
            with contextlib.closing(self._open_reader(self._stopping)) as reader:
                self._reader = reader
                while not self._stopping.is_set():
                    timed = reader.read(READ_S)
                    if timed is not None:
                        self._meter.add(now_s())
                        frame = frame_from_picture(timed.picture, self._clock.pts(timed.captured_at_s))
                        with self._output:
                            if not self._stopping.is_set():
                                self._slot.put(frame)
                        if self._status.state is not SourceState.LIVE:
                            self._status.report(SourceState.LIVE)
        except DeviceError as error:
            logger.info("screen %r: %s", self._name, error, exc_info=error.__cause__)
            self._end(str(error))
        except Exception as error:
            logger.exception("the capture of %r failed", self._name)
            self._end(sentence_for(error))

    def _end(self, sentence: str) -> None:
        if not self._stopping.is_set():
            self._status.report(SourceState.FAILED, sentence)
