"""A room with a real Janus on the bad network of tests/netlab: whose loss is whose, and what a narrow downlink gets."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

from tests.end2end.processes import BotProcess, ServerProcess
from tests.janus import PROGRAM, JanusProcess
from tests.netlab import NetLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.end2end.processes import Event

pytestmark = [pytest.mark.needs_netlab, pytest.mark.needs_program(PROGRAM)]

LIGHT = ("--encoded", "--no-decode", "--receive", "nothing", "--fps", "15")
LARGE_PX = 640
PUBLISHERS = {"ann": "a", "ben": "a", "cara": "c"}
"""On which host; Janus and the server are on a as well, and whoever watches them all large is on b."""
LOSSY_S = 4


@asynccontextmanager
async def a_room(folder: Path) -> AsyncIterator[tuple[NetLab, BotProcess]]:
    with NetLab(hosts=3, delay=10, seed=5) as lab:
        async with AsyncExitStack() as stack:
            # What is said here of the network must not be about a computer that is busy with other tests.
            at = {host: lab.command(host, ["nice", "-n", "-10"]) for host in "abc"}
            janus = await stack.enter_async_context(JanusProcess(folder, prefix=at["a"]))
            server = ServerProcess(folder, "--janus", janus.node, host=lab.address("a"), prefix=at["a"])
            await stack.enter_async_context(server)
            for name, host in PUBLISHERS.items():
                bot = BotProcess(folder, name, server.url, "room", *LIGHT, prefix=at[host])
                await stack.enter_async_context(bot)
                await bot.wait_for_event("joined")
            watcher = BotProcess(folder, "dan", server.url, "room", prefix=at["b"])
            await stack.enter_async_context(watcher)
            await watcher.wait_for_event("topology", mode="sfu")
            yield lab, watcher


async def next_stats(bot: BotProcess, where: Callable[[Event], bool], limit_s: float) -> Event:
    """The first statistics of which this is true, from now on."""
    seen = len([entry for entry in bot.events("stats") if where(entry)])
    return await bot.wait_for_event("stats", where=where, skip=seen, timeout=limit_s)


def large(entry: Event) -> int:
    """Of how many there were large pictures in that second."""
    return sum(
        user["video"]["fps"] > 0 and user["video"]["width"] >= LARGE_PX for user in entry["users"].values()
    )


def seen(entry: Event) -> int:
    """Of how many there were any pictures."""
    return sum(user["video"]["fps"] > 0 for user in entry["users"].values())


async def test_a_lossy_sender_costs_nobody_pictures_and_a_narrow_downlink_keeps_its_sound(
    tmp_path: Path,
) -> None:
    async with a_room(tmp_path) as (lab, watcher):
        await next_stats(watcher, lambda entry: large(entry) == 3, 20)

        # One publisher's uplink is bad: the watcher goes on asking for all three.
        lab.set("c>a", loss=15)
        begin = len(watcher.events("stats"))
        await watcher.wait_for_event("stats", skip=begin + LOSSY_S)
        lossy = watcher.events("stats")[begin + 1 :]
        assert fmean(entry["users"]["cara"]["loss_pct"] for entry in lossy) > 4
        assert all(
            entry["users"][name]["video"]["width"] == LARGE_PX for entry in lossy for name in ("ann", "ben")
        )
        lab.set("c>a", loss=0)

        # The watcher's own downlink: fewer large ones, then sound alone, and pictures again.
        lab.set("a>b", rate=1000, queue=300)
        await next_stats(watcher, lambda entry: seen(entry) == 3 and large(entry) <= 1, 15)
        lab.set("a>b", rate=300, queue=300)
        await next_stats(watcher, lambda entry: seen(entry) == 0, 15)
        begin = len(watcher.events("stats"))
        await watcher.wait_for_event("stats", skip=begin + 2)
        narrow = watcher.events("stats")[begin + 1 :]
        sound = [user["audio"] for entry in narrow for user in entry["users"].values()]
        assert fmean(each["concealed_pct"] for each in sound) < 5
        assert min(each["level"] for each in sound) > 0
        lab.set("a>b", rate=0)
        await next_stats(watcher, lambda entry: seen(entry) == 3, 25)
