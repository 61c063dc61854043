"""The server's side of SFU rooms with the real Janus; the participants are scripts with plain aiortc."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktop_app.server.topology.coordinator import Rules
from tests.janus import PROGRAM, JanusProcess

from .server_tools import ANSWER_S, running_server
from .sfu_tools import participant, participants

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .server_tools import RunningServer

pytestmark = [
    pytest.mark.needs_program(PROGRAM),
    # aiortc's own receiver is given pictures before the first whole one.
    pytest.mark.expected_warnings("^aiortc.rtcrtpreceiver: .* failed to decode VP8 frame"),
]

RULES = Rules(threshold=3, mesh_limit=4, hysteresis_s=0.3, ready_s=20.0)
BACK_S = 5.0
"""After Janus's return a room must be back."""
NOTHING_S = 30.0
"""A request that Janus does not answer is given up after 20 s (server.janus.client), and only then things go on."""


@asynccontextmanager
async def janus_and_server(folder: Path) -> AsyncIterator[tuple[JanusProcess, RunningServer]]:
    """Both; nothing may be left in Janus at the end."""
    async with (
        JanusProcess(folder) as janus,
        running_server(janus=(janus.address,), rules=RULES) as server,
    ):
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 1)
        yield janus, server
        await wait_for_nothing(janus)


async def wait_for_nothing(janus: JanusProcess) -> None:
    """Until Janus has no room, one session, and in it the handle alone that asks about rooms."""
    rooms, handles = await janus.rooms(), await janus.handles()
    end_s = asyncio.get_running_loop().time() + NOTHING_S
    while (rooms or len(handles) != 1) and asyncio.get_running_loop().time() < end_s:
        await asyncio.sleep(0.02)  # Janus tells nobody
        rooms, handles = await janus.rooms(), await janus.handles()
    assert not rooms
    assert len(handles) == 1
    assert len(await janus.sessions()) == 1


async def packets_out(janus: JanusProcess, kind: str) -> list[int]:
    """What Janus has sent of each subscription to a feed of this kind, by its own statistics."""
    counts = []
    for info in await janus.all_info():
        plugin = info["plugin_specific"]
        media = {each["mid"]: each for each in info.get("webrtc", {}).get("media", {}).values()}
        counts += [
            media[stream["mid"]]["stats"]["out"]["packets"]
            for stream in plugin.get("streams", [])
            if plugin.get("type") == "subscriber" and stream["active"] and stream["feed_description"] == kind
        ]
    return counts


async def flows(janus: JanusProcess, kind: str) -> bool:
    """Wait until Janus sends on every subscription to feeds of this kind."""
    before = await packets_out(janus, kind)
    async with asyncio.timeout(ANSWER_S):
        now = before
        while not all(a < b for a, b in zip(before, now, strict=True)):
            await asyncio.sleep(0.05)
            now = await packets_out(janus, kind)
    return bool(before)


async def test_a_room_grows_and_shrinks(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (janus, server),
        participants(server, "ann", "bob") as (ann, bob),
    ):
        assert ann.story == bob.story == [("mesh", "commit", "joined")]
        async with participant(server, "cat") as cat:
            for each in (ann, bob, cat):
                await each.until_told("sfu", "commit", "participants")
            assert await server.gauge("bridgecall_rooms_sfu") == 1
            assert (await ann.frame("cat", "thumbnail")).width
            assert len(await janus.rooms()) == 1
            async with participant(server, "dan") as dan:
                assert dan.story == [("sfu", "commit", "joined")]
                await dan.until(lambda: dan.gets(*dan.everything()))
                await ann.until(lambda: ann.gets(*ann.everything()))
                assert (await ann.frame("dan", "audio")).sample_rate
            await ann.until(lambda: ann.gets(*ann.everything()))
        for each in (ann, bob):
            await each.until_told("mesh", "commit", "few-participants")
        await wait_for_nothing(janus)


async def test_a_participant_gets_what_it_wants_and_never_somebody_else(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (janus, server),
        participants(server, "ann", "bob", "cat", "dan", "eve") as (ann, bob, cat, _dan, _eve),
    ):
        await ann.until_told("sfu", "commit", "participants")
        # Thumbnail to camera and back, without a negotiation.
        await ann.want(("bob", "audio"), ("bob", "thumbnail"))
        await ann.until(lambda: ann.gets(("bob", "audio"), ("bob", "thumbnail")))
        offers = len(ann.got("sfu-offer"))
        await ann.want(("bob", "audio"), ("bob", "camera"))
        await ann.until(lambda: ann.gets(("bob", "audio"), ("bob", "camera")))
        assert len(ann.got("sfu-offer")) == offers
        assert (await ann.frame("bob", "camera")).width
        await bob.until(lambda: "camera" in bob.got("sfu-watched")[-1]["kinds"])
        # Somebody else in the same place: the line is inactive in between.
        await ann.want(("cat", "camera"))
        await ann.until(lambda: ann.gets(("cat", "camera")))
        await bob.until(lambda: "camera" not in bob.got("sfu-watched")[-1]["kinds"])
        # At most three large ones; oneself and strangers are left out.
        large = [(user, "camera") for user in ("ann", "bob", "cat", "dan", "eve")]
        await ann.want(*large, ("nobody", "camera"))
        await ann.until(lambda: ann.gets(*large[1:4]))
        # Whoever publishes anew stays in their places.
        offers = len(ann.got("sfu-offer"))
        await cat.publish()
        await ann.until(lambda: ann.got("sfu-streams")[-1]["streams"] == ann.streams)
        assert await flows(janus, "camera")
        assert len(ann.got("sfu-offer")) == offers
        await ann.want(("bob", "audio"), ("dan", "thumbnail"), restart=True)
        await ann.until(lambda: ann.gets(("bob", "audio"), ("dan", "thumbnail")))
        for each in (ann, bob, cat):
            assert each.never_shows_somebody_else()
            assert not each.got("sfu-failed")


@pytest.mark.expected_warnings("desktop_app.server.janus.node: Janus .* (is gone|cannot be used)")
async def test_janus_dies_and_comes_back(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (janus, server),
        participants(server, "ann", "bob", "cat") as three,
    ):
        for each in three:
            await each.until_told("sfu", "commit", "participants")
        await janus.kill()
        for each in three:
            await each.until_told("mesh", "commit", "sfu-lost", 2.0)
        await janus.restart()
        back_at = time.monotonic()
        for each in three:
            await each.until_told("sfu", "commit", "sfu-back", BACK_S)
        assert time.monotonic() - back_at < BACK_S
        assert (await three[0].frame("bob", "thumbnail")).width


@pytest.mark.expected_warnings("desktop_app.server.janus.node: Janus .* (is gone|cannot be used)")
async def test_a_room_too_large_for_a_mesh_waits_for_an_sfu(tmp_path: Path) -> None:
    users = ("ann", "bob", "cat", "dan", "eve")
    async with (
        janus_and_server(tmp_path) as (janus, server),
        participants(server, *users) as everybody,
    ):
        for each in everybody:
            await each.until_told("sfu", "commit", "participants")
        await janus.kill()
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 0)
        assert await server.gauge("bridgecall_rooms_sfu") == 1
        await janus.restart()
        for each in everybody:
            await each.until_told("sfu", "commit", "sfu-back", BACK_S)
            assert ("mesh", "commit", "sfu-lost") not in each.story


@pytest.mark.expected_warnings("desktop_app.server.janus.node: Janus .* (is gone|cannot be used)")
async def test_rooms_move_to_another_node(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(JanusProcess(tmp_path)) for _ in range(2)]
        addresses = tuple(janus.address for janus in nodes)
        server = await stack.enter_async_context(running_server(janus=addresses, rules=RULES))
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 2)
        three = await stack.enter_async_context(participants(server, "ann", "bob", "cat"))
        others = await stack.enter_async_context(participants(server, "ann", "bob", "cat", room="other"))
        for each in (*three, *others):
            await each.until_told("sfu", "commit", "participants")
        assert [len(await janus.rooms()) for janus in nodes] == [1, 1]  # the second room went where less is
        await nodes[0].kill()
        for each in (*three, *others):
            await each.until(lambda each=each: each.story[-1][0] == "sfu")  # type: ignore[misc]
        async with asyncio.timeout(ANSWER_S):
            while len(await nodes[1].rooms()) != 2:  # noqa: ASYNC110 - Janus tells nobody
                await asyncio.sleep(0.02)
        lost = [p for p in (*three, *others) if ("mesh", "commit", "sfu-lost") in p.story]
        assert len(lost) == 3
        for each in lost:
            await each.until_told("sfu", "commit", "sfu-back", BACK_S)


async def test_a_change_that_fails_goes_back_and_is_not_tried_in_a_loop(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (janus, server),
        participants(server, "ann", "bob") as (ann, bob),
        participant(server, "cat", obeys=False) as cat,
    ):
        await cat.until(lambda: cat.got("topology"))
        cat.epoch = cat.got("topology")[-1]["epoch"]
        await cat.ready(ok=False)
        for each in (ann, bob, cat):
            await each.until_told("sfu", "abort", "failed")
        await wait_for_nothing(janus)
        assert await server.gauge("bridgecall_rooms_mesh") == 1
        assert len(cat.got("topology")) == 2


async def test_somebody_who_does_not_know_of_sfus_makes_it_a_mesh(tmp_path: Path) -> None:
    async with (
        janus_and_server(tmp_path) as (_, server),
        participants(server, "ann", "bob", "cat") as three,
    ):
        for each in three:
            await each.until_told("sfu", "commit", "participants")
        async with participant(server, "old", capable=False) as old:
            for each in three:
                await each.until_told("mesh", "commit", "foreign-client")
            assert not old.got("topology")
        for each in three:
            await each.until_told("sfu", "commit", "participants")


async def test_churn_leaves_nothing_behind(tmp_path: Path) -> None:
    chance = random.Random(5)
    kinds: tuple[str, ...] = ("audio", "camera", "thumbnail")
    async with janus_and_server(tmp_path) as (_, server), AsyncExitStack() as stack:
        there = list(await stack.enter_async_context(participants(server, "ann", "bob", "cat")))
        for each in there:
            await each.until_told("sfu", "commit", "participants")
        for number in range(8):
            each = chance.choice(there)
            match chance.randrange(3):
                case 0:
                    feeds = [(other, chance.choice(kinds)) for other in each.others]
                    await each.want(*feeds, restart=chance.random() < 0.2)
                case 1:
                    await each.publish(kinds if chance.random() < 0.7 else ("audio", "camera"))
                case 2:
                    async with participant(server, f"guest{number}") as guest:
                        await guest.until(lambda guest=guest: guest.streams)  # type: ignore[misc]
        for each in there:
            await each.until(lambda each=each: len(each.others) == 2)  # type: ignore[misc]
            feeds = [(other, "audio") for other in each.others]
            await each.want(*feeds)
            await each.until(lambda each=each, feeds=feeds: each.gets(*feeds))  # type: ignore[misc]
            assert each.never_shows_somebody_else()
            assert not each.got("sfu-failed")
