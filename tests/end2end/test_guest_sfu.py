"""Guest pages in a room that grows over the SFU's threshold and shrinks again: real Chromium, server and Janus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.janus import PROGRAM

from .chromium import chromium_page, collect_complaints
from .guest_crowd import colour_of, is_of, join, sfu_server, wait_for_mode, wait_reception
from .guest_tools import WAIT_S, eventually, participants, wait_connected
from .processes import BotProcess
from .test_guest_data import line, say

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = pytest.mark.needs_program(PROGRAM)

# Notes each other colour that the tile of somebody shows, while the room changes: black is a flash.
WATCH = """(userId) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.dataset.user === userId);
    window.seen = new Set();
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    setInterval(() => {
        const video = tile.querySelector("video:not(.next)");
        context.drawImage(video, video.videoWidth / 2, video.videoHeight * 0.6, 1, 1, 0, 0, 1, 1);
        window.seen.add(Array.from(context.getImageData(0, 0, 1, 1).data).join(" "));
    }, 10);
}"""

FREE_SOUND = ["--autoplay-policy=no-user-gesture-required"]


async def shows(page: Page, *names: str) -> None:
    """Wait until each tile shows the colour of its own person."""
    for name in names:

        async def right(name: str = name) -> bool:
            return is_of(await colour_of(page, name), name)

        await eventually(right, f"the picture of {name}")


async def test_pages_and_a_bot_go_to_the_sfu_and_back(tmp_path: Path) -> None:
    async with sfu_server(tmp_path) as server, chromium_page(arguments=FREE_SOUND) as blank:
        ann = await join(blank.context, server, "Ann")
        bob = await join(blank.context, server, "Bob")
        complaints = [collect_complaints(ann), collect_complaints(bob)]
        await wait_reception(ann, "Bob", "mesh")
        await shows(ann, "Bob")
        await ann.evaluate(WATCH, (await participants(ann))["Bob"]["userId"])
        await ann.click("#chat-toggle")

        url = f"ws://127.0.0.1:{server.port}/ws"
        async with BotProcess(tmp_path, "bot", url, "R") as bot:
            await say(ann, "before")
            await bot.wait_for_event("chat", text="before")
            for page, other in ((ann, "Bob"), (bob, "Ann")):
                await wait_for_mode(page, "sfu")
                await wait_reception(page, other, "sfu")
                await wait_reception(page, "bot", "sfu")
                await shows(page, other)
            await bot.wait_for_event("topology", mode="sfu", timeout=WAIT_S)
            await say(ann, "in between")
            await bot.wait_for_event("chat", text="in between")
            # One encoding for whoever looks: with so few on the screen, the large one.
            assert await bob.evaluate("window.bridgecall.sending()") == ["audio", "camera"]
            await bot.wait_for_event(
                "stats",
                timeout=WAIT_S,
                skip=len(bot.events("stats")),
                where=lambda stats: [each["video"]["fps"] > 2 for each in stats["users"].values()] == [True] * 2,
            )
            assert await bot.leave() == 0
        for page, other in ((ann, "Bob"), (bob, "Ann")):
            await wait_for_mode(page, "mesh")
            await wait_reception(page, other, "mesh")
            assert await page.evaluate("window.bridgecall.sfu()") == {"publisher": None, "subscriber": None}
        await wait_connected(ann, "Bob")
        await say(bob if await bob.locator("#chat").is_visible() else ann, "after")
        await bob.click("#chat-toggle")
        for text in ("before", "in between", "after"):
            await expect(line(bob, text)).to_be_visible()
        seen = [tuple(int(part) for part in each.split()) for each in await ann.evaluate("[...window.seen]")]
        assert seen
        assert all(is_of(each[:3], "Bob", 60) for each in seen), seen
        assert complaints == [[], []]


async def test_a_lost_connection_to_the_sfu_comes_back(tmp_path: Path) -> None:
    async with sfu_server(tmp_path) as server, chromium_page(arguments=FREE_SOUND) as blank:
        pages = {name: await join(blank.context, server, name) for name in ("Ann", "Bob", "Cem")}
        ann, bob = pages["Ann"], pages["Bob"]
        for page in pages.values():
            await wait_for_mode(page, "sfu")
        await wait_reception(ann, "Bob", "sfu")
        for page, which in ((ann, "subscriber"), (bob, "publisher")):
            await page.evaluate(f"(window.lost = window.bridgecall.sfu().{which}).close()")

            async def replaced(page: Page = page, which: str = which) -> bool:
                return bool(
                    await page.evaluate(
                        f"window.bridgecall.sfu().{which} !== window.lost"
                        f" && window.bridgecall.sfu().{which}.connectionState === 'connected'"
                    )
                )

            await eventually(replaced, f"another {which}")
        await wait_reception(ann, "Bob", "sfu")
        await wait_reception(ann, "Cem", "sfu")
        await shows(ann, "Bob", "Cem")
        assert await ann.evaluate("window.bridgecall.topology().mode") == "sfu"
