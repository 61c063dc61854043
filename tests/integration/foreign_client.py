"""A client that is not ours: aiortc as it comes, with plain messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiortc import RTCPeerConnection, RTCSessionDescription

from .peer_tools import until

if TYPE_CHECKING:
    from .peer_tools import Person


class ForeignClient:
    """A plain aiortc peer connection without sessions, as another program would have it."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection()
        self.tracks: list[Any] = []
        self.pc.on("track", self.tracks.append)

    async def offer(self, *kinds: str) -> dict[str, Any]:
        """An offer to receive these kinds in addition."""
        for kind in kinds:
            self.pc.addTransceiver(kind, direction="recvonly")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return {"type": "offer", "sdp": self.pc.localDescription.sdp}

    async def take_answer(self, person: Person) -> None:
        """Apply the newest answer that `person` has sent."""
        answer = next(message for message in reversed(person.sent) if message.get("type") == "answer")
        await self.pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))


async def answers_of(person: Person, count: int) -> None:
    """Wait until `person` has answered so often."""
    await until(lambda: sum(message.get("type") == "answer" for message in person.sent) >= count)
