"""Who speaks, in a room over two servers and a real Redis: the same for all, whichever server decides."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.shared.address import parse_redis_url
from tests.redis_server import RedisServer

from .server_tools import running_server
from .sfu_tools import participant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .sfu_tools import SfuParticipant

pytestmark = pytest.mark.needs_program("redis-server")
REPORT_S = 0.25


def told(somebody: SfuParticipant) -> list[str | None]:
    """Everybody whom they were told to speak."""
    return [each["userId"] for each in somebody.got("active-speaker")]


@asynccontextmanager
async def speaking(somebody: SfuParticipant, dbov: int) -> AsyncIterator[None]:
    """They say how loud they are, and then that they have ended."""

    async def report() -> None:
        while True:
            await somebody.send(type="audio-level", dbov=dbov)
            await asyncio.sleep(REPORT_S)

    task = asyncio.create_task(report())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(REPORT_S)
        await somebody.send(type="audio-level", dbov=-127)


async def test_all_are_told_of_the_same_speakers_also_by_the_next_leader() -> None:
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(RedisServer())
        address = parse_redis_url(redis.url)
        two = await stack.enter_async_context(running_server(redis=address))
        first = await stack.enter_async_context(AsyncExitStack())
        one = await first.enter_async_context(running_server(redis=address))
        ann = await first.enter_async_context(participant(one, "ann"))  # the first: her server decides
        bob = await stack.enter_async_context(participant(two, "bob"))
        async with speaking(bob, -30):
            for each in (ann, bob):
                await each.until(lambda each=each: told(each) == ["bob"])  # type: ignore[misc]
            async with speaking(ann, -10):  # louder for a second
                for each in (ann, bob):
                    await each.until(lambda each=each: told(each)[-1] == "ann")  # type: ignore[misc]
            cat = await stack.enter_async_context(participant(two, "cat"))
            await bob.until(lambda: told(bob)[-1] == "bob")
            await ann.until(lambda: told(ann) == told(bob))
        assert told(bob) == ["bob", "ann", "bob"]
        [welcome] = cat.got("welcome")
        assert welcome["activeSpeaker"] in ("ann", "bob")

        before = len(told(bob))
        await first.aclose()  # whose server has decided is gone, with its server
        await bob.until(lambda: bob.others == ["cat"])
        async with speaking(cat, -20):
            for each in (bob, cat):
                await each.until(lambda each=each: told(each)[-1:] == ["cat"])  # type: ignore[misc]
        assert told(bob)[before:] == told(cat)[-len(told(bob)[before:]) :]
