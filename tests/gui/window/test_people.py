"""The panel of people: who is there, who waits, what the host decides, and the safety codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    Knocked,
    KnockGone,
    LocalMuteChanged,
    MuteRequested,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    RoomChanged,
    SafetyCodeChanged,
)
from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.protocol.rights import RoomRules
from desktop_app.rtc.state import PeerState
from desktop_app.ui.people.password_dialog import PasswordDialog
from desktop_app.ui.people.safety_dialog import SafetyDialog

from .calls import ANNA, BEN, called, emit

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from desktop_app.ui.people.panel import PeoplePanel
    from tests.gui.fake_engine import FakeEngine

WORDS = ("amber", "boat", "cedar", "drum")


@pytest.fixture
def hosting(call: MainWindow, engine: FakeEngine) -> MainWindow:
    """We are the host of Anna and Ben, and the panel is open."""
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    engine.rules = RoomRules(host=engine.user_id)
    emit(engine, RoomChanged(engine.rules))
    call.actions_.people.trigger()
    return call


def panel_of(window: MainWindow) -> PeoplePanel:
    return window.call_page.people


def menu_texts(window: MainWindow, user_id: str) -> list[str]:
    menu = panel_of(window).rows[user_id].menu()
    texts = [action.text().replace("&", "") for action in menu.actions() if action.text()]
    menu.close()
    menu.deleteLater()
    return texts


def test_everybody_is_in_the_list_with_what_is_known_of_them(hosting: MainWindow, engine: FakeEngine) -> None:
    panel = panel_of(hosting)
    assert panel.isVisible()
    assert panel.title.text() == "People (3)"
    assert panel.own_row.accessibleName() == "Ana Silva (you), host"
    assert panel.rows["b"].accessibleName() == "Ben, microphone muted, connection not known yet"
    emit(engine, ParticipantGone("a"))
    assert list(panel.rows) == ["b"]
    emit(engine, PeerStateChanged("b", PeerState.RECONNECTING))
    assert panel.rows["b"].accessibleName().endswith("connection lost")


def test_only_the_host_is_offered_what_only_the_host_may_do(hosting: MainWindow, engine: FakeEngine) -> None:
    assert menu_texts(hosting, "a") == [
        "Safety code…",
        "Ask to mute",
        "Ask to turn the camera off",
        "Make host",
        "Remove…",
        "Remove and ban…",
    ]
    assert panel_of(hosting).doors.lock_switch.isVisible()
    emit(engine, RoomChanged(RoomRules(host="a", locked=True, password=True)))
    assert menu_texts(hosting, "b") == ["Safety code…"]
    doors = panel_of(hosting).doors
    assert not doors.lock_switch.isVisible()
    assert doors.sentence_label.text() == "The room is locked, and there is a password."
    assert panel_of(hosting).rows["a"].host_mark.isVisible()


def test_the_host_asks_to_mute_and_hands_over(qtbot: QtBot, hosting: MainWindow, engine: FakeEngine) -> None:
    row = panel_of(hosting).rows["a"]
    for what in ("ask-audio", "ask-video", "give-host"):
        row.chosen.emit(what)
    qtbot.waitUntil(lambda: called(engine, "give_host") == [("a",)])
    assert called(engine, "ask_mute") == [("a", "audio"), ("a", "video")]
    qtbot.waitUntil(lambda: row.host_mark.isVisible())
    assert not panel_of(hosting).doors.lock_switch.isVisible(), "we decide nothing any more"


@pytest.mark.parametrize("ban", [False, True])
def test_nobody_is_removed_without_a_question(
    qtbot: QtBot, hosting: MainWindow, engine: FakeEngine, ban: bool
) -> None:
    row = panel_of(hosting).rows["b"]

    def answer(button: str) -> None:
        row.chosen.emit("ban" if ban else "kick")
        (box,) = [each for each in hosting.findChildren(QMessageBox) if each.isVisible()]
        assert "Ben" in box.text()
        next(each for each in box.buttons() if each.text().replace("&", "") == button).click()

    answer("Cancel")
    assert called(engine, "kick") == []
    answer("Remove and ban" if ban else "Remove")
    qtbot.waitUntil(lambda: called(engine, "kick") == [("b", ban)])
    qtbot.waitUntil(lambda: "b" not in panel_of(hosting).rows)


def test_the_doors_are_switched(qtbot: QtBot, hosting: MainWindow, engine: FakeEngine) -> None:
    doors = panel_of(hosting).doors
    doors.lock_switch.click()
    qtbot.waitUntil(lambda: called(engine, "change_room") == [(True, None, None)])
    doors.lobby_switch.click()
    qtbot.waitUntil(lambda: called(engine, "change_room")[-1] == (None, True, None))
    assert doors.password_label.text() == "No password"
    doors.password_button.click()
    (dialog,) = hosting.findChildren(PasswordDialog)
    dialog.field.edit.setText("open sesame")
    dialog.ok_button.click()
    qtbot.waitUntil(lambda: called(engine, "change_room")[-1] == (None, None, "open sesame"))
    qtbot.waitUntil(lambda: doors.password_label.text() == "Password is set")
    doors.remove_button.click()
    qtbot.waitUntil(lambda: called(engine, "change_room")[-1] == (None, None, ""))
    qtbot.waitUntil(lambda: not doors.remove_button.isVisible())


@pytest.mark.expected_warnings("failed")
def test_a_switch_that_the_server_refuses_goes_back(
    qtbot: QtBot, hosting: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("change_room", UserFacingError("Only the host may do that.", code="not-host"))
    switch = panel_of(hosting).doors.lock_switch
    switch.click()
    qtbot.waitUntil(lambda: hosting.notices.text == "Only the host may do that.")
    assert not switch.isChecked()


def test_who_waits_is_told_with_a_sound_and_let_in_from_the_bar(
    qtbot: QtBot, hosting: MainWindow, engine: FakeEngine
) -> None:
    hosting.actions_.people.trigger()
    emit(engine, Knocked("c", "Carla"))
    assert hosting.notices.text == "Carla waits to be let in."
    assert called(engine, "play_chime") == [("knock",)]
    assert [each.text() for each in hosting.notices.buttons] == ["Refuse", "Admit"]
    hosting.notices.buttons[1].click()
    qtbot.waitUntil(lambda: called(engine, "admit") == [("c", True)])
    qtbot.waitUntil(lambda: hosting.notices.text == "")
    emit(engine, Knocked("d", ""))
    hosting.notices.buttons[0].click()
    qtbot.waitUntil(lambda: called(engine, "admit")[-1] == ("d", False))


def test_several_wait_and_all_are_let_in(qtbot: QtBot, hosting: MainWindow, engine: FakeEngine) -> None:
    hosting.actions_.people.trigger()
    emit(engine, *(Knocked(f"w{number}", f"Guest {number}") for number in range(3)))
    assert hosting.notices.text == "Guest 0 and 2 others wait to be let in."
    assert [each.text() for each in hosting.notices.buttons] == ["Show", "Admit all"]
    hosting.notices.buttons[0].click()
    assert hosting.notices.text == ""
    waiting = panel_of(hosting).waiting
    assert list(waiting.rows) == ["w0", "w1", "w2"]
    button = hosting.call_page.toolbar.button(hosting.actions_.people)
    assert button.accessibleName() == "People, 3 waiting"
    waiting.rows["w1"].refuse_button.click()
    qtbot.waitUntil(lambda: called(engine, "admit") == [("w1", False)])
    qtbot.waitUntil(lambda: list(waiting.rows) == ["w0", "w2"])
    emit(engine, KnockGone("w0"))
    hosting.actions_.people.trigger()
    assert hosting.notices.text == "Guest 2 waits to be let in."
    hosting.actions_.people.trigger()
    emit(engine, Knocked("w3", "Guest 3"))
    waiting.all_button.click()
    qtbot.waitUntil(lambda: called(engine, "admit")[-2:] == [("w2", True), ("w3", True)])
    qtbot.waitUntil(lambda: not waiting.isVisible())
    assert hosting.notices.text == ""


def test_the_bar_says_nothing_of_who_waits_while_the_panel_shows_them(
    hosting: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, Knocked("c", "Carla"))
    people = hosting.actions_.people
    people.setChecked(True)
    assert hosting.notices.text == ""
    assert panel_of(hosting).waiting.rows["c"].isVisible()
    emit(engine, Knocked("d", "Dora"))
    assert hosting.notices.text == ""
    assert called(engine, "play_chime") == [("knock",), ("knock",)]
    people.setChecked(False)
    assert hosting.notices.text == "Carla and Dora wait to be let in."


def test_who_is_no_longer_host_is_asked_no_more(hosting: MainWindow, engine: FakeEngine) -> None:
    emit(engine, Knocked("c", "Carla"), RoomChanged(RoomRules(host="a")))
    assert hosting.notices.text == ""
    assert not panel_of(hosting).waiting.isVisible()
    emit(engine, RoomChanged(RoomRules(host=engine.user_id)))
    assert hosting.notices.text == "You are the host of the room now."


def test_a_request_to_mute_says_who_asked(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), RoomChanged(RoomRules(host="a")))
    emit(engine, LocalMuteChanged("audio", True), MuteRequested("audio"))
    assert call.notices.text == "Anna, the host, switched your microphone off."


def test_the_code_is_shown_compared_and_copied(hosting: MainWindow, engine: FakeEngine) -> None:
    emit(engine, SafetyCodeChanged("a", WORDS))
    row = panel_of(hosting).rows["a"]
    assert row.code_button.text() == "amber boat cedar drum"
    row.code_button.click()
    (dialog,) = hosting.findChildren(SafetyDialog)
    assert [label.text() for label in dialog.word_labels] == list(WORDS)
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "amber boat cedar drum"
    assert row.code_button.accessibleName().endswith("not compared yet")
    dialog.match_button.click()
    assert row.code_button.accessibleName().endswith(", compared")
    emit(engine, SafetyCodeChanged("a", (*WORDS[:3], "eagle")))
    assert row.code_button.accessibleName().endswith("not compared yet"), "these words were not compared"
    assert dialog.word_labels[3].text() == "eagle"
    emit(engine, ParticipantGone("a"))
    assert not dialog.isVisible()


def test_a_code_that_changes_is_a_warning_until_it_is_compared(
    hosting: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, SafetyCodeChanged("a", WORDS), SafetyCodeChanged("a", (*WORDS[:3], "eagle"), is_other=True))
    row = panel_of(hosting).rows["a"]
    assert row.warning_label.isVisible()
    assert "Anna has changed" in hosting.notices.text
    hosting.notices.buttons[0].click()
    (dialog,) = [each for each in hosting.findChildren(SafetyDialog) if each.isVisible()]
    assert hosting.notices.text == ""
    dialog.match_button.click()
    assert not row.warning_label.isVisible()
    dialog.close()


def test_nothing_of_one_call_is_left_in_the_next(hosting: MainWindow, engine: FakeEngine) -> None:
    emit(engine, Knocked("c", "Carla"), SafetyCodeChanged("a", WORDS))
    emit(engine, CallStateChanged(CallState.IDLE, "room", "The host removed you from the call."))
    assert hosting.lobby.form.error == "The host removed you from the call."
    assert hosting.notices.text == ""
    assert not hosting.actions_.people.isChecked()
    assert panel_of(hosting).rows == {}
    assert not panel_of(hosting).doors.lock_switch.isVisible()


def test_twenty_people_with_long_names_leave_the_panel_as_wide_as_it_was(
    hosting: MainWindow, engine: FakeEngine
) -> None:
    width = panel_of(hosting).width()
    for number in range(20):
        emit(
            engine, ParticipantJoined(ParticipantInfo(f"p{number}", f"{number} " + "Wolfeschlegelstein" * 4))
        )
    assert panel_of(hosting).width() == width
    assert len(panel_of(hosting).rows) == 22
