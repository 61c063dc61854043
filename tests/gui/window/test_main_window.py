"""The whole window with an engine in memory: a call from beginning to end, and every action."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QMessageBox, QToolButton, QWidget

from desktop_app.call.events import (
    CallEvent,
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    LocalMuteChanged,
    Notice,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    StatsUpdated,
)
from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.state import PeerState
from desktop_app.settings.schema import Settings
from desktop_app.stats.model import CallStats, InboundAudioStats, PeerStats
from desktop_app.ui import theme
from desktop_app.ui.invite_dialog import InviteDialog
from desktop_app.ui.settings_dialog import SettingsDialog

from .pictures import BLUE, GREEN, RED, color_at, is_close, plain_frame, two_halves

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow, Saved

ANNA = ParticipantInfo("a", "Anna")
BEN = ParticipantInfo("b", "Ben", audio_muted=True)
TOGGLES = [("microphone", "audio"), ("camera", "video")]


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


def emit(engine: FakeEngine, *events: CallEvent) -> None:
    for event in events:
        engine.emit(event)


def press(widget: QWidget, keys: str) -> None:
    QTest.keySequence(widget, keys)


def called(engine: FakeEngine, name: str) -> list[tuple[object, ...]]:
    return [each.args for each in engine.calls if each.name == name]


# People


def test_people_get_tiles_with_their_pictures(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    emit(engine, PeerStateChanged("a", PeerState.CONNECTED), PeerStateChanged("b", PeerState.CONNECTED))
    engine.remote_video("a").put(plain_frame(RED))
    engine.remote_video("b").put(plain_frame(BLUE))
    tiles = call.call_page.grid.tiles
    qtbot.waitUntil(lambda: all(tile.showing_picture for tile in tiles.values()))
    assert is_close(color_at(tiles["a"], 0.5, 0.5), RED)
    assert is_close(color_at(tiles["b"], 0.5, 0.5), BLUE)
    assert "3 people" in call.state_line.text
    emit(engine, ParticipantGone("a"))
    assert list(call.call_page.grid.tiles) == ["b"]
    assert "2 people" in call.state_line.text


def test_names_mutes_and_connection_states_are_on_the_tiles(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(BEN))
    tile = call.call_page.grid.tiles["b"]
    assert tile.accessibleName() == "Ben, microphone muted, Connecting…"
    emit(engine, PeerStateChanged("b", PeerState.CONNECTED))
    assert tile.status == ""
    emit(engine, ParticipantChanged(ParticipantInfo("b", "Benno", video_muted=True)))
    assert tile.accessibleName() == "Benno, camera off"
    emit(engine, PeerStateChanged("b", PeerState.RECONNECTING))
    assert tile.status == "Reconnecting…"
    assert "Reconnecting to Benno" in call.state_line.text
    emit(engine, PeerStateChanged("b", PeerState.FAILED, "No way to Benno was found."))
    assert tile.status == "No way to Benno was found."


def test_our_own_picture_is_mirrored_and_theirs_is_not(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, ParticipantJoined(ANNA), PeerStateChanged("a", PeerState.CONNECTED))
    engine.local_video.put(two_halves(RED, BLUE))
    engine.remote_video("a").put(two_halves(RED, GREEN))
    own, theirs = call.call_page.grid.own, call.call_page.grid.tiles["a"]
    qtbot.waitUntil(lambda: own.showing_picture and theirs.showing_picture)
    assert is_close(color_at(own, 0.25, 0.3), BLUE)
    assert is_close(color_at(own, 0.75, 0.3), RED)
    assert is_close(color_at(theirs, 0.25, 0.3), RED)


def test_our_tile_says_that_it_is_ours(call: MainWindow) -> None:
    assert call.call_page.grid.own.name == "Ana Silva (you)"


def test_who_is_heard_gets_a_ring(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), PeerStateChanged("a", PeerState.CONNECTED))
    tile = call.call_page.grid.tiles["a"]
    quiet = tile.grab().toImage()
    for level, heard in ((0.3, True), (0.0, False)):
        peer = PeerStats("a", "connected", inbound_audio=InboundAudioStats(audio_level=level))
        emit(engine, StatsUpdated(CallStats(1.0, {"a": peer})))
        assert (tile.grab().toImage() != quiet) == heard


def test_a_page_behind_converts_nothing(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.local_video.put(plain_frame(RED))
    qtbot.waitUntil(lambda: window.lobby.preview.showing_picture)
    assert window.conversions == 1
    assert not window.call_page.grid.own.receiving
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: window.call_page.grid.own.showing_picture)
    assert not window.lobby.preview.receiving


# Microphone and camera


@pytest.mark.parametrize(("name", "kind"), TOGGLES)
def test_a_switch_asks_the_engine_and_shows_its_answer(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, name: str, kind: str
) -> None:
    action: QAction = getattr(call.actions_, name)
    on_text, on_icon = action.text(), action.icon().cacheKey()
    action.trigger()
    assert action.text() == on_text, "it shows what is, not what was asked for"
    qtbot.waitUntil(lambda: called(engine, "set_muted") == [(kind, True)])
    qtbot.waitUntil(lambda: action.text() != on_text)
    assert action.icon().cacheKey() != on_icon
    buttons = [each for each in call.findChildren(QToolButton) if each.defaultAction() is action]
    assert len(buttons) == 2, "one in the lobby, one in the call"
    assert {button.property("kind") for button in buttons} == {"off"}
    own = call.call_page.grid.own.accessibleName()
    assert ("microphone muted" in own) == (kind == "audio")
    assert ("camera off" in own) == (kind == "video")
    action.trigger()
    qtbot.waitUntil(lambda: action.text() == on_text)
    assert called(engine, "set_muted") == [(kind, True), (kind, False)]
    assert {button.property("kind") for button in buttons} == {"toolbar"}


def test_quick_presses_count_each(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    for _ in range(3):
        call.actions_.microphone.trigger()
    qtbot.waitUntil(lambda: len(called(engine, "set_muted")) == 3)
    assert [muted for _, muted in called(engine, "set_muted")] == [True, False, True]


def test_a_mute_from_elsewhere_is_shown(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, LocalMuteChanged("audio", True))
    assert "Microphone muted" in call.state_line.text
    assert call.actions_.microphone.toolTip().startswith("The microphone is muted")


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_a_switch_that_fails_is_told(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    engine.fail("set_muted", UserFacingError("The camera could not be opened."))
    call.actions_.camera.trigger()
    qtbot.waitUntil(lambda: call.notices.text == "The camera could not be opened.")
    engine.fail("set_muted", None)
    call.actions_.camera.trigger()
    qtbot.waitUntil(lambda: called(engine, "set_muted")[1:] == [("video", True)])


# The end of a call


def test_leaving_returns_to_the_lobby(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA))
    call.open_invite()
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)
    assert called(engine, "leave") == [()]
    assert call.call_page.grid.tiles == {}
    assert call.controller.invite is None
    assert call.windowTitle() == "Bridgecall"
    assert not any(dialog.isVisible() for dialog in call.findChildren(InviteDialog))
    engine.local_video.put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: call.lobby.preview.showing_picture)


def test_leaving_twice_asks_once(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    call.actions_.leave.trigger()
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)
    assert called(engine, "leave") == [()]


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_leaving_that_fails_is_told_and_can_be_tried_again(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("leave", RuntimeError("inner detail"))
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: "Something went wrong" in call.notices.text)
    engine.fail("leave", None)
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)


def test_a_lost_server_is_told_until_it_is_back(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, CallStateChanged(CallState.SERVER_LOST, "room", "The server does not answer."))
    assert call.notices.text == "The server does not answer."
    assert "Server lost" in call.state_line.text
    assert call.pages.currentWidget() is call.call_page
    emit(engine, CallStateChanged(CallState.IN_CALL, "room"))
    assert call.notices.text == ""


def test_a_device_that_fails_in_a_call_is_told_until_it_is_back(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, DeviceStatus("camera", DeviceState.FAILED, "The camera was unplugged."))
    assert call.notices.text == "The camera was unplugged."
    assert call.call_page.grid.own.status == "The camera was unplugged."
    assert "Camera not working" in call.state_line.text
    emit(engine, DeviceStatus("camera", DeviceState.LIVE))
    assert call.notices.text == ""


def test_a_device_that_failed_before_the_call_is_told_in_it(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, DeviceStatus("microphone", DeviceState.FAILED, "There is no microphone."))
    assert window.notices.text == ""
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: window.notices.text == "There is no microphone.")
    window.actions_.leave.trigger()
    qtbot.waitUntil(lambda: window.notices.text == "")


def test_notices_of_the_engine_are_shown(window: MainWindow, engine: FakeEngine) -> None:
    emit(engine, Notice("warning", "Your connection is weak.", "weak"))
    assert window.notices.isVisible()
    assert window.notices.text == "Your connection is weak."


def test_a_broken_settings_file_is_told(make_window: MakeWindow) -> None:
    window = make_window(notice="The settings could not be read, so the defaults are used.")
    assert window.notices.text.startswith("The settings could not be read")


# Closing


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


# Every action


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
    actions = call.actions_
    clipboard = QGuiApplication.clipboard()

    def box_is_open() -> bool:
        return any(box.isVisible() for box in call.findChildren(QMessageBox))

    effects: dict[QAction, Callable[[], bool]] = {
        actions.microphone: lambda: ("audio", True) in called(engine, "set_muted"),
        actions.camera: lambda: ("video", True) in called(engine, "set_muted"),
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
        "Statistics",
        "Invite others…",
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
        ("Ctrl+Shift+S", "statistics"),
        ("Ctrl+,", "settings"),
        ("Ctrl+I", "invite"),
        ("Ctrl+Shift+C", "copy_link"),
        ("Ctrl+Shift+L", "leave"),
        ("F11", "full_screen"),
    ],
)
def test_shortcuts(qtbot: QtBot, call: MainWindow, keys: str, name: str) -> None:
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
    assert disabled == {actions.statistics, actions.invite, actions.copy_link, actions.leave}


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
