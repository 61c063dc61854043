"""Who is shown large because they speak: the speaker of the room, but with calm. Pure; time is passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOLD_S = 2.0
"""Nobody takes the large place so soon after somebody else has."""
MAX_REMEMBERED = 8


class SpeakerHold:
    """Follows the active speaker, and keeps those who spoke before."""

    def __init__(self) -> None:
        self._recent: list[str] = []
        self._waiting: str | None = None
        self._changed_s: float | None = None

    @property
    def recent(self) -> tuple[str, ...]:
        """Who has the large place, then those who had it before, the last first."""
        return tuple(self._recent)

    def speaks(self, user_id: str | None, now_s: float) -> None:
        """The room has another speaker; None: nobody speaks, or we do, and the last one keeps the place."""
        current = self._recent[0] if self._recent else None
        self._waiting = None if user_id == current else user_id
        self.advance(now_s)

    def advance(self, now_s: float) -> bool:
        """Let whoever waits have the place when it is time; whether they got it."""
        if self._waiting is None or self.wait_s(now_s) != 0:
            return False
        self._recent = [self._waiting, *(each for each in self._recent if each != self._waiting)]
        del self._recent[MAX_REMEMBERED:]
        self._waiting = None
        self._changed_s = now_s
        return True

    def wait_s(self, now_s: float) -> float | None:
        """In how many seconds `advance` will change something; None: nobody waits."""
        if self._waiting is None:
            return None
        if self._changed_s is None or not self._recent:
            return 0.0
        return max(0.0, self._changed_s + HOLD_S - now_s)

    def keep(self, here: Iterable[str]) -> None:
        """Only these are still in the room."""
        still = set(here)
        self._recent = [each for each in self._recent if each in still]
        if self._waiting not in still:
            self._waiting = None

    def clear(self) -> None:
        """The call is over."""
        self._recent.clear()
        self._waiting = None
        self._changed_s = None
