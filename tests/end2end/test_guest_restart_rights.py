"""A guest page that is the first back after a restart of the server: host and doors are as before (docs/rights.md)."""

from __future__ import annotations

import os
import signal
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING

from playwright.async_api import expect

from .chromium import chromium_page
from .guest_tools import eventually, text, wait_connected
from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Page

HOST_MARK = ".person-mark"


def bot_at(folder: Path, server: ServerProcess, name: str, *arguments: str) -> BotProcess:
    options = ("--size", "320x240", *arguments)
    return BotProcess(folder, name, server.url, "R", *options, microphone="none")


@contextmanager
def held(process: BotProcess) -> Iterator[None]:
    """It does nothing meanwhile, so that somebody else is back first."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def killed(server: ServerProcess) -> None:
    os.killpg(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL


async def is_back(page: Page) -> None:
    await eventually(lambda: page.evaluate("window.bridgecall.server()"), "the server is back")


async def test_a_bot_that_was_host_is_host_again_with_its_password(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(tmp_path))
        bot = await stack.enter_async_context(bot_at(tmp_path, server, "bot"))
        await bot.wait_for_event("joined")
        await bot.send({"cmd": "room", "password": "sesame"})
        await bot.wait_for_event("room", password=True)
        ann = await stack.enter_async_context(
            chromium_page(f"http://127.0.0.1:{server.port}/r/R?join=1&name=Ann", fps=5)
        )
        await ann.fill("#password", "sesame")
        await ann.press("#password", "Enter")
        await wait_connected(ann, "bot")
        await bot.send({"cmd": "room", "locked": True})
        await bot.wait_for_event("room", locked=True)
        await ann.click("#people-toggle")

        await killed(server)
        with held(bot):
            again = await stack.enter_async_context(ServerProcess(tmp_path, port=server.port, name="again"))
            await is_back(ann)
            await expect(
                ann.locator("#people-room")
            ).to_be_visible()  # the page has made the room, and decides
        # The room has the password that the page came with, and not the bot, which had none then.
        await bot.wait_for_event("server-back")
        await bot.wait_for_event("room", host="bot", locked=True, password=True, skip=1)
        await expect(ann.locator(f"#people-list .person[data-user='bot'] {HOST_MARK}")).to_be_visible()
        await expect(ann.locator("#people-room")).to_be_hidden()
        await expect(ann.locator("#people-doors")).to_contain_text("locked")
        await bot.send({"cmd": "room", "locked": False})
        await expect(ann.locator("#people-doors")).to_have_text("The room has a password.")
        async with bot_at(tmp_path, again, "stranger") as stranger:
            assert await stranger.wait() == 2
            assert [each["code"] for each in stranger.events("error")] == ["password-required"]
        await wait_connected(ann, "bot")
        assert await bot.leave() == 0


async def test_a_page_that_is_host_closes_its_doors_again_when_all_are_back(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(tmp_path))
        ann = await stack.enter_async_context(
            chromium_page(f"http://127.0.0.1:{server.port}/r/R?join=1&name=Ann", fps=5)
        )
        await expect(ann.locator("#call")).to_be_visible()
        bot = await stack.enter_async_context(bot_at(tmp_path, server, "bot"))
        await wait_connected(ann, "bot")
        await ann.click("#people-toggle")
        await ann.fill("#room-password", "sesame")
        await ann.click("#room-password-set")
        await ann.check("#room-lobby")
        await bot.wait_for_event("room", lobby=True, password=True)

        await killed(server)
        with held(bot):
            again = await stack.enter_async_context(ServerProcess(tmp_path, port=server.port, name="again"))
            await is_back(ann)
            await expect(ann.locator("#room-lobby")).not_to_be_checked()  # or the bot would wait at the door
        await bot.wait_for_event("server-back")
        await expect(ann.locator("#room-lobby")).to_be_checked()
        await bot.wait_for_event("room", lobby=True, password=True, skip=1)
        assert await text(ann, "#room-password-words") == "Password (set)"
        async with bot_at(tmp_path, again, "late", "--password", "sesame") as late:
            await late.wait_for_event("waiting")
            await ann.click("#people-knocks .knock-admit")
            await late.wait_for_event("joined")
            await wait_connected(ann, "bot", "late")
            assert await late.leave() == 0
        assert await bot.leave() == 0
