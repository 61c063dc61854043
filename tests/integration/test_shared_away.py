"""Over a real Redis: what holds for somebody who is away on one server, at another one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.app import HUB
from desktop_app.server.shared.address import parse_redis_url

from .resume_tools import connect, cut, join, place
from .rights_tools import guest
from .server_tools import running_server
from .shared_tools import nothing_of_rooms, two_servers, until_away, vanish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.redis_server import RedisServer

    from .server_tools import RunningServer

pytestmark = pytest.mark.needs_program("redis-server")

Pair = tuple["RunningServer", "RunningServer"]


@pytest.fixture
async def pair(redis: RedisServer) -> AsyncIterator[Pair]:
    async with two_servers(redis) as both:
        yield both
    await nothing_of_rooms(redis)


async def until_gone(server: RunningServer, user: str) -> None:
    shared = server.app[HUB]._shared
    assert shared is not None
    async with asyncio.timeout(10):
        while True:
            if shared._rooms.find("r", user) is None:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("ban", [False, True])
async def test_who_is_kicked_while_away_does_not_come_back_by_any_server(pair: Pair, ban: bool) -> None:
    one, two = pair
    async with guest(two, "127.0.0.2") as ann, guest(one) as ben:
        await ann.enter(**place("ann"))
        token = (await ben.enter(**place("ben")))["session"]["token"]
        await ann.next_of("new-peer")
        cut(ben)
        await one.wait_for_gauge("bridgecall_participants_away", 1)
        await ann.send(type="kick", userId="ben", ban=ban)
        assert (await ann.next_of("peer-left"))["userId"] == "ben"
        for server in pair:
            async with guest(server) as again:
                await again.refused("banned" if ban else "kicked", **place("ben", resume=token))


@pytest.mark.expected_warnings("Redis was not told that this server ends")
async def test_who_lost_the_server_can_be_banned_as_well(redis: RedisServer) -> None:
    address = parse_redis_url(redis.url)
    async with (
        running_server(redis=address) as stays,
        running_server(redis=address) as dies,
        guest(stays, "127.0.0.2") as ann,
        guest(stays) as again,
    ):
        await ann.enter(**place("ann"))
        ben = await connect(dies)
        token = (await join(ben, "ben"))["session"]["token"]
        await ann.next_of("new-peer")
        await vanish(dies)
        await until_away(stays, "ben")
        await ann.send(type="kick", userId="ben", ban=True)
        assert (await ann.next_of("peer-left"))["userId"] == "ben"
        await again.refused("banned", **place("ben", resume=token))
        await again.refused("banned", **place("benjamin"))  # from the same address, which nobody else has


@pytest.mark.parametrize("lobby", [False, True])
async def test_a_name_that_is_away_on_another_server_is_free_for_somebody_new(
    pair: Pair, lobby: bool
) -> None:
    """As on one server: the person has started the program again, and the balancer has chosen another one."""
    one, two = pair
    async with guest(two) as ann, guest(one) as ben:
        await ann.enter(**place("ann"))
        token = (await ben.enter(**place("ben")))["session"]["token"]
        await ann.next_of("new-peer")
        if lobby:
            await ann.send(type="set-room", lobby=True)
            await ben.next_of("room-updated")
        async with guest(two) as early:
            await early.refused("user-id-taken", **place("ben"))
        cut(ben)
        await one.wait_for_gauge("bridgecall_participants_away", 1)
        async with guest(two) as new:
            await new.ask(**place("ben", instance="restarted"))
            if lobby:
                assert (await ann.next_of("knock"))["userId"] == "ben"
                await ann.send(type="admit", userId="ben")
            assert (await ann.next_of("peer-left"))["userId"] == "ben"
            assert (await ann.next_of("new-peer"))["instance"] == "restarted"
            await new.next_of("welcome")
            await until_gone(one, "ben")  # it was that server's last one
            await one.wait_for_gauge("bridgecall_participants_away", 0)
            async with guest(one) as late:
                await late.refused("user-id-taken", **place("ben", resume=token))


async def test_who_is_back_on_the_same_server_has_the_name_again(pair: Pair) -> None:
    one, two = pair
    async with guest(two) as ann, guest(one) as ben:
        await ann.enter(**place("ann"))
        token = (await ben.enter(**place("ben")))["session"]["token"]
        cut(ben)
        await one.wait_for_gauge("bridgecall_participants_away", 1)
        async with guest(one) as again, guest(two) as other:
            assert (await again.enter(**place("ben", resume=token)))["resumed"] is True
            await again.send(type="signal", targetUserId="ann", data=1)
            await ann.next_of("signal")
            await other.refused("user-id-taken", **place("ben", instance="another"))


async def test_a_welcome_that_is_lost_on_the_way_does_not_use_the_token_up_at_another_server(
    pair: Pair,
) -> None:
    one, two = pair
    async with guest(two) as ann, guest(one) as ben:
        await ann.enter(**place("ann"))
        token = (await ben.enter(**place("ben")))["session"]["token"]
        await ann.next_of("new-peer")
        cut(ben)
        for server in (two, one, one, two):
            async with guest(server) as unlucky:
                assert (await unlucky.enter(**place("ben", resume=token)))["resumed"] is True
                cut(unlucky)
                await server.wait_for_gauge("bridgecall_participants_away", 1)
        async with guest(one) as again, guest(two) as late:
            await again.enter(**place("ben", resume=token))
            await again.send(type="signal", targetUserId="ann", data="here")
            assert (await ann.next_of("signal"))["data"] == "here"
            await late.refused("user-id-taken", **place("ben", resume=token))
