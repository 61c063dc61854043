"""A network that fails and comes back, and one that becomes another: real bots, the same tiles, and chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.bench.recovery_call import call
from tests.bench.recovery_ends import BotEnd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_netlab

SETTLE_S = 1.0
SECONDS = 2
"""Of statistics that tell of media. Sound is counted: pictures are the first that a busy machine leaves out."""


async def media_flows(end: BotEnd) -> None:
    """Wait until sound comes for some more seconds."""
    seen, flowing = len(end.bot.events("stats")), 0
    while flowing < SECONDS:
        event = await end.bot.wait_for_event("stats", skip=seen)
        seen += 1
        flowing += all(user["audio"]["kbps"] > 5 for user in event["users"].values())


async def test_a_call_outlives_a_dead_network_and_another_address(tmp_path: Path) -> None:
    async with call(tmp_path, "bot", SETTLE_S) as going:
        ends = [end for end in going.ends if isinstance(end, BotEnd)]
        await going.say("before")
        going.lab.set("*", block=1)
        for state in ("unstable", "reconnecting"):
            await asyncio.gather(*(end.bot.wait_for_event("peer", state=state) for end in ends))
        await going.say("while nothing gets through")
        going.lab.set("*", block=0)
        await asyncio.gather(
            *(end.bot.wait_for_event("peer", state="connected", skip=1) for end in ends),
        )
        await asyncio.gather(*(media_flows(end) for end in ends))
        await asyncio.to_thread(going.lab.move, "a")
        await asyncio.gather(*(media_flows(end) for end in ends))
        await going.say("from another address")
        assert await going.judgement() == ""
        assert not [state for end in ends for state in end.bot.events("peer", state="failed")]
