"""The lobby: preview, devices, and the way into a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    LocalMuteChanged,
    MicrophoneLevel,
)
from desktop_app.core.errors import UserFacingError
from desktop_app.media.devices import Device, Devices
from desktop_app.protocol.invite import Invite
from desktop_app.settings.schema import Settings
from desktop_app.ui.join_form import NAME_MISSING

from .pictures import BLUE, RED, color_at, is_close, two_halves

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLineEdit, QWidget
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow, Saved

LINK = "https://calls.example.org/r/team"


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def retype(edit: QLineEdit, text: str) -> None:
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClicks(edit, text)


def called(engine: FakeEngine, name: str) -> list[tuple[object, ...]]:
    return [call.args for call in engine.calls if call.name == name]


def test_the_engine_gets_the_settings_and_lists_the_devices(window: MainWindow, engine: FakeEngine) -> None:
    assert engine.names() == ["apply_settings", "list_devices"]
    assert called(engine, "apply_settings") == [(window.controller.settings,)]


def test_the_focus_is_where_the_person_goes_on(make_window: MakeWindow) -> None:
    new = make_window(Settings())
    assert new.focusWidget() is new.lobby.form.name_field.edit
    known = make_window(Settings(display_name="Ana"))
    assert known.focusWidget() is known.lobby.form.start_button
    invited = make_window(Settings(display_name="Ana"), initial_invite=Invite("192.0.2.7", 8443, "abcd"))
    assert invited.focusWidget() is invited.lobby.form.join_button


def test_start_a_call(qtbot: QtBot, window: MainWindow, engine: FakeEngine, saved: Saved) -> None:
    retype(window.lobby.form.name_field.edit, "Bea")
    click(window.lobby.form.start_button)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert called(engine, "host") == [("Bea",)]
    assert window.controller.invite == engine.room.invite
    assert saved[-1].display_name == "Bea"


@pytest.mark.parametrize(
    ("target", "server", "expected"),
    [
        (LINK, "", Invite("calls.example.org", 443, "team")),
        ("my room", "localhost:9000", Invite("localhost", 9000, "my room", secure=False)),
        ("room", "wss://calls.example.org", Invite("calls.example.org", 443, "room")),
    ],
)
def test_join_by_link_or_room_name(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, target: str, server: str, expected: Invite
) -> None:
    form = window.lobby.form
    if server:
        retype(form.server_field.edit, server)
    retype(form.target_field.edit, target)
    click(form.join_button)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert called(engine, "join") == [(expected, "Ana Silva")]
    assert window.controller.invite == expected


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_what_was_typed_is_there_the_next_time(
    qtbot: QtBot, make_window: MakeWindow, engine: FakeEngine, saved: Saved
) -> None:
    first = make_window(Settings())
    retype(first.lobby.form.name_field.edit, "Ana")
    retype(first.lobby.form.target_field.edit, "team")
    retype(first.lobby.form.server_field.edit, "localhost:9000")
    engine.fail("join", UserFacingError("The server does not answer."))
    click(first.lobby.form.join_button)
    qtbot.waitUntil(lambda: bool(first.lobby.form.error))
    second = make_window(saved[-1])
    form = second.lobby.form
    typed = (form.name_field.text, form.target_field.text, form.server_field.text)
    assert typed == ("Ana", "team", "localhost:9000")


@pytest.mark.parametrize("field", ["target_field", "server_field"])
def test_return_joins(qtbot: QtBot, window: MainWindow, engine: FakeEngine, field: str) -> None:
    form = window.lobby.form
    retype(form.server_field.edit, "localhost")
    retype(form.target_field.edit, "team")
    QTest.keyClick(getattr(form, field).edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "join" in engine.names())


def test_return_in_the_name_starts_a_call(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    QTest.keyClick(window.lobby.form.name_field.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "host" in engine.names())


def test_an_invitation_is_filled_in_and_return_accepts_it(
    qtbot: QtBot, make_window: MakeWindow, engine: FakeEngine
) -> None:
    invite = Invite("192.0.2.7", 8443, "abcd", True, "ab" * 32)
    window = make_window(Settings(display_name="Ana"), initial_invite=invite)
    assert window.lobby.form.target_field.text == invite.link()
    assert window.lobby.form.join_button.property("kind") == "primary"
    QTest.keyClick(window.lobby.form.name_field.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: called(engine, "join") == [(invite, "Ana")])


@pytest.mark.parametrize(
    ("target", "server", "field", "words"),
    [
        ("", "localhost", "target_field", "Type a link or a room name."),
        ("https://example.org/x", "", "target_field", "must end in /r/ROOM"),
        ("ftp://example.org/r/x", "", "target_field", "must begin with"),
        ("https://example.org/r/x#fp=12", "", "target_field", "fingerprint is damaged"),
        ("x" * 500, "localhost", "target_field", "at most 128 characters"),
        ("team", "", "server_field", "server's address"),
        ("team", "localhost:0", "server_field", "port"),
        ("team", "local host", "server_field", "spaces"),
    ],
)
def test_a_wrong_input_says_why_beside_its_field(
    window: MainWindow, engine: FakeEngine, target: str, server: str, field: str, words: str
) -> None:
    form = window.lobby.form
    form.server_field.edit.setText(server)
    form.target_field.edit.setText(target)
    click(form.join_button)
    assert words in getattr(form, field).problem
    assert [each.problem != "" for each in (form.name_field, form.target_field, form.server_field)].count(
        True
    ) == 1
    assert getattr(form, field).edit.hasFocus()
    assert "join" not in engine.names()
    QTest.keyClicks(getattr(form, field).edit, "a")
    assert getattr(form, field).problem == ""


def test_a_name_is_needed(window: MainWindow, engine: FakeEngine) -> None:
    form = window.lobby.form
    retype(form.name_field.edit, " ")
    for button in (form.start_button, form.join_button):
        click(button)
        assert form.name_field.problem == NAME_MISSING
    assert engine.names() == ["apply_settings", "list_devices"]


def test_a_link_names_its_server_itself(window: MainWindow) -> None:
    form = window.lobby.form
    assert form.server_field.isEnabled()
    retype(form.target_field.edit, LINK)
    assert not form.server_field.isEnabled()
    retype(form.target_field.edit, "team")
    assert form.server_field.isEnabled()


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_a_refusal_is_told_under_the_form(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    form = window.lobby.form
    engine.fail("join", UserFacingError("Somebody in this room has your name already."))
    retype(form.target_field.edit, LINK)
    click(form.join_button)
    qtbot.waitUntil(lambda: form.error == "Somebody in this room has your name already.")
    assert window.pages.currentWidget() is window.lobby
    assert not form.busy
    assert form.join_button.isEnabled()
    assert window.controller.invite is None
    engine.fail("join", None)
    click(form.join_button)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert form.error == ""


def test_while_joining_everything_waits_and_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    form = window.lobby.form
    engine.hold("join")
    retype(form.target_field.edit, LINK)
    click(form.join_button)
    qtbot.waitUntil(lambda: "join" in engine.names())
    assert form.busy
    assert not form.join_button.isEnabled()
    assert not form.start_button.isEnabled()
    assert not form.target_field.isEnabled()
    assert form.cancel_button.hasFocus()
    click(form.cancel_button)
    qtbot.waitUntil(lambda: not form.busy)
    assert engine.names()[-1] == "leave"
    assert form.join_button.isEnabled()
    assert form.error == ""
    assert window.controller.invite is None
    engine.release("join")


def test_escape_cancels(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.hold("host")
    click(window.lobby.form.start_button)
    qtbot.waitUntil(lambda: "host" in engine.names())
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.lobby.form.busy)
    assert engine.names()[-1] == "leave"
    engine.release("host")


def test_our_picture_is_mirrored_as_the_settings_say(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.local_video.put(two_halves(RED, BLUE))
    preview = window.lobby.preview
    qtbot.waitUntil(lambda: preview.showing_picture)
    assert is_close(color_at(preview, 0.25, 0.5), BLUE)
    assert is_close(color_at(preview, 0.75, 0.5), RED)
    window.controller.change_settings(window.controller.settings.replace(mirror_self_view=False))
    assert is_close(color_at(preview, 0.25, 0.5), RED)


@pytest.mark.parametrize(
    ("status", "muted", "words"),
    [
        (DeviceStatus("camera", DeviceState.OPENING), False, "Opening the camera…"),
        (DeviceStatus("camera", DeviceState.FAILED, "The camera is busy."), False, "The camera is busy."),
        (DeviceStatus("camera", DeviceState.FAILED), False, "The camera does not work."),
        (DeviceStatus("camera", DeviceState.OFF), False, "No camera is chosen."),
        (DeviceStatus("camera", DeviceState.LIVE), True, "Your camera is off."),
        (DeviceStatus("camera", DeviceState.LIVE), False, ""),
    ],
)
def test_the_preview_says_what_the_camera_does(
    window: MainWindow, engine: FakeEngine, status: DeviceStatus, muted: bool, words: str
) -> None:
    engine.emit(status)
    engine.emit(LocalMuteChanged("video", muted))
    assert window.lobby.preview.status == words
    assert not window.notices.isVisible(), "the lobby says it where the device is"


def test_a_failed_microphone_is_told_beside_it(window: MainWindow, engine: FakeEngine) -> None:
    engine.emit(DeviceStatus("microphone", DeviceState.FAILED, "The microphone was unplugged."))
    assert "The microphone was unplugged." in window.lobby.problem_texts()
    engine.emit(DeviceStatus("microphone", DeviceState.LIVE))
    assert window.lobby.problem_texts() == []


def test_the_level_moves_with_the_voice(window: MainWindow, engine: FakeEngine) -> None:
    engine.emit(MicrophoneLevel(0.5))
    assert window.lobby.meter.share > 0.8
    engine.emit(LocalMuteChanged("audio", True))
    engine.emit(MicrophoneLevel(0.0))
    assert window.lobby.meter.share < 0.8


def test_choosing_a_device_uses_and_keeps_it(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, saved: Saved
) -> None:
    choice = window.lobby.choices["camera"]
    qtbot.waitUntil(lambda: choice.count() == 4)
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    QTest.keyClick(choice, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: engine.settings is not None and engine.settings.camera == "USB Camera")
    qtbot.waitUntil(lambda: bool(saved) and saved[-1].camera == "USB Camera")


def test_devices_are_looked_for_again(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.devices = Devices(cameras=(Device("7", "New Camera"),))
    click(window.lobby.refresh_button)
    qtbot.waitUntil(lambda: window.lobby.choices["camera"].findText("New Camera") >= 0)


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_devices_that_cannot_be_listed_are_a_notice(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("list_devices", UserFacingError("The sound server does not answer."))
    click(window.lobby.refresh_button)
    qtbot.waitUntil(lambda: window.notices.text == "The sound server does not answer.")
    engine.fail("list_devices", None)
    click(window.lobby.refresh_button)
    qtbot.waitUntil(lambda: engine.names().count("list_devices") == 3)


def test_a_reason_for_the_end_of_a_call_is_told(window: MainWindow, engine: FakeEngine) -> None:
    engine.emit(CallStateChanged(CallState.IN_CALL, "room"))
    engine.emit(CallStateChanged(CallState.IDLE, "room", "The host ended the call."))
    assert window.pages.currentWidget() is window.lobby
    assert window.lobby.form.error == "The host ended the call."


def test_every_control_has_an_accessible_name_and_takes_the_focus(window: MainWindow) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    controls = [
        each
        for kind in (QAbstractButton, QComboBox, QLineEdit)
        for each in window.lobby.findChildren(kind)
        if each.isVisible() and each.isEnabled()
    ]
    assert len(controls) >= 9
    for each in controls:
        text = each.text() if isinstance(each, QAbstractButton) else ""
        assert each.accessibleName() or text, each
        assert each.focusPolicy() & Qt.FocusPolicy.TabFocus, each


def test_a_narrow_window_puts_the_form_first(window: MainWindow) -> None:
    lobby = window.lobby
    form_top = lobby.form.mapTo(window, lobby.form.rect().topLeft()).y()
    preview_top = lobby.preview.mapTo(window, lobby.preview.rect().topLeft()).y()
    assert abs(form_top - preview_top) < 200
    window.resize(460, 700)
    QTest.qWait(0)
    form_top = lobby.form.mapTo(window, lobby.form.rect().topLeft()).y()
    preview_top = lobby.preview.mapTo(window, lobby.preview.rect().topLeft()).y()
    assert form_top < preview_top
