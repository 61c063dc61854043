"""The thread of a source that makes its sound itself: steady pace, silence and retries on failure."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Protocol, TypeAlias

from desktop_app.core.errors import sentence_for
from desktop_app.media.audio import AudioFrame, FrameListener, silence
from desktop_app.media.clock import AUDIO_FRAME_S, now_s
from desktop_app.media.errors import DeviceError
from desktop_app.media.pacing import Pacer, wait_until
from desktop_app.media.source_status import SourceState, StatusListener, StatusReporter

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

RETRY_S = 1.0
STOP_LIMIT_S = 2.0
MAX_LATE_S = 0.2
"""A thread that is later than this (a suspended laptop) skips frames; up to this it catches up in a burst."""


class AudioReader(Protocol):
    """One opened file or generator."""

    def read(self) -> AudioFrame:
        """The next frame, without waiting for its time; raises DeviceError when there is none any more."""

    def close(self) -> None:
        """Release what was opened."""


AudioReaderOpener: TypeAlias = "Callable[[], AudioReader]"
"""Opens the file or generator; raises DeviceError."""


class PacedAudioSource:
    """An AudioSource made of an AudioReaderOpener."""

    def __init__(
        self,
        name: str,
        open_reader: AudioReaderOpener,
        on_status: StatusListener,
        *,
        running_state: SourceState = SourceState.LIVE,
    ) -> None:
        self._name = name
        self._running_state = running_state
        self._open_reader = open_reader
        self._status = StatusReporter(f"audio source {name!r}", on_status)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._reader: AudioReader | None = None
        self._again_at_s = 0.0

    def start(self, on_frame: FrameListener) -> None:
        """Start the thread; harmless when it runs. A stopped source cannot be started again."""
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(
                target=self._run, args=(on_frame,), name=f"audio-{self._name}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the thread; see AudioSource."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                logger.error("audio source %r does not end; its thread is abandoned", self._name)
        self._status.report(SourceState.OFF)

    def _run(self, on_frame: FrameListener) -> None:
        if self._running_state is SourceState.LIVE:
            self._status.report(SourceState.OPENING)
        pacer = Pacer(1.0 / AUDIO_FRAME_S, start_s=now_s(), max_late_s=MAX_LATE_S)
        try:
            while True:
                frame = self._next_frame()
                _, due_s = pacer.next(now_s())
                if not wait_until(due_s, self._stopping):
                    return
                try:
                    on_frame(frame, due_s - AUDIO_FRAME_S)
                except Exception:
                    logger.exception("the listener of audio source %r failed", self._name)
        finally:
            self._close_reader()

    def _next_frame(self) -> AudioFrame:
        if self._reader is None and now_s() < self._again_at_s:
            return silence()
        try:
            if self._reader is None:
                self._reader = self._open_reader()
            frame = self._reader.read()
        except DeviceError as error:
            logger.info("audio source %r: %s", self._name, error, exc_info=error.__cause__)
            return self._failed(str(error))
        except Exception as error:
            logger.exception("audio source %r failed", self._name)
            return self._failed(sentence_for(error))
        self._status.report(self._running_state)
        return frame

    def _failed(self, sentence: str) -> AudioFrame:
        self._close_reader()
        self._again_at_s = now_s() + RETRY_S
        self._status.report(SourceState.FAILED, sentence)
        return silence()

    def _close_reader(self) -> None:
        if self._reader is not None:
            with contextlib.suppress(OSError):
                self._reader.close()
            self._reader = None
