"""A guest page with more people than fit on its screen; the others join and send nothing."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from playwright.async_api import expect

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
        async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
            sockets = []
            for number in range(count):
                url = f"ws://127.0.0.1:{server.port}/ws"
                socket = await stack.enter_async_context(session.ws_connect(url))
                joining = {"type": "join-room", "roomId": "R", "userId": f"u{number}", "capabilities": ["sfu"]}
                joining["displayName"] = f"Person {number}"
                await socket.send_str(json.dumps(joining))
                sockets.append(socket)
            yield server, sockets
    finally:
        await server.stop()


async def shown(page: Page) -> list[str]:
    """The names on the tiles that are on the screen."""
    return await page.locator(".tile:not([hidden]):not(.own) .tile-name").all_inner_texts()


async def overlaps(page: Page) -> bool:
    """Whether tiles lie over each other, or outside of the place that they have."""
    found: bool = await page.evaluate(
        """() => {
            const place = document.querySelector("#tiles").getBoundingClientRect();
            const boxes = [...document.querySelectorAll(".tile:not([hidden])")].map((one) => one.getBoundingClientRect());
            const outside = boxes.some((one) => one.left < place.left - 1 || one.right > place.right + 1
                || one.top < place.top - 1 || one.bottom > place.bottom + 1);
            return outside || boxes.some((one, i) => boxes.some((two, j) => j > i && one.left < two.right - 1
                && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1));
        }"""
    )
    return found


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
async def test_pages_pins_and_the_speaker(size: tuple[int, int]) -> None:
    rules = Rules(threshold=100, mesh_limit=64)
    async with crowd(OTHERS, rules) as (server, sockets), chromium_page(size=size) as page:
        complaints = collect_complaints(page)
        await page.goto(room_url(server, "R", "Ann"))
        await expect(page.locator("#status")).to_have_text(f"{OTHERS + 1} people", timeout=WAIT_MS)
        await expect(page.locator("#pager")).to_be_visible()

        seen: list[str] = []
        first = await shown(page)
        while True:
            seen += await shown(page)
            assert not await overlaps(page)
            await expect(page.locator(".tile.own")).to_be_visible()
            if await page.locator("#page-after").is_disabled():
                break
            await page.click("#page-after")
        assert sorted(set(seen)) == sorted(f"Person {number}" for number in range(OTHERS))
        while await page.locator("#page-before").is_enabled():
            await page.click("#page-before")
        assert await shown(page) == first

        # Who speaks and is on another page comes to this one; the server says who it is.
        for _ in range(3):
            await sockets[OTHERS - 1].send_str(json.dumps({"type": "audio-level", "dbov": -20}))
        await expect(page.locator(".tile.speaking .tile-name")).to_have_text(f"Person {OTHERS - 1}", timeout=WAIT_MS)
        assert f"Person {OTHERS - 1}" in await shown(page)

        # By keyboard.
        await page.locator(".tile-pin").nth(1).focus()
        await page.keyboard.press("Enter")
        pinned = page.locator(".tile.pinned")
        await expect(pinned.locator(".tile-pin")).to_have_attribute("aria-pressed", "true")
        await expect(pinned.locator(".tile-pin")).to_be_focused()
        box, other = await pinned.bounding_box(), await page.locator(".tile.own").bounding_box()
        assert box is not None
        assert other is not None
        assert box["width"] * box["height"] > 4 * other["width"] * other["height"]
        assert not await overlaps(page)
        await page.click("#page-after")
        await expect(pinned).to_be_visible()
        await page.click("#board-toggle")
        await expect(page.locator("#board")).to_be_visible()
        assert not await overlaps(page)
        await page.click("#board-toggle")
        await pinned.locator(".tile-pin").click()
        await expect(pinned).to_have_count(0)

        await sockets[0].close()
        await expect(page.locator("#status")).to_have_text(f"{OTHERS} people", timeout=WAIT_MS)
        assert complaints == []


async def test_who_comes_beyond_the_mesh_limit_is_reached_by_data_alone() -> None:
    """The page obeys `meshLimit`, whoever it is that is beyond it."""
    async with crowd(1, Rules(threshold=3, mesh_limit=64)) as (server, sockets), chromium_page() as page:
        await page.goto(room_url(server, "R", "Ann"))
        await expect(page.locator("#status")).to_have_text("2 people", timeout=WAIT_MS)
        result = await page.evaluate(
            """async () => {
                const { MeshMedia } = await import("/web/sfu/mesh.js");
                const { Paths } = await import("/web/sfu/paths.js");
                const people = new Map();
                const sending = new Map();
                const add = (userId) => people.set(userId, { userId, paths: new Paths(),
                    peer: { connection: null, setSending: (on) => sending.set(userId, on) } });
                const reached = () => [...sending].filter(([, on]) => on).map(([userId]) => userId).join("");
                const mesh = new MeshMedia(people);
                mesh.startAfter(["a", "b"]);
                ["a", "b", "c", "d"].forEach(add);
                const of = (limit, on = true) => { mesh.switch({ on, limit }); return reached(); };
                const found = [of(8), of(4), of(3), of(2), of(8, false)];
                mesh.switch({ on: true, limit: 3 });
                people.delete("a");
                sending.delete("a");
                mesh.removed("a");
                return [...found, reached()];
            }"""
        )
        assert result == ["abcd", "abc", "ab", "", "", "bc"]

        async def told() -> bool:
            return "so many" in (await page.locator("#notice").inner_text()).lower()

        joining = {"type": "join-room", "roomId": "R", "userId": "third", "capabilities": ["sfu"]}
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(f"ws://127.0.0.1:{server.port}/ws") as third:
                await third.send_str(json.dumps(joining))
                await eventually(told, "the notice that there is no media server")
        assert sockets
