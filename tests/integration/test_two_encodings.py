"""Three real participants, one of them behind a narrow link: what each of them gets."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.end2end.processes import BotProcess, ServerProcess
from tests.netlab import NetLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.needs_netlab

SECONDS = 3
"""So many statistics in a row say the same."""
PATIENCE_S = 90.0

Video: TypeAlias = dict[str, Any]


@dataclass
class Scene:
    """Ann sends to Ben and Cleo, who send nothing; each is a host, and the server is another one."""

    lab: NetLab
    ann: BotProcess
    ben: BotProcess
    cleo: BotProcess


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    with NetLab(hosts=4, delay=10) as lab:
        lab.set("a>c", queue=300)
        async with AsyncExitStack() as stack:
            server = ServerProcess(folder, host=lab.address("d"), prefix=lab.command("d", []))
            await stack.enter_async_context(server)
            bots = []
            for host, name, media in (("a", "ann", "test"), ("b", "ben", "none"), ("c", "cleo", "none")):
                bot = BotProcess(
                    folder,
                    name,
                    server.url,
                    "room",
                    prefix=lab.command(host, []),
                    camera=media,
                    microphone=media,
                )
                await stack.enter_async_context(bot)
                await bot.wait_for_event("joined")
                bots.append(bot)
            ann, ben, cleo = bots
            for bot in (ben, cleo):
                await bot.wait_for_event("first-frame", user="ann", kind="audio")
            yield Scene(lab, ann, ben, cleo)


async def lasting(bot: BotProcess, wanted: Callable[[Video], bool]) -> list[Video]:
    """Wait until a bot says of Ann's picture SECONDS times in a row what is wanted; what it said."""
    row: list[Video] = []
    seen = len(bot.events("stats"))
    async with asyncio.timeout(PATIENCE_S):
        while len(row) < SECONDS:
            event = await bot.wait_for_event("stats", skip=seen)
            seen += 1
            video = event["users"].get("ann", {}).get("video", {})
            row = [*row, video] if video and wanted(video) else []
    return row


def wide(*widths_px: int) -> Callable[[Video], bool]:
    """A picture that moves, of one of these widths."""
    return lambda video: video["width"] in widths_px and video["fps"] > 3


def sizes(bot: BotProcess, since: int) -> set[int]:
    """The widths of Ann's picture since a number of statistics."""
    return {event["users"]["ann"]["video"]["width"] for event in bot.events("stats")[since:]}


async def test_one_narrow_path_leaves_the_others_their_picture(tmp_path: Path) -> None:
    async with scene(tmp_path) as call:
        await asyncio.gather(lasting(call.ben, wide(640)), lasting(call.cleo, wide(640)))
        begin = len(call.ben.events("stats"))
        call.lab.set("a>c", rate=200)
        narrow = await lasting(call.cleo, wide(320))
        kept = await lasting(call.ben, wide(640))
        assert max(video["kbps"] for video in narrow) < 210
        assert all(video["kbps"] > 210 for video in kept), "more than the narrow link carries"
        assert call.ann.events("quality", user="cleo", reason="network")
        call.lab.set("a>c", rate=0)
        await lasting(call.cleo, wide(640))
        assert call.ann.events("quality", user="cleo")[-1]["reason"] == "recovered"
        assert sizes(call.ben, begin) == {640}
        assert call.ann.events("quality", user="ben") == call.ann.events("quality", user=None) == []


async def test_sound_alone_to_one_does_not_stop_the_picture_of_the_others(tmp_path: Path) -> None:
    async with scene(tmp_path) as call:
        await asyncio.gather(lasting(call.ben, wide(640)), lasting(call.cleo, wide(640)))
        begin = len(call.ben.events("stats"))
        call.lab.set("a>c", rate=60)
        told = await call.ann.wait_for_event("quality", user="cleo", video=False, timeout=PATIENCE_S)
        assert (told["step"], told["reason"]) == ("Sound only", "network")
        await lasting(call.cleo, lambda video: bool(video["fps"] == 0))
        kept = await lasting(call.ben, wide(640))
        assert all(video["kbps"] > 100 for video in kept)
        assert call.cleo.events("stats")[-1]["users"]["ann"]["audio"]["kbps"] > 5
        call.lab.set("a>c", rate=0)
        await lasting(call.cleo, wide(320, 640))
        assert call.ann.events("quality", user="cleo", video=True)[-1]["reason"] == "recovered"
        assert sizes(call.ben, begin) == {640}
        assert call.ann.events("quality", user="ben") == call.ann.events("quality", user=None) == []
