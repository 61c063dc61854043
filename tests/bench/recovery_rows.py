"""The faults, each a function that spoils a call and tells how long it took until media was back (s)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .recovery_call import Going


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    run: Callable[[Going], Awaitable[float]]
    target_s: float
    ends: tuple[str, ...] = ("bot", "chromium")


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


ROWS = {
    "all packets lost for 10 s": Row(_outage(10), 1.0),
    "all packets lost for 60 s": Row(_outage(60), 3.0),
    "packets between the two lost for 10 s": Row(_outage(10, "a-b"), 1.0),
    "another address": Row(_other_address, 3.0),
}
"""By name, in the order of the table."""
