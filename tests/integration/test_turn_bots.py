"""Two bots that only a relay brings together: on networks that let no direct path through, and by order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from tests.end2end.processes import BotProcess, ServerProcess
from tests.netlab import NetLab
from tests.turn_server import SECRET, TurnServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.needs_netlab, pytest.mark.needs_program("turnserver")]


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


@pytest.mark.parametrize("obstacle", ["symmetric NATs", "a blocked link"])
async def test_no_direct_path(tmp_path: Path, obstacle: str) -> None:
    """The server names a dead TURN server and a live one, with credentials that expire."""
    with NetLab(hosts=3, delay=10) as lab:
        address, prefix = lab.address("c"), lab.command("c", [])
        if obstacle == "a blocked link":
            lab.set("a-b", block=1)
        else:
            lab.nat("a")
            lab.nat("b")
        with TurnServer(tmp_path, address, prefix=tuple(prefix), rest_api=True) as turn:
            async with AsyncExitStack() as stack:
                options = (
                    "--turn-server",
                    f"turn:{address}:9,{SECRET}",
                    "--turn-server",
                    f"{turn.url()},{SECRET}",
                )
                server = ServerProcess(tmp_path, *options, host=address, prefix=prefix)
                await stack.enter_async_context(server)
                bots = []
                for host, name in (("a", "ann"), ("b", "ben")):
                    bot = BotProcess(tmp_path, name, server.url, "room", prefix=lab.command(host, []))
                    bots.append(await stack.enter_async_context(bot))
                await until_media(*bots)
                assert "relay" in [await own_type(bot) for bot in bots]
                carried = lab.stats()
                assert carried["a>c"]["sent"] > 100
                assert carried["c>b"]["sent"] > 100


async def test_by_order(tmp_path: Path) -> None:
    """Over UDP, TCP and TLS, each bot in its own way."""
    with TurnServer(tmp_path) as turn:
        trusting = {"SSL_CERT_FILE": str(turn.certificate)}
        async with ServerProcess(tmp_path) as server, AsyncExitStack() as stack:
            bots = []
            for name in ("udp", "tcp", "tls"):
                options = ("--relay-only", "--ice-server", turn.line(name))
                bot = BotProcess(tmp_path, name, server.url, "room", *options, environment=trusting)
                bots.append(await stack.enter_async_context(bot))
            for bot in bots:
                for kind in ("audio", "video"):
                    await bot.wait_for_event("first-frame", kind=kind, skip=1)
                said = (await bot.wait_for_event("stats", skip=len(bot.events("stats"))))["users"]
                assert [user["candidate_type"] for user in said.values()] == ["relay", "relay"]
