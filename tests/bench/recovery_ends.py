"""The two ends of a call whose network fails: our bot, or Chromium with the guest page."""

from __future__ import annotations

import asyncio
import math
import shlex
import time
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from tests.end2end.chromium import CHROMIUM, chromium_page
from tests.end2end.guest_tools import wait_connected, wait_media_flows
from tests.end2end.processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack
    from pathlib import Path

    from playwright.async_api import Page

    from tests.end2end.processes import Event

ROOM = "bench"
NAMES = ("ann", "ben")

WATCH = """
() => {
  window.recoveryShown = [];
  const watched = new WeakSet();
  const look = () => {
    for (const video of document.querySelectorAll(".tile:not(.own) video")) {
      if (watched.has(video)) continue;
      watched.add(video);
      const shown = () => {
        window.recoveryShown.push(performance.timeOrigin + performance.now());
        video.requestVideoFrameCallback(shown);
      };
      video.requestVideoFrameCallback(shown);
    }
  };
  look();
  setInterval(look, 50);
}
"""


class End(Protocol):
    """One participant."""

    async def connected(self, other: str) -> None:
        """Wait until media of `other` flows."""

    async def pictures_s(self) -> list[float]:
        """When a picture of the other one was shown, by the monotonic clock."""

    async def say(self, text: str) -> None:
        """A line of chat."""

    async def lines(self) -> list[str]:
        """What the other one has said, in the order of arrival."""

    async def tiles(self) -> int:
        """How many participants came, over the whole call."""


class BotEnd:
    """Our application's engine, without a window."""

    def __init__(self, bot: BotProcess) -> None:
        self.bot = bot

    @classmethod
    async def join(
        cls, stack: AsyncExitStack, folder: Path, name: str, server: ServerProcess, prefix: Sequence[str]
    ) -> BotEnd:
        """Start it on a host."""
        bot = BotProcess(folder, name, server.url, ROOM, "--media-times", prefix=prefix)
        await stack.enter_async_context(bot)
        await bot.wait_for_event("joined", timeout=60)
        return cls(bot)

    async def connected(self, other: str) -> None:
        """Wait until media of `other` flows."""
        for kind in ("video", "audio"):
            await self.bot.wait_for_event("first-frame", kind=kind, user=other, timeout=60)

    async def pictures_s(self) -> list[float]:
        """When a picture of the other one was shown."""
        await asyncio.sleep(1.2)  # they are told once a second
        return sorted(
            at_s
            for event in self.bot.events("media-times")
            for shown in event["shown"].values()
            for at_s, _counter in shown
        )

    async def say(self, text: str) -> None:
        """A line of chat."""
        await self.bot.send({"cmd": "say", "text": text})

    async def lines(self) -> list[str]:
        """What the other one has said."""
        return [str(event["text"]) for event in self.bot.events("chat") if event["from"] != self.bot.name]

    async def tiles(self) -> int:
        """How many participants came, without those who join to see whether all is well."""
        joined = self.bot.events("participant", state="joined")
        return sum(event["user"] in NAMES for event in joined)

    async def longest_hole_s(self, since_s: float) -> float:
        """The longest time between two pictures of the other one that were shown after `since_s`."""
        later = [at_s for at_s in await self.pictures_s() if at_s > since_s]
        return max((after - before for before, after in pairwise(later)), default=math.inf)

    async def next_user(self) -> Event:
        """The next statistics of the other one."""
        event = await self.bot.wait_for_event("stats", skip=len(self.bot.events("stats")))
        (user,) = (each for name, each in event["users"].items() if name in NAMES)
        return dict(user)

    async def lost(self) -> Counter[str]:
        """Media of the other one that did not come in time, so far."""
        user = await self.next_user()
        return Counter(
            {
                "packets": user["video"]["packets_lost"] + user["audio"]["packets_lost"],
                "pictures": user["video"]["frames_dropped"],
                "frames of sound": user["audio"]["concealed_frames"],
            }
        )

    def counted(self, stream: str, begin_s: float, end_s: float) -> set[int]:
        """Of "captured" or "shown" pictures, their numbers; by the monotonic clock."""
        found: set[int] = set()
        for event in self.bot.events("media-times"):
            times = (
                event["captured"]
                if stream == "captured"
                else [e for n in NAMES for e in event["shown"].get(n, [])]
            )
            found.update(
                counter for at_s, counter in times if counter is not None and begin_s <= at_s <= end_s
            )
        return found


class ChromiumEnd:
    """A browser guest."""

    def __init__(self, page: Page) -> None:
        self._page = page

    @classmethod
    async def join(
        cls, stack: AsyncExitStack, folder: Path, name: str, server: ServerProcess, prefix: Sequence[str]
    ) -> ChromiumEnd:
        """Start it on a host."""
        script = folder / f"{name}.sh"
        script.write_text(f'#!/bin/sh\nexec {shlex.join([*prefix, CHROMIUM])} "$@"\n')
        script.chmod(0o755)
        origin = f"http://{server.host}:{server.port}"
        arguments = [
            f"--unsafely-treat-insecure-origin-as-secure={origin}",
            "--autoplay-policy=no-user-gesture-required",
        ]
        page = await stack.enter_async_context(chromium_page(executable=str(script), arguments=arguments))
        before = len(server.events("joined"))
        await page.goto(f"{origin}/r/{ROOM}?name={name}&join=1")
        await server.wait_for_event("joined", skip=before, timeout=60)
        return cls(page)

    async def connected(self, other: str) -> None:
        """Wait until media of `other` flows."""
        await wait_connected(self._page, other)
        await wait_media_flows(self._page, other)
        await self._page.evaluate(WATCH)

    async def pictures_s(self) -> list[float]:
        """When a picture of the other one was given to the compositor."""
        offset_s = time.monotonic() - time.time()
        return [at_ms / 1000 + offset_s for at_ms in await self._page.evaluate("window.recoveryShown")]

    async def say(self, text: str) -> None:
        """Nothing: chat is tried with the bots."""

    async def lines(self) -> list[str]:
        """None."""
        return []

    async def tiles(self) -> int:
        """Those of now."""
        return int(await self._page.evaluate("document.querySelectorAll('.tile:not(.own)').length"))
