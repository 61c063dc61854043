"""A real window on a real display shows its screen, chosen by mouse: the pixels arrive at another end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop_app.call.call import JoinRequest
from desktop_app.call.media_config import MediaConfig
from desktop_app.call.session import Session
from desktop_app.media.screen.x11 import X11Display
from desktop_app.protocol.messages import ParticipantInfo
from tests.integration.server_tools import running_server
from tests.waiting import until
from tests.x11_window import PlainWindow

from .processes import AppProcess
from .x11_input import X11Input
from .xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    from desktop_app.media.frame_slot import FrameSlot

SETTINGS: dict[str, Any] = {"version": 1, "camera": "none", "microphone": "none", "speaker": "none"}
LIMIT_S = 30.0
SCREEN_BUTTON, SHOW_BUTTON, STOP_BUTTON = (291, 633), (590, 427), (1038, 60)
"""Of the window at its first size, of the picker, and of the line over the tiles."""
RED, GREEN = (210, 30, 30), (20, 170, 40)


def shows(slot: FrameSlot, rgb: tuple[int, int, int], x_share: float, y_share: float) -> bool:
    """Whether the newest picture has this colour there."""
    newest = slot.newest()
    if newest is None:
        return False
    image = newest.frame.to_ndarray(format="rgb24")
    pixel = image[int(y_share * image.shape[0]), int(x_share * image.shape[1])].astype(int)
    return bool((np.abs(pixel - rgb) < 25).all())


def place_of(display: str, title: str) -> tuple[int, int] | None:
    """Where a window with this title is on the screen; None while there is none."""
    there = X11Display(display)
    try:
        for window in there.children(there.root):
            if there.property(window, "_NET_WM_NAME").decode() == title and there.is_shown(window)[0]:
                return there.place_on_screen(window)
        return None
    finally:
        there.close()


async def test_a_window_shows_its_screen_and_ends_it(tmp_path: Path) -> None:
    with Xvfb(tmp_path / "screen", 1600, 800) as screen:
        async with running_server() as server:
            bob = Session()
            await bob.apply(MediaConfig(camera="none", microphone="none", speaker="none"))
            await bob.join(
                JoinRequest(server.url().replace("http", "ws"), "room", ParticipantInfo("bob", "Bob"))
            )
            try:
                with PlainWindow(screen.display, "beside", (1200, 0, 400, 800), RED) as beside:
                    link = server.url("/r/room")
                    async with AppProcess(
                        tmp_path,
                        "ann",
                        "--join",
                        link,
                        "--name",
                        "Ann",
                        settings=SETTINGS,
                        environment=screen.environment,
                    ) as ann:
                        await share(bob, screen, beside)
                        assert await ann.stop() == 0
            finally:
                await bob.close()


async def share(bob: Session, screen: Xvfb, beside: PlainWindow) -> None:
    call = bob.call
    assert call is not None
    await until(lambda: len(call.participants) == 1, LIMIT_S)
    (user_id,) = call.participants
    slot = bob.remote_screen(user_id)
    mouse = X11Input(screen.display)
    try:
        await until(lambda: place_of(screen.display, "room — Bridgecall") is not None, LIMIT_S)
        await asyncio.sleep(1.0)  # it is shown, and may not be painted yet
        mouse.click(*SCREEN_BUTTON)
        await until(lambda: place_of(screen.display, "Show your screen") is not None, LIMIT_S)
        x, y = place_of(screen.display, "Show your screen") or (0, 0)
        await asyncio.sleep(0.5)
        mouse.click(x + SHOW_BUTTON[0], y + SHOW_BUTTON[1])  # the first of the list: the whole screen
        await until(lambda: shows(slot, RED, 0.9, 0.5), LIMIT_S)
        assert call.participants[user_id].info.screen
        newest = slot.newest()
        assert newest is not None
        assert (newest.frame.width, newest.frame.height) == (1280, 640)
        beside.paint(GREEN)
        await until(lambda: shows(slot, GREEN, 0.9, 0.5), LIMIT_S)
        mouse.click(*STOP_BUTTON)
        await until(lambda: slot.newest() is None and not call.participants[user_id].info.screen, LIMIT_S)
    finally:
        mouse.close()
