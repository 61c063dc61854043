"""Two guest pages in real Chromium that chat, send files and wave, as people do it: with keys, clicks and drops."""

from __future__ import annotations

import asyncio
import hashlib
import random
from typing import TYPE_CHECKING

from playwright.async_api import expect

from .chromium import chromium_page, collect_complaints
from .guest_tools import WAIT_S, hosted, participants, room_url, text, wait_connected

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator, Page

WAIT_MS = WAIT_S * 1000


async def say(page: Page, words: str, to: str = "Everybody") -> None:
    """Write a line with the keyboard; the panel is open."""
    await page.select_option("#chat-to", label=to, timeout=WAIT_MS)
    await page.fill("#chat-text", words)
    await page.press("#chat-text", "Enter")


def line(page: Page, words: str) -> Locator:
    return page.locator(".line:not(.file)", has_text=words)


def card(page: Page, name: str) -> Locator:
    return page.locator(".file", has_text=name)


async def digest_of_download(page: Page, button: Locator) -> tuple[str, str]:
    """Click, and wait for what the browser saves: its name and SHA-256."""
    async with page.expect_download(timeout=WAIT_MS) as caught:
        await button.click(timeout=WAIT_MS)
    download = await caught.value
    path = await download.path()
    data = await asyncio.to_thread(path.read_bytes)
    return download.suggested_filename, hashlib.sha256(data).hexdigest()


async def test_two_guests_chat() -> None:
    async with hosted() as server, chromium_page() as ann, chromium_page(size=(390, 844)) as bob:
        complaints = [collect_complaints(ann), collect_complaints(bob)]
        await ann.goto(room_url(server, "R", "Ann"))
        await wait_connected(ann)
        await bob.goto(room_url(server, "R", "Bob"))
        await wait_connected(ann, "Bob")
        await ann.click("#chat-toggle")
        await expect(ann.locator("#chat-text")).to_be_focused()

        await say(ann, "<img src=x onerror=alert(1)> see https://a.example/?q=<b> and javascript:alert(1)")
        await say(ann, "for your eyes", to="Bob")
        await expect(bob.locator("#chat-unread")).to_have_text("2", timeout=WAIT_MS)
        assert "for your eyes" in await text(bob, "#announcer")
        await expect(line(ann, "for your eyes").locator(".line-state")).to_have_text("Delivered")
        await bob.click("#chat-toggle")
        await expect(bob.locator("#chat-unread")).to_be_hidden()
        hostile = line(bob, "onerror")
        assert await hostile.locator(".line-text *").count() == 1
        link = hostile.locator("a")
        assert await link.get_attribute("href") == "https://a.example/?q="
        assert await link.get_attribute("rel") == "noopener noreferrer"
        await expect(line(bob, "for your eyes").locator(".line-to")).to_have_text("to you only")
        await expect(line(ann, "for your eyes").locator(".line-to")).to_have_text("to Bob only")

        await bob.fill("#chat-text", "one")
        await bob.press("#chat-text", "Shift+Enter")
        await bob.locator("#chat-text").press_sequentially("two")
        await bob.press("#chat-text", "Enter")
        answer = line(ann, "one\ntwo").locator(".line-text")
        await expect(answer).to_be_visible(timeout=WAIT_MS)
        assert await answer.evaluate("(words) => words.textContent") == "one\ntwo"
        await ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await line(ann, "one\ntwo").hover()
        await line(ann, "one\ntwo").locator(".line-copy").click()
        await expect(ann.locator("#announcer")).to_have_text("Copied")
        assert await ann.evaluate("navigator.clipboard.readText()") == "one\ntwo"

        await ann.fill("#chat-text", "y" * 4001)
        await expect(ann.locator("#chat-count.over")).to_have_text("4001 of 4000 characters")
        await ann.press("#chat-text", "Enter")
        await ann.fill("#chat-text", "y" * 4000)
        await ann.press("#chat-text", "Enter")
        await expect(ann.locator(".line:not(.file)")).to_have_count(4)
        await expect(bob.locator(".line:not(.file)")).to_have_count(4, timeout=WAIT_MS)

        # What was meant for one does not go to all when that one leaves.
        await ann.select_option("#chat-to", label="Bob")
        await bob.press("#chat-text", "Escape")
        await expect(bob.locator("#chat-toggle")).to_be_focused()
        assert await bob.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await bob.click("#leave")
        await wait_connected(ann)
        await ann.fill("#chat-text", "still for Bob")
        await ann.press("#chat-text", "Enter")
        await expect(ann.locator("#chat-problem")).to_contain_text("Bob is not here")
        await say(ann, "while you were away")
        await expect(line(ann, "while you").locator(".line-state")).to_have_text("Nobody has it yet")
        await bob.click("#rejoin")
        await wait_connected(bob, "Ann")
        await expect(line(bob, "while you were away")).to_have_count(1, timeout=WAIT_MS)
        await expect(bob.locator(".line:not(.file)")).to_have_count(5)
        await expect(line(ann, "while you").locator(".line-state")).to_have_text("Delivered", timeout=WAIT_MS)
        assert complaints == [[], []]


async def test_two_guests_send_files_and_wave(tmp_path: Path) -> None:
    big, picture = random.Random(4).randbytes(9_000_000), tmp_path / "sunset.png"
    (tmp_path / "big.bin").write_bytes(big)
    async with hosted() as server, chromium_page() as ann, chromium_page() as bob:
        complaints = [collect_complaints(ann), collect_complaints(bob)]
        await ann.goto(room_url(server, "R", "Ann"))
        await bob.goto(room_url(server, "R", "Bob"))
        await wait_connected(ann, "Bob")
        await ann.locator(".tile.own video").screenshot(path=picture)
        for page in (ann, bob):
            await page.click("#chat-toggle")
            await expect(page.locator("#chat-to option")).to_have_count(2, timeout=WAIT_MS)

        await ann.set_input_files("#chat-files", [tmp_path / "big.bin", picture])
        name, sha256 = await digest_of_download(bob, card(bob, "big.bin").locator(".file-accept"))
        assert (name, sha256) == ("big.bin", hashlib.sha256(big).hexdigest())
        await expect(card(ann, "big.bin").locator(".file-state")).to_have_text("Bob has it", timeout=WAIT_MS)
        preview = card(bob, "sunset.png").locator(".file-preview")
        await expect(preview).to_be_visible(timeout=WAIT_MS)
        await expect(card(bob, "sunset.png").locator(".file-accept")).to_be_in_viewport(ratio=1)
        assert await preview.evaluate("(picture) => picture.naturalWidth") > 0
        name, sha256 = await digest_of_download(bob, card(bob, "sunset.png").locator(".file-accept"))
        assert sha256 == hashlib.sha256(picture.read_bytes()).hexdigest()

        await bob.evaluate(
            """() => {
                const transfer = new DataTransfer();
                transfer.items.add(new File(["x".repeat(700_000)], "dropped.txt"));
                for (const type of ["dragenter", "dragover"]) {
                    document.querySelector("#tiles").dispatchEvent(
                        new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
                }
                window.dropShown = !document.querySelector("#drop").hidden;
                document.querySelector("#tiles").dispatchEvent(
                    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }"""
        )
        assert await bob.evaluate("window.dropShown && document.querySelector('#drop').hidden")
        name, sha256 = await digest_of_download(ann, card(ann, "dropped.txt").locator(".file-accept"))
        assert (name, sha256) == ("dropped.txt", hashlib.sha256(b"x" * 700_000).hexdigest())

        files = [{"name": name, "mimeType": "text/plain", "buffer": b"x"} for name in ("no.txt", "stop.txt")]
        await bob.set_input_files("#chat-files", files)  # type: ignore[arg-type]
        await card(ann, "no.txt").locator(".file-decline").click(timeout=WAIT_MS)
        await expect(card(bob, "no.txt").locator(".file-state")).to_have_text(
            "Ann declined it.", timeout=WAIT_MS
        )
        await card(bob, "stop.txt").locator(".file-cancel").click()
        await expect(card(ann, "stop.txt").locator(".file-state")).to_have_text(
            "Bob ended it.", timeout=WAIT_MS
        )
        await expect(card(ann, "stop.txt").locator(".file-accept")).to_be_hidden()

        await ann.click("#hand")
        anns_id = (await participants(bob))["Ann"]["userId"]
        tile = bob.locator(f".tile[data-user='{anns_id}']")
        await expect(tile.locator(".tile-hand")).to_be_visible(timeout=WAIT_MS)
        assert await text(bob, "#announcer") == "Ann raised a hand"
        await expect(ann.locator("#hand")).to_have_attribute("aria-pressed", "true")
        await ann.click("#react")
        await expect(ann.locator("#reactions button").first).to_be_focused()
        await ann.keyboard.press("ArrowRight")
        await ann.keyboard.press("Enter")
        await expect(tile.locator(".tile-reaction")).to_have_text("❤️", timeout=WAIT_MS)
        await expect(ann.locator(".own .tile-reaction")).to_have_text("❤️")
        await ann.click("#hand")
        await expect(tile.locator(".tile-hand")).to_be_hidden(timeout=WAIT_MS)
        dropped = "window.bridgecall.participants().map(({ userId }) => window.bridgecall.dropped(userId))"
        assert (
            await ann.evaluate(dropped)
            == await bob.evaluate(dropped)
            == [{"received": 0, "sent": 0, "flood": 0}]
        )
        assert complaints == [[], []]
