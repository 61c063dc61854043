"""A real window on a real display shows its screen, chosen by keyboard: the pixels arrive at another end."""

from __future__ import annotations

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
LIMIT_S = 90.0
RED, GREEN = (210, 30, 30), (20, 170, 40)


def shows(slot: FrameSlot, rgb: tuple[int, int, int], x_share: float, y_share: float) -> bool:
    """Whether the newest picture has this colour there."""
    newest = slot.newest()
    if newest is None:
        return False
    image = newest.frame.to_ndarray(format="rgb24")
    pixel = image[int(y_share * image.shape[0]), int(x_share * image.shape[1])].astype(int)
    return bool((np.abs(pixel - rgb) < 25).all())


def is_open(display: str, title: str) -> bool:
    """Whether a window with this title is on the screen."""
    there = X11Display(display)
    try:
        titles = [there.property(window, "_NET_WM_NAME").decode() for window in there.children(there.root)]
    finally:
        there.close()
    return title in titles


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
    keyboard = X11Input(screen.display)
    try:
        await until(lambda: is_open(screen.display, "room — Bridgecall"), LIMIT_S)
        keyboard.click(600, 5)  # without a window manager that gives the window the keys
        keyboard.keys("Ctrl", "Shift", "x")
        await until(lambda: is_open(screen.display, "Show your screen"), LIMIT_S)
        keyboard.keys("Return")  # the first one: the whole screen
        await until(lambda: shows(slot, RED, 0.9, 0.5), LIMIT_S)
        assert call.participants[user_id].info.screen
        newest = slot.newest()
        assert newest is not None
        assert (newest.frame.width, newest.frame.height) == (1280, 640)
        beside.paint(GREEN)
        await until(lambda: shows(slot, GREEN, 0.9, 0.5), LIMIT_S)
        keyboard.keys("Ctrl", "Shift", "x")
        await until(lambda: slot.newest() is None and not call.participants[user_id].info.screen, LIMIT_S)
    finally:
        keyboard.close()
