"""How long to wait for others where the computer is short of time.

There everything takes longer, at the other ends, too, when they are on the same computer. A connection that is given up
for being late is made again, which takes more time than it needed to come up; then none ever does.
"""

from __future__ import annotations

HOLD_S = 15.0
"""After a time of which there was too little."""
TIMES = 4.0
"""As long as usual."""


class Patience:
    """One for all connections of a call."""

    def __init__(self) -> None:
        self._until_s = -1.0
        self.is_short = False
        """Whether the computer is short of time."""

    def look(self, now_s: float, *, is_short: bool) -> None:
        """Whether it is so now, at `now_s` of any monotonic clock; it is taken to be for a while longer."""
        if is_short:
            self._until_s = now_s + HOLD_S
        self.is_short = now_s < self._until_s

    @property
    def times(self) -> float:
        """By what usual limits are to be multiplied."""
        return TIMES if self.is_short else 1.0
