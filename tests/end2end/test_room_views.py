"""Bots in a room of the real server with a real Janus: who speaks, and what is on whose screen."""

from __future__ import annotations

import wave
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.server.topology.coordinator import Rules
from tests.integration.server_tools import running_server
from tests.janus import PROGRAM, JanusProcess

from .processes import BotProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from .processes import Event

pytestmark = [
    pytest.mark.needs_program(PROGRAM),
    pytest.mark.expected_warnings("^desktop_app.server.janus.node: Janus "),
]

SOME_FPS = 8
"""Of a thumbnail on a busy machine."""
RATE_HZ = 48_000


class Room:
    """A room of a server that runs in this process."""

    def __init__(self, folder: Path, url: str, janus: JanusProcess, stack: AsyncExitStack) -> None:
        self.janus = janus
        self.bots: dict[str, BotProcess] = {}
        self._folder = folder
        self._url = url
        self._stack = stack

    async def join(self, *names: str, arguments: Iterable[str] = ()) -> None:
        """More bots, whose picture and sound cost next to nothing."""
        for name in names:
            bot = BotProcess(self._folder, name, self._url, "room", "--encoded", *arguments)
            await self._stack.enter_async_context(bot)
            self.bots[name] = bot
        for name in names:
            await self.bots[name].wait_for_event("joined")

    async def join_speaking(self, name: str) -> None:
        """A bot that speaks, as far as a level can tell."""
        times = np.arange(round(2.1 * RATE_HZ)) / RATE_HZ
        syllables = (times % 0.7 < 0.5) * np.sin(2 * np.pi * 300 * times)
        path = self._folder / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes((8000 * syllables).astype(np.int16).tobytes())
        bot = BotProcess(self._folder, name, self._url, "room", "--size", "320x240", microphone=str(path))
        await self._stack.enter_async_context(bot)
        self.bots[name] = bot
        await bot.wait_for_event("joined")

    async def until_all_see_all(self) -> float:
        """Until every bot has seen and heard everybody for a second, as they say it; when the last of them did."""
        seen = [await self._until_sees(name, others) for name, others in self._pairs()]
        return max(seen)

    async def until_mode(self, mode: str, reason: str) -> float:
        """Until every bot tells that; when the last of them did."""
        told = [
            await bot.wait_for_event(
                "topology", where=lambda event: (event["mode"], event["reason"]) == (mode, reason)
            )
            for bot in self.bots.values()
        ]
        return float(max(event["t"] for event in told))

    def _pairs(self) -> list[tuple[str, set[str]]]:
        return [(name, set(self.bots) - {name}) for name in self.bots]

    async def _until_sees(self, name: str, others: set[str]) -> float:
        after = self.bots[name].events("stats")
        after_t = after[-1]["t"] if after else 0.0
        entry = await self.bots[name].wait_for_event(
            "stats",
            where=lambda event: (
                event["t"] > after_t
                and set(event["users"]) == others
                and all(whole(user) for user in event["users"].values())
            ),
        )
        return float(entry["t"])

    async def watches_what_it_is_told(self, name: str, *, large: str, small: str, hidden: str) -> None:
        """Until a bot gets one picture large, one small and one not at all; afterwards it may have all again."""
        bot = self.bots[name]
        await bot.send({"cmd": "view", "large": [large], "small": [small]})

        def obeyed(event: Event) -> bool:
            seen = {user: stats["video"] for user, stats in event["users"].items()}
            return bool(
                set(seen) == {large, small, hidden}
                and seen[large]["fps"] > SOME_FPS
                and seen[large]["width"] >= 320
                and seen[small]["fps"] > 0
                and 0 < seen[small]["width"] <= 320
                and seen[hidden]["fps"] == 0
                and event["users"][hidden]["audio"]["level"] > 0.01
            )

        await bot.wait_for_event("stats", where=obeyed)
        await bot.send({"cmd": "view", "large": [large, small, hidden], "small": []})


def whole(user: Event) -> bool:
    """Whether a second of somebody's stats has pictures and sound."""
    return bool(user["video"]["fps"] > SOME_FPS and user["audio"]["level"] > 0.01)


@asynccontextmanager
async def sfu_room(folder: Path, rules: Rules) -> AsyncIterator[Room]:
    """An empty room."""
    async with (
        JanusProcess(folder) as janus,
        running_server(janus=(janus.address,), rules=rules) as server,
        AsyncExitStack() as stack,
    ):
        await server.wait_for_gauge("bridgecall_janus_nodes_up", 1)
        yield Room(folder, server.url().replace("http", "ws"), janus, stack)


async def test_all_are_told_who_speaks_and_each_gets_what_is_on_the_screen(tmp_path: Path) -> None:
    async with sfu_room(tmp_path, Rules(threshold=3)) as room:
        await room.join("ann", "bob", "cid")
        await room.until_mode("sfu", "participants")
        await room.join_speaking("dee")
        await room.until_all_see_all()
        for bot in room.bots.values():
            await bot.wait_for_event("active-speaker", user="dee")
        await room.watches_what_it_is_told("ann", large="bob", small="cid", hidden="dee")
