"""Every action of menu, toolbar and keyboard does something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

from desktop_app.call.events import ParticipantJoined
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.ui.invite_dialog import InviteDialog
from desktop_app.ui.screens.picker import ScreenPicker
from desktop_app.ui.settings_dialog import SettingsDialog

from .calls import called, emit, press

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[QUrl]:
    """What would be opened in another program."""
    urls: list[QUrl] = []

    def open_url(url: QUrl) -> bool:
        urls.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return urls


def test_every_action_does_something(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, opened: list[QUrl]
) -> None:
    """An action that is not in this table, or does nothing, fails the test."""
    actions, grid = call.actions_, call.call_page.grid
    emit(engine, *(ParticipantJoined(ParticipantInfo(f"u{number}", "Ben")) for number in range(13)))
    assert grid.shown_layout == "speaker", "there are too many for one page"
    clipboard = QGuiApplication.clipboard()

    def box_is_open() -> bool:
        return any(box.isVisible() for box in call.findChildren(QMessageBox))

    effects: dict[QAction, Callable[[], bool]] = {
        actions.microphone: lambda: ("audio", True) in called(engine, "set_muted"),
        actions.camera: lambda: ("video", True) in called(engine, "set_muted"),
        actions.layout: lambda: call.controller.settings.call_layout == grid.shown_layout == "grid",
        actions.automatic_layout: lambda: call.controller.settings.call_layout == "automatic",
        actions.next_page: lambda: grid.page.number == 1,
        actions.previous_page: lambda: grid.page.number == 0,
        actions.people: lambda: call.call_page.people.isVisible(),
        actions.chat: lambda: call.call_page.chat.isVisible(),
        actions.share_screen: lambda: any(each.isVisible() for each in call.findChildren(ScreenPicker)),
        actions.send_files: lambda: any(each.isVisible() for each in call.findChildren(QFileDialog)),
        actions.react: lambda: call.signs.popup.isVisible(),
        actions.hand: lambda: (True,) in called(engine, "raise_hand"),
        actions.whiteboard: lambda: call.call_page.board.isVisible(),
        actions.pointer: lambda: call.board.tile_pointers.overlay("") is not None,
        actions.statistics: lambda: call.call_page.stats.graphs is not None,
        actions.settings: lambda: any(each.isVisible() for each in call.findChildren(SettingsDialog)),
        actions.invite: lambda: any(each.isVisible() for each in call.findChildren(InviteDialog)),
        actions.copy_link: lambda: clipboard.text() == engine.room.invite.link(),
        actions.full_screen: call.isFullScreen,
        actions.diagnostics: lambda: clipboard.text() == engine.diagnostics_text,
        actions.open_log: lambda: [url.toLocalFile().rpartition("/")[2] for url in opened] == ["state"],
        actions.about: box_is_open,
        actions.leave: lambda: call.pages.currentWidget() is call.lobby,
        actions.quit: lambda: call.is_closed,
    }
    assert set(effects) == set(actions.all())
    in_menus = {action for menu in call.menuBar().findChildren(QMenu) for action in menu.actions()}
    assert set(effects) <= in_menus, "each is in a menu, where it can be found"
    for action, effect in effects.items():
        assert action.isEnabled(), action.text()
        assert not effect(), f"{action.text()} has its effect before it is triggered"
        action.trigger()
        qtbot.waitUntil(effect, timeout=30_000)


def test_every_button_of_the_toolbar_has_words_icon_and_tip(call: MainWindow) -> None:
    buttons = call.call_page.toolbar.buttons
    assert [button.accessibleName() for button in buttons] == [
        "Mute microphone",
        "Turn camera off",
        "Show your screen…",
        "People",
        "Chat and files",
        "Whiteboard",
        "React…",
        "Raise your hand",
        "Speaker layout",
        "Invite others…",
        "Point at pictures",
        "Statistics",
        "Settings…",
        "Leave the call",
    ]
    for button in buttons:
        assert not button.icon().isNull()
        assert "(Ctrl+" in button.toolTip(), "the tooltip names the shortcut"
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("Ctrl+D", "microphone"),
        ("Ctrl+E", "camera"),
        ("Ctrl+T", "chat"),
        ("Ctrl+Shift+X", "share_screen"),
        ("Ctrl+Shift+F", "send_files"),
        ("Ctrl+Shift+R", "react"),
        ("Ctrl+Shift+H", "hand"),
        ("Ctrl+B", "whiteboard"),
        ("Ctrl+Shift+P", "pointer"),
        ("Ctrl+Shift+S", "statistics"),
        ("Ctrl+P", "people"),
        ("Ctrl+G", "layout"),
        ("Ctrl+PgDown", "next_page"),
        ("Ctrl+,", "settings"),
        ("Ctrl+I", "invite"),
        ("Ctrl+Shift+C", "copy_link"),
        ("Ctrl+Shift+L", "leave"),
        ("F11", "full_screen"),
    ],
)
def test_shortcuts(qtbot: QtBot, call: MainWindow, engine: FakeEngine, keys: str, name: str) -> None:
    emit(engine, *(ParticipantJoined(ParticipantInfo(f"u{number}", "Ben")) for number in range(13)))
    action: QAction = getattr(call.actions_, name)
    triggered: list[bool] = []
    action.triggered.connect(lambda: triggered.append(True))
    qtbot.waitUntil(call.isActiveWindow)
    press(call, keys)
    qtbot.waitUntil(lambda: triggered == [True])


def test_shortcuts_work_in_full_screen_too(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    call.actions_.full_screen.trigger()
    qtbot.waitUntil(call.isFullScreen)
    press(call, "Ctrl+D")
    qtbot.waitUntil(lambda: called(engine, "set_muted") == [("audio", True)])
    press(call, "F11")
    qtbot.waitUntil(lambda: not call.isFullScreen())
    assert not call.actions_.full_screen.isChecked()


def test_no_two_actions_share_a_shortcut(window: MainWindow) -> None:
    keys = [
        action.shortcut().toString() for action in window.actions_.all() if not action.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys)) >= 9


def test_what_makes_no_sense_in_the_lobby_is_disabled_there(window: MainWindow) -> None:
    disabled = {action for action in window.actions_.all() if not action.isEnabled()}
    actions = window.actions_
    assert disabled == {
        actions.share_screen,
        actions.chat,
        actions.send_files,
        actions.react,
        actions.hand,
        actions.whiteboard,
        actions.pointer,
        actions.layout,
        actions.automatic_layout,
        actions.previous_page,
        actions.next_page,
        actions.statistics,
        actions.people,
        actions.invite,
        actions.copy_link,
        actions.leave,
    }


def test_the_statistics_open_and_close(qtbot: QtBot, call: MainWindow) -> None:
    stats = call.call_page.stats
    call.actions_.statistics.trigger()
    qtbot.waitUntil(lambda: stats.graphs is not None, timeout=30_000)
    assert stats.isVisible()
    assert call.actions_.statistics.toolTip().startswith("Hide")
    stats.close_button.click()
    assert not stats.isVisible()
    assert not call.actions_.statistics.isChecked()


def test_a_log_folder_that_nothing_can_open_is_named(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    window.actions_.open_log.trigger()
    assert window.notices.text.endswith("state.")


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_diagnostics_that_fail_are_told(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.fail("diagnostics", RuntimeError("inner detail"))
    window.actions_.diagnostics.trigger()
    qtbot.waitUntil(lambda: "Something went wrong" in window.notices.text)
    assert "inner detail" not in window.notices.text


def test_the_title_names_the_room(call: MainWindow) -> None:
    assert call.windowTitle() == "abcd-efgh-jkmn — Bridgecall"


def test_a_link_is_copied_while_waiting(call: MainWindow, engine: FakeEngine) -> None:
    QGuiApplication.clipboard().clear()
    QTest.mouseClick(call.call_page.grid.waiting.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == engine.room.invite.link()
    assert call.notices.text == "The invite link is on the clipboard."
