"""What the guest page says when something is refused or breaks, and that one gets on from there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from desktop_app.protocol.limits import MAX_PARTICIPANTS
from desktop_app.server.hosting import HostedServer, lan_addresses
from desktop_app.server.tls import self_made_certificate

from .chromium import chromium_page, collect_complaints
from .guest_tools import hosted, participants, room_url, wait_connected, wait_media_flows

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_full_room_says_so_and_joining_works_when_somebody_left() -> None:
    async with hosted() as server, ClientSession() as http, AsyncExitStack() as people:
        sockets = []
        for number in range(MAX_PARTICIPANTS):
            socket = await people.enter_async_context(http.ws_connect(f"http://127.0.0.1:{server.port}/ws"))
            await socket.send_json({"type": "join-room", "roomId": "R", "userId": f"u{number}"})
            sockets.append(socket)
        async with chromium_page(room_url(server, "R", "Ann")) as page:
            await expect(page.locator("#join-problem")).to_contain_text("The room is full")
            await expect(page.locator("#lobby")).to_be_visible()
            await sockets[0].close()
            await page.click("#join")
            await expect(page.locator("#status")).to_have_text(f"{MAX_PARTICIPANTS} people")
            assert "u0" not in await participants(page)


async def test_a_server_that_stops_is_looked_for_and_one_that_is_gone_says_so() -> None:
    server = HostedServer()
    port = await server.start("127.0.0.1")
    try:
        async with chromium_page(room_url(server, "R", "Ann")) as page:
            await expect(page.locator("#status")).to_have_text("Nobody else is here yet")
            await server.stop()
            await expect(page.locator("#server-line")).to_contain_text("The connection to the server is lost")
            await server.start("127.0.0.1", port)
            back = page.locator("#server-line", has_text="The connection to the server is back.")
            await expect(back).to_be_visible(timeout=20_000)
            await expect(page.locator("#server-line")).to_be_hidden()
            await page.click("#leave")
            await server.stop()
            await page.click("#rejoin")
            await expect(page.locator("#join-problem")).to_contain_text("The server cannot be reached")
            await server.start("127.0.0.1", port)
            await page.click("#join")
            await expect(page.locator("#status")).to_have_text("Nobody else is here yet")
    finally:
        await server.stop()


async def test_a_name_is_asked_for_and_kept() -> None:
    async with hosted() as server, chromium_page(room_url(server, "R")) as page:
        await page.click("#join")
        await expect(page.locator("#join-problem")).to_contain_text("Type your name first")
        await page.fill("#name", "Ann <b>O'Neill</b>")
        await page.press("#name", "Enter")
        await expect(page.locator("#status")).to_have_text("Nobody else is here yet")
        await page.reload()
        await expect(page.locator("#name")).to_have_value("Ann <b>O'Neill</b>")


async def test_permission_refused_is_told_from_a_missing_device() -> None:
    # A device is there, but nobody answers the permission question with yes: this driver's contexts refuse.
    arguments = ["--use-fake-device-for-media-stream"]
    async with hosted() as server, chromium_page(fake_media=False, arguments=arguments) as page:
        await page.goto(room_url(server, "R"))
        await expect(page.locator("#camera-problem")).to_contain_text(
            "The camera is not allowed for this page"
        )
        await expect(page.locator("#microphone-problem")).to_contain_text("The microphone is not allowed")
        await page.fill("#name", "Ann")
        await page.click("#join")
        await expect(page.locator("#status")).to_have_text("Nobody else is here yet")


def lan_address() -> str:
    """An address of this machine that no browser takes for itself."""
    address = lan_addresses()[0]
    if address.startswith("127.") or ":" in address:
        pytest.skip("this machine has no IPv4 network")
    return address


async def test_plain_http_off_localhost_says_that_devices_need_https_and_still_shows_the_others() -> None:
    address = lan_address()
    async with hosted("0.0.0.0") as server, chromium_page() as ann, chromium_page() as bob:
        await bob.goto(room_url(server, "R", host=address))
        await expect(bob.locator("#camera-problem")).to_contain_text("https://")
        await bob.fill("#name", "Bob")
        await bob.click("#join")
        await ann.goto(room_url(server, "R", "Ann"))
        await wait_connected(bob, "Ann")
        await wait_media_flows(bob, "Ann")
        await expect(bob.locator("#open-app")).to_be_hidden()  # the application's links are those of https
        await expect(bob.locator("#copy")).to_be_hidden()  # no clipboard there: no button without function


async def test_https_with_the_self_made_certificate_gives_the_camera(tmp_path: Path) -> None:
    address = lan_address()
    certificate = self_made_certificate(tmp_path)
    server = HostedServer()
    port = await server.start(ssl=certificate.context)
    try:
        url = f"https://{address}:{port}/r/tea?name=Ann&join=1#fp={certificate.fingerprint_sha256}"
        async with chromium_page() as page:
            complaints = collect_complaints(page)
            await page.goto(url)
            await expect(page.locator("#status")).to_have_text("Nobody else is here yet")
            await expect(page.locator(".own video")).to_be_visible()
            fragment = f"#fp={certificate.fingerprint_sha256}&k={'A' * 22}"
            for_application = f"bridgecall://{address}:{port}/r/tea{fragment}"
            await page.goto("about:blank")
            await page.goto(f"https://{address}:{port}/r/tea{fragment}")
            await expect(page.locator("#open-app")).to_have_attribute("href", for_application)
            await expect(page.locator("#open-app")).to_be_visible()
            await expect(page.locator("#open-app-hint")).to_be_hidden()
            assert complaints == []
    finally:
        await server.stop()


async def test_every_screen_fits_its_window() -> None:
    sizes = [(1280, 800), (844, 390), (390, 844), (320, 568)]
    async with hosted() as server, chromium_page() as page:

        async def check(*buttons: str) -> None:
            for width, height in sizes:
                await page.set_viewport_size({"width": width, "height": height})
                for button in buttons:
                    await expect(page.locator(button)).to_be_in_viewport(ratio=1)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width

        await page.goto(f"http://127.0.0.1:{server.port}/")
        await check("button")
        await page.goto(room_url(server, "a-rather-long-room-name-that-somebody-made-up"))
        await check()
        await page.fill("#name", "Somebody With A Rather Long Name Indeed")
        await page.click("#join")
        await expect(page.locator("#status")).to_have_text("Nobody else is here yet")
        tools = ("#mute", "#camera-off", "#chat-toggle", "#board-toggle", "#react", "#hand", "#leave")
        await check(*tools, "#copy", "#people-toggle")
        await page.click("#board-toggle")
        await check(*tools, "#board-tools button[value=pen]", "#board-canvas")
        await page.click("#chat-toggle")
        await check("#chat-close", "#chat-attach", "#chat-text", ".send")
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.click("#people-toggle")
        await expect(page.locator("#chat")).to_be_hidden()  # one panel at a time
        await check("#people-close")
        await page.click("#people-close")
        await page.click("#leave")
        await check("#rejoin", "#back")


async def test_the_front_page_leads_to_a_room() -> None:
    async with hosted() as server, chromium_page(f"http://127.0.0.1:{server.port}/") as page:
        complaints = collect_complaints(page)
        await page.click("button")
        await expect(page.locator("#problem")).to_have_text("Type the name of a room.")
        await page.fill("#room", "tea/time?")
        await page.press("#room", "Enter")
        await expect(page.locator("#lobby-room")).to_have_text("tea/time?")
        assert page.url.endswith("/r/tea%2Ftime%3F")
        assert complaints == []


async def test_a_picture_that_is_withheld_does_not_stand_there_frozen() -> None:
    async with (
        hosted() as server,
        ClientSession() as http,
        http.ws_connect(f"http://127.0.0.1:{server.port}/ws") as socket,
        chromium_page() as page,
    ):
        await socket.send_json({"type": "join-room", "roomId": "R", "userId": "u"})
        complaints = collect_complaints(page)
        await page.goto(room_url(server, "R", "Ann"))
        while (message := await socket.receive_json())["type"] != "new-peer":
            pass

        async def tell(sent: object) -> None:
            data = {"type": "picture", "sent": sent}
            await socket.send_json({"type": "signal", "targetUserId": message["userId"], "data": data})

        mark = page.locator(".tile:not(.own) .mark-camera-off")
        await expect(page.locator(".tile:not(.own)")).to_have_count(1)
        await expect(mark).to_be_hidden()
        await tell(False)
        await expect(mark).to_be_visible()
        await socket.send_json({"type": "update-participant", "displayName": "Uma"})
        await expect(page.locator(".tile:not(.own) .tile-name")).to_contain_text("Uma")
        await expect(mark).to_be_visible()
        await tell(True)
        await expect(mark).to_be_hidden()
        assert complaints == []
