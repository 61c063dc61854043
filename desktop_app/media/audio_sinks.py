"""Sinks of sound that need no device: one that throws it away, and one that records it on the way."""

from __future__ import annotations

import logging
import struct
import threading
from typing import TYPE_CHECKING, BinaryIO

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_RATE_HZ, now_s
from desktop_app.media.pacing import Pacer, wait_until
from desktop_app.media.ring import BoundedBuffer
from desktop_app.media.source_status import SourceState, StatusListener, StatusReporter

if TYPE_CHECKING:
    from pathlib import Path

    from desktop_app.media.audio import AudioFrame, AudioSink, FramePull

logger = logging.getLogger(__name__)

STOP_LIMIT_S = 2.0
MAX_LATE_S = 0.2
HEADER_EVERY_S = 1.0
HEADER_BYTES = 44
QUEUE_FRAMES = 500
"""Ten seconds: a disk that is slower than that for so long loses sound rather than memory."""
MAX_DATA_BYTES = 0xFFFFFFFF - HEADER_BYTES
"""A WAV file cannot say more than 4 GiB: 12 hours of mono sound."""


class NullSink:
    """Pulls a frame every 20 ms and throws it away: the speaker "none", or of a machine without one."""

    def __init__(self, on_status: StatusListener) -> None:
        self._status = StatusReporter("null sink", on_status)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.underruns = 0
        self.latency_ms = 0.0

    def start(self, pull: FramePull) -> None:
        """Start the thread; harmless when it runs. A stopped sink cannot be started again."""
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(
                target=self._run, args=(pull,), name="audio-null-sink", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the thread; see AudioSink."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                logger.error("the null sink does not end; its thread is abandoned")
        self._status.report(SourceState.OFF)

    def _run(self, pull: FramePull) -> None:
        self._status.report(SourceState.LIVE)
        pacer = Pacer(1.0 / AUDIO_FRAME_S, start_s=now_s(), max_late_s=MAX_LATE_S)
        while wait_until(pacer.next(now_s())[1], self._stopping):
            try:
                pull()
            except Exception:
                logger.exception("the null sink's pull failed")


class WavRecorder:
    """A tee: passes frames on to another sink and writes them to a WAV file (16 bit, mono, 48 kHz).

    Writing happens on a thread of its own, so that a slow disk does not make the speaker run dry. The header is
    brought up to date every second: the file is readable to that point even when the process is killed. When the file
    cannot be written, the status says so once and the sound goes on without it.
    """

    def __init__(self, path: Path, sink: AudioSink, *, on_status: StatusListener) -> None:
        self._path = path
        self._sink = sink
        self._status = StatusReporter(f"recorder {path.name!r}", on_status)
        self._queue: BoundedBuffer[AudioFrame] = BoundedBuffer(QUEUE_FRAMES)
        self._thread: threading.Thread | None = None
        self._data_bytes = 0

    @property
    def underruns(self) -> int:
        """Those of the sink behind."""
        return self._sink.underruns

    @property
    def latency_ms(self) -> float:
        """That of the sink behind."""
        return self._sink.latency_ms

    def start(self, pull: FramePull) -> None:
        """Start recording and the sink behind; harmless when they run."""
        if self._thread is not None or self._queue.closed:
            return

        def pull_and_record() -> AudioFrame:
            frame = pull()
            self._queue.put(frame)
            return frame

        self._thread = threading.Thread(target=self._write, name="wav-recorder", daemon=True)
        self._thread.start()
        self._sink.start(pull_and_record)

    def stop(self) -> None:
        """Stop the sink behind, write what is left, finish the file. Harmless when called again."""
        self._sink.stop()
        self._queue.close()
        if self._thread is not None:
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                logger.error(
                    "the disk of %s does not answer; the recording's thread is abandoned", self._path
                )

    def _write(self) -> None:
        try:
            with self._path.open("wb") as file:
                self._write_all(file)
        except OSError as error:
            self._queue.close()
            logger.exception("the recording %s failed", self._path)
            reason = error.strerror or "it cannot be written"
            self._status.report(SourceState.FAILED, f'The recording "{self._path.name}" ends: {reason}.')

    def _write_all(self, file: BinaryIO) -> None:
        self._write_header(file)
        header_at_s = now_s()
        while True:
            frame = self._queue.take(HEADER_EVERY_S)
            if frame is None and self._queue.closed:
                break
            if frame is not None and self._data_bytes + 2 * len(frame) <= MAX_DATA_BYTES:
                file.write(frame.astype("<i2", copy=False).tobytes())
                self._data_bytes += 2 * len(frame)
            if now_s() - header_at_s >= HEADER_EVERY_S:
                self._write_header(file)
                header_at_s = now_s()
        self._write_header(file)

    def _write_header(self, file: BinaryIO) -> None:
        """Write the 44 bytes of RIFF/WAVE (IBM/Microsoft, 1991) for the sound so far, and flush."""
        block = 2
        file.flush()  # the sound first: the header must never promise what is not there
        file.seek(0)
        file.write(
            struct.pack(
                "<4sI4s4sIHHIIHH4sI",
                *(b"RIFF", HEADER_BYTES - 8 + self._data_bytes, b"WAVE"),
                *(b"fmt ", 16, 1, 1, AUDIO_RATE_HZ, AUDIO_RATE_HZ * block, block, 16),
                *(b"data", self._data_bytes),
            )
        )
        file.flush()
        file.seek(0, 2)
