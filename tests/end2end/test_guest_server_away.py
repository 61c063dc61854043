"""Guest pages whose connection to the server is cut, and whose server is killed (docs/recovery.md)."""

from __future__ import annotations

import os
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from playwright.async_api import expect

from .chromium import another_page, chromium_page
from .guest_tools import eventually, hosted, room_url, wait_connected, wait_media_flows
from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

_KEEP_SOCKETS = """
    window.sockets = [];
    const Plain = window.WebSocket;
    window.WebSocket = class extends Plain {
        constructor(...given) { super(...given); window.sockets.push(this); }
    };
"""
_MARK = """() => {
    window.tile = document.querySelector(".tile:not(.own)");
    window.connectionsBefore = window.bridgecall.participants().map(
        ({ userId }) => window.bridgecall.connection(userId));
}"""
_SAME = """() => window.tile.isConnected && window.bridgecall.participants().every(
    ({ userId }, index) => window.bridgecall.connection(userId) === window.connectionsBefore[index])"""


async def _say(page: Page, words: str) -> None:
    await page.fill("#chat-text", words)
    await page.press("#chat-text", "Enter")


async def _server_is_there(page: Page) -> None:
    await eventually(lambda: page.evaluate("window.bridgecall.server()"), "the server is back")


async def _lines(page: Page) -> list[str]:
    return await page.locator("#chat-lines .line-text").all_inner_texts()


async def test_a_cut_connection_comes_back_and_nobody_else_notices() -> None:
    async with hosted() as server, chromium_page(fps=5) as ann:
        bob = await another_page(ann)
        await bob.add_init_script(_KEEP_SOCKETS)
        await ann.goto(room_url(server, "R", "Ann"))
        await bob.goto(room_url(server, "R", "Bob"))
        await wait_connected(ann, "Bob")
        await wait_connected(bob, "Ann")
        for page in (ann, bob):
            await page.evaluate(_MARK)
        await bob.evaluate("window.sockets[0].close()")
        # What others do meanwhile is known afterwards, and so is what one did oneself.
        await ann.click("#mute")
        await bob.click("#camera-off")
        await _server_is_there(bob)
        assert await bob.evaluate("window.sockets.length") == 2
        await expect(bob.locator(".tile:not(.own) .mark-muted")).to_be_visible()
        await expect(ann.locator(".tile:not(.own) .mark-camera-off")).to_be_visible()
        for page, other in ((ann, "Bob"), (bob, "Ann")):
            await wait_connected(page, other)
            assert await page.evaluate(_SAME)

        # Another network: the place is taken over by a second connection while the first one still seems to live.
        await bob.evaluate("dispatchEvent(new Event('online'))")
        await eventually(
            lambda: bob.evaluate("window.sockets[1].readyState === 3"), "the first one is closed"
        )
        await expect(bob.locator("#server-line")).to_be_hidden()
        await bob.click("#camera-off")
        await expect(ann.locator(".tile:not(.own) .mark-camera-off")).to_be_hidden()
        await wait_connected(ann, "Bob")
        assert await ann.evaluate("window.tile.isConnected")


async def test_a_server_that_is_killed_and_started_again_takes_no_one_away(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = ServerProcess(tmp_path)
        await stack.enter_async_context(server)
        url = f"http://127.0.0.1:{server.port}/r/R?join=1&name="
        ann = await stack.enter_async_context(chromium_page(url + "Ann", fps=5))
        await expect(ann.locator("#call")).to_be_visible()
        bot = await stack.enter_async_context(
            BotProcess(tmp_path, "bot", server.url, "R", "--size", "320x240")
        )
        bob = await another_page(ann)
        await bob.goto(url + "Bob")
        for page, others in ((ann, ("bot", "Bob")), (bob, ("bot", "Ann"))):
            await wait_connected(page, *others)
            await page.evaluate(_MARK)
        await bob.click("#chat-toggle")
        await _say(bob, "one")

        os.killpg(server.pid, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        await expect(bob.locator("#server-line")).to_contain_text("Sound and pictures go on")
        await _say(bob, "two")
        await wait_media_flows(ann, "bot", audible=False)
        again = ServerProcess(tmp_path, port=server.port, name="again")
        await stack.enter_async_context(again)
        for page, others in ((ann, ("bot", "Bob")), (bob, ("bot", "Ann"))):
            await _server_is_there(page)
            await wait_connected(page, *others)
            assert await page.evaluate(_SAME)
        assert await _lines(ann) == ["one", "two"]
        await bob.click("#leave")
        await wait_connected(ann, "bot")
        await bot.wait_for_event("server-back")
        await bot.leave()
        await expect(ann.locator(".tile:not(.own)")).to_have_count(0, timeout=40_000)
