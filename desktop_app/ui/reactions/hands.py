"""Who has raised their hand, in the order of raising. No Qt."""

from __future__ import annotations

OWN = ""
"""Stands for oneself."""


class Hands:
    """The raised hands of a call."""

    def __init__(self) -> None:
        self._raised: list[str] = []

    @property
    def order(self) -> tuple[str, ...]:
        """The user ids, first raised first; oneself is OWN."""
        return tuple(self._raised)

    def change(self, user_id: str, raised: bool) -> bool:
        """A hand went up or down; whether that was news."""
        if raised == (user_id in self._raised):
            return False
        if raised:
            self._raised.append(user_id)
        else:
            self._raised.remove(user_id)
        return True

    def keep(self, user_ids: set[str]) -> list[str]:
        """Forget the hands of those who left; says whose they were. One's own stays."""
        gone = [each for each in self._raised if each != OWN and each not in user_ids]
        self._raised = [each for each in self._raised if each not in gone]
        return gone

    def clear(self) -> None:
        """Another call."""
        self._raised.clear()

    def place(self, user_id: str) -> int:
        """1 for who raised first; 0 for a hand that is down."""
        return self._raised.index(user_id) + 1 if user_id in self._raised else 0
