"""The server is killed and comes back with its memory gone, while bots talk: nobody misses a thing."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.janus import JanusProcess
from tests.redis_server import RedisServer

from .processes import ServerProcess
from .rooms import Balancer, Room
from .udp_drops import dropped_datagrams

if TYPE_CHECKING:
    from pathlib import Path

AWAY_S = float(os.environ.get("BRIDGECALL_TEST_SERVER_AWAY_S", "2"))
"""20 by hand."""
DIRECT_S = 4.0
"""In which the direct connections get their lines for sound and pictures, in peace; nothing tells of it."""
MOST_HOLE_S = 1.0
"""Of sound and of picture; a machine with much to do makes some. A connection that is made anew, or none for AWAY_S,
makes a longer one."""


async def kill_hard(server: ServerProcess) -> None:
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()


async def lost_by_both(room: Room) -> int:
    """Packets that one of Ann and Ben sent and the other did not get, by their numbers, so far.

    Without those that the kernel of a busy machine threw away since nobody read the socket in time; they are repaired.
    """
    bots = room.bots["ann"], room.bots["ben"]
    of_ann, of_ben = await asyncio.gather(room.packets_lost("ann"), room.packets_lost("ben"))
    return of_ann["ben"] + of_ben["ann"] - sum(dropped_datagrams(bot.pid) for bot in bots)


def nobody_left(room: Room, *names: str) -> None:
    for name in names:
        bot = room.bots[name]
        assert bot.events("participant", state="left") == [], name
        assert [each["state"] for each in bot.events("peer", user=names[names[0] == name])] == [
            "connecting",
            "connected",
        ]


async def test_two_bots_talk_on_while_the_server_is_away_and_a_third_is_seen_by_both(tmp_path: Path) -> None:
    async with Room(tmp_path, "") as room:
        first = ServerProcess(tmp_path, name="first")
        async with first:
            room.url = first.url
            await room.enter("ann")
            await room.enter("ben")
            await room.see_each_other()
            lost_before = await lost_by_both(room)
            await kill_hard(first)
        await asyncio.gather(*(bot.wait_for_event("error", code="server-lost") for bot in room.bots.values()))
        await asyncio.sleep(AWAY_S)  # what is tested is that time passes
        await room.see_each_other()
        async with ServerProcess(tmp_path, name="second", port=first.port):
            await asyncio.gather(*(bot.wait_for_event("server-back") for bot in room.bots.values()))
            await room.enter("cem")
            await room.see_each_other()
            nobody_left(room, "ann", "ben")
            pictures = {name: room.picture_holes_s(name) for name in ("ann", "ben")}
            assert await lost_by_both(room) <= lost_before
            for name in ("ann", "ben", "cem"):
                await room.leave(name)
    for name, other in (("ann", "ben"), ("ben", "ann")):
        assert pictures[name][other] < MOST_HOLE_S
        assert room.sound_holes_s(name)[other] <= MOST_HOLE_S


@pytest.mark.needs_program("redis-server")
async def test_a_bot_comes_back_by_another_server_and_nobody_is_told(tmp_path: Path) -> None:
    async with (
        RedisServer() as redis,
        ServerProcess(tmp_path, "--redis", redis.url, name="stays") as stays,
        Room(tmp_path, "") as room,
    ):
        dies = ServerProcess(tmp_path, "--redis", redis.url, name="dies")
        async with dies:
            room.url = dies.url
            await room.enter("ann")
            room.url = stays.url
            await room.enter("ben")
            await room.see_each_other()
            lost_before = await lost_by_both(room)
            await kill_hard(dies)
        await room.bots["ann"].wait_for_event("error", code="server-lost")
        # Another one under the same address, as a balancer would offer it.
        async with ServerProcess(tmp_path, "--redis", redis.url, name="third", port=dies.port):
            await room.bots["ann"].wait_for_event("server-back")
            await room.enter("cem")
            await room.see_each_other()
            nobody_left(room, "ann", "ben")
            assert room.bots["ben"].events("error") == []
            assert await lost_by_both(room) <= lost_before
            for name in ("ann", "ben", "cem"):
                await room.leave(name)
    assert room.sound_holes_s("ann")["ben"] <= MOST_HOLE_S
    assert room.sound_holes_s("ben")["ann"] <= MOST_HOLE_S


@pytest.mark.needs_program("janus")
async def test_a_room_with_an_sfu_outlives_its_server(tmp_path: Path) -> None:
    async with JanusProcess(tmp_path) as janus, Room(tmp_path, "") as room:
        first = ServerProcess(tmp_path, "--janus", janus.node, "--sfu-threshold", "2", name="first")
        async with first:
            room.url = first.url
            await room.enter("ann")
            await room.enter("ben")
            await room.topology("sfu")
            await room.see_each_other()
            await kill_hard(first)
        await asyncio.gather(*(bot.wait_for_event("error", code="server-lost") for bot in room.bots.values()))
        await room.see_each_other()
        options = ("--janus", janus.node, "--sfu-threshold", "2")
        async with ServerProcess(tmp_path, *options, name="second", port=first.port):
            await asyncio.gather(*(bot.wait_for_event("server-back") for bot in room.bots.values()))
            await room.enter("cem")
            await room.see_each_other()
            for name in ("ann", "ben"):
                assert room.bots[name].events("participant", state="left") == []


@pytest.mark.needs_program("janus")
async def test_three_see_each_other_when_server_and_sfu_die_together(tmp_path: Path) -> None:
    """Cem came when there was an SFU: his direct connections were for data alone at first."""
    async with JanusProcess(tmp_path) as janus, Room(tmp_path, "") as room:
        server = ServerProcess(tmp_path, "--janus", janus.node, "--sfu-threshold", "2")
        async with server:
            room.url = server.url
            for name in ("ann", "ben", "cem"):
                await room.enter(name)
            await room.topology("sfu")
            await room.see_each_other()
            await asyncio.sleep(DIRECT_S)
            await asyncio.gather(kill_hard(server), janus.kill())
        await asyncio.gather(*(bot.wait_for_event("error", code="server-lost") for bot in room.bots.values()))
        await room.see_each_other()
        for name in room.bots:
            assert room.bots[name].events("participant", state="left") == []


@pytest.mark.needs_program("janus")
async def test_with_an_sfu_a_lost_connection_to_the_server_changes_nothing(tmp_path: Path) -> None:
    async with (
        JanusProcess(tmp_path) as janus,
        ServerProcess(tmp_path, "--janus", janus.node, "--sfu-threshold", "2") as server,
        Balancer([server.port]) as line,
        Room(tmp_path, line.url) as room,
    ):
        await room.enter("ann")
        await room.enter("ben")
        await room.topology("sfu")
        await room.see_each_other()
        handles = sorted(await janus.handles())
        line.cut()
        await asyncio.gather(*(bot.wait_for_event("server-back") for bot in room.bots.values()))
        await room.see_each_other()
        assert sorted(await janus.handles()) == handles
        for name, other in (("ann", "ben"), ("ben", "ann")):
            assert room.bots[name].events("participant", state="left") == []
            assert room.picture_holes_s(name)[other] < MOST_HOLE_S
