"""Guest pages in a room that grows over the SFU's threshold and shrinks again: real Chromium, server and Janus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.janus import PROGRAM

from .chromium import chromium_page, collect_complaints
from .guest_crowd import colour_of, is_of, join, sfu_server, wait_for_mode, wait_reception
from .guest_tools import WAIT_S, eventually, participants, room_url, wait_connected
from .processes import BotProcess
from .test_guest_data import line, say

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = pytest.mark.needs_program(PROGRAM)

# Notes each colour that the tile of somebody shows, while the room changes: black is a flash.
WATCH = """(userId) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.dataset.user === userId);
    const seen = new Map();
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const timer = setInterval(() => {
        const video = tile.querySelector("video:not(.next)");
        context.drawImage(video, video.videoWidth / 2, video.videoHeight * 0.6, 1, 1, 0, 0, 1, 1);
        const colour = Array.from(context.getImageData(0, 0, 1, 1).data);
        seen.set(colour.join(), colour);
    }, 10);
    window.endWatch = () => { clearInterval(timer); return [...seen.values()]; };
}"""

FREE_SOUND = ["--autoplay-policy=no-user-gesture-required"]


async def shows(page: Page, *names: str) -> None:
    """Wait until each tile shows the colour of its own person."""
    for name in names:

        async def right(name: str = name) -> bool:
            return is_of(await colour_of(page, name), name)

        await eventually(right, f"the picture of {name}")


async def lose(page: Page, which: str) -> None:
    """End one of a page's connections to the SFU, and wait until there is another."""
    await page.evaluate(f"(window.lost = window.bridgecall.sfu().{which}).close()")

    async def replaced() -> bool:
        return bool(
            await page.evaluate(
                f"window.bridgecall.sfu().{which} !== window.lost"
                f" && window.bridgecall.sfu().{which}.connectionState === 'connected'"
            )
        )

    await eventually(replaced, f"another {which}")


async def test_pages_and_a_bot_go_to_the_sfu_and_back(tmp_path: Path) -> None:
    async with sfu_server(tmp_path) as server, chromium_page(arguments=FREE_SOUND) as blank:
        ann = await join(blank.context, server, "Ann")
        bob = await join(blank.context, server, "Bob")
        complaints = [collect_complaints(ann), collect_complaints(bob)]
        await wait_reception(ann, "Bob", "mesh")
        await shows(ann, "Bob")
        bobs_id = (await participants(ann))["Bob"]["userId"]
        await ann.evaluate(WATCH, bobs_id)
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
                where=lambda stats: (
                    [each["video"]["fps"] > 2 for each in stats["users"].values()] == [True] * 2
                ),
            )
            seen = await ann.evaluate("window.endWatch()")
            for page, which in ((ann, "subscriber"), (bob, "publisher")):
                await lose(page, which)
            await wait_reception(ann, "Bob", "sfu")
            await wait_reception(ann, "bot", "sfu")
            await shows(ann, "Bob")
            await ann.evaluate(WATCH, bobs_id)
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
        seen += await ann.evaluate("window.endWatch()")
        assert seen
        assert all(is_of((red, green, blue), "Bob", 60) for red, green, blue, _ in seen), [
            each for each in seen if not is_of(tuple(each[:3]), "Bob", 60)
        ]
        assert complaints == [[], []]


async def test_a_guest_who_sends_nothing_holds_up_nobody(tmp_path: Path) -> None:
    async with sfu_server(tmp_path) as server, chromium_page(fake_media=False) as page:
        url = f"ws://127.0.0.1:{server.port}"
        async with BotProcess(tmp_path, "ann", url, "R") as ann, BotProcess(tmp_path, "bob", url, "R") as bob:
            for bot in (ann, bob):
                await bot.wait_for_event("joined")
            await page.goto(room_url(server, "R", "Guest"))
            for bot in (ann, bob):
                await bot.wait_for_event("topology", mode="sfu", reason="participants", timeout=WAIT_S)
                assert not bot.events("topology-step", phase="abort")
            await wait_for_mode(page, "sfu")
