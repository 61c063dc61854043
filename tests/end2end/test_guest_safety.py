"""Somebody comes between a guest page and a bot in the middle of their call: both are warned (docs/rights.md)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.integration.man_in_the_middle import man_in_the_middle

from .chromium import chromium_page
from .guest_tools import wait_connected
from .processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

ROW = "#people-list .person[data-user='ben']"


@pytest.mark.expected_warnings("aioice", "aiortc", "desktop_app.rtc")
async def test_another_certificate_in_the_middle_of_a_call_is_said(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, man_in_the_middle(server.url) as mallory:
        mallory.honest = True
        page_url = mallory.url.replace("ws:", "http:").removesuffix("/ws")
        async with chromium_page(f"{page_url}/r/R?join=1&name=Ann", fps=5) as ann, AsyncExitStack() as stack:
            await ann.click("#people-toggle")
            own_id = await ann.locator("#people-list .person").get_attribute("data-user")
            ben = BotProcess(tmp_path, "ben", mallory.url, "R", camera="none", microphone="none")
            await stack.enter_async_context(ben)
            await wait_connected(ann, "ben")
            code = ann.locator(f"{ROW} .person-code.there")
            warning = ann.locator(f"{ROW} .person-warning")
            await expect(code).to_have_text(" ".join((await ben.wait_for_event("safety-code"))["words"]))
            honest = await code.inner_text()
            await expect(warning).to_be_hidden()

            # Another network is a good moment: both make new connections, of which the server passes on what it likes.
            mallory.honest = False
            await ann.evaluate("dispatchEvent(new Event('online'))")
            await expect(ann.locator("#notice")).to_have_text(
                "The safety code of ben has changed. Compare the words again before you trust the connection."
            )
            await expect(warning).to_be_visible()
            await expect(code).not_to_have_text(honest)
            changed = await ben.wait_for_event("safety-code", other=True)
            assert changed["words"] != honest.split()
            await expect(code).not_to_have_text(" ".join(changed["words"]))
            assert mallory.rewritten > 0

            # A leave that nobody made does not have the page forget whom it knew.
            row = await ann.locator(ROW).element_handle()
            assert row is not None
            mallory.make_up_a_return(str(own_id), "ben")
            await row.wait_for_element_state("hidden")
            await wait_connected(ann, "ben")
            await expect(warning).to_be_visible()
