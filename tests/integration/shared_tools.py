"""Servers that share their rooms by way of a real Redis: two of them, one that dies, and what is left at the end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from desktop_app.server.app import HUB
from desktop_app.server.shared.address import parse_redis_url

from .server_tools import ANSWER_S, running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.redis_server import RedisServer

    from .server_tools import RunningServer

OF_ROOMS = ("knocks", "away")
"""What keys about rooms end with that do not have `:room` in them."""


@asynccontextmanager
async def two_servers(redis: RedisServer) -> AsyncIterator[tuple[RunningServer, RunningServer]]:
    """Both at one Redis."""
    address = parse_redis_url(redis.url)
    async with running_server(redis=address) as one, running_server(redis=address) as two:
        yield one, two


async def vanish(server: RunningServer) -> None:
    """End its part in Redis as a process does that is killed: without a word."""
    shared = server.app[HUB]._shared
    assert shared is not None
    shared._pulse.stop()
    await shared._link._tasks.close()


async def room_keys(redis: RedisServer) -> set[str]:
    """What is in Redis of rooms, of their members, and of who waits or is away."""
    return {key for key in await redis.keys() if ":room" in key or key.rpartition(":")[2] in OF_ROOMS}


async def nothing_of_rooms(redis: RedisServer) -> None:
    """Wait until nothing of that is left."""
    async with asyncio.timeout(ANSWER_S):
        while await room_keys(redis):  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.02)


async def until_away(server: RunningServer, user: str) -> None:
    """Wait until the server knows that a participant has no server now."""
    shared = server.app[HUB]._shared
    assert shared is not None
    async with asyncio.timeout(ANSWER_S):
        while True:
            member = shared._rooms.find("r", user)
            if member is not None and member.is_away:
                return
            await asyncio.sleep(0.02)
