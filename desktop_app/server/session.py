"""One WebSocket's life: a reader, a writer task behind a bounded outbox, and an end that always comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from desktop_app.protocol import limits
from desktop_app.protocol.codec import encode_server_message
from desktop_app.protocol.errors import ErrorCode

from .outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp import WSMessage

    from desktop_app.protocol.messages import ErrorMessage

    from .guard.guard import Pace

logger = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
"""A ping after so much silence; a client that does not answer in half of it is gone."""

GRACE_S = 2.0
"""How long a client that is sent away may take to read why, before its socket is cut."""

# Frames between our limit and this one are read to their end, so that the client gets the reason and an
# orderly close. Longer ones are refused at their header: the close frame is sent, but a client that goes on
# writing may see a reset instead.
_HARD_LIMIT_BYTES = 4 * limits.MAX_FRAME_BYTES


_GOODBYES = (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
"""How a client says that it ends the connection on purpose (RFC 6455 7.4.1): a browser whose page was closed says the
second. A close frame without a code may be of somebody who goes on with another connection."""

# How much one client may say before the others have their turn: a turn of the loop costs as much as a message.
_TURN_MESSAGES = 2
_TURN_CHARS = 16 * 1024


class SessionHandler(Protocol):
    """What a session reports to."""

    def on_text(self, session: Session, text: str) -> Awaitable[None] | None:
        """A text message within the size limit; what it returns is awaited before the next one is read."""

    def on_control(self, session: Session, size: int) -> Awaitable[None] | None:
        """A ping or pong with `size` bytes; what it returns is awaited before the next frame is read."""

    def on_refused(self, session: Session, code: ErrorCode) -> None:
        """A frame that is no message: binary, or too large (the session is to be ended then)."""


def is_over_limit(text: str) -> bool:
    """True when `text` is longer than a frame may be, in bytes of UTF-8."""
    if len(text) * 4 <= limits.MAX_FRAME_BYTES:
        return False
    return len(text.encode()) > limits.MAX_FRAME_BYTES


class Session:
    """A connected client."""

    def __init__(
        self, number: int, *, heartbeat_s: float = HEARTBEAT_S, address: str = "", pace: Pace
    ) -> None:
        self.number = number
        self.pace = pace
        self.address = address
        """Of guard.addresses: what counts as where it comes from. Never in logs or metrics."""
        self._heartbeat_s = heartbeat_s
        # No compression: it would let a small frame unpack into a large one, and the messages are small.
        self._socket = web.WebSocketResponse(
            heartbeat=heartbeat_s,
            max_msg_size=_HARD_LIMIT_BYTES,
            compress=False,
            timeout=GRACE_S,
            autoping=False,  # aiohttp would answer all that were read, thousands of them, in one turn of the loop
        )
        self._outbox = Outbox()
        self._transport: asyncio.Transport | None = None
        self._close_code: int | None = None
        self._cut_timer: asyncio.TimerHandle | None = None
        self.said_goodbye = False
        """Whether the client closed the connection on purpose: it has left, also without `leave-room`."""

    @property
    def ending(self) -> bool:
        """True after `end`."""
        return self._close_code is not None

    def send(self, message: bytes) -> bool:
        """Queue `message`; False when this client does not read and the queue is full."""
        return self._outbox.put(message)

    @property
    def waiting_bytes(self) -> int:
        """Of everything that was to be sent and was not."""
        return self._outbox.queued_bytes

    def take_waiting(self) -> list[bytes]:
        """Everything that was to be sent and was not, oldest first; also after the end of the connection."""
        return self._outbox.take_all()

    def end(self, reason: ErrorMessage, close_code: int) -> None:
        """Drop what waits, tell the client `reason`, close; the socket is cut when that takes too long."""
        if self.ending:
            return
        self._close_code = close_code
        self._outbox.finish(encode_server_message(reason).encode())
        self._cut_timer = asyncio.get_running_loop().call_later(GRACE_S, self._cut)

    async def rest(self, seconds: float) -> None:
        """Read nothing for so long: what a flood brings is to wait at its sender's, not here."""
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.pause_reading()
        try:
            await asyncio.sleep(seconds)
        finally:
            if transport is not None and not transport.is_closing():
                transport.resume_reading()

    async def run(self, request: web.Request, handler: SessionHandler) -> web.WebSocketResponse:
        """Serve `request` until the connection ends, whoever ends it."""
        await self._socket.prepare(request)
        self._transport = request.transport
        reader = asyncio.create_task(self._read(handler), name=f"session-{self.number}:reader")
        writer = asyncio.create_task(self._write(), name=f"session-{self.number}:writer")
        try:
            await asyncio.wait([reader, writer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            writer.cancel()
            await asyncio.wait([reader, writer])
        for task in (reader, writer):
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("session %d failed", self.number, exc_info=error)
        try:
            if self._close_code is not None:
                # Nobody may be in receive() now: only then does close() wait for the client's answer, and a
                # socket that is closed with unread data in it takes our last words back (RFC 9293 3.10.4).
                await self._socket.close(code=self._close_code)
        finally:
            if self._cut_timer is not None:
                self._cut_timer.cancel()
            # Nobody may ever read what is still to be written, and the kernel would try for a quarter of an hour.
            asyncio.get_running_loop().call_later(GRACE_S, self._cut)
        return self._socket

    async def _read(self, handler: SessionHandler) -> None:
        count = size = 0
        while True:
            message: WSMessage = await self._socket.receive()
            if message.type is WSMsgType.CLOSE:
                self.said_goodbye = message.data in _GOODBYES and not self.ending
                break
            if message.type in (WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                break
            if self.ending:
                await asyncio.sleep(0)  # what is buffered may be thousands
                continue
            if message.type is WSMsgType.TEXT:
                if is_over_limit(message.data):
                    handler.on_refused(self, ErrorCode.FRAME_TOO_LARGE)
                elif (unfinished := handler.on_text(self, message.data)) is not None:
                    await unfinished
            elif message.type is WSMsgType.BINARY:
                too_large = len(message.data) > limits.MAX_FRAME_BYTES
                handler.on_refused(self, ErrorCode.FRAME_TOO_LARGE if too_large else ErrorCode.BINARY_FRAME)
            else:
                await self._control_frame(message, handler)
            # Buffered messages come without a pause: let the writers, and the other clients, have their turn.
            count += 1
            size += len(message.data)
            if count >= _TURN_MESSAGES or size >= _TURN_CHARS:
                count = size = 0
                await asyncio.sleep(0)

    async def _control_frame(self, message: WSMessage, handler: SessionHandler) -> None:
        """A ping or pong: it counts like any other message, and is answered in its turn."""
        if (unfinished := handler.on_control(self, len(message.data))) is not None:
            await unfinished
        if message.type is WSMsgType.PING and not self.ending:
            with contextlib.suppress(ConnectionError):  # it has gone: the next read says so
                await self._socket.pong(message.data)

    async def _write(self) -> None:
        message: bytes | None = None
        try:
            while (message := await self._outbox.get()) is not None:
                await self._socket.send_frame(message, WSMsgType.TEXT)
        except ConnectionError:
            if message is not None:
                self._outbox.put_back(message)  # it may be for a connection that follows this one
            logger.debug("session %d: the connection went while sending", self.number)

    def _cut(self) -> None:
        if self._transport is not None:
            # A TLS transport whose connection is gone raises in some Pythons (seen in 3.11.2).
            with contextlib.suppress(AttributeError):
                self._transport.abort()
