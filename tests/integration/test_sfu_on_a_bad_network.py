"""A room with a real Janus on the bad network of tests/netlab: whose loss is whose, and what a narrow downlink gets."""

from __future__ import annotations

import asyncio
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
LOSSY_S = 3
MAX_CONCEALED_PCT = 5


@asynccontextmanager
async def a_room(folder: Path) -> AsyncIterator[tuple[NetLab, BotProcess]]:
    with NetLab(hosts=3, delay=10, seed=5) as lab:
        async with AsyncExitStack() as stack:
            at = {host: lab.command(host, ["env"]) for host in "abc"}
            janus = await stack.enter_async_context(JanusProcess(folder, prefix=at["a"]))
            server = ServerProcess(folder, "--janus", janus.node, host=lab.address("a"), prefix=at["a"])
            await stack.enter_async_context(server)
            bots = [
                BotProcess(folder, name, server.url, "room", *LIGHT, prefix=at[host])
                for name, host in PUBLISHERS.items()
            ]
            watcher = BotProcess(folder, "dan", server.url, "room", prefix=at["b"])
            await asyncio.gather(*(stack.enter_async_context(bot) for bot in (*bots, watcher)))
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


def sounds_whole(entry: Event) -> bool:
    """Whether everybody was heard in that second, with nothing to speak of made up."""
    sound = [user["audio"] for user in entry["users"].values()]
    return all(each["level"] > 0 and each["concealed_pct"] < MAX_CONCEALED_PCT for each in sound)


async def test_a_lossy_sender_costs_nobody_pictures_and_a_narrow_downlink_keeps_its_sound(
    tmp_path: Path,
) -> None:
    async with a_room(tmp_path) as (lab, watcher):
        await next_stats(watcher, lambda entry: large(entry) == 3, 40)

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

        # The watcher's own downlink: no large ones, then sound alone, and pictures again.
        lab.set("a>b", rate=300, queue=300)
        await next_stats(watcher, lambda entry: seen(entry) == 0 and sounds_whole(entry), 30)
        lab.set("a>b", rate=0)
        await next_stats(watcher, lambda entry: seen(entry) == 3, 40)
