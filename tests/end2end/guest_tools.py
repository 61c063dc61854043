"""A served guest page, and what tests want to know of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from desktop_app.server.hosting import HostedServer

from .chromium import inbound_stats

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import Page

WAIT_S = 40.0
"""The machine may be busy; a condition that holds is seen at once."""


@asynccontextmanager
async def hosted(host: str = "127.0.0.1") -> AsyncIterator[HostedServer]:
    """A server on a free port."""
    server = HostedServer()
    await server.start(host)
    try:
        yield server
    finally:
        await server.stop()


def room_url(server: HostedServer, room: str, name: str | None = None, *, host: str = "127.0.0.1") -> str:
    """The page of a room; with a name it joins at once."""
    query = "?" + urlencode({"name": name, "join": "1"}) if name is not None else ""
    return f"http://{host}:{server.port}/r/{quote(room, safe='')}{query}"


async def eventually(condition: Callable[[], Awaitable[object]], what: str) -> None:
    """Wait until `condition` is truthy."""
    last: object = None
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                last = await condition()
                if last:
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {WAIT_S} s, last seen {last!r}") from None


async def participants(page: Page) -> dict[str, dict[str, Any]]:
    """Whom the page knows, by name."""
    found: list[dict[str, Any]] = await page.evaluate("window.bridgecall.participants()")
    return {entry["name"]: entry for entry in found}


async def wait_connected(page: Page, *names: str) -> None:
    """Wait until the page is connected with exactly these people."""

    async def connected() -> bool:
        known = await participants(page)
        return set(known) == set(names) and all(one["state"] == "connected" for one in known.values())

    await eventually(connected, f"connected with {names}")


async def wait_media_flows(page: Page, name: str, *, video: bool = True, audible: bool = True) -> None:
    """Wait until pictures are decoded and sound arrives, both still growing.

    Chromium's fake microphone beeps when its fake camera completes a turn, and only one page of a browser hears each
    beep: `audible` may be asked of somebody who has a browser alone and a camera that is on.
    """
    user_id = (await participants(page))[name]["userId"]

    async def counts() -> tuple[float, float, float]:
        reports = await inbound_stats(page, user_id)  # a kind is missing until its first packet
        pictures, sound = reports.get("video", {}), reports.get("audio", {})
        return (
            pictures.get("framesDecoded", 0),
            sound.get("totalSamplesReceived", 0),
            sound.get("totalAudioEnergy", 0),
        )

    first = await counts()

    async def grows() -> bool:
        frames, samples, energy = (now - before for now, before in zip(await counts(), first, strict=True))
        return (not video or frames >= 10) and samples >= 48_000 and (not audible or energy > 0.01)

    await eventually(grows, f"media from {name}")


async def text(page: Page, selector: str) -> str:
    """What an element says."""
    return (await page.locator(selector).inner_text()).strip()
