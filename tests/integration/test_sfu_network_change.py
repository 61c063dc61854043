"""Whoever is in a room with a real Janus gets another address: both connections to it are made anew, at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end2end.processes import BotProcess, ServerProcess
from tests.janus import PROGRAM, JanusProcess
from tests.netlab import NetLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.end2end.processes import Event

pytestmark = [pytest.mark.needs_netlab, pytest.mark.needs_program(PROGRAM)]

SMALL = ("--size", "320x240", "--fps", "15", "--verbose")
SECONDS = 2


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[tuple[NetLab, dict[str, BotProcess]]]:
    """Janus, the server and Ann on one host, and Ben, who will move, on another one."""
    with NetLab(hosts=2, delay=10, seed=6) as lab:
        async with AsyncExitStack() as stack:
            at = {host: lab.command(host, ["env"]) for host in "ab"}
            janus = await stack.enter_async_context(JanusProcess(folder, prefix=at["a"]))
            options = ("--janus", janus.node, "--sfu-threshold", "2")
            server = ServerProcess(folder, *options, host=lab.address("a"), prefix=at["a"])
            await stack.enter_async_context(server)
            bots = {
                name: BotProcess(folder, name, server.url, "room", *SMALL, prefix=at[host])
                for name, host in (("ann", "a"), ("ben", "b"))
            }
            for bot in bots.values():
                await stack.enter_async_context(bot)
            for bot in bots.values():
                await bot.wait_for_event("topology", mode="sfu")
            yield lab, bots


async def media_flows(bots: dict[str, BotProcess]) -> None:
    """Everybody sees and hears the other one for some seconds from now on."""

    def flows(entry: Event) -> bool:
        users = entry["users"].values()
        return bool(users) and all(user["video"]["fps"] > 0 and user["audio"]["kbps"] > 5 for user in users)

    async def seconds(bot: BotProcess) -> None:
        seen, flowing = len(bot.events("stats")), 0
        while flowing < SECONDS:
            flowing += flows(await bot.wait_for_event("stats", skip=seen))
            seen += 1

    await asyncio.gather(*(seconds(bot) for bot in bots.values()))


async def test_another_address_renews_both_connections_to_the_sfu_at_once(tmp_path: Path) -> None:
    async with room(tmp_path) as (lab, bots):
        await media_flows(bots)
        await asyncio.to_thread(lab.move, "b")
        await media_flows(bots)
        said = "\n".join(bots["ben"].stderr)
        for connection in ("publishing", "subscription"):
            assert f"{connection}: failed (The network has changed.)" in said
            assert said.count(f"{connection}: connected") == 2
        assert "The media server does not answer." not in said  # nobody waited for silence
        for name, bot in bots.items():
            assert not bot.events("participant", state="left"), name
            assert [entry["mode"] for entry in bot.events("topology")][-1] == "sfu"
