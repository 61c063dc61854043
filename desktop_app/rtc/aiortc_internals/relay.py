"""A relay: an allocation on a TURN server (RFC 8656) that behaves like a datagram transport. Read in aioice 0.13.0."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any

from aioice import stun

from desktop_app.rtc.resolving import in_thread, resolve

from .reading import read_several
from .turn_client import StreamTurnClient, TurnClient, UdpTurnClient

if TYPE_CHECKING:
    from desktop_app.rtc.ice_address import ServerAddress

logger = logging.getLogger(__name__)

BIND_AGAIN_S = 240.0
"""A channel's permission ends after 300 s (RFC 8656, section 9)."""
END_LIMIT_S = 1.0
"""The server frees an allocation by itself when it does not hear that it is not needed any more."""
BIND_LIMIT_S = 6.0
REFUSED_PAUSE_S = 10.0
"""Before a peer that the server will not relay to is tried again."""
ONE_ADDRESS_LIMIT_S = 1.5
"""For each address of a server but its last."""
FIRST_AGAIN_S = (0.04, 0.12)
MAX_PEERS = 200
MAX_WAITING = 32
"""Packets for one peer while its channel is bound."""
FIRST_CHANNEL = 0x4000
UDP_BUFFER_BYTES = 1_048_576


class RelayError(Exception):
    """The server gave no relay; the text is a sentence's end, without secrets."""


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Trusts the system's authorities. Takes 10 ms the first time."""
    return ssl.create_default_context()


class Relay:
    """Made by `allocate`; lives on the engine loop until `close`."""

    def __init__(self, client: TurnClient, server: ServerAddress) -> None:
        self.server = server
        self._client = client
        self._waiting: dict[tuple[str, int], deque[bytes]] = {}
        self._refused_until_s: dict[tuple[str, int], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Task[None] | None = None
        self._binding_again: asyncio.Task[None] | None = None

    @classmethod
    async def allocate(cls, server: ServerAddress, limit_s: float) -> Relay:
        """Ask a TURN server for a relay.

        Raises:
            RelayError: with the reason.
        """
        try:
            async with asyncio.timeout(limit_s):
                return await cls._allocate(server)
        except TimeoutError as error:
            raise RelayError("it does not answer") from error
        except ssl.SSLCertVerificationError as error:
            raise RelayError(f"its certificate is not to be trusted: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise RelayError(f"TLS failed: {error.reason or 'no reason given'}") from error
        except socket.gaierror as error:
            raise RelayError("its name is not known") from error
        except ConnectionRefusedError as error:
            raise RelayError("nobody listens there") from error
        except stun.TransactionTimeout as error:
            raise RelayError("it does not answer") from error
        except stun.TransactionFailed as error:
            raise RelayError(_words(error)) from error
        except (OSError, ValueError, KeyError) as error:
            raise RelayError(str(error) or type(error).__name__) from error

    @classmethod
    async def _allocate(cls, server: ServerAddress) -> Relay:
        addresses = await resolve(server.host, server.port, stream=server.transport != "udp")
        context = await in_thread(tls_context, "tls") if server.transport == "tls" else None
        for address in addresses[:-1]:
            with contextlib.suppress(OSError, stun.TransactionError):
                async with asyncio.timeout(ONE_ADDRESS_LIMIT_S):
                    return await cls._allocate_at(server, address, context)
        return await cls._allocate_at(server, addresses[-1], context)

    @classmethod
    async def _allocate_at(cls, server: ServerAddress, address: str, context: ssl.SSLContext | None) -> Relay:
        loop = asyncio.get_running_loop()
        client: TurnClient
        if server.transport == "udp":
            transport, client = await loop.create_datagram_endpoint(
                lambda: UdpTurnClient(server), remote_addr=(address, server.port)
            )
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER_BYTES
            )
            read_several(transport, client)
        else:
            name = server.host if context is not None else None
            _, client = await loop.create_connection(
                lambda: StreamTurnClient(server), address, server.port, ssl=context, server_hostname=name
            )
        asking = asyncio.ensure_future(client.connect())
        try:
            await asyncio.wait((asking, client.refused), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ConnectionRefusedError
            await asking
        except BaseException:
            asking.cancel()
            client.abort()
            raise
        relay = cls(client, server)
        relay._binding_again = asyncio.create_task(relay._keep_bound())
        return relay

    @property
    def round_trip_s(self) -> float:
        """To the server."""
        return self._client.round_trip_s

    @property
    def mapped_address(self) -> tuple[str, int]:
        """What the server sees of us."""
        assert self._client.mapped_address is not None
        return self._client.mapped_address

    @property
    def relayed_address(self) -> tuple[str, int]:
        """Where others reach us."""
        assert self._client.relayed_address is not None
        return self._client.relayed_address

    def attach(self, receiver: asyncio.DatagramProtocol) -> None:
        """Hand what comes, and the end of the relay, to a protocol."""
        self._client.receiver = receiver
        receiver.connection_made(self)  # type: ignore[arg-type]  # all of a transport that aioice uses

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """asyncio's: "sockname" is the relayed address."""
        return self.relayed_address if name == "sockname" else default

    def is_closing(self) -> bool:
        """Whether nothing is sent any more."""
        return self._ending is not None or bool(self._client.transport.is_closing())

    def sendto(self, data: bytes, addr: tuple[str, int]) -> None:
        """Send to a peer; the first packets wait until the server has a channel for it."""
        if self.is_closing():
            return
        channel = self._client.peer_to_channel.get(addr)
        if channel is not None:
            self._client.send_on(channel, data)
        elif (waiting := self._waiting.get(addr)) is not None:
            waiting.append(data)
        elif self._may_bind(addr):
            self._waiting[addr] = deque([data], MAX_WAITING)
            self._spawn(self._bind_first(addr))

    def _may_bind(self, addr: tuple[str, int]) -> bool:
        known = len(self._client.peer_to_channel) + len(self._client.peer_to_failed_channel)
        if known >= MAX_PEERS and addr not in self._client.peer_to_failed_channel:
            return False
        return asyncio.get_running_loop().time() >= self._refused_until_s.get(addr, 0.0)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bind_first(self, addr: tuple[str, int]) -> None:
        # A number stays its peer's (RFC 8656, section 12), also when binding it failed.
        number = self._client.peer_to_failed_channel.get(addr)
        if number is None:
            number = (
                FIRST_CHANNEL + len(self._client.peer_to_channel) + len(self._client.peer_to_failed_channel)
            )
            self._client.peer_to_failed_channel[addr] = number
        try:
            async with asyncio.timeout(BIND_LIMIT_S):
                await self._client.channel_bind(number, addr)
        except (stun.TransactionError, TimeoutError, OSError, ValueError) as error:
            logger.info("%s does not relay to %s: %s", self.server.url, addr, str(error) or "no answer")
            self._refused_until_s[addr] = asyncio.get_running_loop().time() + REFUSED_PAUSE_S
            return
        finally:
            waiting = self._waiting.pop(addr, deque())
        self._client.channel_to_peer[number] = addr
        self._client.peer_to_channel[addr] = number
        del self._client.peer_to_failed_channel[addr]
        for data in waiting:
            self._client.send_on(number, data)
        # Where the far end is behind a relay, too, its server may not have known of us yet, and dropped the first
        # check; it is sent again only after 0.5 s (RFC 8445, section 14.3).
        for wait_s in FIRST_AGAIN_S:
            await asyncio.sleep(wait_s)
            if waiting and not self.is_closing():
                self._client.send_on(number, waiting[0])

    async def _keep_bound(self) -> None:
        while True:
            await asyncio.sleep(BIND_AGAIN_S)
            for addr, channel in tuple(self._client.peer_to_channel.items()):
                self._spawn(self._bind_again(addr, channel))

    async def _bind_again(self, addr: tuple[str, int], channel: int) -> None:
        # Packets go on meanwhile. Nobody's answer is not a reason to stop: the next one may come through.
        with contextlib.suppress(stun.TransactionTimeout, OSError, ValueError):
            try:
                await self._client.channel_bind(channel, addr)
            except stun.TransactionFailed as error:
                logger.info("%s does not relay to %s any more: %s", self.server.url, addr, error)

    def close(self) -> None:
        """Give the relay back. Returns at once; the receiver's `connection_lost` comes within END_LIMIT_S."""
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end())

    async def wait_closed(self) -> None:
        """Close, and wait for it."""
        self.close()
        assert self._ending is not None
        await asyncio.wait((self._ending,))

    async def _end(self) -> None:
        client = self._client
        for task in (*self._tasks, client.refresh_task, self._binding_again):
            if task is not None:
                task.cancel()
        try:
            if not client.transport.is_closing():
                request = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
                request.attributes["LIFETIME"] = 0
                async with asyncio.timeout(END_LIMIT_S):
                    await client.request_with_retry(request)
        except (stun.TransactionError, TimeoutError, OSError) as error:
            logger.info("a relay of %s was not given back: %s", self.server.url, str(error) or "no answer")
        finally:
            client.abort()


def _words(error: stun.TransactionFailed) -> str:
    code = error.response.error_code
    if code == 401:
        return "it does not accept the user and the secret"
    if code == 486:
        return "it gives this user no more relays"
    if code == 508:
        return "it has no more room for relays"
    return f"it answers with error {code}"
