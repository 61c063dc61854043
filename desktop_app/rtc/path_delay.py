"""How long packets wait on the way, from the times of sending and arrival of each."""

from __future__ import annotations

from collections import deque

RECENT_S = 0.100
"""The least delay in this long is the queue's: jitter and a thread that wakes up late delay some packets, a queue
delays all of them."""
MIN_RECENT = 4
BASE_SPAN_S, BASE_SPANS = 10.0, 3
"""The least delay of the last half minute is that of an empty queue."""


class PathDelay:
    """Pure. The two clocks need not agree, and may drift apart slowly (100 ppm are 3 ms in the span of the base)."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float]] = deque(maxlen=512)
        self._bases: deque[tuple[float, float]] = deque(maxlen=BASE_SPANS)
        self.queue_s = 0.0
        """The delay of late above the least one."""

    def add(self, sent_s: float, arrival_s: float) -> float:
        """Take one packet that came, in the order of sending; how long it waited."""
        delay_s = arrival_s - sent_s
        recent = self._recent
        recent.append((sent_s, delay_s))
        while sent_s - recent[0][0] > RECENT_S and len(recent) > MIN_RECENT:
            recent.popleft()
        if not self._bases or sent_s - self._bases[-1][0] >= BASE_SPAN_S:
            self._bases.append((sent_s, delay_s))
        elif delay_s < self._bases[-1][1]:
            self._bases[-1] = (self._bases[-1][0], delay_s)
        base_s = min(each for _, each in self._bases)
        self.queue_s = self._least_s() - base_s
        return delay_s - base_s

    def accept(self) -> None:
        """What is measured now is the path's own delay: it goes another way than before."""
        if self._recent:
            self._bases.clear()
            self._bases.append((self._recent[-1][0], self._least_s()))
            self.queue_s = 0.0

    def _least_s(self) -> float:
        return min(delay_s for _, delay_s in self._recent)
