"""One connection to a participant beside others to the same one: what is known of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner

from .liveness import Liveness
from .negotiation import fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import MediaConnection, RemoteSinks
    from .negotiation import Description

WATCH_INTERVAL_S = 0.25
ASK_AFTER_S = 0.4
"""Of silence; then the far end is asked, so that a muted and still call is not taken for dead. Any ICE answers."""
ASK_LIMIT_S = 1.5
"""How long an answer may take."""
MAX_ASKING = 4
SWITCH_AFTER_S = 1.2
"""Of silence; then the connection's relays are tried, before another connection is (docs/recovery.md)."""
SWITCHED_S = 1.0
"""How long a new path may take to bring something."""


class PeerSession:
    """From the first description to the end. Lives on the engine loop."""

    def __init__(
        self,
        session: str | None,
        connection: MediaConnection,
        remote: RemoteSinks,
        *,
        number: int,
        offered: bool,
    ) -> None:
        """`number` grows with every connection to the participant; `offered` is true when it is we who offer."""
        self.session = session
        self.connection = connection
        self.remote = remote
        self.number = number
        self.offered = offered
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner(f"session-{connection.serial}")
        self._liveness = Liveness(WATCH_INTERVAL_S, self._loop.time())
        self.begun_s = self._loop.time()
        self._is_switching = False
        self.on_other_path: Callable[[], None] = lambda: None
        """Called when it went over to a relay: another connection is due, with everything measured anew."""
        self.candidates = 0
        """Of the far end, taken so far."""
        self.was_up = False
        """Whether it ever was connected."""
        self.up_s = 0.0
        """Since when."""
        self.quiet_s = 0.0
        """How long nothing has come on it."""
        self.connect_timer: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether an offer of ours has not been answered yet."""
        return self.connection.pc.signalingState == "have-local-offer"

    def is_restarted_by(self, offer: Description) -> bool:
        """Whether it is of the same peer connection, whose ICE begins anew (RFC 8445 9).

        Ours have a session for each connection.
        """
        remote_sdp = self.connection.pc.remote_sdp()
        if remote_sdp is None or offer.session not in (None, self.session):
            return False
        return fingerprints(remote_sdp) == fingerprints(offer.sdp)

    def age_s(self) -> float:
        """Since it was begun."""
        return self._loop.time() - self.begun_s

    def up(self) -> None:
        """It is connected now."""
        self.cancel_timer()
        self.was_up = True
        self.up_s = self._loop.time()
        self.look()
        self._liveness.heard(self.up_s)

    @property
    def has_brought(self) -> bool:
        """Whether something came on it after it was up: it lives in both directions."""
        return self.was_up and self._liveness.heard_s > self.up_s

    def look(self) -> float:
        """How long nothing has come on it (s); to be called every WATCH_INTERVAL_S."""
        packets = self.connection.pc.transport_packets_received()
        self.quiet_s = self._liveness.look(self._loop.time(), packets)
        if self.was_up and self.quiet_s >= ASK_AFTER_S and len(self._tasks) < MAX_ASKING:
            self._tasks.spawn(self._ask(), name="ask")
        if self.was_up and self.quiet_s >= SWITCH_AFTER_S and not self._is_switching:
            self._is_switching = True
            self._tasks.spawn(self._switch(), name="another-path")
        return self.quiet_s

    async def _switch(self) -> None:
        try:
            if await self.connection.pc.take_another_path(lambda: self.look() >= SWITCH_AFTER_S):
                self.on_other_path()
                await asyncio.sleep(SWITCHED_S)
        finally:
            self._is_switching = False

    async def _ask(self) -> None:
        if await self.connection.pc.ask_round_trip_s(ASK_LIMIT_S) is not None:
            self._liveness.heard(self._loop.time())

    def cancel_timer(self) -> None:
        """There is no limit any more."""
        if self.connect_timer is not None:
            self.connect_timer.cancel()
            self.connect_timer = None

    async def close(self) -> None:
        """Release everything."""
        self.cancel_timer()
        self._tasks.cancel()
        await self.connection.close()
        await self._tasks.drain()
