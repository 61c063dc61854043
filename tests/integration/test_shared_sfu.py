"""One SFU room with participants on two servers: a real Redis and a real Janus."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.shared.address import parse_redis_url
from desktop_app.server.topology.coordinator import Rules
from tests.janus import PROGRAM, JanusProcess

from .server_tools import ANSWER_S, running_server
from .sfu_tools import participant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.redis_server import RedisServer

    from .server_tools import RunningServer
    from .sfu_tools import SfuParticipant

pytestmark = [
    pytest.mark.needs_program(PROGRAM, "redis-server"),
    # aiortc's own receiver is given pictures before the first whole one.
    pytest.mark.expected_warnings("^aiortc.rtcrtpreceiver: .* failed to decode VP8 frame"),
]

RULES = Rules(threshold=3, mesh_limit=4, hysteresis_s=0.3, ready_s=8.0)


@asynccontextmanager
async def with_janus(redis: RedisServer, janus: JanusProcess) -> AsyncIterator[RunningServer]:
    """A server that knows of both."""
    address = parse_redis_url(redis.url)
    async with running_server(redis=address, janus=(janus.address,), rules=RULES) as server:
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 1)
        yield server


async def test_a_room_over_two_servers_has_one_sfu_and_one_mind(tmp_path: Path, redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        janus = await stack.enter_async_context(JanusProcess(tmp_path))
        one, two = [await stack.enter_async_context(with_janus(redis, janus)) for _ in range(2)]
        async with AsyncExitStack() as first:
            # The first one's server decides.
            ann = await first.enter_async_context(participant(one, "ann"))
            async with participant(two, "bob") as bob:
                async with participant(two, "cat") as cat:
                    for each in (ann, bob, cat):
                        await each.until_told("sfu", "commit", "participants")
                    assert ann.epoch == bob.epoch == cat.epoch
                    assert len(await janus.rooms()) == 1
                    for each, other in ((ann, "cat"), (bob, "ann"), (cat, "ann")):
                        assert (await each.frame(other, "thumbnail")).width
                    async with participant(one, "dan") as dan:
                        assert dan.story == [("sfu", "commit", "joined")]
                        await bob.until(lambda: bob.gets(*feeds("ann", "cat", "dan")))
                        assert (await bob.frame("dan", "thumbnail")).width
                    await first.aclose()
                # Nobody of the server that has decided is left; the other one goes on.
                await bob.until_told("mesh", "commit", "few-participants")
        async with asyncio.timeout(ANSWER_S):
            while await janus.rooms() or len(await janus.handles()) != 2:  # noqa: ASYNC110 - Janus tells nobody
                await asyncio.sleep(0.02)
        assert not [key for key in await redis.keys() if ":room" in key]


@pytest.mark.expected_warnings("^desktop_app.server.shared.link: Redis (was lost|is there again)")
async def test_what_was_published_while_redis_was_away_is_heard_of(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with AsyncExitStack() as stack:
        janus = await stack.enter_async_context(JanusProcess(tmp_path))
        one, two = [await stack.enter_async_context(with_janus(redis, janus)) for _ in range(2)]
        ann = await stack.enter_async_context(participant(one, "ann"))
        bob = await stack.enter_async_context(participant(two, "bob"))
        cat = await stack.enter_async_context(participant(two, "cat"))
        for each in (ann, bob, cat):
            await each.until_told("sfu", "commit", "participants")
        await ann.until(lambda: ann.gets(*feeds("bob", "cat")))
        redis.kill()
        for server in (one, two):
            await server.wait_for_gauge("bridgecall_redis_up", 0)
        await bob.publish(("audio", "camera"))
        await cat.until(lambda: cat.gets(("ann", "audio"), ("ann", "thumbnail"), ("bob", "audio")))
        await redis.restart()
        await ann.until(lambda: ann.gets(("bob", "audio"), *feeds("cat")))


@pytest.mark.expected_warnings("^desktop_app.server.janus.node: Janus .* is gone")
async def test_a_server_that_alone_has_lost_janus_has_its_participants_begin_anew(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with AsyncExitStack() as stack:
        janus = await stack.enter_async_context(JanusProcess(tmp_path))
        one = await stack.enter_async_context(with_janus(redis, janus))
        [session] = await janus.sessions()
        two = await stack.enter_async_context(with_janus(redis, janus))
        ann = await stack.enter_async_context(participant(one, "ann"))
        bob = await stack.enter_async_context(participant(two, "bob"))
        cat = await stack.enter_async_context(participant(two, "cat"))
        for each in (ann, bob, cat):
            await each.until_told("sfu", "commit", "participants")
        [other] = set(await janus.sessions()) - {session}
        await janus.admin("destroy_session", session_id=other)
        for each in (bob, cat):
            await each.until(partial(has_lost_both, each))
        assert not connections_lost(ann)
        assert ann.story[-1] == ("sfu", "commit", "participants")


def has_lost_both(somebody: SfuParticipant) -> bool:
    return connections_lost(somebody) == {"publish", "subscribe"}


def connections_lost(somebody: SfuParticipant) -> set[str]:
    """What the server has said is lost."""
    return {each["connection"] for each in somebody.got("sfu-failed") if each["code"] == "lost"}


def feeds(*users: str) -> list[tuple[str, str]]:
    """The sound and the thumbnail of each."""
    return [(user, kind) for user in users for kind in ("audio", "thumbnail")]
