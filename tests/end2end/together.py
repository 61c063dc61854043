"""Three people in a call that one of them hosts: two at windows of the application, a guest in a browser."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

from .chromium import chromium_page
from .guest_tools import WAIT_S, wait_connected
from .watched_app import WatchedApp
from .x11_input import X11Input
from .xvfb import Xvfb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Locator, Page

WAIT_MS = WAIT_S * 1000
SETTINGS: dict[str, Any] = {
    "version": 1,
    "camera": "test",
    "microphone": "none",
    "speaker": "none",
    "video_size": "320x240",
    "frame_rate": 15,
    "appearance": "light",
}
WINDOW_PX = (1080, 700)
"""As the window opens; the screens are as large, and the guest's page is."""


@asynccontextmanager
async def three_together(
    folder: Path, names: tuple[str, str, str] = ("Ann", "Ben", "Cleo"), settings: dict[str, Any] = SETTINGS
) -> AsyncIterator[tuple[WatchedApp, WatchedApp, Page]]:
    """The first hosts, the second joins with the link, and the third opens it in a browser."""
    host, other, guest = names
    async with AsyncExitStack() as stack:

        async def enter_window(name: str, *arguments: str) -> WatchedApp:
            screen = stack.enter_context(Xvfb(folder / f"screen-{name}", *WINDOW_PX))
            hands = stack.enter_context(closing(X11Input(screen.display)))
            options = [*arguments, "--name", name]
            window = WatchedApp(folder, name, *options, screen=screen, hands=hands, settings=settings)
            return await stack.enter_async_context(window)

        ann = await enter_window(host, "--host")
        link = (await ann.wait_for_line(r"https://\S+/r/\S+#fp=[0-9a-f]{64}\S*")).group(0)
        ben = await enter_window(other, "--join", link)
        cleo = await stack.enter_async_context(chromium_page(size=WINDOW_PX))
        await cleo.goto(link.replace("#", f"?name={guest}&join=1#"))
        await wait_connected(cleo, host, other)
        for app, those in ((ann, {other, guest}), (ben, {host, guest})):
            await app.sees_connected(those)
        yield ann, ben, cleo


async def guest_says(page: Page, words: str, to: str = "Everybody") -> None:
    """Write a line for all or for one; what comes next is for all. The panel is open."""
    await page.select_option("#chat-to", label=to, timeout=WAIT_MS)
    await page.fill("#chat-text", words)
    await page.press("#chat-text", "Enter")
    await page.select_option("#chat-to", label="Everybody")


def guest_line(page: Page, words: str) -> Locator:
    """A line of the guest's chat."""
    return page.locator(".line:not(.file)", has_text=words)


def guest_card(page: Page, name: str) -> Locator:
    """A file in the guest's chat."""
    return page.locator(".file", has_text=name)


async def guest_draws(page: Page, *points: tuple[int, int]) -> None:
    """Draw with the mouse, in pixels from the whiteboard's corner."""
    box = await page.locator("#board-canvas").bounding_box()
    assert box is not None
    for index, (x, y) in enumerate(points):
        await page.mouse.move(box["x"] + x, box["y"] + y, steps=1 if index == 0 else 12)
        if index == 0:
            await page.mouse.down()
    await page.mouse.up()
