"""What to do without while the computer is short of time.

It is seen from how late the engine's loop gets to what is due: everything that comes and goes passes through it. Where
it is late, packets wait and connections come up slowly, and a room in which everybody's computer, or one computer
with everybody on it, is short of time never gets anywhere. So large pictures go first, which cost most to decode, and
then the small ones become rarer.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median

from .steps import Steps
from .thumbnail import FRAME_RATE

LOOK_S = 0.1
"""How often it is measured."""
WINDOW = 20
"""Measurements; the median of them counts, so that a single long piece of work does not."""
LEAST = 5
LATE_BAD_S, LATE_GOOD_S = 0.060, 0.020
"""The first is three frames of sound."""
LATE_AWFUL_S = 0.150


@dataclass(frozen=True, slots=True)
class Thrift:
    """What there is time for."""

    max_large: int
    thumbnail_fps: float
    pattern_fps: float
    """Of a test pattern, which nobody needs to see as fluently as a face."""


LEVELS = (
    Thrift(3, FRAME_RATE, math.inf),
    Thrift(1, FRAME_RATE, math.inf),
    Thrift(0, 10.0, 20.0),
    Thrift(0, 5.0, 10.0),
)
"""Best first."""
LEAST_OF_ALL = len(LEVELS) - 1


class ShortageControl:
    """One computer's. Call `measured` every LOOK_S and `update` a few times a second."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=WINDOW)
        self._steps = Steps(len(LEVELS) - 1)

    @property
    def late_s(self) -> float:
        """How late the loop usually is; 0 while little is known."""
        return median(self._late) if len(self._late) >= LEAST else 0.0

    @property
    def is_late(self) -> bool:
        """Whether it is late enough to be noticed."""
        return self.late_s > LATE_GOOD_S

    @property
    def is_short(self) -> bool:
        """Whether it is so late that something has to be done without."""
        return self.late_s > LATE_BAD_S

    @property
    def level(self) -> Thrift:
        """What there is time for now."""
        return LEVELS[self._steps.index]

    def measured(self, late_s: float) -> None:
        """The loop came so much later than it should have."""
        self._late.append(late_s)

    def update(self, now_s: float) -> Thrift:
        """Decide anew, at `now_s` of any monotonic clock."""
        late_s = self.late_s
        self._steps.update(
            now_s,
            bad=late_s > LATE_BAD_S,
            good=late_s <= LATE_GOOD_S,
            at_least=LEAST_OF_ALL if late_s > LATE_AWFUL_S else 0,
        )
        return self.level
