"""Which STUN and TURN servers answer, and which is best: all are asked at once, before they are needed."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.core.tasks import TaskOwner

from .aiortc_internals.relay import Relay, RelayError
from .ice_servers import usable
from .resolving import resolve
from .stun_query import StunSocket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.protocol.messages import IceServer

    from .ice_address import ServerAddress

logger = logging.getLogger(__name__)

PROBE_LIMIT_S = 5.0
STALE_S = 120.0
"""What was learned longer ago is asked again before the next connection; meanwhile it holds."""
_GOOD, _UNKNOWN, _DEAD = range(3)


@dataclass(frozen=True, slots=True)
class Probed:
    """What one server said."""

    round_trip_s: float | None
    """None: it is of no use."""
    at_s: float


async def probe(server: ServerAddress, ending: TaskOwner) -> float:
    """The round trip to a server in seconds.

    Args:
        server: a TURN server is asked for a relay.
        ending: owns the giving back of it.

    Raises:
        RelayError: with the end of a sentence.
    """
    if server.is_turn:
        relay = await Relay.allocate(server, PROBE_LIMIT_S)
        ending.spawn(relay.wait_closed(), name="give-back")
        return relay.round_trip_s
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            address = (await resolve(server.host, server.port))[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        asking = await StunSocket.open(family)
        try:
            return (await asking.ask((address, server.port), PROBE_LIMIT_S)).round_trip_s
        finally:
            asking.close()
    except TimeoutError as error:
        raise RelayError("it does not answer") from error
    except (OSError, IndexError) as error:
        raise RelayError(str(error)) from error


class IceChoice:
    """Lives on the engine loop as long as a call."""

    def __init__(self) -> None:
        self._servers: tuple[ServerAddress, ...] = ()
        self._probed: dict[ServerAddress, Probed] = {}
        self._asking: set[ServerAddress] = set()
        self._tasks = TaskOwner("ice-servers")
        self._ending = TaskOwner("ice-servers-ending")
        self._is_closed = False

    def use(self, servers: Iterable[IceServer]) -> None:
        """From now on these; those that were not known are asked at once."""
        self._servers = tuple(each for each in usable(servers) if _gives_candidates(each))
        self._probed = {server: found for server, found in self._probed.items() if server in self._servers}
        for server in self._servers:
            if server not in self._probed:
                self._ask(server)

    def renew(self) -> None:
        """The network is another one: nothing that was learned holds."""
        self._probed.clear()
        for server in self._servers:
            self._ask(server)

    def ranked(self) -> tuple[ServerAddress, ...]:
        """Best first: those that answer before those that have not yet, and those before the others; UDP before TCP
        before TLS; then by round trip."""
        now_s = time.monotonic()
        for server in self._servers:
            found = self._probed.get(server)
            if found is not None and now_s - found.at_s > STALE_S:
                self._ask(server)
        return tuple(sorted(self._servers, key=self._rank))

    def _rank(self, server: ServerAddress) -> tuple[int, int, float]:
        found = self._probed.get(server)
        if found is None:
            return _UNKNOWN, server.transport_order, 0.0
        if found.round_trip_s is None:
            return _DEAD, server.transport_order, 0.0
        return _GOOD, server.transport_order, found.round_trip_s

    def is_good(self, server: ServerAddress) -> bool:
        """Whether it answered."""
        return self._rank(server)[0] == _GOOD

    def may_answer(self) -> bool:
        """Whether there is one that is not known to be dead."""
        return any(self._rank(server)[0] != _DEAD for server in self._servers)

    def has_failed(self, server: ServerAddress, reason: str) -> None:
        """A connection got no relay there."""
        self._note(server, None, reason)

    def _ask(self, server: ServerAddress) -> None:
        if server in self._asking or self._is_closed:
            return
        self._asking.add(server)
        self._tasks.spawn(self._probe(server), name="probe")

    async def _probe(self, server: ServerAddress) -> None:
        try:
            self._note(server, await probe(server, self._ending))
        except RelayError as error:
            self._note(server, None, str(error))
        finally:
            self._asking.discard(server)

    def _note(self, server: ServerAddress, round_trip_s: float | None, reason: str = "") -> None:
        if server not in self._servers:
            return
        old = self._probed.get(server)
        if round_trip_s is not None:
            logger.info("%s answers after %.0f ms", server.url, round_trip_s * 1000)
        elif old is None or old.round_trip_s is not None:
            logger.info("%s is not used: %s", server.url, reason)
        self._probed[server] = Probed(round_trip_s, time.monotonic())

    def stop(self) -> None:
        """Ask nothing more. Returns at once."""
        self._is_closed = True
        self._tasks.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is left."""
        await self._tasks.drain()
        await self._ending.drain()


def _gives_candidates(server: ServerAddress) -> bool:
    if server.is_turn or server.transport == "udp":
        return True
    # What it would tell is the address of a TLS connection, which no packet of a call comes to.
    logger.info("%s is not asked for candidates: STUN over TLS tells no address of UDP", server.url)
    return False
