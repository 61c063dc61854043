"""What the tours of drawn people share: a screen that nobody sees, and a window over an engine that is told."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from PySide6.QtWidgets import QApplication

    from desktop_app.settings.schema import Settings
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SETTLE_S = 0.6
SIZE = (1180, 740)


def chosen_folder() -> Path:
    """The first word of the command line, or docs/screenshots/; it is made."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def take(tour: Callable[[QApplication, Path], Awaitable[None]]) -> None:
    """Go on one tour alone, without a display."""
    folder = chosen_folder()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application, loop = qt_and_loop()
    with loop:
        loop.run_until_complete(tour(application, folder))


def qt_and_loop() -> tuple[QApplication, Any]:
    """Qt, and its loop (a `QEventLoop` of qasync), which is asyncio's from now on."""
    import qasync  # type: ignore[import-untyped]
    from PySide6.QtWidgets import QApplication

    application = QApplication(["bridgecall"])
    application.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    return application, loop


async def save_nothing(_settings: Settings) -> None:
    """For a window whose settings nobody keeps."""


@asynccontextmanager
async def window_without_network(application: QApplication) -> AsyncIterator[tuple[MainWindow, FakeEngine]]:
    """Ann's window in light colours, and what makes things happen in it."""
    from desktop_app.settings.schema import Settings
    from desktop_app.ui import theme
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    theme.apply_theme(application, "light")
    engine = FakeEngine()
    window = MainWindow(engine, Settings(display_name="Ann", appearance="light"), save_nothing)
    window.resize(*SIZE)
    window.start()
    yield window, engine
    await close(window)


async def close(window: MainWindow) -> None:
    """Close it as a person would, and wait until it has."""
    closed = asyncio.get_running_loop().create_future()
    window.closed.connect(lambda: closed.set_result(None))
    window.close()
    await closed
