"""Two bots that only a relay brings together: on networks that let no direct path through, and by order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.end2end.processes import BotProcess, ServerProcess
from tests.end2end.program import PATIENCE_S
from tests.netlab import NetLab
from tests.turn_server import SECRET, TurnServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.needs_netlab, pytest.mark.needs_program("turnserver")]

SMALL = ("--size", "320x240", "--fps", "15")


async def until_media(*bots: BotProcess) -> None:
    await asyncio.gather(
        *(bot.wait_for_event("first-frame", kind=kind) for bot in bots for kind in ("audio", "video"))
    )


async def own_type(bot: BotProcess) -> str:
    """The type of the bot's own candidate in use."""
    said = await bot.wait_for_event(
        "stats", where=lambda event: any(user["candidate_type"] for user in event["users"].values())
    )
    user: dict[str, str] = next(iter(said["users"].values()))
    return user["candidate_type"]


async def until_relayed(*bots: BotProcess) -> None:
    """Both get pictures, and there is a relay between them."""

    def has_pictures(event: dict[str, Any]) -> bool:
        return any(user["video"]["fps"] > 0 and user["candidate_type"] for user in event["users"].values())

    async def next_type(bot: BotProcess) -> str:
        said = await bot.wait_for_event("stats", skip=len(bot.events("stats")))
        while not has_pictures(said):
            said = await bot.wait_for_event("stats", skip=len(bot.events("stats")))
        return str(next(iter(said["users"].values()))["candidate_type"])

    async with asyncio.timeout(PATIENCE_S):
        while "relay" not in await asyncio.gather(*(next_type(bot) for bot in bots)):
            pass


@pytest.mark.parametrize("obstacle", ["symmetric NATs", "the link is cut in mid-call"])
async def test_no_direct_path(tmp_path: Path, obstacle: str) -> None:
    """The server names a dead TURN server and a live one, with credentials that expire."""
    with NetLab(hosts=3, delay=10) as lab:
        address, prefix = lab.address("c"), tuple(lab.command("c", []))
        is_cut_later = obstacle == "the link is cut in mid-call"
        if not is_cut_later:
            lab.nat("a")
            lab.nat("b")
        with TurnServer(tmp_path, address, prefix=prefix, rest_api=True) as turn:
            async with AsyncExitStack() as stack:
                dead = ("--turn-server", f"turn:{address}:9,{SECRET}")
                live = ("--turn-server", f"{turn.url()},{SECRET}")
                server = ServerProcess(tmp_path, *dead, *live, host=address, prefix=prefix)
                await stack.enter_async_context(server)
                bots = []
                for host, name in (("a", "ann"), ("b", "ben")):
                    bot = BotProcess(tmp_path, name, server.url, "room", *SMALL, prefix=lab.command(host, []))
                    bots.append(await stack.enter_async_context(bot))
                await until_media(*bots)
                if is_cut_later:
                    assert {await own_type(bot) for bot in bots} == {"host"}
                    lab.set("a-b", block=1)
                await until_relayed(*bots)
                carried = lab.stats()
                assert carried["a>c"]["sent"] > 50
                assert carried["c>b"]["sent"] > 50
                assert not any(bot.events("peer-left") for bot in bots)


async def test_by_order(tmp_path: Path) -> None:
    """Over UDP, TCP and TLS, each bot in its own way."""
    with TurnServer(tmp_path) as turn:
        trusting = {"SSL_CERT_FILE": str(turn.certificate)}
        async with ServerProcess(tmp_path) as server, AsyncExitStack() as stack:
            bots = []
            for name in ("udp", "tcp", "tls"):
                options = ("--relay-only", "--ice-server", turn.line(name), *SMALL)
                bot = BotProcess(tmp_path, name, server.url, "room", *options, environment=trusting)
                bots.append(await stack.enter_async_context(bot))
            for bot in bots:
                for kind in ("audio", "video"):
                    await bot.wait_for_event("first-frame", kind=kind, skip=1)
                said = (await bot.wait_for_event("stats", skip=len(bot.events("stats"))))["users"]
                assert [user["candidate_type"] for user in said.values()] == ["relay", "relay"]
