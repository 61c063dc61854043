"""When pictures and sound pass through the bot, for measurements: the `media-times` event.

All times are of the monotonic clock, which the processes of one machine share: what one bot captured and another
one shows can be compared directly. Four streams are watched:

- `captured`: the pictures of our own camera, by their capture time
- `shown`: the pictures of each other participant, when they are handed over for display
- `spoken`: how many samples the microphone had delivered at a time
- `heard`: how many samples the speaker had taken at a time; the recording (--record-audio) has the same samples

Pictures carry the counter of the test pattern (media.pattern), None where none can be read.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop_app.call.events import MicrophoneLevel, ParticipantJoined
from desktop_app.call.local_media import LEVEL_EVERY_FRAMES
from desktop_app.media.audio import AudioFrame, silence
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, now_s
from desktop_app.media.pattern import read_counter

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from desktop_app.call.events import CallEvent
    from desktop_app.call.session import Session
    from desktop_app.media.frame_slot import FrameSlot

REPORT_INTERVAL_S = 1.0
MAX_WAITING_FRAMES = 90
"""Pictures whose counter was not read yet; beyond that the oldest go."""
HEARD_EVERY_PULLS = 5
MAX_ENTRIES = 1000

PictureTime = tuple[float, int | None]


class MediaTimes:
    """Watches a session from its making to the end of the process; `write` is called once a second on a thread."""

    def __init__(self, session: Session, write: Callable[..., None]) -> None:
        self._session = session
        self._write = write
        self._lock = threading.Condition()
        self._waiting: deque[tuple[str | None, float, av.VideoFrame]] = deque(maxlen=MAX_WAITING_FRAMES)
        self._spoken: deque[tuple[int, float]] = deque(maxlen=MAX_ENTRIES)
        self._heard: deque[tuple[int, float]] = deque(maxlen=MAX_ENTRIES)
        self._watched: set[str | None] = set()
        self._spoken_samples = 0
        self._pulls = 0
        session.media.mixer.add(self)
        session.events.subscribe(self._on_event)
        self._watch(session.media.slot, None)
        threading.Thread(target=self._run, name="media-times", daemon=True).start()

    def pull(self, now_s: float) -> AudioFrame:
        """Called by the mixer for each frame that the speaker takes; adds nothing to hear."""
        if self._pulls % HEARD_EVERY_PULLS == 0:
            self._heard.append((self._pulls * AUDIO_FRAME_SAMPLES, now_s))
        self._pulls += 1
        return silence()

    def _on_event(self, event: CallEvent) -> None:
        match event:
            case MicrophoneLevel():
                self._spoken_samples += LEVEL_EVERY_FRAMES * AUDIO_FRAME_SAMPLES
                self._spoken.append((self._spoken_samples, now_s()))
            case ParticipantJoined(participant=info):
                self._watch(self._session.remote_video(info.user_id), info.user_id)

    def _watch(self, slot: FrameSlot, user_id: str | None) -> None:
        if user_id in self._watched:  # back after a lost server, with the same slot
            return
        self._watched.add(user_id)

        def changed() -> None:
            at_s = now_s()
            newest = slot.newest()
            if newest is not None:
                with self._lock:
                    self._waiting.append((user_id, at_s, newest.frame))
                    self._lock.notify()

        slot.subscribe(changed)

    def _run(self) -> None:
        captured: list[PictureTime] = []
        shown: dict[str, list[PictureTime]] = {}
        report_at_s = now_s() + REPORT_INTERVAL_S
        while True:
            with self._lock:
                if not self._waiting:
                    self._lock.wait(max(0.0, report_at_s - now_s()))
                entry = self._waiting.popleft() if self._waiting else None
            if entry is not None:
                user_id, at_s, frame = entry
                counter = read_counter(_luma(frame))
                if user_id is None:
                    captured.append((round(frame.time, 4) if frame.pts is not None else at_s, counter))
                else:
                    shown.setdefault(user_id, []).append((round(at_s, 4), counter))
            if now_s() >= report_at_s:
                report_at_s += REPORT_INTERVAL_S
                self._report(captured, shown)
                captured, shown = [], {}

    def _report(self, captured: list[PictureTime], shown: dict[str, list[PictureTime]]) -> None:
        sound: dict[str, Any] = {}
        for name, times in (("spoken", self._spoken), ("heard", self._heard)):
            sound[name] = [
                (samples, round(at_s, 4)) for samples, at_s in (times.popleft() for _ in range(len(times)))
            ]
        self._write("media-times", captured=captured, shown=shown, **sound)


def _luma(frame: av.VideoFrame) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]
