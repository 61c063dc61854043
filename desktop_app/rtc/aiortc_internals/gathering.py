"""Our own search for candidates in place of aioice's. Private names read in aioice 0.13.0.

aioice knows one STUN and one TURN server and waits up to 5 s for them. Here all servers are asked, best first, nobody
waits longer than GATHER_LIMIT_S for them, and what is found later joins the connection while it is being made
(RFC 8838).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Any

from aioice import ice, stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority

from desktop_app.core.tasks import TaskOwner
from desktop_app.rtc.relay_race import first_relay
from desktop_app.rtc.resolving import resolve
from desktop_app.rtc.stun_query import binding_request, mapped_address

from .reading import read_several
from .relay import UDP_BUFFER_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.rtc.ice import IceConfiguration
    from desktop_app.rtc.ice_address import ServerAddress

    from .relay import Relay

logger = logging.getLogger(__name__)

GATHER_LIMIT_S = 0.2
"""How long a description waits for STUN and TURN servers. Both sides gather one after the other, and what comes later
is told by itself: waiting only makes fewer messages, and helps whoever reads candidates nowhere but in descriptions."""
RELAY_LIMIT_S = 4.0
"""The same where a relay is the only way: aiortc begins to connect only with a candidate of its own."""
SEARCH_LIMIT_S = 8.0
"""How long candidates are looked for in all; a connection has 10 s to come up."""
MORE_S = 0.1
"""After the first answer of a STUN server, for the other network interfaces: some have no way out."""
MAX_STUN = 4
RELAY_PAUSE_S = 0.25
"""How long a direct path is preferred: aioice takes the first pair whose check succeeds, whatever its priority."""

LOOPBACK = "127.0.0.1"


class Gathering:
    """Finds the local candidates of one ICE connection."""

    def __init__(self, connection: ice.Connection, configuration: IceConfiguration) -> None:
        self._connection: Any = connection
        self._configuration = configuration
        self._search: asyncio.Task[None] | None = None
        self._losers = TaskOwner("relays")
        self._enough = asyncio.Event()
        self._found: list[Candidate] = []
        self._late: list[Candidate] = []
        self._is_late = False
        self._is_over = False
        self._is_closed = False
        self._reflexive_left = 0
        self._has_reflexive = False
        self._relay_over = False
        self._tell: Callable[[Candidate | None], None] | None = None
        for name, replacement in (
            ("get_component_candidates", self._gather),
            ("_remote_candidates_expected", self._candidates_expected),
            ("check_start_task", self._start_check),
            ("close", self._close),
        ):
            setattr(connection, name, replacement)

    @property
    def is_late(self) -> bool:
        """Whether more candidates may come, or came, after the description was made."""
        return self._is_late

    def tell(self, listener: Callable[[Candidate | None], None]) -> None:
        """Hear of each candidate that the description does not have, and of the end, which is None."""
        self._tell = listener
        for candidate in self._late:
            listener(candidate)
        if not self._is_late or self._is_over:
            listener(None)

    # --- in aioice's place ----------------------------------------------------------------------

    async def _gather(self, component: int, addresses: list[str], timeout: float = 0) -> list[Candidate]:
        if self._configuration.loopback_only:
            addresses = [LOOPBACK]  # aioice leaves it out
        hosts = [each for each in [await self._bind(component, address) for address in addresses] if each]
        self._connection._protocols += hosts
        self._found = [each.local_candidate for each in hosts]
        servers = self._configuration.ranked()
        if servers and not self._is_closed:
            self._search = asyncio.create_task(self._look(component, hosts, servers), name="gathering")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._limit_s(bool(hosts))):
                    await self._enough.wait()
            self._is_late = not self._is_over
        found, self._found = self._found, []
        return found

    def _limit_s(self, has_hosts: bool) -> float:
        if not has_hosts:
            return RELAY_LIMIT_S
        return GATHER_LIMIT_S if self._configuration.may_answer() else 0.0

    def _candidates_expected(self) -> bool:
        return (self._search is not None and not self._is_over) or bool(
            type(self._connection)._remote_candidates_expected(self._connection)
        )

    def _start_check(self, pair: ice.CandidatePair) -> None:
        if pair.task is not None:
            return
        has_relay = "relay" in (pair.local_candidate.type, pair.remote_candidate.type)
        if has_relay and not self._configuration.relay_only and not self._connection._check_list_done:
            pair.state = ice.CandidatePair.State.IN_PROGRESS  # nobody begins it anew
            pair.task = asyncio.create_task(self._check_later(pair))
        else:
            type(self._connection).check_start_task(self._connection, pair)

    async def _check_later(self, pair: ice.CandidatePair) -> None:
        await asyncio.sleep(RELAY_PAUSE_S)
        await self._connection.check_start(pair)

    async def _close(self) -> None:
        self._is_closed = True
        self._enough.set()
        if self._search is not None and not self._search.done():
            self._search.cancel()
            await asyncio.wait((self._search,))
        await self._losers.drain()
        await type(self._connection).close(self._connection)

    # --- the search -----------------------------------------------------------------------------

    async def _bind(self, component: int, address: str) -> ice.StunProtocol | None:
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: ice.StunProtocol(self._connection), local_addr=(address, 0)
            )
        except OSError as error:
            logger.info("no candidate at %s: %s", address, error)
            return None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER_BYTES)
        read_several(transport, protocol)
        host, port = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=host,
            port=port,
            type="host",
        )
        return protocol

    async def _look(
        self, component: int, hosts: list[ice.StunProtocol], servers: tuple[ServerAddress, ...]
    ) -> None:
        # A TURN server over UDP answers as a STUN server, too.
        stun_servers = [each for each in servers if each.transport == "udp"][:MAX_STUN]
        stun_servers.sort(key=lambda each: each.is_turn)
        turn_servers = [each for each in servers if each.is_turn]
        self._reflexive_left = len(hosts) if stun_servers else 0
        try:
            async with asyncio.timeout(SEARCH_LIMIT_S), asyncio.TaskGroup() as group:
                group.create_task(self._look_for_relay(component, turn_servers))
                if stun_servers:
                    for protocol in hosts:
                        group.create_task(self._look_from(protocol, stun_servers))
        except TimeoutError:
            pass
        except ExceptionGroup:
            logger.exception("the search for candidates failed")
        finally:
            self._is_over = True
            self._enough.set()
        if self._is_late and not self._is_closed:
            self._end_late()

    async def _look_from(self, protocol: ice.StunProtocol, servers: list[ServerAddress]) -> None:
        """The first answer of any server, seen from one interface."""
        asking = {asyncio.create_task(_reflexive(protocol, server)) for server in servers}
        try:
            while asking:
                done, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    address = task.result()
                    if address is not None:
                        self._take_reflexive(protocol, address)
                        return
        finally:
            for task in asking:
                task.cancel()
            self._reflexive_left -= 1
            self._look_whether_enough()

    def _take_reflexive(self, protocol: ice.StunProtocol, address: tuple[str, int]) -> None:
        local = protocol.local_candidate
        self._has_reflexive = True
        if address == (local.host, local.port):
            return  # no NAT: redundant (RFC 8445, section 5.1.3)
        candidate = Candidate(
            foundation=candidate_foundation("srflx", "udp", local.host),
            component=local.component,
            transport="udp",
            priority=candidate_priority(local.component, "srflx"),
            host=address[0],
            port=address[1],
            type="srflx",
            related_address=local.host,
            related_port=local.port,
        )
        self._take(candidate)

    async def _look_for_relay(self, component: int, servers: list[ServerAddress]) -> None:
        try:
            relay = await first_relay(servers, self._configuration.choice, self._losers)
            if relay is not None:
                self._take_relay(component, relay)
        finally:
            self._relay_over = True
            self._look_whether_enough()

    def _take_relay(self, component: int, relay: Relay) -> None:
        if self._is_closed:
            relay.close()
            return
        protocol = ice.StunProtocol(self._connection)
        relay.attach(protocol)
        host, port = relay.relayed_address
        related = relay.mapped_address
        if self._configuration.relay_only:  # it would tell our address (RFC 9429, section 3.5.3)
            related = ("0.0.0.0" if ipaddress.ip_address(host).version == 4 else "::", 9)
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("relay", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "relay"),
            host=host,
            port=port,
            type="relay",
            related_address=related[0],
            related_port=related[1],
        )
        self._connection._protocols.append(protocol)
        self._take(protocol.local_candidate)

    def _look_whether_enough(self) -> None:
        if not self._relay_over:
            return
        if not self._reflexive_left:
            self._is_over = True
            self._enough.set()
        elif self._has_reflexive:
            asyncio.get_running_loop().call_later(MORE_S, self._enough.set)

    # --- after the description ------------------------------------------------------------------

    def _take(self, candidate: Candidate) -> None:
        if not self._is_late:
            self._found.append(candidate)
            return
        connection = self._connection
        connection._local_candidates.append(candidate)
        if connection._early_checks_done:  # its checks have begun, and go on while more may come
            for remote in tuple(connection._remote_candidates):
                connection._pair_remote_candidate(remote)
            connection.sort_check_list()
        self._late.append(candidate)
        if self._tell is not None:
            self._tell(candidate)

    def _end_late(self) -> None:
        connection = self._connection
        if connection._early_checks_done and not connection._check_list_maybe_complete():
            connection._check_list_maybe_fail()
        if self._tell is not None:
            self._tell(None)


async def _reflexive(protocol: ice.StunProtocol, server: ServerAddress) -> tuple[str, int] | None:
    """Our address as a server sees it; None when it does not say."""
    version = ipaddress.ip_address(protocol.local_candidate.host.partition("%")[0]).version
    try:
        addresses = await resolve(server.host, server.port)
        for address in addresses:
            if ipaddress.ip_address(address.partition("%")[0]).version == version:
                response, _ = await protocol.request(binding_request(), (address, server.port))
                return mapped_address(response)
    except (OSError, ValueError, stun.TransactionError) as error:
        logger.debug("%s tells no address: %s", server.url, error)
    return None
