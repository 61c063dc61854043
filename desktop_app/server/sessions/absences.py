"""Who is away, and until when they may come back. Pure: the time (in seconds) is passed in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)

GRACE_S = 30.0
MOST = 1000
"""Each of them may have a megabyte waiting."""


class Absences(Generic[C]):
    """Connections that ended, in the order of their ends."""

    def __init__(self, grace_s: float = GRACE_S, most: int = MOST) -> None:
        self.grace_s = grace_s
        self._most = most
        self._until_s: dict[C, float] = {}

    def begin(self, client: C, now_s: float) -> C | None:
        """`client` is away; returns who is given up for it when there are too many."""
        self._until_s.setdefault(client, now_s + self.grace_s)
        if len(self._until_s) <= self._most:
            return None
        oldest = next(iter(self._until_s))
        del self._until_s[oldest]
        return oldest

    def end(self, client: C) -> bool:
        """`client` is back, or has left; False when it was not away."""
        return self._until_s.pop(client, None) is not None

    def take_due(self, now_s: float) -> list[C]:
        """Who has been away for too long, and is forgotten here."""
        due = [client for client, until_s in self._until_s.items() if until_s <= now_s]
        for client in due:
            del self._until_s[client]
        return due

    @property
    def next_s(self) -> float | None:
        """When `take_due` has somebody next."""
        return next(iter(self._until_s.values()), None)

    def __iter__(self) -> Iterator[C]:
        return iter(self._until_s)

    def __contains__(self, client: C) -> bool:
        return client in self._until_s

    def __len__(self) -> int:
        return len(self._until_s)
