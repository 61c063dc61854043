"""The connections to one participant: the one of now, the one before, and those that are tried."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner

if TYPE_CHECKING:
    from collections.abc import Callable

    from .peer_session import PeerSession

MAX_ATTEMPTS = 2
"""Connections that are tried at a time, beside the old one."""
KEPT_S, MOST_KEPT_S = 2.0, 10.0
"""The one before is closed so long after something came on the new one, or without that, after that was up."""


class PeerSessions:
    """Lives on the engine loop. What is given up is closed in the background."""

    def __init__(self, user_id: str, *, on_gone: Callable[[], None]) -> None:
        """Calls `on_gone` when the current one was dropped, and its channels with it."""
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._living_since_s: float | None = None
        self.current: PeerSession | None = None
        self.past: PeerSession | None = None
        """The one before, for a moment: it may turn out to be the one that lives."""
        self.attempts: list[PeerSession] = []
        """The oldest first."""
        self.closing = TaskOwner(f"peer-{user_id}-closing")

    def newest_first(self) -> tuple[PeerSession, ...]:
        """All of them."""
        older = (self.current, self.past)
        return (*reversed(self.attempts), *(each for each in older if each is not None))

    def next_number(self) -> int:
        """For one more."""
        self._number += 1
        return self._number

    def add_attempt(self, session: PeerSession) -> None:
        """Try this one, and no more than MAX_ATTEMPTS at a time."""
        self.attempts.append(session)
        while len(self.attempts) > MAX_ATTEMPTS:
            self.drop(self.attempts[0])

    def take_over(self, session: PeerSession) -> None:
        """An attempt is the current one from now on. Older attempts are of no use any more; of newer ones that come up
        later each takes over in its turn, at both ends alike.
        """
        for older in [each for each in self.attempts if each.number < session.number]:
            self.drop(older)
        self.attempts.remove(session)
        if self.past is not None:
            self.drop(self.past)
        self.past, self.current, self._living_since_s = self.current, session, None

    def return_to_past(self) -> PeerSession:
        """The one before is the current one again; there must be one."""
        gone = self.current
        assert self.past is not None
        self.current, self.past = self.past, None
        if gone is not None:
            self._close(gone)
        return self.current

    def end_past(self) -> None:
        """Close the one before when its time has come; to be called a few times a second."""
        if self.past is None or self.current is None:
            return
        now_s = self._loop.time()
        if self._living_since_s is None and self.current.has_brought:
            self._living_since_s = now_s
        if self._living_since_s is not None:
            is_over = now_s - self._living_since_s > KEPT_S
        else:
            is_over = now_s - self.current.up_s > MOST_KEPT_S
        if is_over:
            self.drop(self.past)

    def drop(self, session: PeerSession) -> None:
        """Give one of them up."""
        if session in self.attempts:
            self.attempts.remove(session)
        elif session is self.past:
            self.past = None
        elif session is self.current:
            self.current = None
            if session.connection.channels.are_made:
                self._on_gone()
        self._close(session)

    def _close(self, session: PeerSession) -> None:
        session.cancel_timer()
        session.connection.channels.detach()
        # In the background: with a silent TURN server it takes a minute.
        self.closing.spawn(session.close(), name="close")
