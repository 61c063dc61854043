"""A real window on a real display shows its screen, chosen by mouse: the pixels arrive at another end."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop_app.call.call import JoinRequest
from desktop_app.call.media_config import MediaConfig
from desktop_app.call.session import Session
from desktop_app.protocol.messages import ParticipantInfo
from tests.integration.server_tools import running_server
from tests.waiting import until
from tests.x11_window import PlainWindow

from .watched_app import WatchedApp
from .x11_input import X11Input
from .xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    from desktop_app.media.frame_slot import FrameSlot

SETTINGS: dict[str, Any] = {"version": 1, "camera": "none", "microphone": "none", "speaker": "none"}
LIMIT_S = 30.0
RED, GREEN = (210, 30, 30), (20, 170, 40)


def shows(slot: FrameSlot, rgb: tuple[int, int, int], x_share: float, y_share: float) -> bool:
    """Whether the newest picture has this colour there."""
    newest = slot.newest()
    if newest is None:
        return False
    image = newest.frame.to_ndarray(format="rgb24")
    pixel = image[int(y_share * image.shape[0]), int(x_share * image.shape[1])].astype(int)
    return bool((np.abs(pixel - rgb) < 25).all())


async def test_a_window_shows_its_screen_and_ends_it(tmp_path: Path) -> None:
    with Xvfb(tmp_path / "screen", 1600, 800) as screen, closing(X11Input(screen.display)) as hands:
        async with running_server() as server:
            bob = Session()
            await bob.apply(MediaConfig(camera="none", microphone="none", speaker="none"))
            await bob.join(
                JoinRequest(server.url().replace("http", "ws"), "room", ParticipantInfo("bob", "Bob"))
            )
            try:
                with PlainWindow(screen.display, "beside", (1200, 0, 400, 800), RED) as beside:
                    link = server.url("/r/room")
                    async with WatchedApp(
                        tmp_path,
                        "ann",
                        "--join",
                        link,
                        "--name",
                        "Ann",
                        settings=SETTINGS,
                        screen=screen,
                        hands=hands,
                    ) as ann:
                        await share(bob, ann, beside)
                        assert await ann.stop() == 0
            finally:
                await bob.close()


async def share(bob: Session, ann: WatchedApp, beside: PlainWindow) -> None:
    call = bob.call
    assert call is not None
    await until(lambda: len(call.participants) == 1, LIMIT_S)
    (user_id,) = call.participants
    slot = bob.remote_screen(user_id)
    await ann.click("ActionButton", "Show your screen")
    await ann.click("QPushButton", "Show")  # the first of the list: the whole screen
    await until(lambda: shows(slot, RED, 0.9, 0.5), LIMIT_S)
    assert call.participants[user_id].info.screen
    newest = slot.newest()
    assert newest is not None
    assert (newest.frame.width, newest.frame.height) == (1280, 640)
    beside.paint(GREEN)
    await until(lambda: shows(slot, GREEN, 0.9, 0.5), LIMIT_S)
    await ann.click("QPushButton", "Stop showing your screen")
    await until(lambda: slot.newest() is None and not call.participants[user_id].info.screen, LIMIT_S)
