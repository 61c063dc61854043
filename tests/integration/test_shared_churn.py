"""Whatever happens between servers and Redis: in the end all agree, and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from redis.asyncio import Redis

from desktop_app.protocol.errors import ProtocolError
from tests.redis_server import RedisServer
from tests.waiting import until

from .shared_server import Server

pytestmark = [
    pytest.mark.needs_program("redis-server"),
    pytest.mark.expected_warnings(
        r"desktop_app\.server\.shared\.link: Redis (was lost|is there again)",
        r"desktop_app\.server\.shared\.mending: a participant has lost its name",
    ),
]

ROOMS = ("r1", "r2")


async def step(server: Server, chance: random.Random) -> None:
    """One person of one server does something."""
    user = f"u{chance.randrange(6)}"
    if server.rooms.room_of(user) is None:
        with contextlib.suppress(ProtocolError):
            await server.join(user, chance.choice(ROOMS))
    elif chance.random() < 0.5:
        server.leave(user)
    else:
        server.rename(user, f"{chance.randrange(1000)}")


def agree(servers: list[Server]) -> bool:
    """Whether those who have a room have the same."""
    for room in ROOMS:
        lists = [each for each in (server.states(room) for server in servers) if each]
        if any(each != lists[0] for each in lists):
            return False
    return True


@pytest.mark.parametrize("trouble", ["none", "connections", "emptied", "both"])
async def test_in_the_end_all_agree(trouble: str) -> None:
    async with RedisServer() as redis, Redis.from_url(redis.url) as client:
        servers = [Server(redis.url) for _ in range(3)]
        for server in servers:
            await server.shared.start()

        async def live(server: Server, seed: int) -> None:
            chance = random.Random(seed)
            for _ in range(60):
                await step(server, chance)
                await asyncio.sleep(chance.random() * 0.02)

        async def disturb() -> None:
            for turn in range(3):
                await asyncio.sleep(0.2)
                if trouble in ("connections", "both"):
                    kind = "pubsub" if turn % 2 else "normal"
                    await client.client_kill_filter(_type=kind, skipme=True)
                if trouble in ("emptied", "both"):
                    await client.flushall()

        async with asyncio.TaskGroup() as group:
            for seed, server in enumerate(servers):
                group.create_task(live(server, seed))
            group.create_task(disturb())
        await until(lambda: all(server.shared.linked for server in servers))
        await until(lambda: agree(servers))
        for server in servers:
            for user in [f"u{number}" for number in range(6)]:
                if server.rooms.room_of(user) is not None:
                    server.leave(user)
        await until(lambda: all(server.rooms.room_count == 0 for server in servers))
        for server in servers:
            await server.shared.close()
        assert [key for key in await redis.keys() if key != "bridgecall:number"] == []
