"""What the parts of the network benchmark hand to each other. All times are of the monotonic clock, in seconds."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .network_media import Samples

RATE_HZ = 48_000
SMOOTHING_S = 1.0

PictureTime = tuple[float, int | None]
"""When, and the counter in the picture (None: it could not be read)."""


@dataclass(frozen=True, slots=True)
class Window:
    """The measured part of a phase."""

    phase: str
    begin_s: float
    end_s: float
    cut_ends_s: tuple[float, ...] = ()
    """When the link came back after each cut."""

    @property
    def length_s(self) -> float:
        """Its duration."""
        return self.end_s - self.begin_s

    def covers(self, at_s: float) -> bool:
        """Whether a time lies in it."""
        return self.begin_s <= at_s < self.end_s


class TimedSound:
    """Mono sound at 48 kHz, and the times at which some of its samples passed.

    The times come from threads that wake up a little late; the median over a second is what counts.
    """

    def __init__(self, samples: Samples, anchors: list[tuple[int, float]]) -> None:
        self.samples = samples
        self._times = np.array([at_s for _, at_s in anchors])
        offsets = np.array([at_s - index / RATE_HZ for index, at_s in anchors])
        self._offsets = offsets.copy()
        for i, at_s in enumerate(self._times):
            near = slice(*np.searchsorted(self._times, (at_s - SMOOTHING_S, at_s + SMOOTHING_S)))
            self._offsets[i] = np.median(offsets[near])

    def __bool__(self) -> bool:
        return len(self._times) > 0 and len(self.samples) > 0

    def index_at(self, at_s: float) -> int:
        """The sample that passed at a time."""
        return round((at_s - self._offset(at_s)) * RATE_HZ)

    def between(self, begin_s: float, end_s: float) -> Samples:
        """The samples of an interval; silence where there are none."""
        first, count = self.index_at(begin_s), round((end_s - begin_s) * RATE_HZ)
        inner = self.samples[max(0, first) : max(0, first + count)]
        before = min(count, max(0, -first))
        after = count - before - len(inner)
        return np.concatenate((np.zeros(before, np.int16), inner, np.zeros(max(0, after), np.int16)))[:count]

    def _offset(self, at_s: float) -> float:
        i = min(bisect.bisect_left(self._times, at_s), len(self._times) - 1)
        return float(self._offsets[i])


@dataclass(slots=True)
class Media:
    """What one participant sent and received during a whole scenario."""

    captured: list[PictureTime] = field(default_factory=list)
    shown: list[PictureTime] = field(default_factory=list)
    spoken: TimedSound = field(default_factory=lambda: TimedSound(np.zeros(0, np.int16), []))
    heard: TimedSound = field(default_factory=lambda: TimedSound(np.zeros(0, np.int16), []))


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """What a receiver says of itself for a window; None where it does not say."""

    fps: float | None = None
    freezes: int | None = None
    frozen_s: float | None = None
    concealed_pct: float | None = None
    receiver_audio_ms: float | None = None
    """Mean time from a packet's arrival to its playout."""
    width_px: int | None = None
    nacks: int | None = None
    plis: int | None = None


class Participant(Protocol):
    """A bot or a browser on a host of the lab."""

    name: str
    kind: str
    media: Media

    @property
    def pid(self) -> int:
        """The root of its process tree."""

    async def connected(self, other: str) -> None:
        """Wait until pictures and sound of `other` flow."""

    async def begin(self, phase: str) -> None:
        """A window begins."""

    async def end(self, phase: str) -> None:
        """A window ends."""

    async def finish(self) -> None:
        """Leave, and fill `media`."""

    def own_figures(self, window: Window) -> OwnFigures:
        """After `finish`: what it says of itself."""


Figures = dict[str, float | None]
"""What was measured at one receiver in one window, by the names of network_table.ROWS."""

FloatArray = npt.NDArray[np.float64]
