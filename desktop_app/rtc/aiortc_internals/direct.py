"""RTP packets from the socket to their receiver in one go. Private names read in aiortc 1.16.0 and aioice 0.13.0.

aiortc puts each into a queue, wakes a task, and goes through three coroutines that wait for nothing: with a dozen
people in a room a third of what receiving costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pylibsrtp
from aiortc.rtp import RtpPacket, is_rtcp

from .media import ReceiverBase

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport

FIRST_RTP, LAST_RTP = 128, 191
"""The first byte tells RTP from DTLS and STUN (RFC 7983)."""
_BYTES, _PACKETS = "_RTCDtlsTransport__rx_bytes", "_RTCDtlsTransport__rx_packets"


def take_directly(transport: RTCDtlsTransport) -> None:
    """Hand what comes from now on to its receiver at once; anything but RTP goes the usual way. Harmless twice."""
    connection: Any = transport.transport._connection
    if "data_received" in vars(connection):
        return
    usual, queue, counts = connection.data_received, connection._queue, vars(transport)

    def received(data: bytes, component: int) -> None:
        srtp: pylibsrtp.Session | None = transport._rx_srtp
        is_rtp = len(data) > 1 and FIRST_RTP <= data[0] <= LAST_RTP and not is_rtcp(data)
        if srtp is None or not is_rtp or not queue.empty():  # nothing overtakes what waits
            usual(data, component)
            return
        counts[_BYTES] += len(data)
        counts[_PACKETS] += 1
        try:
            packet = RtpPacket.parse(srtp.unprotect(data), transport._rtp_header_extensions_map)
        except (pylibsrtp.Error, ValueError):
            return  # somebody else's, or none
        receiver = transport._rtp_router.route_rtp(packet)
        if isinstance(receiver, ReceiverBase):
            receiver.take(packet)

    connection.data_received = received
