"""A call that fell to the relay goes back to the direct path when that works again: real bots, netlab and coturn."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.bench.recovery_call import call
from tests.bench.recovery_ends import BotEnd
from tests.bench.recovery_relay import packets_lost, until_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.recovery_call import Going

pytestmark = [pytest.mark.needs_netlab, pytest.mark.needs_program("turnserver")]

SETTLE_S = 1.0


def change_network(going: Going, host: str) -> None:
    """Another address on a host, as of a cable that was plugged in; the old one stays."""
    command = ["ip", "addr", "add", "10.99.0.1/32", "dev", "lo"]
    subprocess.run(going.lab.command(host, command), check=True)


async def test_the_direct_path_is_taken_again_and_no_packet_is_lost(tmp_path: Path) -> None:
    """It is the network of the end that does not choose the path that changes: it tells the other one by its checks."""
    async with call(tmp_path, "bot", SETTLE_S, has_turn=True) as going:
        ends = [end for end in going.ends if isinstance(end, BotEnd)]
        going.lab.set("a-b", block=1)
        await until_path(ends, relayed=True)
        await going.say("through the relay")
        before = await packets_lost(ends)
        going.lab.set("a-b", block=0)
        await asyncio.to_thread(change_network, going, "b")
        changes = [len(end.bot.events("peer")) for end in ends]
        await until_path(ends, relayed=False)
        carried = going.lab.stats()["c>a"]["sent"]
        await going.say("directly")
        assert await packets_lost(ends) <= before
        assert going.lab.stats()["c>a"]["sent"] - carried < 50
        # The connection is the same one, and was not silent for a moment.
        assert [len(end.bot.events("peer")) for end in ends] == changes
        assert await going.judgement() == ""
        assert not [state for end in ends for state in end.bot.events("peer", state="failed")]
