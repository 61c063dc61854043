"""The direct path is blocked in mid-call, for good or for a while, and a TURN server is there."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.end2end.udp_drops import dropped_datagrams
from tests.turn_server import SECRET, TurnServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.netlab import NetLab

    from .recovery_call import Going
    from .recovery_ends import BotEnd


@contextmanager
def turn_options(folder: Path, lab: NetLab, *, has_turn: bool) -> Iterator[tuple[str, ...]]:
    """What the signaling server on host c is started with; coturn runs beside it."""
    if not has_turn:
        yield ()
        return
    prefix = tuple(lab.command("c", []))
    with TurnServer(folder, lab.address("c"), prefix=prefix, rest_api=True) as turn:
        yield "--turn-server", f"{turn.url()},{SECRET}"


async def direct_path_blocked(going: Going) -> float:
    """Seconds from the last packet on the direct path to the pictures of both through the relay."""
    await going.say("before")
    blocked_s = time.monotonic()
    going.lab.set("a-b", block=1)
    back_s = await going.back_s(blocked_s)
    await going.say("after")
    return back_s


async def until_path(ends: Sequence[BotEnd], *, relayed: bool, limit_s: float = 60.0) -> float:
    """Wait until both get sound and a relay is between them, or none is; returns since when it was waited for.

    Pictures are the first that a busy machine leaves out.

    Raises:
        TimeoutError: it did not come to that.
    """
    begun_s = time.monotonic()
    async with asyncio.timeout(limit_s):
        while True:
            users = await asyncio.gather(*(end.next_user() for end in ends))
            types = {user[key] for user in users for key in ("candidate_type", "remote_candidate_type")}
            if all(user["audio"]["kbps"] > 5 for user in users) and ("relay" in types) is relayed:
                return begun_s


async def packets_lost(ends: Sequence[BotEnd]) -> int:
    """Of sound, so far, at both, by their numbers, without those that the kernel dropped since they were read too late.

    That a picture is missing is seen at the next one, which a busy machine may send seconds later.
    """
    users = await asyncio.gather(*(end.next_user() for end in ends))
    late = sum(dropped_datagrams(end.bot.pid) for end in ends)
    lost: int = sum(user["audio"]["packets_lost"] for user in users)
    return lost - late
