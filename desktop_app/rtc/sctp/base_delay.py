"""The round trip of a path without a queue: the least of the last 10 to 20 s (as RFC 6817 section 3.4.2 keeps it).

On a narrow path a full packet takes 20 ms longer than a short one, which is no queue: each has a least of its own.
"""

from __future__ import annotations

import math

SPAN_S = 10.0
LARGE_BYTES = 1000


class BaseDelay:
    """Times are of one monotonic clock."""

    def __init__(self) -> None:
        self._newest_s = [math.inf, math.inf]
        self._before_s = [math.inf, math.inf]
        self._since_s: float | None = None

    @property
    def least_s(self) -> float:
        """Of large packets, or of small ones where no other ones were sent; infinite before the first."""
        large_s = min(self._newest_s[1], self._before_s[1])
        return large_s if math.isfinite(large_s) else min(self._newest_s[0], self._before_s[0])

    def add(self, now_s: float, size_bytes: int, round_trip_s: float) -> tuple[float, bool]:
        """Take a sample; how long it waited in queues, and whether a new span begins."""
        kind = size_bytes >= LARGE_BYTES
        if self._since_s is None:
            self._since_s = now_s
        is_new = now_s - self._since_s > SPAN_S
        if is_new:
            self._before_s, self._newest_s = self._newest_s, [math.inf, math.inf]
            self._since_s = now_s
        self._newest_s[kind] = min(self._newest_s[kind], round_trip_s)
        return max(round_trip_s - min(self._newest_s[kind], self._before_s[kind]), 0.0), is_new

    def raise_by(self, queue_s: float) -> None:
        """What was taken for a queue is the path."""
        least_s = [min(pair) + queue_s for pair in zip(self._newest_s, self._before_s, strict=True)]
        self._newest_s, self._before_s = least_s, [math.inf, math.inf]
