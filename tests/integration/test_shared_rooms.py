"""Two servers that share their rooms by way of a real Redis: participants on either do not notice."""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from .shared_tools import nothing_of_rooms, two_servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.redis_server import RedisServer

    from .server_tools import RawClient, RunningServer

pytestmark = pytest.mark.needs_program("redis-server")


@pytest.fixture
async def pair(redis: RedisServer) -> AsyncIterator[tuple[RunningServer, RunningServer]]:
    async with two_servers(redis) as both:
        yield both


@asynccontextmanager
async def clients(*servers: RunningServer) -> AsyncIterator[list[RawClient]]:
    """One client on each of the servers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(server.client()) for server in servers]


def users(welcome: dict[str, Any]) -> list[str]:
    return [each["userId"] for each in welcome["participants"]]


async def test_participants_on_either_server_are_in_one_room(
    pair: tuple[RunningServer, RunningServer],
) -> None:
    one, two = pair
    async with clients(one, two, one) as (ann, bob, cem):
        await ann.send(
            type="join-room", roomId="r", userId="ann", displayName="Änn \U0001f600", audioMuted=True
        )
        assert users(await ann.expect("welcome")) == []
        welcome = await bob.join("r", "bob")
        assert welcome["participants"] == [
            {"userId": "ann", "displayName": "Änn \U0001f600", "audioMuted": True, "videoMuted": False}
        ]
        assert (await ann.expect("new-peer"))["userId"] == "bob"
        assert users(await cem.join("r", "cem")) == ["ann", "bob"]
        for client in (ann, bob):
            assert (await client.expect("new-peer"))["userId"] == "cem"

        data = {"sdp": "v=0\r\n" + "x" * 3000, "n": 1.5, "lone": "\ud800"}
        await ann.send(type="signal", targetUserId="bob", data=data)
        assert await bob.expect("signal") == {"type": "signal", "from": "ann", "data": data}
        await bob.send(type="signal", targetUserId="ann", data=None)
        assert await ann.expect("signal") == {"type": "signal", "from": "bob", "data": None}

        await bob.send(type="update-participant", displayName="Bob", videoMuted=True)
        for client in (ann, cem):
            assert await client.expect("participant-updated") == {
                "type": "participant-updated",
                "userId": "bob",
                "displayName": "Bob",
                "audioMuted": False,
                "videoMuted": True,
            }
        await bob.send(type="leave-room")
        for client in (ann, cem):
            assert await client.expect("peer-left") == {"type": "peer-left", "userId": "bob"}
        await ann.send(type="signal", targetUserId="bob", data=1)
        await ann.expect_error("unknown-target")
        assert users(await bob.join("r", "bob")) == ["ann", "cem"]


async def test_the_newcomer_is_announced_before_its_first_signal(
    pair: tuple[RunningServer, RunningServer],
) -> None:
    one, two = pair
    async with clients(one, two) as (ann, bob):
        await ann.join("r", "ann")
        for turn in range(20):
            # All at once: what follows the join has to wait for it.
            await bob.send(type="join-room", roomId="r", userId=f"bob{turn}")
            await bob.send(type="signal", targetUserId="ann", data=turn)
            await bob.send(type="leave-room")
            assert (await ann.expect("new-peer"))["userId"] == f"bob{turn}"
            assert (await ann.expect("signal"))["data"] == turn
            assert (await ann.expect("peer-left"))["userId"] == f"bob{turn}"
            await bob.expect("welcome")


async def test_of_two_with_the_same_name_exactly_one_gets_in(
    pair: tuple[RunningServer, RunningServer], redis: RedisServer
) -> None:
    async with clients(*pair) as both:
        for turn in range(20):
            await asyncio.gather(
                *(each.send(type="join-room", roomId=f"r{turn}", userId="ann") for each in both)
            )
            answers = [await each.receive() for each in both]
            assert sorted(answer["type"] for answer in answers) == ["error", "welcome"], answers
            winner, loser = both if answers[0]["type"] == "welcome" else reversed(both)
            assert next(each for each in answers if each["type"] == "error")["code"] == "user-id-taken"
            await winner.send(type="leave-room")
            if users(await loser.join(f"r{turn}", "bob")) == ["ann"]:  # whose leaving is on its way
                await loser.expect("peer-left")
            await loser.send(type="leave-room")
    await nothing_of_rooms(redis)


async def test_a_room_is_full_over_all_servers(pair: tuple[RunningServer, RunningServer]) -> None:
    async with clients(*pair * 5) as many:
        for number, each in enumerate(many):
            await each.send(type="join-room", roomId="r", userId=f"u{number}")
        answers = []
        for each in many:
            answer = await each.receive()
            while answer["type"] == "new-peer":
                answer = await each.receive()
            answers.append(answer)
        assert [each["code"] for each in answers if each["type"] == "error"] == ["room-full"] * 2
        # One order for all: each newcomer was told of exactly those who came before.
        lists = sorted((users(each) for each in answers if each["type"] == "welcome"), key=len)
        assert [len(each) for each in lists] == list(range(8))
        assert all(longer[: len(shorter)] == shorter for shorter, longer in itertools.pairwise(lists))


@pytest.mark.parametrize("seed", range(3))
async def test_churn_leaves_nothing_behind(
    pair: tuple[RunningServer, RunningServer], redis: RedisServer, seed: int
) -> None:
    chance = random.Random(seed)

    async def person(number: int) -> None:
        for _ in range(6):
            async with chance.choice(pair).client() as me:
                room, name = f"r{chance.randrange(2)}", f"u{chance.randrange(10)}"
                await me.send(type="join-room", roomId=room, userId=name)
                if chance.random() < 0.3:
                    continue  # gone before the answer
                answer = await me.receive()
                if answer["type"] == "error":
                    assert answer["code"] in ("user-id-taken", "room-full")
                    continue
                others = set(users(answer))
                await me.send(type="update-participant", displayName=f"{number}")
                for target in sorted(others):
                    await me.send(type="signal", targetUserId=target, data=number)
                await me.send(type="leave-room")
                await me.send(type="signal", targetUserId="nobody", data=None)
                while (news := await me.receive()).get("code") != "not-joined":
                    if news["type"] == "new-peer":
                        assert news["userId"] not in others | {name}
                        others.add(news["userId"])
                    elif news["type"] == "peer-left":
                        others.remove(news["userId"])
                    elif news["type"] in ("signal", "participant-updated"):
                        assert news.get("from", news.get("userId")) in others
                    else:
                        assert news["code"] == "unknown-target"

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(person(number))
    await nothing_of_rooms(redis)
    for server in pair:
        await server.wait_for_gauge("bridgecall_rooms", 0)


REDIS_LOST = r"desktop_app\.server\.shared\.link: Redis (was lost|is there again)"


@pytest.mark.expected_warnings(REDIS_LOST)
async def test_rooms_go_on_while_redis_is_away_and_are_mended(
    pair: tuple[RunningServer, RunningServer], redis: RedisServer
) -> None:
    one, two = pair
    async with clients(one, one, two, two) as (ann, bob, cem, dan):
        await ann.join("r", "ann")
        await bob.join("r", "bob")
        await cem.join("r", "cem")
        await ann.expect("new-peer")
        for client in (ann, bob):
            await client.expect("new-peer")
        redis.kill()
        await ann.send(type="signal", targetUserId="bob", data=1)
        assert (await bob.expect("signal"))["data"] == 1
        await refused_as_unavailable(dan, type="join-room", roomId="r", userId="dan")
        await refused_as_unavailable(ann, type="signal", targetUserId="cem", data=1)
        await ann.send(type="update-participant", displayName="Ann")
        await bob.expect("participant-updated")
        await bob.send(type="leave-room")
        assert (await ann.expect("peer-left"))["userId"] == "bob"

        await redis.restart()
        news = [await cem.receive(), await cem.receive()]
        assert sorted(each["type"] for each in news) == ["participant-updated", "peer-left"]
        assert {each["userId"] for each in news} == {"ann", "bob"}
        await dan_joins(dan)
        assert (await ann.expect("new-peer"))["userId"] == "dan"  # and nothing of cem, who never left
        await ann.send(type="signal", targetUserId="cem", data=2)
        assert (await cem.expect("new-peer"))["userId"] == "dan"
        assert (await cem.expect("signal"))["data"] == 2


async def refused_as_unavailable(client: RawClient, **message: Any) -> None:
    """Redis' end is noticed very soon, not at once; what is lost in between is lost."""
    await client.send(**message)
    if message["type"] == "join-room":
        await client.expect_error("unavailable")
        return
    async with asyncio.timeout(10):
        while True:
            try:
                answer = await asyncio.wait_for(client.receive(), 0.3)
            except TimeoutError:
                await client.send(**message)
                continue
            assert answer["code"] == "unavailable"
            return


async def dan_joins(dan: RawClient) -> None:
    async with asyncio.timeout(10):
        while True:
            await dan.send(type="join-room", roomId="r", userId="dan")
            answer = await dan.receive()
            if answer["type"] == "welcome":
                assert users(answer) == ["ann", "cem"]
                return
            assert answer["code"] == "unavailable"
            await asyncio.sleep(0.05)


@pytest.mark.expected_warnings(REDIS_LOST)
async def test_a_redis_that_hangs_is_noticed(
    pair: tuple[RunningServer, RunningServer], redis: RedisServer
) -> None:
    one, two = pair
    async with clients(one, two) as (ann, bob):
        await ann.join("r", "ann")
        redis.signal(signal.SIGSTOP)
        try:
            await bob.send(type="join-room", roomId="r", userId="bob")
            await bob.expect_error("unavailable")
        finally:
            redis.signal(signal.SIGCONT)
        async with asyncio.timeout(20):
            while True:
                await bob.send(type="join-room", roomId="r", userId="bob")
                if (answer := await bob.receive())["type"] == "welcome":
                    break
                await asyncio.sleep(0.1)
        assert users(answer) == ["ann"]
