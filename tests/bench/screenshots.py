"""Makes the pictures in docs/screenshots/ from the real window, under Xvfb, in a real call with two bots.

Those of two windows and a guest together are of processes of their own: see screenshots_together. Those of ten people
are of people who are drawn: see screenshots_rooms.

python -m tests.bench.screenshots [FOLDER]
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.end2end.processes import BotProcess, ServerProcess
from tests.end2end.xvfb import Xvfb

from .screenshots_chat import chat_tour, paint_photo
from .screenshots_plan import plan, wave
from .screenshots_rooms import rooms_tour
from .screenshots_stage import chosen_folder, close, qt_and_loop, save_nothing
from .screenshots_together import together_tour

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.ui.main_window import MainWindow

STATISTICS_S = 25.0
SETTLE_S = 1.5


def main() -> None:
    folder = chosen_folder()
    with tempfile.TemporaryDirectory() as home, Xvfb(Path(home) / "screen") as screen:
        os.environ.update(screen.environment, BRIDGECALL_HOME=home)
        os.environ.pop("QT_QPA_PLATFORM", None)
        asyncio.run(together_tour(folder, Path(home) / "together", paint_photo))
        run(folder, Path(home))


def run(folder: Path, home: Path) -> None:
    """Everything that needs the display in the environment."""
    from desktop_app.engine.qt_bridge import EngineBridge
    from desktop_app.hosting import InProcessHost
    from desktop_app.settings.schema import Settings
    from desktop_app.ui import theme
    from desktop_app.ui.main_window import MainWindow

    application, loop = qt_and_loop()
    theme.apply_theme(application, "light")
    bridge = EngineBridge(backend=None, make_host=InProcessHost)

    settings = Settings(
        camera="test", microphone="test", speaker="none", display_name="Ann", appearance="light"
    )
    window = MainWindow(bridge, settings=settings, save_settings=save_nothing)
    with loop:
        loop.run_until_complete(tour(window, bridge, folder, home))
        loop.run_until_complete(rooms_tour(application, folder))


async def tour(window: MainWindow, bridge: Any, folder: Path, home: Path) -> None:
    """Go through the window as a person would, with a picture of each place."""
    from desktop_app.protocol.invite import Invite
    from desktop_app.ui import theme

    def picture(name: str, widget: Any = None) -> None:
        (widget or window).grab().save(str(folder / f"{name}.png"))

    window.resize(1080, 700)
    window.start()
    await asyncio.sleep(SETTLE_S)
    picture("lobby")
    async with (
        ServerProcess(home) as server,
        BotProcess(home, "Ben", server.url, "garden-party") as ben,
    ):
        window.join(Invite("127.0.0.1", server.port, "garden-party", secure=False))
        await asyncio.sleep(4)
        picture("call")
        window.actions_.statistics.trigger()
        async with BotProcess(home, "Carla", server.url, "garden-party", microphone="none") as carla:
            await asyncio.sleep(STATISTICS_S)
            picture("statistics")
            window.actions_.statistics.trigger()
            await whiteboard(window, bridge, picture)
            window.open_settings()
            await asyncio.sleep(SETTLE_S)
            from desktop_app.ui.settings_dialog import SettingsDialog

            for dialog in window.findChildren(SettingsDialog):
                picture("settings", dialog)
                dialog.close()
            app = theme_of(window)
            theme.apply_theme(app, "dark")
            await asyncio.sleep(SETTLE_S)
            picture("call-dark")
            theme.apply_theme(app, "light")
            await chat_tour(
                window,
                ben,
                carla,
                home,
                picture,
                lambda dark: theme.apply_theme(app, "dark" if dark else "light"),
            )
        window.controller.leave()
        await asyncio.sleep(SETTLE_S)
    window.start_call()
    await asyncio.sleep(SETTLE_S)
    window.open_invite()
    await asyncio.sleep(SETTLE_S)
    from desktop_app.ui.invite_dialog import InviteDialog

    for invitation in window.findChildren(InviteDialog):
        picture("invite", invitation)
        invitation.close()
    await close(window)
    await bridge.close()


async def whiteboard(window: MainWindow, bridge: Any, picture: Callable[[str], None]) -> None:
    """Draw a plan. The bots draw nothing: their pointer and stroke are told to the window as if they did."""
    from desktop_app.data.board_changes import Draw
    from desktop_app.data.events import PointerMoved, StrokeMoved

    window.actions_.whiteboard.trigger()
    await asyncio.sleep(SETTLE_S)
    for shape in plan():
        await bridge.change_board(Draw(shape))
    window.call_page.board.canvas.fit()
    people = window.call_page.grid.tiles
    ben = next(user_id for user_id, tile in people.items() if tile.name == "Ben")
    line = wave(330, "#7c3aed")
    window.board.take_event(StrokeMoved(ben, line))
    window.board.take_event(PointerMoved(ben, "board", line.points[-2], line.points[-1], True))
    await asyncio.sleep(SETTLE_S)
    picture("whiteboard")
    window.actions_.whiteboard.trigger()
    window.board.take_event(StrokeMoved(ben, None))
    window.board.take_event(PointerMoved(ben, "board", 0, 0, False))


def theme_of(_window: MainWindow) -> Any:
    """The application object, whose look is changed."""
    from PySide6.QtWidgets import QApplication

    return QApplication.instance()


if __name__ == "__main__":
    main()
