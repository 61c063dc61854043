"""What to do without while the computer is short of time.

It is seen from how late the engine's loop gets to what is due: everything that comes and goes passes through it; and
from packets that found no room in our own socket, because those before them had not been read, as when the loop is
late rarely, but for long. Where it is late, packets wait and connections come up slowly, and a room in which
everybody's computer, or one computer with everybody on it, is short of time never gets anywhere. So large pictures go
first, which cost most to decode, and then the small ones become rarer.

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
OVERFLOW_BAD, OVERFLOW_AWFUL = 10, 100
"""Packets within the measurements that count; a room of ten sends about 1,000 in that time."""


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
        self._overflowed: deque[int] = deque(maxlen=WINDOW)
        self._overflowed_before = 0
        self._steps = Steps(len(LEVELS) - 1)

    @property
    def late_s(self) -> float:
        """How late the loop usually is; 0 while little is known."""
        return median(self._late) if len(self._late) >= LEAST else 0.0

    @property
    def overflowed(self) -> int:
        """Packets that of late were lost in our own socket."""
        return sum(self._overflowed)

    @property
    def is_late(self) -> bool:
        """Whether it is late enough to be noticed."""
        return self.late_s > LATE_GOOD_S or self.overflowed > 0

    @property
    def is_short(self) -> bool:
        """Whether it is so late that something has to be done without."""
        return self.late_s > LATE_BAD_S or self.overflowed > OVERFLOW_BAD

    @property
    def level(self) -> Thrift:
        """What there is time for now."""
        return LEVELS[self._steps.index]

    def measured(self, late_s: float, packets_overflowed: int = 0) -> None:
        """The loop came so much later than it should have; so many packets were lost in our own socket, ever."""
        self._late.append(late_s)
        self._overflowed.append(max(0, packets_overflowed - self._overflowed_before))
        self._overflowed_before = packets_overflowed

    def update(self, now_s: float) -> Thrift:
        """Decide anew, at `now_s` of any monotonic clock."""
        is_awful = self.late_s > LATE_AWFUL_S or self.overflowed > OVERFLOW_AWFUL
        self._steps.update(
            now_s, bad=self.is_short, good=not self.is_late, at_least=LEAST_OF_ALL if is_awful else 0
        )
        return self.level
