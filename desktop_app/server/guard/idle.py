"""Ends WebSockets that are in no room: whoever opens one wants to join."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)


class Idle(Generic[C]):
    """Looks at all connections a few times in the time that they have, in one go.

    Args:
        limit_s: how long somebody may be in no room.
        is_idle: whether a connection is in none.
        end: ends it.
    """

    def __init__(self, limit_s: float, is_idle: Callable[[C], bool], end: Callable[[C], None]) -> None:
        self._limit_s = limit_s
        self._is_idle = is_idle
        self._end = end
        self._since_s: dict[C, float | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, client: C) -> None:
        """A connection was opened."""
        self._since_s[client] = asyncio.get_running_loop().time()
        self._set_timer()

    def forget(self, client: C) -> None:
        """It has ended."""
        self._since_s.pop(client, None)

    def close(self) -> None:
        """Watch nobody any more."""
        self._since_s.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        for client, since_s in list(self._since_s.items()):
            if not self._is_idle(client):
                self._since_s[client] = None
            elif since_s is None:
                self._since_s[client] = now_s
            elif now_s - since_s >= self._limit_s:
                del self._since_s[client]
                self._end(client)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and self._since_s:
            self._timer = asyncio.get_running_loop().call_later(self._limit_s / 6, self._look)
