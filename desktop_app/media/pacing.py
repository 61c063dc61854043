"""Deadlines that do not drift, and a rate measured from what really happened."""

from __future__ import annotations

import collections
import math
import threading
from typing import TYPE_CHECKING

from desktop_app.media.clock import now_s

if TYPE_CHECKING:
    from collections.abc import Callable


class Pacer:
    """Absolute deadlines start_s + n / rate_hz: an error of one wait never moves the next deadline.

    A deadline that is missed by more than `max_late_s` (a stall, a suspended laptop) is skipped rather than
    made up for in a burst; skipped deadlines keep their numbers, so that a gap stays visible.
    """

    def __init__(self, rate_hz: float, *, start_s: float, max_late_s: float) -> None:
        self._rate_hz = rate_hz
        self._start_s = start_s
        self._max_late_s = max_late_s
        self._next = 0

    def next(self, now_s: float) -> tuple[int, float]:
        """The next deadline that is worth keeping at `now_s`: its number and its time in seconds."""
        due_s = self._start_s + self._next / self._rate_hz
        if now_s - due_s > self._max_late_s:
            self._next = math.ceil((now_s - self._start_s) * self._rate_hz)
            due_s = self._start_s + self._next / self._rate_hz
        number = self._next
        self._next += 1
        return number, due_s


def wait_until(due_s: float, stopping: threading.Event, *, clock: Callable[[], float] = now_s) -> bool:
    """Sleep until `due_s` of the media clock; False at once when `stopping` is set."""
    remaining_s = due_s - clock()
    if remaining_s <= 0:
        return not stopping.is_set()
    return not stopping.wait(remaining_s)


class RateMeter:
    """Events of the last second. `add` on one thread, `rate_hz` on any."""

    WINDOW_S = 1.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: collections.deque[float] = collections.deque()

    def add(self, at_s: float) -> None:
        """Count one event."""
        with self._lock:
            self._times.append(at_s)
            self._forget(at_s)

    def clear(self) -> None:
        """Forget all events."""
        with self._lock:
            self._times.clear()

    def rate_hz(self, now_s: float) -> float:
        """Events a second over the window that ends at `now_s`."""
        with self._lock:
            self._forget(now_s)
            count = len(self._times)
            if count < 2:
                return float(count)
            # Between the first and the last event lie count - 1 intervals: exact also in the first second.
            span_s = max(self._times[-1] - self._times[0], now_s - self._times[-1], 1e-6)
            return (count - 1) / span_s

    def _forget(self, now_s: float) -> None:
        while self._times and self._times[0] <= now_s - self.WINDOW_S:
            self._times.popleft()
