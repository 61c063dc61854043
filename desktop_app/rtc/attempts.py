"""When a connection that fell silent is tried anew, and how often somebody else may ask for that. Pure."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST_S = (0.0, 0.3, 1.2, 2.7, 4.8)
"""After the silence was noticed."""
INTERVAL_S = 7.0
JITTER = 0.2
"""So that two ends, or a whole room, do not try in step."""


def attempt_times(chance: Callable[[], float] = random.random) -> Iterator[float]:
    """When to try, in seconds from the beginning, without end; `chance` gives numbers in [0, 1)."""
    yield from FIRST_S
    at_s = FIRST_S[-1]
    while True:
        at_s += INTERVAL_S * (1 + JITTER * (2 * chance() - 1))
        yield at_s


class Allowance:
    """How often a stranger may make us do something that costs sockets and processor time: a token bucket."""

    def __init__(self, burst: int, every_s: float, now_s: float) -> None:
        """`burst` at once, and another one `every_s`."""
        self._burst = burst
        self._every_s = every_s
        self._left = float(burst)
        self._taken_s = now_s

    def take(self, now_s: float) -> bool:
        """Whether it may be done now."""
        self._left = min(float(self._burst), self._left + max(0.0, now_s - self._taken_s) / self._every_s)
        self._taken_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
