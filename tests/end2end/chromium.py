"""Debian's Chromium, driven through Playwright's protocol driver, with devices that need no hardware."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import async_playwright, expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from playwright.async_api import ConsoleMessage, Page

CHROMIUM = "/usr/bin/chromium"
expect.set_options(timeout=40_000)
"""In milliseconds, for all tests with pages; the machine may be busy, and what holds is seen at once."""

_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Candidates with the real addresses instead of .local names, which need multicast to be resolved.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # A page in the background must go on sending as a visible one does.
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]


def _fake_media(fps: int) -> list[str]:
    return [f"--use-fake-device-for-media-stream=fps={fps}", "--use-fake-ui-for-media-stream"]


@asynccontextmanager
async def chromium_page(
    url: str | None = None,
    *,
    fake_media: bool = True,
    fps: int = 20,
    ignore_https_errors: bool = True,
    size: tuple[int, int] = (1280, 800),
    dark: bool = False,
    arguments: Sequence[str] = (),
    executable: str = CHROMIUM,
) -> AsyncIterator[Page]:
    """One page in a Chromium of its own, with a profile of its own; the browser ends with the block.

    Args:
        url: what to open; None leaves the page blank.
        fake_media: a moving test picture with a beep each second, and no permission question.
        fps: of the test picture; several pages share the machine.
        ignore_https_errors: accept certificates that nobody vouches for.
        size: width and height of the page in CSS px.
        dark: what the page is told of the person's colour scheme.
        arguments: further command line switches.
        executable: Chromium, or a script that starts it elsewhere.
    """
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"{CHROMIUM} is not installed")
    profile = tempfile.mkdtemp(prefix="bridgecall-chromium-")
    try:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile,
                executable_path=executable,
                headless=True,
                args=[*_ARGUMENTS, *(_fake_media(fps) if fake_media else []), *arguments],
                ignore_default_args=["--headless", "--mute-audio"],
                ignore_https_errors=ignore_https_errors,
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if dark else "light",
            )
            try:
                page = context.pages[0]
                if url is not None:
                    await page.goto(url)
                yield page
            finally:
                await context.close()
    finally:
        shutil.rmtree(profile, ignore_errors=True)


async def another_page(page: Page) -> Page:
    """A page of the same browser, in a window of its own.

    In a tab that is not the one in front, which `context.new_page` makes, pictures are drawn once a second, and each
    click waits for two of them.
    """
    async with page.context.expect_page() as opening:
        await page.evaluate("void window.open('about:blank', '_blank', 'popup,noopener')")
    return await opening.value


def collect_complaints(page: Page) -> list[str]:
    """A list that fills with what the page reports as wrong: exceptions, errors and warnings of the console."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    return complaints


async def inbound_stats(page: Page, user_id: str) -> dict[str, Any]:
    """The guest page's `inbound-rtp` reports on one participant, by kind (W3C webrtc-stats 7.3)."""
    found: dict[str, Any] = await page.evaluate(
        """async (userId) => {
            const connection = window.bridgecall.connection(userId);
            const kinds = {};
            for (const report of (await connection?.getStats())?.values() ?? []) {
                if (report.type === "inbound-rtp") {
                    kinds[report.kind] = report;
                }
            }
            return kinds;
        }""",
        user_id,
    )
    return found
