"""Shared screens and the guest page: shown whole and large, and shown by it, in a mesh and through an SFU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.janus import PROGRAM

from .chromium import chromium_page, collect_complaints
from .guest_crowd import sfu_server, wait_for_mode
from .guest_tools import WAIT_S, eventually, room_url
from .processes import BotProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.async_api import Page

    from .processes import Event

pytestmark = pytest.mark.needs_program(PROGRAM)

TILE = """(key) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.dataset.user === key);
    const video = tile?.querySelector("video:not(.next)");
    return tile && !tile.hidden ? {
        words: tile.querySelector(".tile-name").textContent,
        width: tile.clientWidth, height: tile.clientHeight,
        picture: [video.videoWidth, video.videoHeight],
        fit: getComputedStyle(video).objectFit,
        empty: tile.classList.contains("no-picture"),
    } : null;
}"""


async def tile(page: Page, key: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = await page.evaluate(TILE, key)
    return found


async def shows_screen(page: Page, key: str, name: str) -> None:
    """The tile has the bot's test screen, whole, and is much larger than the page's own."""

    async def right() -> bool:
        shown, own = (
            await tile(page, key),
            await page.evaluate("document.querySelector('.tile.own')?.clientWidth ?? 9999"),
        )
        return (
            shown is not None
            and shown["picture"] == [1280, 720]
            and shown["fit"] == "contain"
            and shown["words"] == f"{name} shows their screen"
            and not shown["empty"]
            and shown["width"] > 2 * own
        )

    await eventually(right, f"the screen of {name}, of {await tile(page, key)}")


def receives_screen_of(user: str) -> Callable[[Event], bool]:
    """Whether a bot receives their screen."""

    def has(stats: Event) -> bool:
        shown = stats["users"].get(user, {}).get("screen")
        return shown is not None and bool(shown["fps"] > 0.5 and shown["width"] > 320)

    return has


async def test_a_page_shows_screens_and_shows_its_own(tmp_path: Path) -> None:
    async with sfu_server(tmp_path) as server, chromium_page() as page:
        complaints = collect_complaints(page)
        url = f"ws://127.0.0.1:{server.port}/ws"
        small = ("--size", "320x240", "--fps", "15")
        async with BotProcess(tmp_path, "ann", url, "R", "--screen", "test", *small) as ann:
            await ann.wait_for_event("own-screen", shown=True)
            await page.goto(room_url(server, "R", "Guest"))
            await shows_screen(page, "ann", "ann")
            guest = await page.evaluate("document.querySelector('.tile.own').dataset.user")

            # Its own, in the camera's place.
            await page.click("#screen")
            await expect(page.locator("#screen-line")).to_be_visible()
            await ann.wait_for_event("screen", user=guest, shown=True, timeout=WAIT_S)
            await ann.wait_for_event("stats", timeout=WAIT_S, where=receives_screen_of(guest))

            async with BotProcess(tmp_path, "bob", url, "R", *small) as bob:
                await wait_for_mode(page, "sfu")
                await shows_screen(page, "\0ann", "ann")
                own = await tile(page, "ann")
                assert own is not None
                assert own["words"] == "ann"
                await bob.wait_for_event("stats", timeout=WAIT_S, where=receives_screen_of(guest))
                await bob.wait_for_event("stats", timeout=WAIT_S, where=receives_screen_of("ann"))
                await ann.send({"cmd": "screen", "source": None})
                await eventually(lambda: gone(page, "\0ann"), "the end of the screen")
                await page.click("#screen-stop")
                await bob.wait_for_event("screen", user=guest, shown=False, timeout=WAIT_S)
                assert await bob.leave() == 0
            await wait_for_mode(page, "mesh")
            await ann.send({"cmd": "screen", "source": "test"})
            await shows_screen(page, "ann", "ann")
        assert complaints == []


async def gone(page: Page, key: str) -> bool:
    return await tile(page, key) is None
