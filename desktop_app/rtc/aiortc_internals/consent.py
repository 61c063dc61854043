"""Ask the far end whether it is there. Private names read in aioice 0.13.0."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aioice import stun

if TYPE_CHECKING:
    from aiortc.rtcicetransport import RTCIceTransport


async def round_trip_s(transport: RTCIceTransport, limit_s: float) -> float | None:
    """How long one STUN request takes on the nominated pair (RFC 7675); None when no answer came in time.

    aioice asks as well, every 5 s, and gives up after 30 s.
    """
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
    return time.monotonic() - begun_s
