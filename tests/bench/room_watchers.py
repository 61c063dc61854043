"""A participant that subscribes to everything and takes nothing in, so that the SFU has the work and we have none.

The connection is made as by anybody else. When it stands, its socket is not read any more: what the SFU sends is
dropped by the kernel, whose buffer is full. The SFU does not notice, for it asks for no sign of life (Janus has no
consent checks of its own), and neither is anything reported as lost.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiortc import RTCPeerConnection, RTCSessionDescription

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.protocol.topology import Feed

MAX_LARGE = 3


async def _receive_nothing(*_arguments: object) -> None:
    """In place of RTCRtpReceiver.receive, which would begin a thread for each stream."""


class DeafSubscriber:
    """The subscriber connection."""

    def __init__(self) -> None:
        self._pc = RTCPeerConnection()
        self._deaf = False
        self._pc.on("connectionstatechange", self._changed)

    async def answer(self, sdp: str) -> str:
        """Take an offer; the answer."""
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for transceiver in self._pc.getTransceivers():
            setattr(transceiver.receiver, "receive", _receive_nothing)  # noqa: B010 - mypy lets nobody assign
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        return shortened(self._pc.localDescription.sdp)

    def _changed(self) -> None:
        if self._pc.connectionState == "connected" and not self._deaf:
            self._deaf = True
            # A moment later, so that the far end's side of the handshake is complete as well.
            asyncio.get_running_loop().call_later(0.5, self._stop_reading)

    def _stop_reading(self) -> None:
        loop: Any = asyncio.get_running_loop()
        connection: Any = self._pc.getTransceivers()[0].receiver.transport.transport._connection
        if connection._query_consent_task is not None:
            connection._query_consent_task.cancel()
        for protocol in connection._protocols:
            if (socket := protocol.transport.get_extra_info("socket")) is not None:
                loop._remove_reader(socket.fileno())

    async def close(self) -> None:
        """Release everything."""
        await self._pc.close()


_NEEDLESS = ("a=fingerprint:sha-384", "a=fingerprint:sha-512", "a=ssrc", "a=msid:")
_ONCE = ("a=candidate:", "a=end-of-candidates")


def shortened(sdp: str) -> str:
    """Without what an answer that only receives does not need, and candidates in its first section alone.

    aiortc repeats three fingerprints and all candidates in every section, also when they are bundled: with thirty
    participants the answer would be over the 64 KiB of a signaling message.
    """
    sections = sdp.split("\r\nm=")
    for number, section in enumerate(sections):
        needless = _NEEDLESS if number < 2 else _NEEDLESS + _ONCE
        sections[number] = "\r\n".join(
            line for line in section.split("\r\n") if not line.startswith(needless)
        )
    return "\r\nm=".join(sections)


def wanted(me: str, others: Sequence[str]) -> list[tuple[str, Feed]]:
    """What a window asks for by default: everybody's sound, three large, the others small."""
    feeds: list[tuple[str, Feed]] = [(other, "audio") for other in others if other != me]
    for place, other in enumerate(other for other in others if other != me):
        feeds.append((other, "camera" if place < MAX_LARGE else "thumbnail"))
    return feeds
