"""Closing the window, its place, and the settings that outlive it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import CallState, CallStateChanged
from desktop_app.core.errors import UserFacingError
from desktop_app.settings.schema import Settings
from desktop_app.ui import theme
from desktop_app.ui.settings_dialog import SettingsDialog

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow, Saved


def test_closing_disappears_at_once_and_closes_the_engine(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    engine.hold("close")
    call.close()
    assert not call.isVisible()
    qtbot.waitUntil(lambda: "close" in engine.names())
    assert not call.is_closed
    with qtbot.waitSignal(call.closed):
        engine.release("close")
    assert engine.closed
    assert engine.listener_count == 0
    assert call.is_closed


def test_no_devices_are_looked_for_while_the_engine_closes(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    before = engine.names().count("list_devices")
    engine.hold("close")
    call.close()
    qtbot.waitUntil(lambda: "close" in engine.names())
    engine.emit(CallStateChanged(CallState.IDLE, ""))  # the real engine leaves before it closes
    with qtbot.waitSignal(call.closed):
        engine.release("close")
    assert engine.names().count("list_devices") == before


@pytest.mark.expected_warnings("took more than")
def test_an_engine_that_hangs_does_not_keep_the_window(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.ui.call_controller.CLOSE_LIMIT_S", 0.01)
    engine.hold("close")
    with qtbot.waitSignal(window.closed):
        window.close()
    engine.release("close")


@pytest.mark.expected_warnings("closing the engine failed")
def test_an_engine_that_fails_to_close_does_not_keep_the_window(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("close", RuntimeError("inner detail"))
    with qtbot.waitSignal(window.closed):
        window.close()


def test_closing_in_the_middle_of_joining(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.hold("host")
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: "host" in engine.names())
    with qtbot.waitSignal(window.closed):
        window.close()
    assert engine.closed
    engine.release("host")


def test_the_windows_place_is_kept(
    qtbot: QtBot, make_window: MakeWindow, saved: Saved, engine: FakeEngine
) -> None:
    first = make_window()
    first.resize(777, 555)
    with qtbot.waitSignal(first.closed):
        first.close()
    assert saved[-1].window_geometry
    second = make_window(saved[-1])
    assert (second.width(), second.height()) == (777, 555)


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"something else").decode(), "é"])
def test_a_damaged_place_is_ignored(make_window: MakeWindow, text: str) -> None:
    window = make_window(Settings(window_geometry=text))
    assert (window.width(), window.height()) == (1080, 700)


# Settings


def test_settings_apply_live_and_are_kept(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, saved: Saved
) -> None:
    call.actions_.settings.trigger()
    (dialog,) = call.findChildren(SettingsDialog)
    call.actions_.settings.trigger()
    assert call.findChildren(SettingsDialog) == [dialog], "there is only one"
    dialog.settings_changed.emit(call.controller.settings.replace(frame_rate=15, appearance="dark"))
    qtbot.waitUntil(lambda: engine.settings is not None and engine.settings.frame_rate == 15)
    qtbot.waitUntil(lambda: bool(saved) and saved[-1].frame_rate == 15)
    assert theme.current_palette().name == "dark"
    call.controller.change_settings(call.controller.settings.replace(appearance="light"))
    assert theme.current_palette().name == "light"
    assert dialog.settings.appearance == "light", "the dialog follows changes made elsewhere"
    dialog.close()


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_settings_that_cannot_be_applied_or_kept_are_told(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("apply_settings", UserFacingError("The camera cannot do that."))
    window.controller.change_settings(window.controller.settings.replace(frame_rate=60))
    qtbot.waitUntil(lambda: window.notices.text == "The camera cannot do that.")
