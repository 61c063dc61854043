"""Hosts, doors and passwords of rooms over several servers and a real Redis."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.shared.address import parse_redis_url

from .rights_tools import ACCESS, Guest, guest
from .server_tools import RunningServer, running_server
from .shared_tools import nothing_of_rooms, two_servers, vanish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.redis_server import RedisServer

pytestmark = pytest.mark.needs_program("redis-server")


@pytest.fixture
async def pair(redis: RedisServer) -> AsyncIterator[tuple[RunningServer, RunningServer]]:
    async with two_servers(redis) as both:
        yield both


@asynccontextmanager
async def guests(*servers: RunningServer) -> AsyncIterator[list[Guest]]:
    """One at each of the servers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(guest(server)) for server in servers]


async def test_doors_hold_at_every_server(
    pair: tuple[RunningServer, RunningServer], redis: RedisServer
) -> None:
    one, two = pair
    async with guests(one, two, two) as (ann, bob, cem):
        welcome = await ann.enter("ann", access=ACCESS, password="sesame")
        assert welcome["room"] == {"host": "ann", "locked": False, "lobby": False, "password": True}
        await bob.refused("wrong-link", "bob")
        await bob.refused("password-required", "bob", access=ACCESS)
        await bob.refused("wrong-password", "bob", access=ACCESS, password="no")
        welcome = await bob.enter("bob", access=ACCESS, password="sesame")
        assert welcome["room"] == {"host": "ann", "locked": False, "lobby": False, "password": True}
        await bob.send(type="set-room", locked=True)
        await bob.expect_error("not-host")
        await ann.send(type="set-room", locked=True, password="")
        for each in (ann, bob):
            await each.room(locked=True, password=False)
        await cem.refused("room-locked", "cem", access=ACCESS)
        await ann.send(type="give-host", userId="bob")
        for each in (ann, bob):
            await each.room(host="bob")
        await bob.send(type="set-room", locked=False)
        await ann.room(locked=False, host="bob")
        await cem.enter("cem", access=ACCESS)
    await nothing_of_rooms(redis)


async def test_the_lobby_is_one_for_all_servers(
    pair: tuple[RunningServer, RunningServer], redis: RedisServer
) -> None:
    one, two = pair
    async with guests(one, two, two, one, two) as (ann, bob, cem, dan, eve):
        await ann.enter("ann")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        for each, name in ((bob, "bob"), (cem, "cem"), (dan, "dan")):
            await each.ask(name)
            await each.expect("waiting")
            assert (await ann.expect("knock"))["displayName"] == name.title()
        await eve.refused("user-id-taken", "dan")
        await ann.send(type="admit", userId="bob")
        assert (await bob.expect("welcome"))["room"] == {
            "host": "ann",
            "locked": False,
            "lobby": True,
            "password": False,
        }
        await ann.send(type="refuse", userId="cem")
        await cem.expect_error("refused")
        await ann.send(type="give-host", userId="bob")
        assert (await bob.next_of("knock"))["userId"] == "dan"
        await dan.socket.close()
        assert (await bob.expect("knock-ended"))["userId"] == "dan"
        await eve.ask("eve")
        await eve.expect("waiting")
        await bob.expect("knock")
        await bob.send(type="set-room", lobby=False)
        assert (await eve.expect("welcome"))["room"]["host"] == "bob"
        await bob.next_of("knock-ended")
    await nothing_of_rooms(redis)


async def test_orders_reach_other_servers_and_bans_hold_there(
    pair: tuple[RunningServer, RunningServer],
) -> None:
    one, two = pair
    async with guests(one, two, two) as (ann, bob, cem):
        await ann.enter("ann")
        await bob.enter("bob")
        await ann.send(type="ask-mute", userId="bob", kind="audio")
        assert await bob.expect("mute-asked") == {"type": "mute-asked", "kind": "audio"}
        await ann.send(type="kick", userId="bob")
        await bob.expect_error("kicked")
        assert (await ann.next_of("peer-left"))["userId"] == "bob"
        await bob.enter("bob")
        await ann.send(type="kick", userId="bob", ban=True)
        await bob.expect_error("kicked")
        await ann.next_of("peer-left")
        await bob.refused("banned", "bob")
        await cem.ask("cem")
        await cem.expect("waiting")  # from the same address as the host, who decides
        await ann.send(type="admit", userId="cem")
        await cem.expect("welcome")
    async with guests(one) as (ann,), guest(two, "127.0.0.2") as bob, guest(one, "127.0.0.2") as cem:
        await ann.enter("ann")
        await bob.enter("bob")
        await ann.send(type="kick", userId="bob", ban=True)
        await bob.expect_error("kicked")
        await bob.refused("banned", "robert")
        await cem.refused("banned", "cem")


async def test_who_waits_for_a_room_that_ends_elsewhere_makes_it_anew(
    pair: tuple[RunningServer, RunningServer],
) -> None:
    one, two = pair
    async with guests(one, two) as (ann, bob):
        await ann.enter("ann")
        await ann.send(type="set-room", lobby=True)
        await ann.room(lobby=True)
        await bob.ask("bob")
        await bob.expect("waiting")
        await ann.send(type="leave-room")
        assert (await bob.expect("welcome"))["room"]["host"] == "bob"


@pytest.mark.expected_warnings("Redis was not told")
async def test_the_host_is_somebody_who_lives_when_a_server_has_died(redis: RedisServer) -> None:
    address = parse_redis_url(redis.url)
    async with (
        running_server(redis=address) as one,
        running_server(redis=address) as dying,
        guests(dying, one, one, dying, one) as (ann, bob, cem, dan, eve),
    ):
        await ann.enter("ann", password="sesame")
        for each, name in ((bob, "bob"), (cem, "cem")):
            await each.enter(name, password="sesame")
        await ann.send(type="set-room", lobby=True)
        await cem.room(lobby=True)
        await dan.ask("dan", password="sesame")
        await dan.expect("waiting")
        await vanish(dying)
        for each in (bob, cem):
            assert (await each.room(host="bob"))["lobby"] is True
        await eve.ask("eve", password="sesame")
        await eve.expect("waiting")
        assert (await bob.next_of("knock"))["userId"] == "eve"  # Dan waits at a server that is gone


@pytest.mark.expected_warnings("Redis was lost", "Redis is there again")
async def test_doors_outlive_redis(pair: tuple[RunningServer, RunningServer], redis: RedisServer) -> None:
    one, two = pair
    async with guests(one, two, two) as (ann, bob, cem):
        await ann.enter("ann", password="sesame")
        await bob.enter("bob", password="sesame")
        await ann.send(type="set-room", locked=True)
        await bob.room(locked=True)
        redis.kill()
        for server in pair:
            await server.wait_for_gauge("bridgecall_redis_up", 0)
        await ann.send(type="set-room", locked=False)
        await ann.next_of("error")
        await cem.refused("unavailable", "cem")
        await redis.restart()
        for server in pair:
            await server.wait_for_gauge("bridgecall_redis_up", 1)
        async with asyncio.timeout(10):
            # Which of the two servers Redis hears first is open, and so is whether the room is there yet.
            while True:
                await cem.ask("cem")
                answer = await cem.receive()
                assert answer["type"] == "error", answer
                if answer["code"] == "password-required":
                    break
                await asyncio.sleep(0.05)
        await cem.refused("room-locked", "cem", password="sesame")
        await ann.send(type="set-room", locked=False)
        await bob.room(locked=False, host="ann")
