"""DTLS packets to the network with few steps between. Private names read in aiortc 1.16.0 and aioice 0.13.0."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL

from .consent import consent_of

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport

MAX_DATAGRAM_BYTES = 1500
MAX_UNSENT_BYTES = 128 * 1024
"""What the socket did not take yet; no more is given to it meanwhile."""


def send(transport: RTCDtlsTransport, data: bytes) -> None:
    """Encrypt and send `data`; where there is no way to send it, it is lost.

    What RTCDtlsTransport._send_data and three coroutines below it do, at a third of their cost.
    """
    if transport.state != "connected":
        return
    socket = _socket(transport)
    if socket is None or socket[0].is_closing():
        return
    allowed = consent_of(transport.transport)
    if allowed is not None and not allowed.is_given:
        return
    ssl: Any = transport._ssl
    try:
        ssl.send(data)
        datagram = ssl.bio_read(MAX_DATAGRAM_BYTES)
    except SSL.Error:
        return
    socket[0].sendto(datagram, socket[1])
    values = vars(transport)
    values["_RTCDtlsTransport__tx_bytes"] += len(datagram)
    values["_RTCDtlsTransport__tx_packets"] += 1


def is_full(transport: RTCDtlsTransport) -> bool:
    """Whether the socket has enough to send for now."""
    socket = _socket(transport)
    if socket is None or not isinstance(socket[0], asyncio.DatagramTransport):
        return False
    size = getattr(socket[0], "get_write_buffer_size", None)  # a relayed connection's has none
    return size is not None and size() > MAX_UNSENT_BYTES


def _socket(transport: RTCDtlsTransport) -> tuple[Any, tuple[str, int]] | None:
    """The socket of the nominated pair and where to send to."""
    connection: Any = transport.transport._connection
    pair = connection._nominated.get(1)
    return None if pair is None else (pair.protocol.transport, pair.remote_addr)
