"""A microphone and a speaker of the helper process, made steady: sound flows at its pace whatever the device does."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from desktop_app.media.audio import AudioFrame, FrameListener, FramePull, silence
from desktop_app.media.audio_link import Kind, Message, Need, unpack_captured, unpack_need
from desktop_app.media.clock import AUDIO_FRAME_S, now_s
from desktop_app.media.pacing import Pacer
from desktop_app.media.ring import BoundedBuffer
from desktop_app.media.source_status import SourceState, StatusListener, StatusReporter

if TYPE_CHECKING:
    from desktop_app.media.audio_helper import AudioHelper

logger = logging.getLogger(__name__)
T = TypeVar("T")

GAP_S = 0.25
"""A device that is silent for this long is replaced by our own pace until it is back."""
STALL_S = 3.0
"""A device that claims to run and moves nothing for this long has failed."""
OPEN_LIMIT_S = 8.0
"""The helper's start and the opening of the device."""
MAX_FRAMES_AT_ONCE = 16
QUEUE_ITEMS = 50
STOP_LIMIT_S = 2.0
MAX_LATE_S = 0.5
_LOST = "The sound system of this machine does not answer."


class _DeviceStream(Generic[T]):
    """The thread between one stream of the helper and its user."""

    def __init__(
        self, helper: AudioHelper, kind: Kind, words: str, on_status: StatusListener, *, stalled: str
    ) -> None:
        self._helper = helper
        self._kind = kind
        self._words = words
        self._stalled = stalled
        self._status = StatusReporter(f"{kind.name.lower().removeprefix('open_')} {words!r}", on_status)
        self._items: BoundedBuffer[T] = BoundedBuffer(QUEUE_ITEMS)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._number = 0
        self._failure = ""
        self._answer_by_s: float | None = None

    # --- for the subclass -----------------------------------------------------------------------

    def _moved(self, item: T) -> None:
        """The device gave or wants something."""
        raise NotImplementedError

    def _idle(self, due_s: float) -> None:
        """20 ms have passed without the device."""
        raise NotImplementedError

    def _unpacked(self, message: Message) -> T | None:
        """The item in a message, if it has one."""
        raise NotImplementedError

    # --- on the helper's thread -----------------------------------------------------------------

    def handle(self, message: Message) -> None:
        """A message for this stream."""
        if message.kind is Kind.STATUS:
            status = json.loads(message.payload)
            self._answer_by_s = now_s() + STALL_S if status["live"] else None
            self._failure = "" if status["live"] else str(status["message"])
            return
        item = self._unpacked(message)
        if item is not None:
            self._items.put(item)

    def lost(self) -> None:
        """The helper is gone."""
        self._answer_by_s = None
        self._failure = _LOST

    # --- this stream's own thread ---------------------------------------------------------------

    def _start(self, name: str) -> None:
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Release the device, end the thread, report `off`."""
        self._stopping.set()
        self._items.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_LIMIT_S)
            if self._thread.is_alive():
                logger.error("%s does not end; its thread is abandoned", self._thread.name)
        self._status.report(SourceState.OFF)

    def _run(self) -> None:
        self._status.report(SourceState.OPENING)
        self._answer_by_s = now_s() + OPEN_LIMIT_S
        self._number = self._helper.open(self._kind, self._words, self)
        try:
            self._flow()
        finally:
            self._helper.close_stream(self._number)

    def _flow(self) -> None:
        """Pass items on; when none come, keep the pace of 20 ms without the device."""
        moved_at_s = now_s()
        pacer: Pacer | None = _pacer(moved_at_s)
        due_s = 0.0
        while not self._stopping.is_set():
            if pacer is None:
                item = self._items.take(GAP_S)
            else:
                _, due_s = pacer.next(now_s())
                item = self._items.take(max(0.0, due_s - now_s()))
            if self._stopping.is_set():
                return
            try:
                if item is not None:
                    moved_at_s, pacer = now_s(), None
                    self._moved(item)
                elif pacer is None:
                    pacer = _pacer(moved_at_s + AUDIO_FRAME_S)
                else:
                    self._idle(due_s)
            except Exception:
                logger.exception("what %s is connected to failed", threading.current_thread().name)
            self._report(moving=item is not None)

    def _report(self, *, moving: bool) -> None:
        failure, answer_by_s = self._failure, self._answer_by_s
        if moving and not failure:
            self._answer_by_s = now_s() + STALL_S
            self._status.report(SourceState.LIVE)
        elif failure:
            self._status.report(SourceState.FAILED, failure)
        elif answer_by_s is not None and now_s() > answer_by_s:
            self._answer_by_s = now_s() + OPEN_LIMIT_S
            self._status.report(SourceState.FAILED, self._stalled)
            self._helper.restart(not_within_s=STALL_S)


class DeviceMicrophone(_DeviceStream["tuple[float, bytes]"]):
    """A microphone: an AudioSource. Silence takes its place while it fails."""

    def __init__(self, helper: AudioHelper, words: str, on_status: StatusListener) -> None:
        stalled = "The microphone delivers no sound."
        super().__init__(helper, Kind.OPEN_MICROPHONE, words, on_status, stalled=stalled)
        self._on_frame: FrameListener | None = None
        self._newest_at_s = 0.0

    def start(self, on_frame: FrameListener) -> None:
        """Open the microphone; harmless when it runs. A stopped one cannot be started again."""
        self._on_frame = on_frame
        self._start("microphone")

    def _unpacked(self, message: Message) -> tuple[float, bytes] | None:
        return unpack_captured(message.payload) if message.kind is Kind.CAPTURED else None

    def _moved(self, item: tuple[float, bytes]) -> None:
        captured_at_s, data = item
        self._pass_on(np.frombuffer(data, dtype="<i2").astype(np.int16), captured_at_s)

    def _idle(self, due_s: float) -> None:
        self._pass_on(silence(), due_s - AUDIO_FRAME_S)

    def _pass_on(self, frame: AudioFrame, captured_at_s: float) -> None:
        # Frames that come after silence has already taken their place are late, and time must not run backwards.
        if self._on_frame is not None and captured_at_s > self._newest_at_s:
            self._newest_at_s = captured_at_s
            self._on_frame(frame, captured_at_s)


class DeviceSpeaker(_DeviceStream[Need]):
    """A speaker: an AudioSink. Frames are pulled and thrown away while it fails."""

    def __init__(self, helper: AudioHelper, words: str, on_status: StatusListener) -> None:
        stalled = "The speaker takes no sound."
        super().__init__(helper, Kind.OPEN_SPEAKER, words, on_status, stalled=stalled)
        self._pull: FramePull | None = None
        self._underruns_before = 0
        self._underruns = 0
        self._latency_ms = 0.0

    @property
    def underruns(self) -> int:
        """How often the device ran dry since the start."""
        return self._underruns_before + self._underruns

    @property
    def latency_ms(self) -> float:
        """Sound that waits in the device, in ms."""
        return self._latency_ms

    def start(self, pull: FramePull) -> None:
        """Open the speaker; harmless when it runs. A stopped one cannot be started again."""
        self._pull = pull
        self._start("speaker")

    def lost(self) -> None:
        """The helper is gone, and its count with it."""
        self._underruns_before, self._underruns = self.underruns, 0
        super().lost()

    def _unpacked(self, message: Message) -> Need | None:
        return unpack_need(message.payload) if message.kind is Kind.NEED else None

    def _moved(self, item: Need) -> None:
        self._underruns, self._latency_ms = item.underruns, item.latency_ms
        if self._pull is not None:
            frames = [self._pull() for _ in range(min(item.frames, MAX_FRAMES_AT_ONCE))]
            self._helper.play(self._number, [frame.astype("<i2", copy=False).tobytes() for frame in frames])

    def _idle(self, due_s: float) -> None:
        if self._pull is not None:
            self._pull()


def _pacer(start_s: float) -> Pacer:
    return Pacer(1.0 / AUDIO_FRAME_S, start_s=start_s, max_late_s=MAX_LATE_S)
