"""Clients whose place is kept when they lose the connection, for tests of either kind of server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .server_tools import RawClient

if TYPE_CHECKING:
    from .server_tools import RunningServer


async def join(client: RawClient, user: str, **more: Any) -> dict[str, Any]:
    """Enter the room r; returns the welcome."""
    capabilities = more.pop("capabilities", ["resume"])
    await client.send(
        type="join-room", roomId="r", userId=user, instance="i-" + user, capabilities=capabilities, **more
    )
    return await client.expect("welcome")


async def connect(server: RunningServer) -> RawClient:
    """One more; it ends with the server."""
    return RawClient(await server.http.ws_connect(server.url(), max_msg_size=0))


def place(user: str, **more: Any) -> dict[str, Any]:
    """What a Guest (rights_tools.py) enters with, so that the place is kept."""
    return {"user": user, "instance": "i-" + user, "capabilities": ["resume"], **more}


def cut(client: RawClient) -> None:
    """Lose the connection as a network does: without a word."""
    transport = client.socket._response.connection.transport  # type: ignore[union-attr]
    assert transport is not None
    transport.abort()
