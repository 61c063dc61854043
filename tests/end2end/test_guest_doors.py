"""Who may enter a room and who decides, with guest pages and a real server (docs/rights.md)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from playwright.async_api import expect

from .chromium import another_page, chromium_page, collect_complaints
from .guest_tools import hosted, participants, room_url, text, wait_connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

    from desktop_app.server.hosting import HostedServer

KEY = "a1B2c3D4e5F6g7H8i9J0k1"


@asynccontextmanager
async def pages(count: int) -> AsyncIterator[list[Page]]:
    """Pages of one browser, the first one in a narrow window."""
    async with chromium_page(fps=5) as first:
        yield [first, *[await another_page(first) for _ in range(count - 1)]]


def link(server: HostedServer, name: str, key: str = KEY) -> str:
    return room_url(server, "R", name) + f"#k={key}"


async def enter(page: Page, url: str) -> None:
    await page.goto("about:blank")  # another fragment alone would load nothing
    await page.goto(url)


async def person(page: Page, name: str) -> str:
    """The row of somebody in the panel of people."""
    return f"#people-list .person[data-user='{(await participants(page))[name]['userId']}']"


async def host_does(page: Page, name: str, button: str) -> None:
    row = await person(page, name)
    await page.click(f"{row} .person-more")
    await page.click(f"{row} .{button}")


async def test_link_password_and_lock() -> None:
    async with hosted() as server, pages(2) as (ann, bob):
        await enter(ann, link(server, "Ann"))
        await expect(ann.locator("#call")).to_be_visible()
        await ann.click("#people-toggle")
        await expect(ann.locator("#people-list .person-mark")).to_be_visible()

        # Another link is no way in, and nothing offers to try it again.
        for wrong in (link(server, "Bob", KEY[::-1]), room_url(server, "R", "Bob")):
            await enter(bob, wrong)
            await expect(bob.locator("#ended-title")).to_have_text("This link does not open the room")
            assert await text(bob, "#ended-words")
            await expect(bob.locator("#rejoin")).to_be_hidden()
            await expect(bob.locator("#home")).to_be_visible()

        await ann.fill("#room-password", "Sesam öffne dich")
        await ann.click("#room-password-set")
        await expect(ann.locator("#room-password-clear")).to_be_visible()
        await enter(bob, link(server, "Bob"))
        await expect(bob.locator("#join-problem")).to_be_visible()
        await expect(bob.locator("#password")).to_be_focused()
        needed = await text(bob, "#join-problem")
        await bob.fill("#password", "Sesam")
        await bob.press("#password", "Enter")
        await expect(bob.locator("#join-problem")).not_to_have_text(needed)
        await expect(bob.locator("#join-problem")).to_be_visible()
        await bob.fill("#password", "Sesam öffne dich")
        await bob.press("#password", "Enter")
        await wait_connected(bob, "Ann")
        await bob.click("#people-toggle")
        await expect(bob.locator("#people-doors")).to_have_text("The room has a password.")
        await expect(bob.locator("#people-room")).to_be_hidden()

        await ann.click("#room-password-clear")
        await expect(bob.locator("#people-doors")).to_be_hidden()
        await ann.check("#room-locked")
        await expect(bob.locator("#people-doors")).to_contain_text("locked")
        await bob.click("#leave")
        await bob.click("#rejoin")
        await expect(bob.locator("#join-problem")).to_be_visible()
        locked = await text(bob, "#join-problem")
        await ann.uncheck("#room-locked")
        await bob.click("#join")
        await wait_connected(bob, "Ann")
        assert "lock" in locked


async def test_the_door_muting_handing_over_and_putting_out() -> None:
    async with hosted() as server, pages(3) as (ann, bob, eve):
        complaints = collect_complaints(ann)
        await enter(ann, link(server, "Ann"))
        await expect(ann.locator("#call")).to_be_visible()
        await ann.click("#people-toggle")
        await ann.check("#room-lobby")
        name = "<img src=x onerror=alert(1)>"
        await enter(bob, room_url(server, "R", name) + f"#k={KEY}")
        await expect(bob.locator("#door")).to_be_visible()
        await expect(ann.locator("#people-knocks .person-name")).to_have_text(name)
        await expect(ann.locator("#people-waiting")).to_have_text("1")
        await bob.click("#door-cancel")
        await expect(ann.locator("#people-door")).to_be_hidden()
        await expect(bob.locator("#join")).to_be_enabled()

        await bob.click("#join")
        await ann.click("#people-knocks .knock-refuse")
        await expect(bob.locator("#join-problem")).to_be_visible()
        await bob.fill("#name", "Bob")
        await ann.click("#people-close")
        await bob.click("#join")
        await expect(ann.locator("#knock-words")).to_have_text("Bob waits to be let in.")
        await ann.click("#knock-show")  # what stands in the panel is not said beside it
        await expect(ann.locator("#people-knocks .person-name")).to_have_text("Bob")
        await expect(ann.locator("#knock-note")).to_be_hidden()
        await ann.press("#people-close", "Escape")
        await ann.click("#knock-admit")
        await expect(ann.locator("#knock-note")).to_be_hidden()
        await expect(ann.locator("#people-toggle")).to_be_focused()
        await ann.press("#people-toggle", "Enter")
        await wait_connected(ann, "Bob")
        await wait_connected(bob, "Ann")

        await host_does(ann, "Bob", "ask-audio")
        await expect(bob.locator("#notice")).to_contain_text(
            "Ann (host) asked you to switch your microphone off"
        )
        await expect(bob.locator("#mute")).to_have_text("Unmute")
        await expect(ann.locator(".tile:not(.own) .mark-muted")).to_be_visible()
        await host_does(ann, "Bob", "ask-video")
        await expect(bob.locator("#camera-off")).to_have_text("Camera on")

        await host_does(ann, "Bob", "give-host")
        await bob.click("#people-toggle")
        await expect(bob.locator("#people-room")).to_be_visible()
        await expect(ann.locator("#people-room")).to_be_hidden()
        await expect(ann.locator(f"{await person(ann, 'Bob')} .person-mark")).to_be_visible()
        await bob.uncheck("#room-lobby")
        await enter(eve, link(server, "Eve"))
        await wait_connected(bob, "Ann", "Eve")

        await host_does(bob, "Eve", "remove")
        await expect(eve.locator("#ended-title")).to_have_text("You were removed")
        await expect(eve.locator("#rejoin")).to_be_hidden()
        await wait_connected(bob, "Ann")
        await eve.click("#back")
        await eve.click("#join")
        await wait_connected(bob, "Ann", "Eve")
        row = await person(bob, "Eve")
        await bob.click(f"{row} .person-more")
        await bob.click(f"{row} .ban")
        await bob.click(f"{row} .ban.sure")
        await wait_connected(bob, "Ann")
        await expect(eve.locator("#ended-title")).to_have_text("You were removed")
        await eve.click("#back")
        await eve.click("#join")
        await expect(eve.locator("#ended-title")).to_have_text("You cannot enter this room")
        await expect(eve.locator("#back")).to_be_hidden()
        assert complaints == []
