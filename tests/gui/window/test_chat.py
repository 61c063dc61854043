"""The chat in the window: lines in and out, unread counts, the person whom one writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from desktop_app.call.events import CallState, CallStateChanged, ParticipantGone, ParticipantJoined
from desktop_app.core.errors import UserFacingError
from desktop_app.data.messages.chat import MAX_LINE_CHARS
from desktop_app.ui.chat.composer import MAX_PASTED_CHARS, Composer, LineEdit
from tests.data_events import entry, line, own_line

from .calls import ANNA, BEN, called, emit, press

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.chat.panel import ChatPanel
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine


@pytest.fixture
def panel(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> ChatPanel:
    """The open chat of a call with Anna and Ben."""
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    call.actions_.chat.trigger()
    qtbot.waitUntil(call.call_page.chat.isVisible)
    return call.call_page.chat


def texts(panel: ChatPanel) -> list[str]:
    return [row.text for row in panel.model.conversation.rows]


def scroll_up(qtbot: QtBot, panel: ChatPanel, engine: FakeEngine) -> None:
    for number in range(60):
        emit(engine, line(number))
    bar = panel.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 500 and bar.value() == bar.maximum())
    bar.setValue(100)


def test_the_chat_opens_and_closes(call: MainWindow, panel: ChatPanel) -> None:
    assert panel.stack.currentIndex() == 0, "an empty chat says what it is"
    assert panel.composer.edit.hasFocus()
    panel.close_button.click()
    assert not panel.isVisible()
    assert not call.actions_.chat.isChecked()


def test_enter_sends_and_shift_enter_begins_a_new_line(
    qtbot: QtBot, panel: ChatPanel, engine: FakeEngine
) -> None:
    edit = panel.composer.edit
    QTest.keyClicks(edit, "one")
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(edit, "two")
    assert edit.toPlainText() == "one\ntwo"
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.toPlainText() == ""
    qtbot.waitUntil(lambda: texts(panel) == ["one\ntwo"])
    assert called(engine, "send_chat") == [("one\ntwo", None)]
    assert panel.stack.currentIndex() == 1
    QTest.keyClicks(edit, "three")
    QTest.keyClick(edit, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    qtbot.waitUntil(lambda: texts(panel) == ["one\ntwo", "three"])


def test_the_button_sends_and_nothing_is_not_sent(qtbot: QtBot, panel: ChatPanel, engine: FakeEngine) -> None:
    assert not panel.composer.send_button.isEnabled()
    QTest.keyClicks(panel.composer.edit, "   ")
    QTest.keyClick(panel.composer.edit, Qt.Key.Key_Return)
    assert not panel.composer.send_button.isEnabled()
    panel.composer.edit.setPlainText(" hello ")
    panel.composer.send_button.click()
    qtbot.waitUntil(lambda: called(engine, "send_chat") == [("hello", None)])


def test_what_is_too_long_is_not_sent_and_says_so(panel: ChatPanel, engine: FakeEngine) -> None:
    composer = panel.composer
    composer.edit.setPlainText("😀" * (MAX_LINE_CHARS - 1))
    assert composer.hint == "3,999 of 4,000 characters", "code points, not UTF-16 units"
    assert composer.send_button.isEnabled()
    composer.edit.setPlainText("x" * (MAX_LINE_CHARS + 20))
    assert composer.hint.startswith("20 characters too many")
    assert not composer.send_button.isEnabled()
    assert composer.edit.property("invalid") is True
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert len(composer.edit.toPlainText()) == MAX_LINE_CHARS + 20
    assert called(engine, "send_chat") == []
    composer.edit.setPlainText("short")
    assert composer.hint == ""


def test_a_paste_is_plain_text_and_bounded(qtbot: QtBot) -> None:
    edit = LineEdit()
    qtbot.addWidget(edit)
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("<i>as it is</i>")
    edit.insertFromMimeData(data)
    assert edit.toPlainText() == "<i>as it is</i>"
    edit.clear()
    data.setText("y" * 1_000_000)
    edit.insertFromMimeData(data)
    assert len(edit.toPlainText()) == MAX_PASTED_CHARS


def test_the_field_grows_with_its_text(qtbot: QtBot) -> None:
    composer = Composer()
    qtbot.addWidget(composer)
    composer.resize(280, 300)
    composer.show()
    one = composer.edit.height()
    composer.edit.setPlainText("a\nb\nc")
    three = composer.edit.height()
    composer.edit.setPlainText("a\n" * 40)
    assert one < three < composer.edit.height() < 6 * one


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_a_line_that_the_engine_refuses_comes_back(
    qtbot: QtBot, call: MainWindow, panel: ChatPanel, engine: FakeEngine
) -> None:
    engine.fail("send_chat", UserFacingError("Anna is not in the call any more."))
    panel.composer.edit.setPlainText("do not lose me")
    panel.composer.send()
    qtbot.waitUntil(lambda: call.notices.text == "Anna is not in the call any more.")
    assert panel.composer.edit.toPlainText() == "do not lose me"


def test_a_line_for_one_person(qtbot: QtBot, panel: ChatPanel, engine: FakeEngine) -> None:
    box = panel.composer.recipient
    assert [box.itemText(index) for index in range(box.count())] == [
        "To everybody",
        "To Anna only",
        "To Ben only",
    ]
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert panel.composer.files_button.accessibleName() == "Send files to Anna only"
    panel.composer.edit.setPlainText("between us")
    panel.composer.send()
    qtbot.waitUntil(lambda: called(engine, "send_chat") == [("between us", "a")])
    qtbot.waitUntil(lambda: len(texts(panel)) == 1)
    index = panel.model.index(0)
    assert "to Anna only" in panel.model.data(index, Qt.ItemDataRole.AccessibleTextRole)


def test_a_private_line_never_goes_to_everybody_by_itself(
    qtbot: QtBot, panel: ChatPanel, engine: FakeEngine
) -> None:
    panel.composer.choose("a")
    panel.composer.edit.setPlainText("for you alone")
    emit(engine, ParticipantGone("a"))
    assert panel.composer.recipient.currentText() == "To everybody"
    assert panel.composer.hint.startswith("Anna has left.")
    QTest.keyClicks(panel.composer.edit, "!")
    assert panel.composer.hint.startswith("Anna has left."), "it stays while one goes on writing"
    panel.composer.send()
    assert called(engine, "send_chat") == []
    assert "everybody" in panel.composer.hint
    panel.composer.send()
    qtbot.waitUntil(lambda: called(engine, "send_chat") == [("!for you alone", None)])


def test_who_leaves_while_nothing_is_written_is_told_once(panel: ChatPanel, engine: FakeEngine) -> None:
    panel.composer.choose("a")
    emit(engine, ParticipantGone("a"))
    assert panel.composer.hint == "Anna has left, so your messages go to everybody now."
    QTest.keyClicks(panel.composer.edit, "x")
    assert panel.composer.hint == ""


def test_unread_lines_are_counted_on_the_button(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA))
    button = call.call_page.toolbar.button(call.actions_.chat)
    emit(engine, line(1), line(2), own_line(3), line(1, "again"))
    assert button.accessibleName() == "Chat and files, 2 unread"
    assert "2 unread" in call.actions_.chat.toolTip()
    plain = button.grab().toImage()
    call.actions_.show_unread(0)
    assert button.grab().toImage() != plain, "the number is painted"
    call.actions_.show_unread(2)
    call.actions_.chat.trigger()
    qtbot.waitUntil(lambda: button.accessibleName() == "Chat and files")
    emit(engine, line(4))
    assert call.call_page.chat.unread == 0


def test_who_scrolled_up_stays_there_and_is_told(qtbot: QtBot, panel: ChatPanel, engine: FakeEngine) -> None:
    scroll_up(qtbot, panel, engine)
    assert panel.newest_button.isVisible()
    assert panel.newest_button.text() == "To the newest"
    emit(engine, line(100), line(101))
    qtbot.waitUntil(lambda: panel.newest_button.text() == "2 new messages")
    bar = panel.view.verticalScrollBar()
    assert bar.value() == 100
    assert panel.unread == 2
    panel.newest_button.click()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    assert panel.unread == 0
    assert not panel.newest_button.isVisible()
    emit(engine, line(102))
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_ones_own_line_is_shown_also_when_scrolled_up(
    qtbot: QtBot, panel: ChatPanel, engine: FakeEngine
) -> None:
    scroll_up(qtbot, panel, engine)
    emit(engine, own_line(100))
    bar = panel.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() and panel.view.following)


def test_the_conversation_ends_with_the_call(panel: ChatPanel, engine: FakeEngine) -> None:
    emit(engine, line(1))
    panel.composer.choose("a")
    panel.composer.edit.setPlainText("unsent")
    emit(engine, CallStateChanged(CallState.IDLE, ""))
    assert panel.model.rowCount() == 0
    assert panel.composer.edit.toPlainText() == ""
    assert panel.composer.to is None
    assert not panel.isVisible()


def test_shortcut(qtbot: QtBot, call: MainWindow) -> None:
    qtbot.waitUntil(call.isActiveWindow)
    press(call, "Ctrl+T")
    qtbot.waitUntil(call.call_page.chat.isVisible)


def test_those_who_left_keep_their_names(panel: ChatPanel, engine: FakeEngine) -> None:
    emit(engine, own_line(1, to="a"))
    emit(engine, ParticipantGone("a"))
    index = panel.model.index(0)
    spoken = panel.model.data(index, Qt.ItemDataRole.AccessibleTextRole)
    assert "to Anna only" in spoken, "those who left keep their names"
    assert entry(1).text in spoken


def test_a_screen_reader_is_told_of_lines_while_the_chat_is_open(
    call: MainWindow, panel: ChatPanel, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: said.append(event.message()))
    emit(engine, line(1, "Hello"), own_line(2))
    call.actions_.chat.trigger()
    emit(engine, line(3))
    assert said == ["Anna: Hello"]


def test_a_line_cannot_pass_for_somebody_elses(panel: ChatPanel, engine: FakeEngine) -> None:
    emit(engine, line(1, author="b", author_name="Anna"))
    assert panel.model.data(panel.model.index(0), Qt.ItemDataRole.AccessibleTextRole).startswith("Ben, ")
