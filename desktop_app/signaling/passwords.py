"""The passwords that may open the room again after its server was started anew (docs/rights.md)."""

from __future__ import annotations

PATIENCE_S = 30.0
"""The host of before may still be on the way, and has the others."""

PASSWORD_CODES = frozenset({"password-required", "wrong-password"})


class Passwords:
    """All that we know, tried by turns for a while.

    A server that was started again knows the password of whoever came back first, which may be an older one than the
    host has set since, or than the one that we came with.

    Args:
        entered: the one that we came with, "" for none.
    """

    def __init__(self, entered: str) -> None:
        self._known = [entered]
        self._turn = 0
        self._refused_s: float | None = None

    @property
    def current(self) -> str:
        """To be given with the next try."""
        return self._known[self._turn]

    def add(self, password: str) -> None:
        """The host, who we are, has set another one."""
        entered, *others = self._known
        if password != entered:
            self._known = [entered, password, *(each for each in others if each != password)]

    def refused(self, now_s: float) -> bool:
        """The current one does not open the room; whether to go on trying, with the next one."""
        self._turn = (self._turn + 1) % len(self._known)
        if self._refused_s is None:
            self._refused_s = now_s
        return now_s - self._refused_s < PATIENCE_S

    def accepted(self) -> None:
        """We are in the room."""
        self._turn = 0
        self._refused_s = None
