"""On the way into a room: a password, the door, and what the server says when it lets nobody in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import CallState, CallStateChanged, Notice
from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.invite import Invite
from desktop_app.ui.people.password_dialog import PasswordDialog

from .calls import called, press

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import Saved

INVITE = Invite("192.0.2.9", 8443, "garden-party", key="k" * 22)


def dialogs(window: MainWindow) -> list[PasswordDialog]:
    return [each for each in window.findChildren(PasswordDialog) if each.isVisible()]


def test_a_password_is_asked_for_until_it_is_right(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, saved: Saved
) -> None:
    engine.fail("join", UserFacingError("This room has a password.", code="password-required"))
    window.join(INVITE)
    qtbot.waitUntil(lambda: bool(dialogs(window)))
    (dialog,) = dialogs(window)
    assert dialog.problem_label.text() == ""
    assert not dialog.ok_button.isEnabled()
    engine.fail("join", UserFacingError("That is not the password.", code="wrong-password"))
    dialog.field.edit.setText("guess")
    dialog.ok_button.click()
    qtbot.waitUntil(lambda: bool(dialogs(window)) and dialogs(window) != [dialog])
    (again,) = dialogs(window)
    assert again.problem_label.text() == "That is not the password."
    engine.fail("join", None)
    again.field.edit.setText("open sesame")
    again.ok_button.click()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert [args[2:] for args in called(engine, "join")] == [(), ("guess",), ("open sesame",)]
    assert "sesame" not in repr([each.redacted() for each in saved])
    assert all("sesame" not in str(each.last_target) for each in saved)


def test_who_does_not_know_the_password_is_in_the_lobby_again(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("join", UserFacingError("This room has a password.", code="password-required"))
    window.join(INVITE)
    qtbot.waitUntil(lambda: bool(dialogs(window)))
    dialogs(window)[0].reject()
    qtbot.waitUntil(lambda: not window.controller.busy)
    assert window.pages.currentWidget() is window.lobby
    assert window.controller.invite is None
    assert len(called(engine, "join")) == 1


@pytest.mark.parametrize("how", ["button", "escape"])
def test_the_door_can_be_left(qtbot: QtBot, window: MainWindow, engine: FakeEngine, how: str) -> None:
    engine.hold("join")
    window.join(INVITE)
    qtbot.waitUntil(lambda: "join" in engine.names())
    engine.emit(CallStateChanged(CallState.WAITING, "garden-party"))
    page = window.waiting_page
    assert window.pages.currentWidget() is page
    assert "garden-party" in page.text.text()
    assert "Waiting to be let in" in window.state_line.text
    if how == "button":
        page.cancel_button.click()
    else:
        press(page.cancel_button, "Esc")
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.lobby and not window.controller.busy)
    qtbot.waitUntil(lambda: engine.names()[-2:] == ["leave", "list_devices"])


def test_who_is_let_in_is_in_the_call(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.hold("join")
    window.join(INVITE)
    qtbot.waitUntil(lambda: "join" in engine.names())
    engine.emit(CallStateChanged(CallState.WAITING, "garden-party"))
    engine.release("join")
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.call_page)
    assert not window.controller.busy


@pytest.mark.expected_warnings("failed")
@pytest.mark.parametrize(
    "code", ["room-locked", "refused", "banned", "too-many-attempts", "wrong-link", "room-full"]
)
def test_a_refusal_is_said_in_the_lobby(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, code: str
) -> None:
    engine.hold("join")
    engine.fail("join", UserFacingError(f"The sentence about {code}.", code=code))
    window.join(INVITE)
    qtbot.waitUntil(lambda: "join" in engine.names())
    engine.emit(CallStateChanged(CallState.WAITING, "garden-party"))
    engine.release("join")
    engine.emit(CallStateChanged(CallState.IDLE, ""))
    qtbot.waitUntil(lambda: window.lobby.form.error == f"The sentence about {code}.")
    assert window.pages.currentWidget() is window.lobby
    assert dialogs(window) == []


def test_who_is_removed_reads_it_once(call: MainWindow, engine: FakeEngine) -> None:
    engine.emit(Notice("warning", "The host removed you from the call.", "kicked"))
    engine.emit(CallStateChanged(CallState.IDLE, "room", "The host removed you from the call."))
    assert call.pages.currentWidget() is call.lobby
    assert call.lobby.form.error == "The host removed you from the call."
    assert call.notices.text == ""
