"""A guest page with more people than fit on its screen; the others join and send nothing."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from playwright.async_api import expect

from desktop_app.protocol.topology import SILENCE_DBOV
from desktop_app.server.hosting import HostedServer
from desktop_app.server.topology.coordinator import Rules

from .chromium import chromium_page, collect_complaints
from .guest_tools import WAIT_S, eventually, room_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

WAIT_MS = WAIT_S * 1000
OTHERS = 24


@asynccontextmanager
async def crowd(count: int, rules: Rules) -> AsyncIterator[tuple[HostedServer, list[Any]]]:
    """A server whose room has `count` people who say nothing but that they are there, and their sockets."""
    server = HostedServer()
    await server.start("127.0.0.1", rules=rules)
    try:
        async with (
            aiohttp.ClientSession() as session,
            AsyncExitStack() as stack,
            asyncio.TaskGroup() as readers,
        ):
            sockets = []
            for number in range(count):
                url = f"ws://127.0.0.1:{server.port}/ws"
                socket = await stack.enter_async_context(session.ws_connect(url))
                joining = {
                    "type": "join-room",
                    "roomId": "R",
                    "userId": f"u{number}",
                    "capabilities": ["sfu"],
                }
                joining["displayName"] = f"Person {number}"
                await socket.send_str(json.dumps(joining))
                await socket.receive()
                sockets.append(socket)
            reading = [readers.create_task(read(socket)) for socket in sockets]
            yield server, sockets
            for each in reading:
                each.cancel()
    finally:
        await server.stop()


async def read(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Take what comes, so that pings are answered."""
    async for _ in socket:
        pass


async def shown(page: Page) -> list[str]:
    """The names on the tiles that are on the screen."""
    return await page.locator(".tile:not([hidden]):not(.own) .tile-name").all_inner_texts()


async def said(page: Page, words: str) -> bool:
    """Whether a notice with these words stands there."""
    return words in (await page.locator("#notice").text_content() or "")


async def apart(page: Page) -> bool:
    """Whether no tile lies over another one, or outside of the place that they have."""
    overlaps: bool = await page.evaluate(
        """() => {
            const place = document.querySelector("#tiles").getBoundingClientRect();
            const tiles = [...document.querySelectorAll(".tile:not([hidden])")];
            const boxes = tiles.map((one) => one.getBoundingClientRect());
            const outside = boxes.some((one) => one.left < place.left - 1 || one.right > place.right + 1
                || one.top < place.top - 1 || one.bottom > place.bottom + 1);
            return outside || boxes.some((one, i) => boxes.some((two, j) => j > i && one.left < two.right - 1
                && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1));
        }"""
    )
    return not overlaps


async def test_pages_pins_and_the_speaker() -> None:
    async with (
        crowd(OTHERS, Rules(threshold=3, mesh_limit=64)) as (server, sockets),
        chromium_page(fake_media=False) as page,  # the fake microphone beeps, and may be the speaker
    ):
        complaints = collect_complaints(page)
        await page.goto(room_url(server, "R", "Ann"))
        await expect(page.locator("#status")).to_have_text(f"{OTHERS + 1} people", timeout=WAIT_MS)
        await eventually(lambda: said(page, "need a media server"), "the notice")
        for size, speaker in (((1280, 800), OTHERS - 1), ((390, 844), OTHERS - 2)):
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await expect(page.locator("#pager")).to_be_visible()
            await turn_the_pages(page)
            await let_speak(page, sockets[speaker], f"Person {speaker}")
            await pin_one(page)
        await sockets[0].close()
        await expect(page.locator("#status")).to_have_text(f"{OTHERS} people", timeout=WAIT_MS)
        assert complaints == []


async def turn_the_pages(page: Page) -> None:
    """Each person is on one of them."""
    seen: list[str] = []
    first = await shown(page)
    while True:
        seen += await shown(page)
        await eventually(lambda: apart(page), "tiles lie beside each other")
        await expect(page.locator(".tile.own")).to_be_visible()
        if await page.locator("#page-after").is_disabled():
            break
        await page.click("#page-after")
    assert sorted(set(seen)) == sorted(f"Person {number}" for number in range(OTHERS))
    while await page.locator("#page-before").is_enabled():
        await page.click("#page-before")
    assert await shown(page) == first


async def let_speak(page: Page, socket: aiohttp.ClientWebSocketResponse, name: str) -> None:
    """Who speaks and is on another page comes to this one; the server says who it is."""
    assert name not in await shown(page)
    speaker = page.locator(".tile.speaking .tile-name")

    async def is_seen() -> bool:
        await socket.send_str(json.dumps({"type": "audio-level", "dbov": -20}))
        return await speaker.all_inner_texts() == [name]

    await eventually(is_seen, f"{name} speaks")
    assert name in await shown(page)
    await socket.send_str(json.dumps({"type": "audio-level", "dbov": SILENCE_DBOV}))


async def pin_one(page: Page) -> None:
    """By keyboard."""
    await page.locator(".tile-pin").nth(1).focus()
    await page.keyboard.press("Enter")
    pinned = page.locator(".tile.pinned")
    await expect(pinned.locator(".tile-pin")).to_have_attribute("aria-pressed", "true")
    await expect(pinned.locator(".tile-pin")).to_be_focused()
    box, other = await pinned.bounding_box(), await page.locator(".tile.own").bounding_box()
    assert box is not None
    assert other is not None
    assert box["width"] * box["height"] > 4 * other["width"] * other["height"]
    await eventually(lambda: apart(page), "tiles lie beside each other")
    await page.click("#page-after")
    await expect(pinned).to_be_visible()
    await page.click("#board-toggle")
    await expect(page.locator("#board")).to_be_visible()
    await eventually(lambda: apart(page), "tiles lie beside each other")
    await page.click("#board-toggle")
    await pinned.locator(".tile-pin").click()
    await expect(pinned).to_have_count(0)
