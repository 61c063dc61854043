"""When a connection that goes through a relay tries its direct path again (docs/recovery.md)."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from desktop_app.core.tasks import TaskOwner

    from .peer_session import PeerSession

logger = logging.getLogger(__name__)

GAPS_S = (30.0, 120.0, 600.0)
"""Since the connection came to the relay, and then between trials; the last one repeats."""
LASTING_S = 300.0
"""A direct path that held for so long was a good one: after it the gaps begin anew."""
SETTLE_S = 0.5
"""After the network changed: routes come a little later than addresses."""
HEARD_APART_S = 5.0
"""How often the far end can bring about a trial."""
RENEWED_APART_S = 30.0
"""How often another connection is made because there is another address, however often the network changes."""


def gaps_s() -> Iterator[float]:
    """How long to wait before each trial, without end."""
    yield from GAPS_S
    while True:
        yield GAPS_S[-1]


class Relayed(Protocol):
    """The peer, as far as this needs it."""

    @property
    def current(self) -> PeerSession | None:
        """The connection that media and data take."""

    def recover(self) -> None:
        """Make another connection beside it."""


class DirectReturn:
    """One participant's. Lives on the engine loop.

    A trial is a dozen of small packets beside the running connection, which goes over when a direct path has answered
    several times.
    """

    def __init__(self, peer: Relayed, tasks: TaskOwner) -> None:
        self._peer = peer
        self._tasks = tasks
        self._now_s: Callable[[], float] = asyncio.get_running_loop().time
        self._gaps = gaps_s()
        self._next_s = math.inf
        """When the next trial is; infinity while the connection is direct."""
        self._direct_s = -math.inf
        """Since when it is."""
        self._heard_s = self._renewed_s = -math.inf
        self._task: asyncio.Task[None] | None = None
        self.trials = 0

    def look(self) -> None:
        """See by what way the connection goes; to be called a few times a second while something comes on it."""
        current, now_s = self._peer.current, self._now_s()
        if current is None or not current.was_up:
            return
        current.connection.pc.on_heard_directly = self._heard
        if not current.connection.pc.is_relayed():
            if not math.isinf(self._next_s) or math.isinf(self._direct_s):
                self._next_s, self._direct_s = math.inf, now_s
        elif math.isinf(self._next_s):
            if now_s - self._direct_s >= LASTING_S:
                self._gaps = gaps_s()
            self._next_s = now_s + next(self._gaps)
        elif now_s >= self._next_s:
            self._next_s = now_s + next(self._gaps)
            self._try()

    def network_changed(self, *, has_new_address: bool) -> None:
        """What was in the way may be gone: try soon, and with another address also by another connection."""
        current = self._peer.current
        if current is not None and current.was_up and current.connection.pc.is_relayed():
            self._gaps = gaps_s()
            self._next_s = self._now_s() + next(self._gaps)
            self._try(SETTLE_S, has_new_address=has_new_address)

    def _heard(self) -> None:
        if self._now_s() - self._heard_s >= HEARD_APART_S:
            self._heard_s = self._now_s()
            self._try()

    def _try(self, after_s: float = 0.0, *, has_new_address: bool = False) -> None:
        if self._task is not None and not self._task.done():
            if not has_new_address:
                return
            self._task.cancel()
        self._task = self._tasks.spawn(self._run(after_s, has_new_address), name="direct-path")

    async def _run(self, after_s: float, has_new_address: bool) -> None:
        await asyncio.sleep(after_s)
        self.trials += 1
        tried: PeerSession | None = None
        while (current := self._peer.current) is not tried and current is not None:
            if await current.connection.pc.take_direct_path():
                self.look()
                return
            tried = current
        # The running connection knows nothing of an address that came after it.
        is_relayed = current is not None and current.connection.pc.is_relayed()
        if has_new_address and is_relayed and self._now_s() - self._renewed_s >= RENEWED_APART_S:
            self._renewed_s = self._now_s()
            self._peer.recover()
