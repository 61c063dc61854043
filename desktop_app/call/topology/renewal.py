"""How long to wait before a connection to the SFU is made again. Pure."""

from __future__ import annotations

DELAYS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""The last one repeats."""
USUAL_FAILURES = 3
LASTING_S = 10.0
"""A connection that was up for so long was a good one: the next failure is a first one."""


class Renewal:
    """One connection's."""

    def __init__(self) -> None:
        self._attempt = 0
        self._up_since_s: float | None = None

    @property
    def is_usual(self) -> bool:
        """Whether it has failed so seldom that the next one will probably do."""
        return self._attempt <= USUAL_FAILURES

    def up(self, now_s: float) -> None:
        """It is connected."""
        self._up_since_s = now_s

    def lost(self, now_s: float) -> float:
        """It has failed, or could not be made: how long to wait (s)."""
        if self._up_since_s is not None and now_s - self._up_since_s >= LASTING_S:
            self._attempt = 0
        self._up_since_s = None
        delay_s = DELAYS_S[min(self._attempt, len(DELAYS_S) - 1)]
        self._attempt += 1
        return delay_s
