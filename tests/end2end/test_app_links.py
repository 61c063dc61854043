"""A bridgecall: link is clicked while no application runs, and while one does."""

from __future__ import annotations

from contextlib import AsyncExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from desktop_app.hosting import InProcessHost
from desktop_app.protocol.invite import new_room_key

from .processes import AppProcess, BotProcess
from .watched_app import WatchedApp
from .x11_input import X11Input
from .xvfb import Xvfb

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SETTINGS: dict[str, Any] = {
    "version": 1,
    "display_name": "Ana",
    "camera": "none",
    "microphone": "none",
    "speaker": "none",
}


async def test_a_link_joins_and_the_next_one_goes_to_the_same_window(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    runtime = {"XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("run"))}  # short enough for a socket's name
    host = InProcessHost(loopback_only=True)
    async with AsyncExitStack() as stack:
        await host.start()
        stack.push_async_callback(host.stop)
        screen = stack.enter_context(Xvfb(tmp_path / "screen"))
        hands = stack.enter_context(closing(X11Input(screen.display)))
        bots, links = [], []
        for room in ("first", "second"):
            link = replace(host.own_invite(room), key=new_room_key()).link()
            links.append(link.replace("https://", "bridgecall://"))
            options = ("--link", link)
            bot = BotProcess(tmp_path, room, None, None, *options, camera="none", microphone="none")
            bots.append(await stack.enter_async_context(bot))
            await bot.wait_for_event("joined")
        ana = WatchedApp(
            tmp_path, "ana", links[0], screen=screen, hands=hands, settings=SETTINGS, environment=runtime
        )
        await stack.enter_async_context(ana)
        await bots[0].wait_for_event("participant", state="joined")

        async def click(link: str) -> None:
            """As the desktop does: another start of the program, which ends at once."""
            async with AppProcess(
                tmp_path, "ana", link, environment={**screen.environment, **runtime}
            ) as other:
                assert await other.wait() == 0

        await click(links[1])
        await ana.click("QPushButton", "Leave and join")
        await bots[0].wait_for_event("participant", state="left")
        await bots[1].wait_for_event("participant", state="joined")
        await click("bridgecall://user:secret@127.0.0.1/r/second")
        await ana.wait_for_log("a link was not opened: The address must not contain a user name or password")
        await ana.sees("its window in the call", lambda view: "second" in view["people"])
