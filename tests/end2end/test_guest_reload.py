"""A guest page that is loaded again in the middle of a call is the same person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from .chromium import another_page, chromium_page, collect_complaints
from .guest_tools import eventually, hosted, participants, room_url, text, wait_connected

if TYPE_CHECKING:
    from playwright.async_api import Page

LINES = "#chat-lines .line-text"


async def say(page: Page, words: str) -> None:
    await page.fill("#chat-text", words)
    await page.press("#chat-text", "Enter")


async def id_of(page: Page, name: str) -> str:
    return str((await participants(page))[name]["userId"])


async def test_a_page_that_is_loaded_again_is_the_same_person_and_a_copy_of_its_tab_is_not() -> None:
    async with hosted() as server, chromium_page(fps=5) as ann:
        complaints = collect_complaints(ann)
        bob = await another_page(ann)
        await ann.goto(room_url(server, "R", "Ann"))
        await bob.goto(room_url(server, "R"))
        assert await text(bob, "#join") == "Join"
        await bob.fill("#name", "Bob")
        await bob.click("#join")
        await wait_connected(ann, "Bob")
        await wait_connected(bob, "Ann")
        before = await id_of(ann, "Bob")
        await ann.click("#people-toggle")
        await bob.click("#chat-toggle")
        await say(bob, "one")
        await expect(bob.locator(".line-state")).to_have_text("Delivered")

        await bob.reload()
        # The others see them go at once, and nobody is in a call without a click.
        await wait_connected(ann)
        await expect(bob.locator("#join")).to_have_text("Return to the call")
        await expect(bob.locator("#name")).to_have_value("Bob")
        await bob.click("#join")
        await wait_connected(ann, "Bob")
        await wait_connected(bob, "Ann")
        assert await id_of(ann, "Bob") == before
        await expect(ann.locator(".tile:not(.own)")).to_have_count(1)
        await expect(ann.locator(".person-warning:visible")).to_have_count(0)
        # What one has said comes back as one's own, and is said to nobody a second time.
        await bob.click("#chat-toggle")
        await expect(bob.locator(".line.own .line-text")).to_have_text(["one"])
        await say(bob, "two")
        await expect(ann.locator(LINES)).to_have_text(["one", "two"])
        await expect(bob.locator(LINES)).to_have_text(["one", "two"])

        async with ann.context.expect_page() as opening:  # which has a copy of the memory of Bob's tab
            await bob.evaluate("(address) => void window.open(address)", room_url(server, "R", "Cem"))
        cem = await opening.value
        await wait_connected(ann, "Bob", "Cem")
        assert set(await participants(cem)) == {"Ann", "Bob"}  # which is Bob to a tab that is somebody else
        assert await id_of(ann, "Bob") == before
        await cem.click("#chat-toggle")
        await expect(cem.locator(LINES)).to_have_text(["one", "two"])
        await expect(cem.locator(".line.own")).to_have_count(0)
        ours = await id_of(ann, "Cem")
        await cem.reload()
        await eventually(lambda: ann.evaluate("window.bridgecall.participants().length === 2"), "Cem is back")
        await wait_connected(ann, "Bob", "Cem")
        assert await id_of(ann, "Cem") == ours != before

        # Whoever has left on purpose is asked to return to nothing.
        await bob.click("#leave")
        await bob.reload()
        await expect(bob.locator("#join")).to_have_text("Join")
        assert complaints == []
