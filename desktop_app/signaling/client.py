"""The thin WebSocket shell around the signaling machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket as socket_module
import struct
from typing import TYPE_CHECKING, Any

import aiohttp

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.limits import MAX_FRAME_BYTES
from desktop_app.protocol.messages import ServerMessage, Welcome
from desktop_app.protocol.rights import Waiting

from .errors import ConnectError
from .secure import TLS_WANTED, connect_problem, no_redirects, speaks_tls

if TYPE_CHECKING:
    from collections.abc import Callable

    from .machine import SignalingMachine

logger = logging.getLogger(__name__)

CONNECT_LIMIT_S = 10.0
HEARTBEAT_S = 5.0
"""A ping after so much silence; a server that does not answer in half of it is lost."""
CHECK_LIMIT_S = 1.5
"""For an answer when there is reason to doubt."""
MAX_WELCOME_BYTES = 1024 * 1024
"""The server may say more than a client: a welcome lists everybody in the room."""


class SignalingClient:
    """Connects, joins, and passes messages both ways until closed or lost.

    `on_message` gets every server message after the welcome, and before it that the host decides; `on_lost` a
    sentence, once, when the connection ends without `close`.
    """

    def __init__(
        self,
        machine: SignalingMachine,
        url: str,
        *,
        fingerprint_sha256: str | None = None,
        on_message: Callable[[ServerMessage], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.machine = machine
        self._url = url
        self._fingerprint = fingerprint_sha256
        self._on_message = on_message
        self._on_lost = on_lost
        self._tasks = TaskOwner("signaling")
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._to_send = asyncio.Event()
        self._closing = False
        self._is_lost = False
        self._heard = asyncio.Event()
        self._check: asyncio.Task[None] | None = None

    async def connect(self) -> Welcome:
        """Open the connection and join the room.

        Raises:
            ConnectError: with the sentence for the person.
        """
        # trust_env is off: a proxy variable of the shell must not see a call's signaling.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT_S),
            trace_configs=[no_redirects()],
        )
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S) as limit:
                self._socket = await self._open(self._session)
                return await self._join(self._socket, limit)
        except TimeoutError:
            await self._give_up()
            raise ConnectError("The server does not answer.", code="server-unreachable") from None
        except BaseException:
            await self._give_up()
            raise

    async def _give_up(self) -> None:
        # A place that the server keeps for us is not given up with one connection.
        await (self.abandon() if self.machine.can_resume else self.close())

    async def _open(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        tls: Any = True
        if self._fingerprint is not None:
            if not self._url.startswith("wss:"):
                raise ConnectError("The link names a certificate, but its address is not a secure one.")
            # The link pins the certificate itself: no authority is asked, and no other certificate will do.
            tls = aiohttp.Fingerprint(bytes.fromhex(self._fingerprint))
        try:
            # autoping is off: then pongs are seen here, too.
            return await session.ws_connect(
                self._url, ssl=tls, heartbeat=HEARTBEAT_S, max_msg_size=MAX_WELCOME_BYTES, autoping=False
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            refused = isinstance(getattr(error, "os_error", error), ConnectionRefusedError)
            if self._url.startswith("ws:") and not refused and await speaks_tls(self._url):
                raise ConnectError(TLS_WANTED, code="tls-wanted") from error
            raise connect_problem(error, self._url) from error

    async def _join(self, socket: aiohttp.ClientWebSocketResponse, limit: asyncio.Timeout) -> Welcome:
        self.machine.connected()
        await self._send_all(socket)
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.PING:
                await socket.pong(frame.data)
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            message = self.machine.receive(frame.data)
            if isinstance(message, Welcome):
                self._tasks.spawn(self._read(socket), name="read")
                self._tasks.spawn(self._write(socket), name="write")
                return message
            if isinstance(message, Waiting):
                limit.reschedule(None)  # people decide when it ends
                self._on_message(message)
        if self._closing:
            raise ConnectError("You have left.", code="left")
        raise ConnectError("The server closed the connection.", code="server-unreachable")

    def flush(self) -> None:
        """Send what the machine has to say, soon."""
        self._to_send.set()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            self._heard.set()
            if frame.type is aiohttp.WSMsgType.TEXT:
                try:
                    message = self.machine.receive(frame.data)
                    if message is not None:
                        self._on_message(message)
                except Exception:
                    logger.exception("a message of the server could not be handled")
            elif frame.type is aiohttp.WSMsgType.PING:
                with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                    await socket.pong(frame.data)
            elif frame.type is aiohttp.WSMsgType.ERROR:
                break
        self._lost()

    def check_now(self, gone: frozenset[str] = frozenset()) -> None:
        """Find out soon whether the connection lives: for when the network may have changed under it.

        Args:
            gone: addresses that this machine has no longer; with its own a connection is lost.
        """
        if self._socket is None or self._closing:
            return
        own = self._socket.get_extra_info("sockname")
        if own is not None and own[0] in gone:
            self._lost()
        elif self._check is None or self._check.done():
            self._check = self._tasks.spawn(self._probe(self._socket), name="check")

    async def _probe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._heard.clear()
        try:
            async with asyncio.timeout(CHECK_LIMIT_S):
                await socket.ping()
                await self._heard.wait()
        except (TimeoutError, ConnectionError, aiohttp.ClientError):
            logger.info("the connection to the server does not answer")
            self._lost()

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            try:
                await self._send_all(socket)
            except (ConnectionError, aiohttp.ClientError):
                return  # the reader notices the loss and tells it

    async def _send_all(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for text in self.machine.take_outgoing():
            if len(text.encode()) > MAX_FRAME_BYTES:
                logger.error("a message of %d bytes is over the limit and was not sent", len(text))
                continue
            await socket.send_str(text)

    def _lost(self) -> None:
        if not self._closing and not self._is_lost:
            self._is_lost = True
            self.machine.disconnected()
            self._on_lost("The connection to the server was lost.")

    async def abandon(self) -> None:
        """Let go of a connection that was lost, without a word: it may only seem so, and we have not left."""
        self._closing = True
        await self._tasks.close()
        self.machine.disconnected()
        tcp = None if self._socket is None else self._socket.get_extra_info("socket")
        if tcp is not None:
            with contextlib.suppress(OSError):  # nothing is sent any more, not even in the background
                tcp.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_LINGER, struct.pack("ii", 1, 0))
        if self._session is not None:
            await self._session.close()

    async def close(self) -> None:
        """Leave the room and close; safe to call twice."""
        self._closing = True
        await self._tasks.close()
        if self._socket is not None and not self._socket.closed:
            self.machine.leave()
            try:
                async with asyncio.timeout(1.0):
                    await self._send_all(self._socket)
                    await self._socket.close()
            except (TimeoutError, ConnectionError, aiohttp.ClientError):
                logger.info("the server did not take our leave in time")
        self.machine.disconnected()
        if self._session is not None:
            await self._session.close()
