"""Decoded pictures that wait for their sound. Pure: the decoder's thread owns it and tells the time."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.media.clock import VIDEO_CLOCK_RATE_HZ

from .reception import timestamp_delta

if TYPE_CHECKING:
    import av

    from .frame_assembler import AssembledFrame

MAX_HELD = 10
"""A third of a second at 30 fps; of quicker pictures the oldest are shown before their time."""
WINDOW_PICTURES = 30
MAX_JUMP_S = 2.0
"""A larger change of a picture's way is another clock of the sender's."""


@dataclass(frozen=True, slots=True)
class HeldPicture:
    """A decoded picture, what it was made of, and when."""

    picture: av.VideoFrame
    encoded: AssembledFrame
    decoded_s: float


@dataclass(frozen=True, slots=True)
class TypicalPicture:
    """When a picture that is neither quick nor slow was, or would have been, ready for display."""

    timestamp: int
    """RTP timestamp, 32 bits, of the newest picture."""
    ready_s: float
    newest_s: float
    """When the newest picture was decoded."""


class PictureHold:
    """Keeps every picture back by `hold_s`, those that come late (a repair, a large picture) by as much less."""

    def __init__(self) -> None:
        self.hold_s = 0.0
        self.dropped = 0
        """Pictures that were due together with a newer one."""
        self._held: deque[tuple[HeldPicture, float]] = deque()
        """With each picture, how late it was."""
        self._transits_s: deque[float] = deque(maxlen=WINDOW_PICTURES)
        """From media time to being decoded, of the newest pictures; only differences count."""
        self._typical_s = 0.0
        self._newest: tuple[int, float] | None = None
        """The newest picture's timestamp (32 bits), and when it was decoded."""
        self._media = 0
        """The same timestamp, unwrapped."""

    def __len__(self) -> int:
        return len(self._held)

    def add(self, held: HeldPicture) -> None:
        """Take the next decoded picture."""
        timestamp = held.encoded.timestamp
        self._media += timestamp_delta(timestamp, self._newest[0]) if self._newest else 0
        self._newest = timestamp, held.decoded_s
        transit_s = held.decoded_s - self._media / VIDEO_CLOCK_RATE_HZ
        if abs(transit_s - self._typical_s) > MAX_JUMP_S:
            self._transits_s.clear()
        self._transits_s.append(transit_s)
        self._typical_s = statistics.median(self._transits_s)
        self._held.append((held, max(0.0, transit_s - self._typical_s)))

    def take_due(self, now_s: float) -> HeldPicture | None:
        """The newest picture whose time has come; older ones are dropped."""
        due: HeldPicture | None = None
        while self._held and self._due_s() <= now_s:
            self.dropped += due is not None
            due, _late_s = self._held.popleft()
        return due

    def wait_s(self, now_s: float) -> float | None:
        """How long until the next picture is due; None when there is none."""
        return max(0.0, self._due_s() - now_s) if self._held else None

    def typical(self) -> TypicalPicture | None:
        """From the last pictures; None before the first one."""
        if self._newest is None:
            return None
        ready_s = self._media / VIDEO_CLOCK_RATE_HZ + self._typical_s
        timestamp, newest_s = self._newest
        return TypicalPicture(timestamp, ready_s, newest_s)

    def clear(self) -> None:
        """Show none of those that wait."""
        self._held.clear()

    def _due_s(self) -> float:
        held, late_s = self._held[0]
        if len(self._held) > MAX_HELD:
            return held.decoded_s
        return held.decoded_s + max(0.0, self.hold_s - late_s)
