"""When the direct connections to newcomers are made: not while the room is busy with getting an SFU.

A dozen people who come at once would make a connection from each to each, just when each makes two to the SFU.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from desktop_app.rtc.state import PeerState

if TYPE_CHECKING:
    from desktop_app.call.remote_participant import RemoteParticipant
    from desktop_app.core.tasks import TaskOwner
    from desktop_app.rtc.patience import Patience

LONGEST_S = 4.0
"""A newcomer who hears of nobody for 6 s makes the connection from the other side."""
BETWEEN_S, SHORT_BETWEEN_S = 0.1, 2.0
"""The second where the computer is short of time."""


class DirectCalls:
    """One call's. Lives on the engine loop."""

    def __init__(self, tasks: TaskOwner, patience: Patience) -> None:
        self._tasks = tasks
        self._patience = patience
        self._waiting: dict[str, RemoteParticipant] = {}
        self._go = asyncio.Event()
        self._go.set()
        self._caller: asyncio.Task[None] | None = None

    def wait(self) -> None:
        """Call nobody for a while."""
        self._go.clear()

    def go_on(self) -> None:
        """Call those who came meanwhile, one after the other, and everybody else at once."""
        self._go.set()

    def call(self, participant: RemoteParticipant) -> None:
        """Offer a connection to somebody who has come."""
        if self._go.is_set() and not self._patience.is_short:
            participant.peer.make_call()
            return
        self._waiting[participant.info.user_id] = participant
        if self._caller is None or self._caller.done():
            self._caller = self._tasks.spawn(self._call_later(), name="direct calls")

    def remove(self, user_id: str) -> None:
        """They have left."""
        self._waiting.pop(user_id, None)

    async def _call_later(self) -> None:
        waited_s = 0.0
        while not self._go.is_set() and waited_s < LONGEST_S * self._patience.times:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_S):
                    await self._go.wait()
            waited_s += LONGEST_S
        while self._waiting:
            participant = self._waiting.pop(next(iter(self._waiting)))
            if participant.peer.state is PeerState.NEW:  # else they have called
                participant.peer.make_call()
                await asyncio.sleep(SHORT_BETWEEN_S if self._patience.is_short else BETWEEN_S)
