"""What the engine needs of a server that it hosts; the composition root brings the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from desktop_app.protocol.invite import Invite


class Host(Protocol):
    """A signaling server in this process. Lives on the engine loop."""

    async def start(self, port: int = 0) -> None:
        """Listen on `port`, 0 for a free one (nothing to do when it listens already).

        Raises:
            UserFacingError: with the sentence for the person.
        """

    def invite(self, room_id: str) -> Invite:
        """The link for others: the LAN address."""

    def own_invite(self, room_id: str) -> Invite:
        """The same room by the loopback address, for ourselves."""

    async def stop(self) -> None:
        """Tell everybody and stop listening."""
