"""Real peer connections that carry data alone, in one process."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NoReturn

from aiortc.rtcsessiondescription import RTCSessionDescription

from desktop_app.rtc.aiortc_internals import PeerConnection
from desktop_app.rtc.ice import IceConfiguration, to_rtc_configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiortc.rtcdatachannel import RTCDataChannel


def _no_media(kind: str, transport: object) -> NoReturn:
    raise AssertionError("there is no media here")


def peer_connection() -> PeerConnection:
    """One without media."""
    return PeerConnection(
        to_rtc_configuration(IceConfiguration()),
        make_sender=_no_media,
        make_receiver=_no_media,
        on_transport_feedback=lambda _message: None,
    )


class DataEnd:
    """A connection and what its channels got."""

    def __init__(self) -> None:
        self.pc = peer_connection()
        self.received: dict[int, list[bytes | str]] = {}

    def open(self, channel_id: int, *, ordered: bool = True) -> RTCDataChannel:
        """A negotiated channel."""
        channel = self.pc.createDataChannel(
            f"channel {channel_id}", negotiated=True, id=channel_id, ordered=ordered
        )
        channel.on("message", self.received.setdefault(channel_id, []).append)
        return channel


async def connect(offerer: PeerConnection, answerer: PeerConnection) -> None:
    """Exchange the descriptions."""
    await offerer.setLocalDescription(await offerer.createOffer())
    await answerer.setRemoteDescription(RTCSessionDescription(offerer.localDescription.sdp, "offer"))
    await answerer.setLocalDescription(await answerer.createAnswer())
    await offerer.setRemoteDescription(RTCSessionDescription(answerer.localDescription.sdp, "answer"))


@contextlib.asynccontextmanager
async def data_ends() -> AsyncIterator[tuple[DataEnd, DataEnd]]:
    """Two, not connected yet; closed with the block."""
    ends = DataEnd(), DataEnd()
    try:
        yield ends
    finally:
        for end in ends:
            await end.pc.close()
