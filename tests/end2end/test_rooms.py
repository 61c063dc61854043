"""Rooms that grow and shrink between mesh and SFU, with the real Janus and real processes (docs/sfu.md)."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.janus import JanusProcess
from tests.redis_server import RedisServer
from tests.waiting import until

from .processes import ServerProcess
from .rooms import (
    FRAME_SAMPLES,
    RATE_HZ,
    TONE_PEAK,
    Balancer,
    Room,
    longest_hole_s,
    subscriptions,
    tone_hz,
    tone_strengths,
)

if TYPE_CHECKING:
    from pathlib import Path

    from .processes import Event

COUNTED_S = 4
MAX_LARGE = 3
MISSING_LIMIT_S = 0.3
FRAME_INTERVAL_S = 1 / 15
BACK_LIMIT_S = 5.0
NAMES = ("ann", "ben", "cara", "dan")


def test_a_hole_in_a_tone_among_others_is_found() -> None:
    at = np.arange(2 * RATE_HZ)
    tones = [TONE_PEAK * np.sin(2 * np.pi * tone_hz(number) * at / RATE_HZ) for number in range(3)]
    hole = slice(30 * FRAME_SAMPLES, 45 * FRAME_SAMPLES)
    tones[1][hole] = 0
    mixed = np.sum(tones, axis=0).astype(np.int16)
    holes = [longest_hole_s(tone_strengths(mixed, tone_hz(number))) for number in range(4)]
    assert holes == [0.0, pytest.approx(0.3, abs=0.021), 0.0, np.inf]


@pytest.mark.needs_program("janus")
async def test_four_come_one_by_one_and_leave_one_by_one(tmp_path: Path) -> None:
    async with (
        JanusProcess(tmp_path) as janus,
        ServerProcess(
            tmp_path, "--janus", janus.node, "--sfu-threshold", "4", "--sfu-hysteresis", "1"
        ) as server,
        Room(tmp_path, server.url) as room,
    ):
        for name in NAMES:
            await room.enter(name)
            await room.see_each_other()
        await room.topology("sfu", reason="participants")
        await room.see_each_other()
        assert await janus.rooms(), "the media does not go through Janus"
        ann = room.bots["ann"]
        await ann.send({"cmd": "say", "text": "all here"})
        for name in NAMES[1:]:
            await room.bots[name].wait_for_event("chat", text="all here")
        await room.leave("dan")
        await room.topology("mesh", reason="few-participants")
        await room.see_each_other()
        await until_empty(janus)
        await room.leave("cara")
        await room.see_each_other()
        story = [("mesh", "joined"), ("sfu", "participants"), ("mesh", "few-participants")]
        assert room.story("ann") == story
        pictures = {name: room.picture_holes_s(name) for name in ("ann", "ben")}
        for name in ("ann", "ben"):
            await room.leave(name)
    for name in ("ann", "ben"):
        sound = room.sound_holes_s(name)
        assert set(sound) == set(pictures[name]) == set(NAMES) - {name}
        assert {other: hole for other, hole in sound.items() if hole > MISSING_LIMIT_S} == {}, name
        limit_s = MISSING_LIMIT_S + FRAME_INTERVAL_S
        assert {other: hole for other, hole in pictures[name].items() if hole > limit_s} == {}, name


async def until_empty(janus: JanusProcess) -> None:
    """Wait until nobody has a room in Janus any more."""
    async with asyncio.timeout(15):
        while await janus.rooms():  # noqa: ASYNC110 - Janus tells nobody
            await asyncio.sleep(0.1)


@pytest.mark.needs_program("janus")
async def test_each_gets_what_is_on_its_screen_and_no_more(tmp_path: Path) -> None:
    names = (*NAMES, "eve", "fay")
    async with (
        JanusProcess(tmp_path) as janus,
        ServerProcess(tmp_path, "--janus", janus.node, "--sfu-threshold", "4") as server,
        Room(tmp_path, server.url) as room,
    ):
        await asyncio.gather(*(room.enter(name) for name in names))
        await room.topology("sfu")
        await room.see_each_other()
        others = len(names) - 1
        usual = {"audio": others, "camera": 3, "thumbnail": others - 3}
        await subscribed(janus, room, [usual] * len(names))
        await room.bots["ann"].send({"cmd": "view", "large": ["ben"], "small": ["cara"]})
        await subscribed(janus, room, [usual] * others + [{"audio": others, "camera": 1, "thumbnail": 1}])
        hidden = await room.bots["ann"].wait_for_event(
            "stats", where=lambda entry: seen(entry) == {"ben", "cara"}
        )
        assert all(user["audio"]["level"] > 0 for user in hidden["users"].values())

        begin = {name: len(bot.events("stats")) for name, bot in room.bots.items()}
        begin_s, before = time.monotonic(), sum(each.sent_bytes for each in await subscriptions(janus))
        for name, bot in room.bots.items():
            await bot.wait_for_event("stats", skip=begin[name] + COUNTED_S - 1)
        after = sum(each.sent_bytes for each in await subscriptions(janus))
        sent_kbps = (after - before) * 8 / 1000 / (time.monotonic() - begin_s)
        received_kbps = statistics.fmean(
            sum(user["video"]["kbps"] + user["audio"]["kbps"] for user in entry["users"].values())
            for name, bot in room.bots.items()
            for entry in bot.events("stats")[begin[name] :][:COUNTED_S]
        )
        assert received_kbps * len(names) == pytest.approx(sent_kbps, rel=0.2)


def seen(entry: Event) -> set[str]:
    """Whose pictures came in that second."""
    return {name for name, user in entry["users"].items() if user["video"]["fps"] > 0}


async def subscribed(janus: JanusProcess, room: Room, kinds: list[dict[str, int]]) -> None:
    """Wait until Janus's subscribers are these, in any order.

    Small pictures in place of large ones are as good only while a bot says that it is short of time.
    """
    now: list[dict[str, int]] = []
    try:
        async with asyncio.timeout(20):
            while True:
                now = [each.kinds for each in await subscriptions(janus)]
                if sorted(map(in_order, now)) == sorted(map(in_order, kinds)):
                    return
                is_short = any(bot.events("stats")[-1].get("short_of_time") for bot in room.bots.values())
                few = is_short and max((each.get("camera", 0) for each in now), default=0) <= MAX_LARGE
                if few and sorted(map(sound_and_pictures, now)) == sorted(map(sound_and_pictures, kinds)):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        pytest.fail(f"Janus sends {now}, not {kinds}")


def in_order(kinds: dict[str, int]) -> list[tuple[str, int]]:
    """Something that can be put in an order."""
    return sorted(kinds.items())


def sound_and_pictures(kinds: dict[str, int]) -> tuple[int, int]:
    """How many there are of each."""
    return kinds.get("audio", 0), kinds.get("camera", 0) + kinds.get("thumbnail", 0)


@pytest.mark.needs_program("janus")
async def test_the_room_lives_on_while_janus_does_not(tmp_path: Path) -> None:
    async with (
        JanusProcess(tmp_path) as janus,
        ServerProcess(tmp_path, "--janus", janus.node, "--sfu-threshold", "3") as server,
        Room(tmp_path, server.url) as room,
    ):
        await asyncio.gather(*(room.enter(name) for name in NAMES[:3]))
        await room.topology("sfu")
        await room.see_each_other()
        await janus.kill()
        await room.topology("mesh", reason="sfu-lost")
        await room.see_each_other()
        await janus.restart()
        returned_s = time.time()
        await room.topology("sfu", reason="sfu-back")
        for bot in room.bots.values():
            back_s = bot.events("topology", reason="sfu-back")[-1]["t"]
            assert back_s - returned_s < BACK_LIMIT_S
        await room.see_each_other()


@pytest.mark.needs_program("redis-server")
async def test_a_room_on_two_servers_outlives_one_of_them(tmp_path: Path) -> None:
    async with (
        RedisServer() as redis,
        ServerProcess(tmp_path, "--redis", redis.url, name="one") as one,
        ServerProcess(tmp_path, "--redis", redis.url, name="two") as two,
        Balancer([one.port, two.port]) as balancer,
        Room(tmp_path, balancer.url) as room,
    ):
        await asyncio.gather(*(room.enter(name) for name in NAMES[:3]))
        await room.see_each_other()
        os.kill(one.pid, signal.SIGKILL)
        await one.wait()
        await room.enter("dan")
        await room.see_each_other()
        ann = room.bots["ann"]
        await ann.send({"cmd": "say", "text": "still here"})
        for name in NAMES[1:]:
            await room.bots[name].wait_for_event("chat", text="still here")
        await until(lambda: not [bot for bot in room.bots.values() if bot.exit_status is not None])
