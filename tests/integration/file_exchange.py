"""One file from one bot to another over a bad network, while the link is cut and a bot is killed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tests.end2end.processes import BotProcess, ServerProcess
from tests.netlab import NetLab
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Who: TypeAlias = Literal["sender", "receiver"]

ENDED = ("done", "failed", "cancelled", "declined")
BLOCK_BYTES = 1_000_000


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    size_bytes: int
    is_whole: bool = False
    """The only file in the folder is that of the sender."""
    left_over: list[str] = field(default_factory=list)
    resumed_from: list[int] = field(default_factory=list)
    """Where the receiver went on, each time."""
    sent_bytes: int = 0
    """By all of the sender's runs; of one that was killed, up to its last event."""
    received_bytes: int = 0
    seconds: float = 0.0
    states: list[str] = field(default_factory=list)
    """Of the receiver, in order."""

    @property
    def sent_twice_bytes(self) -> int:
        """The larger of what left twice and what arrived twice; what was lost on the way counts as sent once more."""
        return max(self.sent_bytes, self.received_bytes) - self.size_bytes


class FileExchange:
    """Ann sends Ben a file; `run` does it.

    Args:
        folder: for everything.
        size_bytes: of the file.
        cut_s: how long the link is blocked, at 30 % of the file; 0: it is not.
        killed: who is killed and started again at 60 %, and at 80 %, ...
        media: whether they see and hear each other meanwhile.
        patience_s: the longest that any step may take.
        tell: takes a line about each step.
        conditions: of the network: loss (percent), delay (ms one way), rate (kbit/s).
    """

    def __init__(
        self,
        folder: Path,
        *,
        size_bytes: int,
        cut_s: float,
        killed: Sequence[Who],
        media: bool = False,
        patience_s: float = 60.0,
        tell: Callable[[str], None] = lambda _line: None,
        **conditions: float,
    ) -> None:
        self._folder = folder
        self._size = size_bytes
        self._cut_s = cut_s
        self._killed = killed
        self._source = "test" if media else "none"
        self._patience_s = patience_s
        self._tell = tell
        self._conditions = conditions
        self._bots: dict[Who, list[BotProcess]] = {"sender": [], "receiver": []}

    async def run(self) -> Outcome:
        """Do it."""
        digest = await asyncio.to_thread(self._write_source)
        with NetLab(hosts=3, seed=7, **self._conditions) as lab:
            async with AsyncExitStack() as stack:
                server = ServerProcess(self._folder, host=lab.address("c"), prefix=lab.command("c", []))
                await stack.enter_async_context(server)
                await self._start("receiver", lab, server, stack)
                await self._start("sender", lab, server, stack)
                begun_s = time.monotonic()
                if self._cut_s:
                    await self._until(0.3)
                    self._tell(f"cut for {self._cut_s:.0f} s")
                    lab.set("a-b", block=1)
                    await asyncio.sleep(self._cut_s)
                    lab.set("a-b", block=0)
                for index, who in enumerate(self._killed):
                    await self._until(0.6 + 0.2 * index)
                    self._tell(f"{who} is killed and started again")
                    await self._kill(who)
                    await self._start(who, lab, server, stack)
                await self._ended("receiver")
                await self._ended("sender")
                seconds = time.monotonic() - begun_s
        return self._outcome(digest, seconds)

    @property
    def _downloads(self) -> Path:
        return self._folder / "received"

    def _write_source(self) -> str:
        digest = hashlib.sha256()
        with (self._folder / "source.bin").open("wb") as file:
            for start in range(0, self._size, BLOCK_BYTES):
                block = os.urandom(min(BLOCK_BYTES, self._size - start))
                digest.update(block)
                file.write(block)
        return digest.hexdigest()

    async def _start(self, who: Who, lab: NetLab, server: ServerProcess, stack: AsyncExitStack) -> None:
        host, name = ("a", "ann") if who == "sender" else ("b", "ben")
        option = (
            ("--send-file", str(self._folder / "source.bin"))
            if who == "sender"
            else ("--receive-dir", str(self._downloads))
        )
        bot = BotProcess(
            self._folder,
            name,
            server.url,
            "room",
            *option,
            camera=self._source,
            microphone=self._source,
            prefix=lab.command(host, []),
        )
        await stack.enter_async_context(bot)
        await bot.wait_for_event("joined")
        self._bots[who].append(bot)

    async def _kill(self, who: Who) -> None:
        bot = self._bots[who][-1]
        os.killpg(bot.pid, signal.SIGKILL)
        await bot.wait()

    async def _until(self, part: float) -> None:
        """Until so much is written; events come only once a second."""

        def written() -> int:
            return max((path.stat().st_size for path in self._downloads.glob("source.bin*")), default=0)

        await until(lambda: written() >= part * self._size, self._patience_s)
        assert not (self._downloads / "source.bin").exists(), (
            "the file was too small for what was to happen to it"
        )
        self._tell(f"{written() / 1e6:.1f} MB have come")

    async def _ended(self, who: Who) -> None:
        await self._bots[who][-1].wait_for_event(
            "file", timeout=self._patience_s, where=lambda event: event["state"] in ENDED
        )

    def _outcome(self, digest: str, seconds: float) -> Outcome:
        outcome = Outcome(self._size, seconds=seconds)
        names = sorted(path.name for path in self._downloads.iterdir())
        outcome.left_over = [name for name in names if name != "source.bin"]
        with (self._downloads / "source.bin").open("rb") as file:
            outcome.is_whole = hashlib.file_digest(file, "sha256").hexdigest() == digest
        outcome.sent_bytes = sum(self._moved(bot) for bot in self._bots["sender"])
        outcome.received_bytes = sum(self._moved(bot) for bot in self._bots["receiver"])
        for event in self._events("receiver"):
            if event["state"] == "running" and event["resumed_from"] not in (0, *outcome.resumed_from):
                outcome.resumed_from.append(event["resumed_from"])
            if event["state"] != (outcome.states or [""])[-1]:
                outcome.states.append(event["state"])
        return outcome

    def _events(self, who: Who) -> list[dict[str, Any]]:
        return [event for bot in self._bots[who] for event in bot.events("file")]

    @staticmethod
    def _moved(bot: BotProcess) -> int:
        return max((event["moved"] for event in bot.events("file")), default=0)
