"""Over a real Redis: who loses one server comes back by another, and nobody sees a leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.server.shared.address import parse_redis_url

from .resume_tools import connect, cut, join
from .server_tools import running_server
from .shared_tools import nothing_of_rooms, until_away, vanish

if TYPE_CHECKING:
    from tests.redis_server import RedisServer

pytestmark = pytest.mark.needs_program("redis-server")


async def test_a_second_connection_by_another_server_takes_the_place_and_the_signals(
    redis: RedisServer,
) -> None:
    address = parse_redis_url(redis.url)
    async with running_server(redis=address) as one, running_server(redis=address) as two:
        ann, ben = await connect(two), await connect(one)
        await join(ann, "ann")
        token = (await join(ben, "ben"))["session"]["token"]
        assert (await ann.expect("new-peer"))["instance"] == "i-ben"
        cut(ben)
        await one.wait_for_gauge("bridgecall_participants_away", 1)
        for number in range(3):
            await ann.send(type="signal", targetUserId="ben", data=number)
        back = await connect(two)
        welcome = await join(back, "ben", resume=token, displayName="Ben")
        assert welcome["resumed"] is True
        assert [each["userId"] for each in welcome["participants"]] == ["ann"]
        assert welcome["participants"][0]["instance"] == "i-ann"
        assert [(await back.expect("signal"))["data"] for _ in range(3)] == [0, 1, 2]
        assert (await ann.expect("participant-updated"))["displayName"] == "Ben"
        await back.send(type="signal", targetUserId="ann", data="hello")
        assert (await ann.expect("signal"))["data"] == "hello"
        await ann.send(type="signal", targetUserId="ben", data="again")
        assert (await back.expect("signal"))["data"] == "again"
        await one.wait_for_gauge("bridgecall_rooms", 0)
        thief = await connect(one)  # the token was used
        await thief.send(
            type="join-room",
            roomId="r",
            userId="ben",
            instance="i-ben",
            capabilities=["resume"],
            resume=token,
        )
        await thief.expect_error("user-id-taken")
        for client in (back, ann):
            await client.send(type="leave-room")
        await nothing_of_rooms(redis)


@pytest.mark.expected_warnings("Redis was not told that this server ends")
async def test_a_server_is_gone_and_its_people_come_back_by_another_without_a_leave(
    redis: RedisServer,
) -> None:
    address = parse_redis_url(redis.url)
    async with (
        running_server(redis=address) as stays,
        running_server(redis=address) as third,
        running_server(redis=address) as dies,
    ):
        ben, ann = await connect(dies), await connect(stays)
        token = (await join(ben, "ben"))["session"]["token"]
        await join(ann, "ann")
        await ben.expect("new-peer")
        await vanish(dies)
        await until_away(stays, "ben")
        await ann.send(type="signal", targetUserId="ben", data="while nobody had you")
        back = await connect(third)
        assert (await join(back, "ben", resume=token))["resumed"] is True
        assert (await back.expect("signal"))["data"] == "while nobody had you"
        await back.send(type="signal", targetUserId="ann", data="back")
        # The first that Ann hears of it all.
        assert await ann.expect("signal") == {"type": "signal", "from": "ben", "data": "back"}
        await back.send(type="leave-room")
        assert (await ann.expect("peer-left"))["userId"] == "ben"
        await ann.send(type="leave-room")
        await nothing_of_rooms(redis)


@pytest.mark.expected_warnings("Redis was not told that this server ends")
async def test_after_the_grace_the_people_of_a_dead_server_have_left(redis: RedisServer) -> None:
    address = parse_redis_url(redis.url)
    async with (
        running_server(redis=address) as stays,
        running_server(redis=address, grace_s=0.5) as dies,
    ):
        ben, ann = await connect(dies), await connect(stays)
        token = (await join(ben, "ben"))["session"]["token"]
        await join(ann, "ann")
        await vanish(dies)
        assert (await ann.expect("peer-left"))["userId"] == "ben"
        assert (await ann.expect("room-updated"))["room"]["host"] == "ann"
        late = await connect(stays)
        assert "resumed" not in await join(late, "ben", resume=token)
        assert (await ann.expect("new-peer"))["userId"] == "ben"


async def test_a_server_that_is_stopped_in_order_hands_its_people_over(redis: RedisServer) -> None:
    address = parse_redis_url(redis.url)
    async with running_server(redis=address) as stays:
        async with running_server(redis=address) as stops:
            ben, ann = await connect(stops), await connect(stays)
            token = (await join(ben, "ben"))["session"]["token"]
            await join(ann, "ann")
            await ben.expect("new-peer")
        back = await connect(stays)
        assert (await join(back, "ben", resume=token))["resumed"] is True
        await back.send(type="signal", targetUserId="ann", data="back")
        assert (await ann.expect("signal"))["data"] == "back"


async def test_who_comes_without_a_token_under_the_name_of_one_who_is_away_is_somebody_new(
    redis: RedisServer,
) -> None:
    async with running_server(redis=parse_redis_url(redis.url)) as server:
        ann, ben = await connect(server), await connect(server)
        await join(ann, "ann")
        await join(ben, "ben")
        await ann.expect("new-peer")
        cut(ben)
        await server.wait_for_gauge("bridgecall_participants_away", 1)
        again = await connect(server)
        assert "resumed" not in await join(again, "ben")
        assert [(await ann.receive())["type"] for _ in range(2)] == ["peer-left", "new-peer"]
