"""The listening socket: how many connections of an address are taken at all, before a byte of them is read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .addresses import counted_address
from .buckets import Bucket, Buckets, take_if_there
from .limits import HTTP_LIMIT_S, SPARE_OPENED_BURST, SPARE_OPENED_PER_S

if TYPE_CHECKING:
    import ssl as ssl_module

    from .limits import GuardLimits

logger = logging.getLogger(__name__)

_ACCEPTED_AT_ONCE = 16
"""In one turn of the loop, each for about 0.3 ms: a flood of new connections must not delay those that are there."""
_BACKLOG = 1024
"""What the kernel keeps until then; a queue that is full lets people wait for seconds (RFC 9293 3.8.1)."""
_READ_AT_ONCE_BYTES = 8 * 1024
"""Of a WebSocket, in one turn: aiohttp parses all that was read at once, and 256 KiB of small frames take 8 ms."""
_TLS_HANDSHAKE_S = 10.0
_SPARE_CONNECTIONS = 1000
"""Beside the WebSockets: pages, and those that are to be told that there are too many."""


class Gate:
    """Counts connections by address."""

    def __init__(self, limits: GuardLimits, max_connections: int) -> None:
        self._limits = limits
        self._most = max_connections + _SPARE_CONNECTIONS
        self._counts: Counter[str] = Counter()
        self._opened = Buckets(limits.opened_per_s, limits.opened_burst)
        self._spare = Bucket(SPARE_OPENED_PER_S, SPARE_OPENED_BURST, SPARE_OPENED_BURST, time.monotonic())
        self.total = 0

    def enter(self, address: str) -> bool:
        """Whether one more of an address is taken; to be followed by `leave`."""
        if self.total >= self._most:
            return False
        if address and not self._limits.behind_proxy:  # else all come from one: the proxy, or a Unix socket
            if self._counts.get(address, 0) >= self._limits.sockets:
                return False
            now_s = time.monotonic()
            of_address = self._opened.of(address, now_s)
            if not take_if_there(now_s, of_address) and not take_if_there(now_s, self._spare):
                return False
        self._counts[address] += 1
        self.total += 1
        return True

    def leave(self, address: str) -> None:
        """One of an address has ended."""
        self.total -= 1
        self._counts[address] -= 1
        if self._counts[address] <= 0:
            del self._counts[address]


class _Connection(web.RequestHandler):
    """aiohttp's connection, counted; one that does not become a WebSocket does not live for long."""

    __slots__ = ("_address", "_gate", "_limit")

    def __init__(self, gate: Gate, server: web.Server, options: dict[str, Any]) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._gate = gate
        self._address: str | None = None
        self._limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        address = counted_address(str(peer[0])) if isinstance(peer, tuple) and peer else ""
        assert isinstance(transport, asyncio.Transport)
        if not self._gate.enter(address):
            transport.abort()
            return
        self._address = address
        self._limit = asyncio.get_running_loop().call_later(HTTP_LIMIT_S, transport.abort)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._limit is not None:
            self._limit.cancel()
        if self._address is not None:
            self._gate.leave(self._address)
            self._address = None
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._address is not None:
            super().data_received(data)

    def became_websocket(self) -> None:
        """It may stay."""
        if self._limit is not None:
            self._limit.cancel()
        transport: Any = self.transport
        if hasattr(transport, "max_size"):  # of asyncio's transports for selectors, without TLS
            transport.max_size = _READ_AT_ONCE_BYTES


def stays(request: web.Request) -> None:
    """The connection of `request` has become a WebSocket."""
    if isinstance(request.protocol, _Connection):
        request.protocol.became_websocket()


class GuardedSite(web.BaseSite):
    """A web.TCPSite whose connections are counted.

    Args:
        runner: that was set up.
        gate: counts.
        host: to listen on.
        port: 0 for a free one.
        ssl: for TLS.
        options: of web.RequestHandler.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        gate: Gate,
        host: str,
        port: int,
        *,
        ssl: ssl_module.SSLContext | None = None,
        options: dict[str, Any],
    ) -> None:
        super().__init__(runner, ssl_context=ssl)
        self._gate = gate
        self._host = host
        self._port = port
        self._options = options

    @property
    def name(self) -> str:
        """Its address, for people."""
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: that cannot be done.
        """
        await super().start()
        server = self._runner.server
        assert isinstance(server, web.Server)
        listening = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self._gate, server, self._options),
            self._host,
            self._port,
            ssl=self._ssl_context,
            backlog=_ACCEPTED_AT_ONCE,
            ssl_handshake_timeout=_TLS_HANDSHAKE_S if self._ssl_context else None,
        )
        self._server = listening
        for each in listening.sockets:
            _lengthen_queue(each.fileno())


def _lengthen_queue(descriptor: int) -> None:
    """asyncio takes as many in one turn as the kernel may keep; we want the one small and the other large."""
    with contextlib.suppress(OSError, AttributeError), socket.socket(fileno=os.dup(descriptor)) as same:
        same.listen(_BACKLOG)
