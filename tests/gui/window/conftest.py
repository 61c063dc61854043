"""A pool for single tiles, and the whole window with an engine in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from desktop_app.call.events import DeviceState, DeviceStatus
from desktop_app.settings.schema import Settings
from desktop_app.ui.frame_converter import ConversionPool
from desktop_app.ui.main_window import MainWindow
from desktop_app.ui.theme import apply_theme

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from desktop_app.protocol.invite import Invite
    from tests.gui.fake_engine import FakeEngine


@pytest.fixture
def pool(qtbot: QtBot) -> Iterator[ConversionPool]:
    """Worker threads for tiles."""
    made = ConversionPool()
    yield made
    made.close()


class Saved(list[Settings]):
    """Every settings that the window asked to keep."""

    async def save(self, settings: Settings) -> None:
        """Keep them in this list."""
        self.append(settings)


@pytest.fixture
def saved() -> Saved:
    """What was kept so far."""
    return Saved()


class MakeWindow(Protocol):
    """The `make_window` fixture."""

    def __call__(
        self,
        settings: Settings | None = None,
        *,
        initial_invite: Invite | None = None,
        notice: str | None = None,
    ) -> MainWindow:
        """A started window; it is closed when the test is over."""


@pytest.fixture
def make_window(
    qtbot: QtBot, qapp: QApplication, qt_loop: asyncio.AbstractEventLoop, engine: FakeEngine, saved: Saved
) -> Iterator[MakeWindow]:
    """Makes windows on the test's engine."""
    windows: list[MainWindow] = []
    apply_theme(qapp, "light")

    def make(
        settings: Settings | None = None,
        *,
        initial_invite: Invite | None = None,
        notice: str | None = None,
    ) -> MainWindow:
        window = MainWindow(
            engine,
            settings or Settings(display_name="Ana Silva", appearance="light"),
            saved.save,
            initial_invite,
            notice,
        )
        windows.append(window)
        window.start()
        qtbot.waitUntil(lambda: "list_devices" in engine.names())
        return window

    yield make
    for window in windows:
        if not window.is_closed:
            with qtbot.waitSignal(window.closed):
                window.close()
        window.deleteLater()


@pytest.fixture
def window(make_window: MakeWindow) -> MainWindow:
    """A window in the lobby."""
    return make_window()


@pytest.fixture
def call(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> MainWindow:
    """A window that hosts a call, with working devices."""
    for status in (
        DeviceStatus("camera", DeviceState.LIVE),
        DeviceStatus("microphone", DeviceState.LIVE),
        DeviceStatus("speaker", DeviceState.LIVE),
    ):
        engine.emit(status)
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: window.controller.invite is not None and not window.controller.busy)
    assert window.pages.currentWidget() is window.call_page
    return window
