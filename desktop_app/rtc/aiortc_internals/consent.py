"""Ask the far end whether it is there, and outlive a silent network. Private names read in aiortc 1.16, aioice 0.13.

aioice closes a connection for good when its consent checks (RFC 7675) were not answered for 30 s. But a network that
comes back after a minute finds the old connection as it was: that is the quickest recovery there is. So here the checks
go on for as long as the connection does. What RFC 7675 (5.1) asks for is kept: without an answer for 30 s nothing but
checks is sent, until there is one again.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from aioice import stun

if TYPE_CHECKING:
    from aiortc.rtcicetransport import RTCIceTransport

INTERVAL_S = 5.0
EXPIRES_S = 30.0
"""Both as in RFC 7675."""


class Consent:
    """One transport's."""

    def __init__(self) -> None:
        self._given_s = time.monotonic()

    def give(self) -> None:
        """The far end has answered."""
        self._given_s = time.monotonic()

    @property
    def is_given(self) -> bool:
        """Whether the far end has answered lately, so that it may be sent to."""
        return time.monotonic() - self._given_s < EXPIRES_S


def keep(transport: RTCIceTransport) -> None:
    """Have `transport` outlive silence; to be called before it connects."""
    if consent_of(transport) is not None:
        return  # a bundled one, met before
    consent = Consent()
    vars(transport)["_bridgecall_consent"] = consent
    connection: Any = transport._connection

    async def query_consent() -> None:
        consent.give()  # aioice begins with it when ICE has ended, and so with an answer
        while True:
            await asyncio.sleep(INTERVAL_S * random.uniform(0.8, 1.2))
            await round_trip_s(transport, INTERVAL_S)

    async def send(data: bytes) -> None:
        if consent.is_given or not connection._nominated:
            await connection.send(data)

    connection.query_consent = query_consent
    transport._send = send


def consent_of(transport: RTCIceTransport) -> Consent | None:
    """The consent of a transport that was told to `keep` it."""
    consent: Consent | None = vars(transport).get("_bridgecall_consent")
    return consent


async def round_trip_s(transport: RTCIceTransport, limit_s: float) -> float | None:
    """How long one STUN request takes on the nominated pair (RFC 7675); None when no answer came in time."""
    connection: Any = transport._connection
    pair = connection._nominated.get(1)
    if pair is None or connection.remote_password is None:
        return None
    request = connection.build_request(pair, nominate=False)
    key = connection.remote_password.encode()
    begun_s = time.monotonic()
    try:
        async with asyncio.timeout(limit_s):
            await pair.protocol.request(request, pair.remote_addr, integrity_key=key)
    except (stun.TransactionError, TimeoutError, OSError, AttributeError):  # the socket may be gone
        return None
    if (consent := consent_of(transport)) is not None:
        consent.give()
    return time.monotonic() - begun_s
