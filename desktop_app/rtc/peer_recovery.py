"""When another connection to a participant is tried beside the one that fell silent (docs/recovery.md)."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Protocol

from .attempts import Allowance, attempt_times
from .liveness import UNSTABLE_S

if TYPE_CHECKING:
    from desktop_app.core.tasks import TaskOwner

    from .peer_session import PeerSession

FRESH_S = 1.0
"""An attempt that was answered gets so long before there is another one."""
FORCED_S = 2.0
"""A connection that still lives so long after the network changed is not affected by it."""
REQUESTS, REQUEST_EVERY_S = 6, 3.0
"""What the far end may ask for at once, and how often after that,"""
REQUEST_APART_S = 0.25
"""and not right after an attempt of our own."""


class Recoverable(Protocol):
    """The peer, as far as its recovery needs it."""

    @property
    def current(self) -> PeerSession | None:
        """The connection that media and data take."""

    @property
    def newest_attempt(self) -> PeerSession | None:
        """What is on its way."""

    def try_again(self) -> None:
        """One more attempt: an offer, or a request for one."""


class Recovery:
    """One participant's. Lives on the engine loop."""

    def __init__(self, peer: Recoverable, tasks: TaskOwner) -> None:
        self._peer = peer
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._requests = Allowance(REQUESTS, REQUEST_EVERY_S, self._loop.time())
        self._tried_s = -math.inf
        self._task: asyncio.Task[None] | None = None

    def begin(self, *, is_forced: bool = False) -> None:
        """Try until something lives, unless that goes on already; when `is_forced`, also while the old one does."""
        if self._task is not None and not self._task.done():
            if not is_forced:
                return
            self._task.cancel()
        self._task = self._tasks.spawn(self._run(is_forced=is_forced), name="recovery")

    def end(self) -> None:
        """Try no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def asked(self) -> None:
        """The far end hears nothing and wants an offer."""
        now_s = self._loop.time()
        if now_s - self._tried_s >= REQUEST_APART_S and self._requests.take(now_s):
            self._try()

    async def _run(self, *, is_forced: bool) -> None:
        begun_s = self._loop.time()
        before = self._peer.current
        known = 0 if before is None else before.number
        for at_s in attempt_times():
            await asyncio.sleep(max(0.0, begun_s + at_s - self._loop.time()))
            current = self._peer.current
            if current is not None and current.was_up and current.quiet_s < UNSTABLE_S:
                since_s = self._loop.time() - begun_s
                if not is_forced or current.number > known or since_s > FORCED_S:
                    return
            self._try()

    def _try(self) -> None:
        newest = self._peer.newest_attempt
        if newest is not None and not newest.is_waiting and newest.age_s() < FRESH_S:
            return
        self._tried_s = self._loop.time()
        self._peer.try_again()
