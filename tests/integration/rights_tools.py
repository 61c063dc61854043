"""Clients that know of hosts and doors, for tests of either kind of server."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector

from .server_tools import RawClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .server_tools import RunningServer

ACCESS = "A" * 43
OTHER_ACCESS = "B" * 43


class Guest(RawClient):
    """Joins with a display name, and so is told of the room."""

    user = ""

    async def ask(self, user: str, room: str = "r", **more: Any) -> None:
        """Send a join."""
        self.user = user
        await self.send(type="join-room", roomId=room, userId=user, displayName=user.title(), **more)

    async def enter(self, user: str, room: str = "r", **more: Any) -> dict[str, Any]:
        """Join; returns the welcome."""
        await self.ask(user, room, **more)
        return await self.expect("welcome")

    async def next_of(self, kind: str) -> dict[str, Any]:
        """The next message of this type; others are passed over."""
        while (message := await self.receive())["type"] != kind:
            pass
        return message

    async def room(self, **wanted: object) -> dict[str, Any]:
        """Wait until the room is like this."""
        while True:
            room: dict[str, Any] = (await self.next_of("room-updated"))["room"]
            if all(room[key] == value for key, value in wanted.items()):
                return room

    async def refused(self, code: str, user: str, room: str = "r", **more: Any) -> str:
        """A join that must be refused with `code`; returns the sentence."""
        await self.ask(user, room, **more)
        message = await self.expect("error")
        assert message["code"] == code, message
        return str(message["message"])


@asynccontextmanager
async def guest(server: RunningServer, address: str = "127.0.0.1") -> AsyncIterator[Guest]:
    """One more, from this address of the loopback network."""
    connector = TCPConnector(local_addr=(address, 0))
    async with (
        ClientSession(connector=connector) as http,
        http.ws_connect(server.url("/ws"), max_msg_size=0) as socket,
    ):
        yield Guest(socket)


def digest(text: str) -> str:
    """As servers keep an access."""
    return hashlib.sha256(text.encode()).hexdigest()
