"""Try STUN and TURN servers for a person who wants to know: what they say, and whether a relay really relays."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aioice import stun

from .aiortc_internals.relay import Relay, RelayError, tls_context
from .resolving import in_thread, resolve
from .stun_query import StunSocket, binding_request, mapped_address

if TYPE_CHECKING:
    from .ice_address import ServerAddress

ASK_LIMIT_S = 3.0
RELAY_LIMIT_S = 6.0
ECHO_LIMIT_S = 1.5
ECHO_AGAIN_S = 0.25


class TrialError(Exception):
    """A server that is of no use; the text is the end of a sentence that begins with "it"."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How one server sees one socket of ours."""

    address: tuple[str, int]
    round_trip_s: float
    is_our_own: bool
    """No NAT is in between."""


@dataclass(frozen=True, slots=True)
class RelayTrial:
    """What a TURN server did."""

    relayed_address: tuple[str, int]
    round_trip_s: float
    echo_s: float | None
    """How long a packet took through the relay to ourselves; None when none came."""


class StunTrial:
    """Asks several servers from one UDP socket for each address family, so that the answers tell the kind of NAT."""

    def __init__(self) -> None:
        self._sockets: dict[socket.AddressFamily, StunSocket] = {}
        self._opening = asyncio.Lock()
        self.seen: dict[tuple[str, int], tuple[str, int]] = {}
        """Our address as each server sees it (IPv4), by the server's address."""
        self.has_no_nat = False

    async def ask(self, server: ServerAddress) -> Seen:
        """One server over UDP.

        Raises:
            TrialError: with the reason.
        """
        try:
            async with asyncio.timeout(ASK_LIMIT_S):
                address = (await resolve(server.host, server.port))[0]
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                async with self._opening:
                    asking = self._sockets.get(family)
                    if asking is None:
                        self._sockets[family] = asking = await StunSocket.open(family)
                mapping = await asking.ask((address, server.port), ASK_LIMIT_S)
        except TimeoutError as error:
            raise TrialError("it does not answer over UDP") from error
        except socket.gaierror as error:
            raise TrialError("its name is not known") from error
        except (OSError, IndexError) as error:
            raise TrialError(f"it cannot be reached: {error}") from error
        if family == socket.AF_INET:
            self.seen[address, server.port] = mapping.address
        is_our_own = mapping.address == (_own_address(address, server.port, family), asking.port)
        self.has_no_nat = self.has_no_nat or (is_our_own and family == socket.AF_INET)
        return Seen(mapping.address, mapping.round_trip_s, is_our_own)

    @property
    def kind(self) -> str:
        """ "symmetric", "endpoint-independent" (RFC 5780, section 4.3), or "" when fewer than two servers answered."""
        if len(self.seen) < 2:
            return ""
        return "endpoint-independent" if len(set(self.seen.values())) == 1 else "symmetric"

    def close(self) -> None:
        """Release the sockets."""
        for each in self._sockets.values():
            each.close()


def _own_address(address: str, port: int, family: socket.AddressFamily) -> str:
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, port))  # sends nothing
        except OSError:
            return ""
        return str(probe.getsockname()[0])


async def try_stun_over_tls(server: ServerAddress) -> Seen:
    """A `stuns:` server, which tells the address of a TLS connection.

    Raises:
        TrialError: with the reason.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(ASK_LIMIT_S):
            addresses = await resolve(server.host, server.port, stream=True)
            context = await in_thread(tls_context, "tls")
            reader, writer = await asyncio.open_connection(
                addresses[0], server.port, ssl=context, server_hostname=server.host
            )
            try:
                begun_s = loop.time()
                writer.write(bytes(binding_request()))
                head = await reader.readexactly(20)
                answer = stun.parse_message(head + await reader.readexactly(int.from_bytes(head[2:4], "big")))
                return Seen(mapped_address(answer), loop.time() - begun_s, False)
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise TrialError("it does not answer") from error
    except ssl.SSLCertVerificationError as error:
        raise TrialError(f"its certificate is not to be trusted: {error.verify_message}") from error
    except (OSError, ValueError, IndexError, EOFError) as error:
        raise TrialError(f"it cannot be reached: {error}") from error


class _Echo(asyncio.DatagramProtocol):
    """What comes out of a relay."""

    def __init__(self, word: bytes) -> None:
        self._word = word
        self.came = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data == self._word:
            self.came.set()


async def try_relay(server: ServerAddress) -> RelayTrial:
    """Get a relay, and send a packet through it to ourselves.

    Raises:
        TrialError: there is no relay.
    """
    try:
        relay = await Relay.allocate(server, RELAY_LIMIT_S)
    except RelayError as error:
        raise TrialError(str(error)) from error
    try:
        word = b"\xffbridgecall " + secrets.token_hex(8).encode()
        echo = _Echo(word)
        relay.attach(echo)
        echo_s = await _echo(relay, relay.relayed_address, echo, word)
        return RelayTrial(relay.relayed_address, relay.round_trip_s, echo_s)
    finally:
        await asyncio.shield(relay.wait_closed())


async def _echo(relay: Relay, to: tuple[str, int], echo: _Echo, word: bytes) -> float | None:
    """A packet from the relay to itself; it is sent again while none comes, since UDP may lose it."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    while loop.time() - begun_s < ECHO_LIMIT_S:
        relay.sendto(word, to)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ECHO_AGAIN_S):
                await echo.came.wait()
                return loop.time() - begun_s
    return None
