"""A guest page in real Chromium and our own engine: chat and files both ways, over offers of either side."""

from __future__ import annotations

import hashlib
import os
import random
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.waiting import until

from .chromium import chromium_page, collect_complaints
from .guest_tools import WAIT_S, wait_connected
from .processes import BotProcess, ServerProcess
from .test_guest_data import card, digest_of_download, line, say

if TYPE_CHECKING:
    from pathlib import Path

WAIT_MS = WAIT_S * 1000


def bot_with_files(folder: Path, server: ServerProcess, *arguments: str) -> BotProcess:
    inbox = ("--receive-dir", str(folder / "inbox"))
    return BotProcess(folder, "bot", server.url, "R", *inbox, *arguments, camera="none", microphone="none")


@pytest.mark.parametrize("bot_first", [True, False], ids=["bot-offers", "guest-offers"])
async def test_a_bot_and_a_guest_chat_and_send_files(tmp_path: Path, bot_first: bool) -> None:
    generator = random.Random(7)
    theirs, ours = generator.randbytes(3_000_000), generator.randbytes(2_500_000)
    (tmp_path / "bots.bin").write_bytes(theirs)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(tmp_path))
        bot = bot_with_files(tmp_path, server, "--say", "hello", "--send-file", str(tmp_path / "bots.bin"))
        page = await stack.enter_async_context(chromium_page(fake_media=False))
        complaints = collect_complaints(page)
        url = f"http://localhost:{server.port}/r/R?name=Guest&join=1"
        if bot_first:
            await stack.enter_async_context(bot)
            await bot.wait_for_event("joined")
            await page.goto(url)
        else:
            await page.goto(url)
            await server.wait_for_event("joined")
            await stack.enter_async_context(bot)
        await wait_connected(page, "bot")
        await page.click("#chat-toggle")
        await expect(line(page, "hello").locator(".line-name")).to_have_text("bot", timeout=WAIT_MS)
        await bot.wait_for_event("said", text="hello", state="delivered", timeout=WAIT_S)

        await say(page, "good morning\nbot")
        assert (await bot.wait_for_event("chat", text="good morning\nbot"))["to"] is None
        await say(page, "between us", to="bot")
        heard = await bot.wait_for_event("chat", text="between us")
        assert heard["to"] == "bot"
        await expect(line(page, "between us").locator(".line-state")).to_have_text(
            "Delivered", timeout=WAIT_MS
        )
        await bot.send({"cmd": "say", "text": "and back", "to": heard["from"]})
        await expect(line(page, "and back").locator(".line-to")).to_have_text("to you only", timeout=WAIT_MS)

        name, sha256 = await digest_of_download(page, card(page, "bots.bin").locator(".file-accept"))
        assert (name, sha256) == ("bots.bin", hashlib.sha256(theirs).hexdigest())
        await bot.wait_for_event("file", direction="out", state="done", timeout=WAIT_S)
        files = [{"name": "ours.bin", "mimeType": "application/octet-stream", "buffer": ours}]
        await page.set_input_files("#chat-files", files)  # type: ignore[arg-type]
        done = await bot.wait_for_event("file", direction="in", state="done", timeout=WAIT_S)
        assert done["sha256"] == hashlib.sha256(ours).hexdigest()
        await expect(card(page, "ours.bin").locator(".file-state")).to_have_text(
            "bot has it", timeout=WAIT_MS
        )
        assert complaints == []


async def test_a_file_from_a_guest_goes_on_when_the_bot_is_killed_and_started_again(tmp_path: Path) -> None:
    data = random.Random(8).randbytes(48_000_000)
    (tmp_path / "big.bin").write_bytes(data)
    async with ServerProcess(tmp_path) as server, chromium_page(fake_media=False) as page:
        async with bot_with_files(tmp_path, server) as bot:
            await bot.wait_for_event("joined")
            await page.goto(f"http://localhost:{server.port}/r/R?name=Guest&join=1")
            await wait_connected(page, "bot")
            await page.click("#chat-toggle")
            await page.locator("#chat-to option").nth(1).wait_for(state="attached")
            await page.set_input_files("#chat-files", tmp_path / "big.bin")
            # By what lies in the folder: the events come once a second, and a fast machine is done in that time.
            parts = (tmp_path / "inbox").glob
            await until(lambda: any(part.stat().st_size > 1_000_000 for part in parts("*.part")), WAIT_S)
            os.killpg(bot.pid, signal.SIGKILL)
            assert await bot.wait() == -signal.SIGKILL
        async with bot_with_files(tmp_path, server) as bot:
            done = await bot.wait_for_event("file", state="done", timeout=WAIT_S)
            assert done["sha256"] == hashlib.sha256(data).hexdigest()
            assert done["resumed_from"] >= 1_000_000
            assert done["moved"] <= len(data) - done["resumed_from"]
        await expect(card(page, "big.bin").locator(".file-state")).to_have_text("bot has it")
