"""Two real participants on the bad network of tests/netlab: what is lost comes back, and a narrow path is respected."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import fmean
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.end2end.processes import BotProcess, ServerProcess
from tests.netlab import NetLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.needs_netlab

SETTLING, SECONDS = 4, 10
"""Statistics come once a second."""

User: TypeAlias = dict[str, Any]


@asynccontextmanager
async def a_call(folder: Path) -> AsyncIterator[tuple[NetLab, BotProcess, BotProcess]]:
    """Ann and Ben, 50 ms of round trip apart."""
    with NetLab(hosts=3, delay=25, seed=5) as lab:
        async with AsyncExitStack() as stack:
            server = ServerProcess(folder, host=lab.address("c"), prefix=lab.command("c", []))
            await stack.enter_async_context(server)
            bots = []
            for host, name in (("a", "ann"), ("b", "ben")):
                bot = BotProcess(folder, name, server.url, "room", prefix=lab.command(host, []))
                await stack.enter_async_context(bot)
                await bot.wait_for_event("joined")
                bots.append(bot)
            ann, ben = bots
            for bot in bots:
                await bot.wait_for_event("first-frame", kind="video")
                await bot.wait_for_event("first-frame", kind="audio")
            yield lab, ann, ben


async def next_stats(bot: BotProcess, count: int) -> list[User]:
    """What a bot says of the other one, `count` times from now on."""
    seen = len(bot.events("stats"))
    events = [await bot.wait_for_event("stats", skip=seen + index) for index in range(count)]
    return [next(iter(event["users"].values())) for event in events]


async def test_at_five_percent_of_loss_hardly_anything_is_missing(tmp_path: Path) -> None:
    async with a_call(tmp_path) as (lab, ann, ben):
        lab.set("a-b", loss=5)
        await asyncio.gather(*(next_stats(bot, SETTLING) for bot in (ann, ben)))
        for said in await asyncio.gather(*(next_stats(bot, SECONDS) for bot in (ann, ben))):
            first, last = said[0], said[-1]
            assert 2 < fmean(each["loss_pct"] for each in said) < 9
            assert last["video"]["nack"] > first["video"]["nack"]
            assert fmean(each["audio"]["concealed_pct"] for each in said) <= 2.5
            assert last["video"]["freeze_s"] - first["video"]["freeze_s"] <= 1.0
            assert min(each["video"]["fps"] for each in said) > 0


async def test_a_narrow_path_is_neither_flooded_nor_given_up(tmp_path: Path) -> None:
    async with a_call(tmp_path) as (lab, ann, ben):
        lab.set("a-b", rate=250, queue=300)
        step = await ann.wait_for_event("quality", reason="network")
        assert step["width"] < 640
        await asyncio.gather(*(next_stats(bot, SETTLING) for bot in (ann, ben)))
        before = lab.stats()["a>b"]
        said, _ = await asyncio.gather(*(next_stats(bot, SECONDS) for bot in (ben, ann)))
        after = lab.stats()["a>b"]
        carried, dropped = (after[key] - before[key] for key in ("sent", "overflow"))
        assert dropped <= 0.02 * carried
        assert fmean(each["audio"]["concealed_pct"] for each in said) <= 4
        assert sum(each["video"]["fps"] > 0 for each in said) >= SECONDS // 2
