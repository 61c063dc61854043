"""How far the wheel has to go for the next page. Pure; time is passed in."""

from __future__ import annotations

NOTCH = 120
"""One step of a wheel, in Qt's eighths of a degree."""
REST_MS = 250
"""A touchpad goes on for a while: pages do not fly by."""


class PageTurning:
    """Adds up what the wheel turns."""

    def __init__(self) -> None:
        self._sum = 0
        self._last_ms = 0
        self._turned_ms: int | None = None

    def turn(self, delta: int, at_ms: int) -> int:
        """-1, 0 or 1 page, for a wheel that was turned by `delta` (above zero: away from the person)."""
        if self._turned_ms is not None and 0 <= at_ms - self._turned_ms < REST_MS:
            return 0
        if delta * self._sum < 0 or at_ms - self._last_ms > 4 * REST_MS:
            self._sum = 0
        self._sum += delta
        self._last_ms = at_ms
        if abs(self._sum) < NOTCH:
            return 0
        step = -1 if self._sum > 0 else 1
        self._sum = 0
        self._turned_ms = at_ms
        return step
