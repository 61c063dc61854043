"""Files dragged onto the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from desktop_app.call.events import ParticipantJoined
from desktop_app.ui.files.drop import MAX_FILES

from .calls import ANNA, BEN, called, emit

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction


@pytest.fixture
def room(call: MainWindow, engine: FakeEngine) -> MainWindow:
    """A call with Anna and Ben."""
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    return call


def urls(*texts: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(text) if text.startswith("/") else QUrl(text) for text in texts])
    return data


def middle(window: MainWindow, widget: QWidget) -> QPoint:
    return widget.mapTo(window, widget.rect().center())


def drag(window: MainWindow, data: QMimeData, point: QPoint) -> bool:
    """Drag over a point; whether it may be dropped there."""
    QApplication.sendEvent(window, QDragEnterEvent(point, COPY, data, LEFT, NONE))
    move = QDragMoveEvent(point, COPY, data, LEFT, NONE)
    QApplication.sendEvent(window, move)
    return move.isAccepted()


def drop(window: MainWindow, data: QMimeData, point: QPoint) -> bool:
    event = QDropEvent(point, COPY, data, LEFT, NONE)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def test_onto_a_tile_sends_to_that_person_alone(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    data, overlay = urls(str(path)), room.files.drop.overlay
    ben = room.call_page.grid.tiles["b"]
    assert drag(room, data, middle(room, ben))
    assert overlay.isVisible()
    assert overlay.words == "Drop to send to Ben only"
    assert drag(room, data, middle(room, room.call_page.grid.own))
    assert overlay.words == "Drop to send to everybody"
    assert drag(room, data, middle(room, room.call_page.toolbar))
    assert overlay.words == "Drop to send to everybody"
    assert drop(room, data, middle(room, ben))
    assert not overlay.isVisible()
    qtbot.waitUntil(lambda: called(engine, "send_files") == [((str(path),), "b")])


def test_onto_the_chat_sends_to_whom_it_is_for(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    room.actions_.chat.trigger()
    panel = room.call_page.chat
    assert drag(room, urls(str(path)), middle(room, panel))
    assert room.files.drop.overlay.words == "Drop to send to everybody"
    panel.composer.choose("a")
    assert drag(room, urls(str(path)), middle(room, panel))
    assert room.files.drop.overlay.words == "Drop to send to Anna only"
    drop(room, urls(str(path)), middle(room, panel))
    qtbot.waitUntil(lambda: called(engine, "send_files") == [((str(path),), "a")])


def test_a_drag_that_leaves_takes_the_veil_along(room: MainWindow) -> None:
    assert drag(room, urls("/a"), middle(room, room.call_page))
    assert not room.files.drop.overlay.grab().isNull()
    QApplication.sendEvent(room, QDragLeaveEvent())
    assert not room.files.drop.overlay.isVisible()


def test_what_cannot_be_sent_is_refused(room: MainWindow, engine: FakeEngine) -> None:
    point = middle(room, room.call_page)
    text = QMimeData()
    text.setText("only a text")
    assert not drag(room, text, point)
    assert not drop(room, text, point)
    page = urls("https://example.org/a.txt")
    drag(room, page, point)  # Qt gives a drop only to who took the drag
    drop(room, page, point)
    assert room.notices.text == "Only files of this computer can be sent."
    many = urls(*(f"/tmp/{number}" for number in range(MAX_FILES + 1)))
    drag(room, many, point)
    drop(room, many, point)
    assert room.notices.text.startswith(f"At most {MAX_FILES} files")
    assert called(engine, "send_files") == []


def test_nothing_can_be_dropped_in_the_lobby(window: MainWindow) -> None:
    assert not drag(window, urls("/a"), middle(window, window.lobby))
    assert not window.files.drop.overlay.isVisible()
    assert not drop(window, urls("/a"), middle(window, window.lobby))


def test_other_events_are_left_alone(window: MainWindow) -> None:
    assert not window.files.drop.eventFilter(window, QEvent(QEvent.Type.User))
