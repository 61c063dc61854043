"""A call of two on the bad network, with a server on a third host."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.end2end.processes import ServerProcess
from tests.end2end.udp_drops import dropped_datagrams
from tests.netlab import NetLab

from .recovery_ends import NAMES, BotEnd, ChromiumEnd, End
from .recovery_relay import turn_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ONE_WAY_MS = 25
BACK_PICTURES = 3
WAIT_S = 30.0
SETTLE_S = 5.0


@dataclass
class Going:
    """The call, while a row spoils it."""

    folder: Path
    lab: NetLab
    server: ServerProcess
    ends: list[End]
    settle_s: float = SETTLE_S
    """How long to wait before a call is spoiled, and before it is judged."""
    said: list[list[str]] = field(default_factory=lambda: [[], []])
    notes: list[str] = field(default_factory=list)

    async def say(self, text: str) -> None:
        """Both say this."""
        for end, said in zip(self.ends, self.said, strict=True):
            said.append(text)
            await end.say(text)

    async def talk(self, seconds: float, every_s: float = 1.0) -> None:
        """Both say something again and again, for so long."""
        begun_s = time.monotonic()
        number = 0
        while time.monotonic() - begun_s < seconds:
            await self.say(f"{begun_s:.3f} {number}")
            number += 1
            await asyncio.sleep(min(every_s, max(0.0, begun_s + seconds - time.monotonic())))

    async def back_s(self, since_s: float) -> float:
        """From `since_s` to the pictures of both that show that it goes on; WAIT_S when that takes too long."""
        return max(await asyncio.gather(*(self._back_s(end, since_s) for end in self.ends)))

    async def _back_s(self, end: End, since_s: float) -> float:
        while time.monotonic() - since_s < WAIT_S:
            later = [at_s for at_s in await end.pictures_s() if at_s > since_s + 2 * ONE_WAY_MS / 1000]
            if len(later) >= BACK_PICTURES:
                return later[BACK_PICTURES - 1] - since_s
            await asyncio.sleep(0.2)
        return WAIT_S

    async def lost(self) -> Counter[str]:
        """Media that did not come in time, so far, at both ends."""
        counts = await asyncio.gather(*(end.lost() for end in self.ends if isinstance(end, BotEnd)))
        return sum(counts, Counter())

    def read_too_late(self) -> int:
        """Datagrams that the kernel dropped so far because the two did not read them in time."""
        return sum(dropped_datagrams(end.bot.pid) for end in self.ends if isinstance(end, BotEnd))

    async def missing_pictures(self, begin_s: float, end_s: float) -> int:
        """How many that were captured in that time (monotonic clock) were never shown at the other end."""
        await asyncio.sleep(2.2)  # they are told once a second
        ann, ben = (end for end in self.ends if isinstance(end, BotEnd))
        return sum(
            len(end.counted("captured", begin_s, end_s) - other.counted("shown", begin_s, end_s + 2.0))
            for end, other in ((ann, ben), (ben, ann))
        )

    async def newcomer(self, server: ServerProcess) -> None:
        """Somebody else joins, and is seen by all."""
        async with AsyncExitStack() as stack:
            newcomer = await BotEnd.join(stack, self.folder, "new", server, self.lab.command("c", []))
            for other in NAMES:
                await newcomer.connected(other)
            for end in self.ends:
                await end.connected("new")

    async def judgement(self) -> str:
        """What is not as it should be after a fault: chat that lacks lines or repeats some, and other tiles."""
        await asyncio.sleep(self.settle_s)
        wrong = [each for each in self.notes if each]
        for index, end in enumerate(self.ends):
            if not isinstance(end, BotEnd):
                continue
            heard, said = await end.lines(), self.said[1 - index]
            if sorted(heard) != sorted(said):
                wrong.append(
                    f"{NAMES[index]} has {len(heard)} of {len(said)} lines ({len(set(heard))} different)"
                )
            if await end.tiles() != 1:
                wrong.append(f"{NAMES[index]} saw {await end.tiles()} arrivals")
        return ", ".join(wrong)


@asynccontextmanager
async def call(
    folder: Path, ends: str, settle_s: float = SETTLE_S, *, has_turn: bool = False
) -> AsyncIterator[Going]:
    """Ann and Ben, and media flows."""
    with NetLab(hosts=3, delay=ONE_WAY_MS) as lab:
        async with AsyncExitStack() as stack:
            options = stack.enter_context(turn_options(folder, lab, has_turn=has_turn))
            server = ServerProcess(folder, *options, host=lab.address("c"), prefix=lab.command("c", []))
            await stack.enter_async_context(server)
            kind = BotEnd if ends == "bot" else ChromiumEnd
            joined: list[End] = [
                await kind.join(stack, folder, name, server, lab.command(host, []))
                for host, name in zip("ab", NAMES, strict=True)
            ]
            for end, other in zip(joined, reversed(NAMES), strict=True):
                await end.connected(other)
            await asyncio.sleep(settle_s)
            yield Going(folder, lab, server, joined, settle_s)
