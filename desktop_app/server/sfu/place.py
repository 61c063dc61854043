"""Where an SFU room is, and what a participant's connections need to know of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from desktop_app.server.janus.client import JanusError, JanusGoneError
from desktop_app.server.janus.videoroom import NO_SUCH_ROOM

if TYPE_CHECKING:
    from desktop_app.protocol.messages import ServerMessage
    from desktop_app.protocol.topology import SfuConnection
    from desktop_app.server.janus.node import JanusNode
    from desktop_app.server.janus.videoroom import VideoRoom


class Tell(Protocol):
    """Sends a message to one participant of this server."""

    def __call__(self, user_id: str, message: ServerMessage) -> None:
        """Queue it."""


class Place:
    """A room in one Janus, made there by whichever server needs it first."""

    def __init__(self, node: JanusNode, janus_room: str, epoch: int, tell: Tell) -> None:
        self.node = node
        self.room = janus_room
        self.epoch = epoch
        self._tell = tell
        self._making: asyncio.Task[None] | None = None
        self.over = False
        """Whether what goes wrong from now on is of no interest to anybody."""
        node.use(janus_room)

    async def rooms(self) -> VideoRoom:
        """The requests about rooms; ours exists.

        Raises:
            JanusError: it cannot be made, or Janus is gone.
        """
        videoroom = self.node.videoroom
        if self._making is None or (self._making.done() and self._failed(self._making)):
            self._making = asyncio.create_task(videoroom.create(self.room), name=f"make {self.room}")
        await asyncio.shield(self._making)
        return videoroom

    def pin(self) -> str:
        """What one has to know to enter the room.

        Raises:
            JanusGoneError: the node is not connected.
        """
        return self.node.videoroom.pin(self.room)

    def refused(self, error: JanusError) -> None:
        """A request was refused: a room that does not exist any more is made again by the next one."""
        if error.code == NO_SUCH_ROOM:
            self._making = None

    def tell(self, user_id: str, message: ServerMessage) -> None:
        """Send a participant a message, as long as the place means something."""
        if not self.over:
            self._tell(user_id, message)

    def worth_telling(self, error: JanusError | None) -> bool:
        """Whether a participant is to hear of an error: when the whole node is gone, the topology says so."""
        return not self.over and (self.node.up or not isinstance(error, JanusGoneError))

    async def leave(self, *, destroy: bool) -> None:
        """Give the room up, and its existence with it when nobody else needs it."""
        self.over = True
        self.node.leave(self.room)
        if self._making is not None:
            await asyncio.wait([self._making])
            if not self._failed(self._making) and destroy and self.node.up:
                try:
                    await self.node.videoroom.destroy(self.room)
                except JanusError:
                    return  # it is swept away later, or gone with its node

    @staticmethod
    def _failed(task: asyncio.Task[None]) -> bool:
        return task.cancelled() or task.exception() is not None


SENTENCES: dict[SfuConnection, str] = {
    "publish": "The media server did not take the camera and the microphone.",
    "subscribe": "The media server does not send the others' pictures and sound.",
}
