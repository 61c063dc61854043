"""The faults, each a function that spoils a call and tells how long it took until media was back (s)."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop_app.rtc import peer, peer_recovery, peer_sessions
from tests.end2end.processes import ServerProcess
from tests.integration.peer_tools import calling
from tests.integration.recovery_tools import left, recover

from .recovery_relay import direct_path_blocked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .recovery_call import Going


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, tried with each of these `ends`; "process" needs no call."""

    run: Callable[[Any], Awaitable[float]]
    target: float
    ends: tuple[str, ...] = ("bot", "chromium")
    unit: str = "s"
    has_turn: bool = False
    """Whether the server names a TURN server, which runs on its host."""


def _outage(seconds: float, link: str = "*") -> Callable[[Going], Awaitable[float]]:
    """Every packet is lost for a while."""

    async def run(going: Going) -> float:
        await going.say("before")
        going.lab.set(link, block=1)
        await going.talk(seconds)
        going.lab.set(link, block=0)
        return await going.back_s(time.monotonic())

    return run


async def _other_address(going: Going) -> float:
    """A laptop that goes from one network to another."""
    await going.say("before")
    moved_s = time.monotonic()
    await asyncio.to_thread(going.lab.move, "a")
    back_s = await going.back_s(moved_s)
    await going.say("after")
    return back_s


async def _server_killed(going: Going) -> float:
    """It is killed, and started again 20 s later: what was sent from then to the return of both and did not arrive.

    That is packets, by their numbers, and pictures that came and were given up before they were decoded. Every other
    picture that was captured and not shown was not sent, or not shown, by a machine that was short of time; so many as
    long before are told, too.
    """
    begun_s = time.monotonic()
    await going.talk(20)
    usual = await going.missing_pictures(begun_s, time.monotonic())
    begun_s, before = time.monotonic(), await going.lost()
    os.kill(going.server.pid, signal.SIGKILL)
    await going.server.wait()
    await going.talk(20)
    again = ServerProcess(
        going.folder,
        host=going.server.host,
        port=going.server.port,
        name="again",
        prefix=going.lab.command("c", []),
    )
    async with again:
        await again.wait_for_event("joined", skip=len(going.ends) - 1, timeout=30)
        await going.talk(1)
        missing = await going.missing_pictures(begun_s, time.monotonic())
        lost = await going.lost() - before
        await going.newcomer(again)
        going.notes.append(f"{missing} pictures not sent or not shown ({usual} in as long before)")
        late = lost.pop("frames of sound", 0)
        going.notes.append(f"{late} frames of sound late")
        return lost.total()


async def _recoveries(_going: None) -> float:
    """100 in a row between two peers of this process; the growth of memory in MB, and an error for anything else."""
    # The two have one speaker and one screen each for all connections, unlike the application.
    peer_sessions.KEPT_S = 0.0
    # Several a second are more than a stranger may ask for.
    peer.OFFER_EVERY_S = peer_recovery.REQUEST_EVERY_S = 0.05
    async with calling() as pair:
        pair.alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media()
        await recover(pair, 10)
        before = await left(pair)
        await recover(pair, 100)
        after = await left(pair)
    if (after.files, after.threads) != (before.files, before.threads):
        raise RuntimeError(f"there were {before}, and there are {after}")
    return after.rss_mb - before.rss_mb


ROWS = {
    "all packets lost for 10 s": Row(_outage(10), 1.0),
    "all packets lost for 60 s": Row(_outage(60), 3.0),
    "packets between the two lost for 10 s": Row(_outage(10, "a-b"), 1.0),
    "another address": Row(_other_address, 3.0),
    "direct path blocked for good, TURN there": Row(direct_path_blocked, 4.0, has_turn=True),
    "signaling server killed for 20 s": Row(_server_killed, 0.0, ("bot",), "packets and pictures lost"),
    "100 recoveries in a row (memory)": Row(_recoveries, 10.0, ("process",), "MB"),
}
"""By name, in the order of the table."""
