"""Guest pages in real Chromium, in real calls with each other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playwright.async_api import expect

from .chromium import another_page, chromium_page, collect_complaints, inbound_stats
from .guest_tools import (
    eventually,
    hosted,
    participants,
    room_url,
    text,
    wait_connected,
    wait_media_flows,
)

if TYPE_CHECKING:
    from playwright.async_api import Page


async def pixels(page: Page, selector: str) -> list[int]:
    """A few grey values of what a video element shows now; the fake camera's picture moves all the time."""
    values: list[int] = await page.evaluate(
        """(selector) => {
            const video = document.querySelector(selector);
            const canvas = new OffscreenCanvas(32, 32);
            const context = canvas.getContext("2d");
            context.drawImage(video, 0, 0, 32, 32);
            const data = context.getImageData(0, 0, 32, 32).data;
            return Array.from({ length: 1024 }, (_, i) => data[4 * i + 1]);
        }""",
        selector,
    )
    return values


async def test_two_browsers_see_and_hear_each_other() -> None:
    async with hosted() as server, chromium_page() as ann, chromium_page(size=(390, 844)) as bob:
        complaints = [collect_complaints(ann), collect_complaints(bob)]
        await ann.goto(room_url(server, "tea & cake/1"))
        assert await text(ann, "#lobby-room") == "tea & cake/1"
        await expect(ann.locator("#preview-video")).to_be_visible()
        await ann.fill("#name", "Ann")
        await ann.press("#name", "Enter")
        await bob.goto(room_url(server, "tea & cake/1", "Bob"))
        await wait_connected(ann, "Bob")
        await wait_connected(bob, "Ann")
        await wait_media_flows(ann, "Bob")
        await wait_media_flows(bob, "Ann")

        for page, other in ((ann, "Bob"), (bob, "Ann")):
            assert await text(page, "#status") == "2 people"
            tile = page.locator(".tile:not(.own)")
            assert await text(page, ".tile:not(.own) .tile-name") == other
            await expect(tile.locator("video")).to_be_visible()
            await expect(tile.locator(".tile-state")).to_be_hidden()
            await expect(tile.locator(".avatar")).to_be_hidden()
            before = await pixels(page, ".tile:not(.own) video")

            async def moved(page: Page = page, before: list[int] = before) -> bool:
                return await pixels(page, ".tile:not(.own) video") != before

            await eventually(moved, "the picture moves")
            # One transport for everything, and the own microphone is not heard.
            assert await page.evaluate("document.querySelector('.own audio') === null")
            assert not await page.evaluate("document.querySelector('.tile:not(.own) audio').muted")
        assert complaints == [[], []]


async def test_mute_camera_off_and_leave_are_seen_by_the_other() -> None:
    async with hosted() as server, chromium_page() as ann, chromium_page() as bob:
        await ann.goto(room_url(server, "R", "Ann"))
        await bob.goto(room_url(server, "R", "Bob"))
        await wait_connected(ann, "Bob")
        await wait_media_flows(ann, "Bob")
        tile = ann.locator(".tile:not(.own)")
        bobs_id = (await participants(ann))["Bob"]["userId"]

        await bob.click("#mute")
        await expect(bob.locator("#mute")).to_have_text("Unmute")
        await expect(tile.locator(".mark-muted")).to_be_visible()

        async def silent() -> bool:
            first = (await inbound_stats(ann, bobs_id))["audio"]["totalAudioEnergy"]
            await ann.wait_for_timeout(2500)  # the fake microphone beeps at least every two seconds
            return bool((await inbound_stats(ann, bobs_id))["audio"]["totalAudioEnergy"] - first < 1e-4)

        await eventually(silent, "silence")
        await bob.click("#mute")
        await expect(tile.locator(".mark-muted")).to_be_hidden()
        await wait_media_flows(ann, "Bob", video=False)

        await bob.click("#camera-off")
        await expect(bob.locator("#camera-off")).to_have_text("Camera on")
        await expect(tile.locator(".mark-camera-off")).to_be_visible()
        await expect(tile.locator(".avatar")).to_be_visible()
        await expect(tile.locator(".avatar")).to_have_text("B")
        # The device is let go: its light is out.
        assert await bob.evaluate("document.querySelector('.own video').srcObject") is None
        await bob.click("#camera-off")
        await expect(tile.locator(".mark-camera-off")).to_be_hidden()
        await expect(tile.locator("video")).to_be_visible()
        await wait_media_flows(ann, "Bob")

        await bob.click("#leave")
        await expect(ann.locator(".tile:not(.own)")).to_have_count(0)
        assert await text(ann, "#status") == "Nobody else is here yet"
        assert await text(bob, "#ended-title") == "You left the call"
        await bob.click("#rejoin")
        await wait_connected(ann, "Bob")
        await asyncio.gather(wait_media_flows(ann, "Bob"), wait_media_flows(bob, "Ann"))

        await bob.close()  # a closed page must not wait for a heartbeat
        await expect(ann.locator(".tile:not(.own)")).to_have_count(0)


async def test_three_people_are_all_connected() -> None:
    async with hosted() as server, chromium_page(dark=True) as ann:
        others = [await another_page(ann) for _ in range(2)]
        for page, name in zip([ann, *others], ["Ann", "Bob", "Cem"], strict=True):
            await page.goto(room_url(server, "R", name))
        await wait_connected(ann, "Bob", "Cem")
        await wait_connected(others[0], "Ann", "Cem")
        await wait_connected(others[1], "Ann", "Bob")
        assert await text(ann, "#status") == "3 people"
        for name in ("Bob", "Cem"):
            await wait_media_flows(ann, name, audible=False)


async def test_without_devices_one_sees_and_hears_and_the_reasons_stand_there() -> None:
    strict_sound = ["--autoplay-policy=user-gesture-required"]
    async with (
        hosted() as server,
        chromium_page() as ann,
        chromium_page(fake_media=False, arguments=strict_sound) as bob,
    ):
        # Nothing is evaluated in Bob's page before its first click: the driver does that as if a person had clicked.
        await ann.goto(room_url(server, "R", "Ann"))
        await bob.goto(room_url(server, "R", "Bob"))
        await wait_connected(ann, "Bob")
        known = (await participants(ann))["Bob"]
        assert known["audioMuted"]
        assert known["videoMuted"]
        await expect(ann.locator(".tile:not(.own) .avatar")).to_be_visible()

        # The picture plays, the sound waits for a click.
        await bob.click("#sound")
        await expect(bob.locator(".tile:not(.own) video")).to_be_visible()
        await wait_media_flows(bob, "Ann")
        await expect(bob.locator("#sound")).to_be_hidden()
        assert not await bob.evaluate("document.querySelector('.tile:not(.own) audio').muted")

        # A device that is still missing says so again when it is asked for.
        await bob.click("#camera-off")
        await expect(bob.locator("#notice")).to_have_text("No camera was found.")
        await bob.click("#leave")
        await bob.click("#back")
        await expect(bob.locator("#camera-problem")).to_have_text("No camera was found.")
        await expect(bob.locator("#microphone-problem")).to_have_text("No microphone was found.")


async def test_choosing_no_camera_joins_without_one_and_it_can_be_turned_on_later() -> None:
    async with hosted() as server, chromium_page() as ann:
        bob = await another_page(ann)
        await ann.goto(room_url(server, "R", "Ann"))
        await bob.goto(room_url(server, "R"))
        await expect(bob.locator("#preview-video")).to_be_visible()
        await bob.select_option("#camera", "none")
        await expect(bob.locator("#preview-words")).to_have_text("Your camera is off")
        await bob.fill("#name", "Bob")
        await bob.click("#join")
        await wait_connected(ann, "Bob")
        assert (await participants(ann))["Bob"]["videoMuted"]
        await wait_media_flows(ann, "Bob", video=False, audible=False)
        await bob.click("#camera-off")
        await expect(ann.locator(".tile:not(.own) .mark-camera-off")).to_be_hidden()
        await wait_media_flows(ann, "Bob", audible=False)
