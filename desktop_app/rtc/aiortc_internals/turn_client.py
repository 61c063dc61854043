"""aioice's TURN client for requests, made fit for long calls. Read in aioice 0.13.0.

Mended: its channels were bound anew after 500 s, but the permission that a binding gives ends after 300 s (RFC 8656,
sections 9 and 12), and coturn takes the channel away with it: relayed media stopped after five minutes.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from typing import TYPE_CHECKING, Any

from aioice import stun, turn

if TYPE_CHECKING:
    from desktop_app.rtc.ice_address import ServerAddress

logger = logging.getLogger(__name__)

LIFETIME_S = 600
MAX_UNSENT_BYTES = 128 * 1024
"""In a TCP connection that stands still: what is older is of no use."""
RETRY_S = 5.0
"""After a refresh that nobody answered."""


class TurnClient(turn.TurnClientMixin):
    """One allocation's requests. Its subclasses have the transport."""

    transport: Any

    def __init__(self, server: ServerAddress) -> None:
        super().__init__((server.host, server.port), server.username, server.credential, LIFETIME_S, 0)
        self.round_trip_s = 0.0
        """Of the newest request that was answered."""
        self.refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the system knows that nobody listens there."""

    def error_received(self, exc: Exception) -> None:
        """asyncio's: an ICMP message, as a rule."""
        if isinstance(exc, ConnectionRefusedError) and not self.refused.done():
            self.refused.set_result(None)

    async def request(self, request: stun.Message) -> tuple[stun.Message, tuple[str, int]]:
        """Ask, and take the time; a refusal is an answer, too."""
        begun_s = time.monotonic()
        try:
            answer = await super().request(request)
        except stun.TransactionFailed:
            self.round_trip_s = time.monotonic() - begun_s
            raise
        self.round_trip_s = time.monotonic() - begun_s
        return answer

    async def refresh(self, time_to_expiry: int) -> None:
        """Keep the allocation; when it is lost, so is the transport, which whoever uses the relay hears of."""
        expires_s = time.monotonic() + time_to_expiry
        wait_s = time_to_expiry * 5 / 6
        while True:
            await asyncio.sleep(wait_s)
            request = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
            request.attributes["LIFETIME"] = self.lifetime
            try:
                response, _ = await self.request_with_retry(request)
            except stun.TransactionTimeout:
                if time.monotonic() < expires_s:
                    wait_s = RETRY_S  # the server may be back in time
                    continue
                logger.info("the relay %s was not kept: no answer", self.relayed_address)
                break
            except stun.TransactionError as error:
                logger.info("the relay %s was not kept: %s", self.relayed_address, error)
                break
            lifetime_s = response.attributes.get("LIFETIME", LIFETIME_S)
            expires_s = time.monotonic() + lifetime_s
            wait_s = max(1.0, lifetime_s * 5 / 6)
        self.abort()

    def send_on(self, channel: int, data: bytes) -> None:
        """Send to the peer that a channel was bound to."""
        if not self.transport.is_closing():
            self._send(struct.pack("!HH", channel, len(data)) + data)

    def abort(self) -> None:
        """Close without waiting for anything that was not sent yet."""
        self.transport.abort()


class UdpTurnClient(TurnClient, turn.TurnClientUdpProtocol):
    """TURN over UDP."""

    def __init__(self, server: ServerAddress) -> None:
        TurnClient.__init__(self, server)


class StreamTurnClient(TurnClient, turn.TurnClientTcpProtocol):
    """TURN over TCP or TLS."""

    def __init__(self, server: ServerAddress) -> None:
        TurnClient.__init__(self, server)

    def _send(self, data: bytes) -> None:
        if self.transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
            super()._send(data)
