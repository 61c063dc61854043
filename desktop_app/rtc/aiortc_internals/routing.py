"""Which receiver an RTP packet is for, with many of them on one transport. Private names read in aiortc 1.16.0.

aiortc looks for the SSRC of a line's stream, and else for the one receiver of the payload type. With more than one
receiver that leaves retransmissions to nobody, and streams without an SSRC in the description; and payload types may
mean different things on different lines. So here: by SSRC, also the one of retransmissions, and else by the mid that
the packet bears (RFC 9143 9.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpReceiver
    from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
    from aiortc.rtp import RtpPacket

MAX_LEARNED = 512
"""SSRCs on one transport, so that a strange far end does not fill the memory."""


def register(transport: RTCDtlsTransport, receiver: RtpReceiver, parameters: RTCRtpReceiveParameters) -> None:
    """From now on `receiver` gets the packets of a line, and no others; to be called after each negotiation."""
    router = transport._rtp_router
    if "route_rtp" not in vars(router):
        table, mids = router.ssrc_table, router.mid_table

        def route(packet: RtpPacket) -> RtpReceiver | None:
            known = table.get(packet.ssrc)
            if known is None:
                known = mids.get(packet.extensions.mid or "")
                if known is not None and len(table) < MAX_LEARNED:
                    table[packet.ssrc] = known
            return known

        setattr(router, "route_rtp", route)  # noqa: B010 - mypy lets nobody assign to a method
    transport._rtp_header_extensions_map.configure(parameters)
    for ssrc in [ssrc for ssrc, owner in router.ssrc_table.items() if owner is receiver]:
        del router.ssrc_table[ssrc]
    router.receivers.add(receiver)
    if parameters.muxId:
        router.mid_table[parameters.muxId] = receiver
    for encoding in parameters.encodings:
        router.ssrc_table[encoding.ssrc] = receiver
        if encoding.rtx is not None:
            router.ssrc_table[encoding.rtx.ssrc] = receiver


def unregister(transport: RTCDtlsTransport, receiver: RtpReceiver) -> None:
    """From now on `receiver` gets nothing."""
    transport._unregister_rtp_receiver(receiver)
