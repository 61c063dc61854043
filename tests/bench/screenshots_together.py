"""The pictures of two windows and a guest together, for screenshots.py: from real screens and a real browser."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from tests.end2end.together import SETTINGS, guest_card, guest_draws, guest_says, three_together

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.async_api import Page

    from tests.end2end.watched_app import WatchedApp

HOST, OTHER, GUEST = "Ann", "Ben", "Carla"
SETTLE_S = 1.5
CARRY_LIMIT_S = 60.0


async def together_tour(folder: Path, home: Path, photo: Callable[[Path], Path]) -> None:
    """Plan a garden party: in the chat first, then on the whiteboard."""
    settings = SETTINGS | {"video_size": "640x480", "frame_rate": 30}
    async with three_together(home, (HOST, OTHER, GUEST), settings) as (ann, ben, carla):
        await _chat(ann, ben, carla, home, photo)
        ann.screen.screenshot(folder / "together-chat.png")
        await carla.screenshot(path=folder / "guest-chat.png")
        await _draw(ann, ben, carla)
        ann.screen.screenshot(folder / "together-whiteboard.png")
        await carla.screenshot(path=folder / "guest-whiteboard.png")


async def _chat(
    ann: WatchedApp, ben: WatchedApp, carla: Page, home: Path, photo: Callable[[Path], Path]
) -> None:
    await ann.press("Ctrl", "t")
    await ben.press("Ctrl", "t")
    await carla.click("#chat-toggle")
    await ann.say("Hello you two! Shall we plan the garden party?")
    await ben.say("Hello Ann. Friday evening would be good for us.")
    guests = home / "guests.csv"
    guests.write_text("name,chairs\n" + "Dora,2\n" * 40)
    await carla.set_input_files("#chat-files", guests)
    await ann.accept(guests.name)
    await ben.accept(guests.name)
    await guest_says(carla, "Friday is fine. The songs are at https://example.org")
    picture = photo(home / "garden in june.png")
    await ben.send_file(picture)
    await guest_card(carla, picture.name).wait_for()
    await ben.say("That is where the tables could be.")
    await ben.press("Ctrl", "Shift", "h")
    await ann.sees("everything", lambda view: len(view["files"]) == 2 and len(view["lines"]) == 4)
    await ann.sees("the list", lambda view: view["files"][0]["state"] == "done", limit_s=CARRY_LIMIT_S)
    await carla.locator(".file-preview:visible").wait_for()
    await asyncio.sleep(SETTLE_S)


async def _draw(ann: WatchedApp, ben: WatchedApp, carla: Page) -> None:
    for app in (ann, ben):
        await app.press("Ctrl", "t")
        await app.press("Ctrl", "b")
    await carla.click("#chat-toggle")
    await carla.click("#board-toggle")

    async def at(app: WatchedApp, x: float, y: float) -> tuple[int, int]:
        """A place of the whiteboard on the screen."""
        left, top, _, _ = (await app.find("BoardCanvas")).place
        scale, board_left, board_top = (await app.look())["view"]
        return left + round((x - board_left) * scale), top + round((y - board_top) * scale)

    async def write(app: WatchedApp, x: float, y: float, text: str) -> None:
        await app.click("ToolButton", "Text")
        app.hands.click(*await at(app, x, y))
        await app.find("TextEditor")
        app.hands.type(text)
        app.hands.keys("Return")

    await ann.click("ToolButton", "Blue")
    await ann.click("ToolButton", "Rectangle")
    await ann.hands.drag([await at(ann, 30, 30), await at(ann, 210, 120)])
    await write(ann, 84, 75, "Tables")
    await ann.click("ToolButton", "Line")
    await ann.hands.drag([await at(ann, 216, 75), await at(ann, 264, 75)])
    await ben.click("ToolButton", "Green")
    await ben.click("ToolButton", "Ellipse")
    await ben.hands.drag([await at(ben, 270, 20), await at(ben, 410, 130)])
    await write(ben, 318, 75, "Fire")
    await carla.click("#board-colors button[value='#d62c2c']")
    await guest_draws(carla, *((60 + x, round(180 + 12 * math.sin(x / 22))) for x in range(0, 330, 10)))
    await carla.click("#board-fit")
    await carla.mouse.move(540, 690)
    await ann.click("ToolButton", "Pen")
    await ann.click("ToolButton", "Show everything")
    ann.hands.move(1070, 560)  # nothing is pointed at in the picture
    await ben.hands.glide(*await at(ben, 340, 150))
    await asyncio.sleep(SETTLE_S)
