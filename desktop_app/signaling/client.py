"""The thin WebSocket shell around the signaling machine."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.limits import MAX_FRAME_BYTES
from desktop_app.protocol.messages import ServerMessage, Welcome
from desktop_app.protocol.rights import Waiting

from .errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .machine import SignalingMachine

logger = logging.getLogger(__name__)

CONNECT_LIMIT_S = 10.0
HEARTBEAT_S = 10.0
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

    async def connect(self) -> Welcome:
        """Open the connection and join the room.

        Raises:
            ConnectError: with the sentence for the person.
        """
        # trust_env is off: a proxy variable of the shell must not see a call's signaling.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT_S)
        )
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S) as limit:
                self._socket = await self._open(self._session)
                return await self._join(self._socket, limit)
        except TimeoutError:
            await self.close()
            raise ConnectError("The server does not answer.", code="server-unreachable") from None
        except BaseException:
            await self.close()
            raise

    async def _open(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        tls: Any = True
        if self._fingerprint is not None:
            if not self._url.startswith("wss:"):
                raise ConnectError("The link names a certificate, but its address is not a secure one.")
            # The link pins the certificate itself: no authority is asked, and no other certificate will do.
            tls = aiohttp.Fingerprint(bytes.fromhex(self._fingerprint))
        try:
            return await session.ws_connect(
                self._url, ssl=tls, heartbeat=HEARTBEAT_S, max_msg_size=MAX_WELCOME_BYTES
            )
        except aiohttp.ServerFingerprintMismatch as error:
            raise ConnectError(
                "The server's certificate is not the one that the link names; somebody may be in between.",
                code="certificate-mismatch",
            ) from error
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError) as error:
            raise ConnectError(
                "The server's certificate cannot be trusted; ask for the whole invitation link.",
                code="certificate-untrusted",
            ) from error
        except aiohttp.ClientSSLError as error:
            raise ConnectError(
                "No secure connection to the server is possible; check the address.", code="tls-failed"
            ) from error
        except aiohttp.WSServerHandshakeError as error:
            raise ConnectError(
                f"The address answers, but not as a Bridgecall server (HTTP {error.status}).",
                code="not-a-server",
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectError("The server cannot be reached.", code="server-unreachable") from error

    async def _join(self, socket: aiohttp.ClientWebSocketResponse, limit: asyncio.Timeout) -> Welcome:
        self.machine.connected()
        await self._send_all(socket)
        async for frame in socket:
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
            if frame.type is aiohttp.WSMsgType.TEXT:
                try:
                    message = self.machine.receive(frame.data)
                    if message is not None:
                        self._on_message(message)
                except Exception:
                    logger.exception("a message of the server could not be handled")
            elif frame.type is aiohttp.WSMsgType.ERROR:
                break
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
        if not self._closing:
            self.machine.disconnected()
            self._on_lost("The connection to the server was lost.")

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
