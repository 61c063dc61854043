"""The whiteboard and the pointers in the window of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from desktop_app.call.events import ParticipantGone, ParticipantJoined, PeerStateChanged
from desktop_app.data.board.errors import BoardError
from desktop_app.data.board_changes import Draw
from desktop_app.data.events import BoardChanged, BoardCleared, PointerMoved, StrokeMoved
from desktop_app.data.messages.board import Op
from desktop_app.rtc.state import PeerState
from tests.gui.window.calls import ANNA, BEN, called, emit
from tests.gui.window.conftest import call, make_window, saved, window
from tests.gui.window.pictures import GREEN, RED, plain_frame

from .desk import LEFT, pen

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from desktop_app.ui.board.canvas import BoardCanvas
    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

__all__ = ["call", "make_window", "saved", "window"]  # fixtures


@pytest.fixture
def board(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> BoardCanvas:
    """The canvas of a call with Anna and Ben, opened."""
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    emit(engine, PeerStateChanged("a", PeerState.CONNECTED), PeerStateChanged("b", PeerState.CONNECTED))
    call.actions_.whiteboard.trigger()
    canvas = call.call_page.board.canvas
    qtbot.waitUntil(canvas.hasFocus)
    return canvas


def theirs(seq: int = 1, author: str = "a") -> Op:
    shape = pen(50, 50, 150, 50, width=12)
    return Op(site="a" * 16, seq=seq, clock=seq, author=author, kind="add", shape=shape)


def draw(canvas: BoardCanvas) -> None:
    QTest.mousePress(canvas, LEFT, pos=QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(150, 120))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(150, 120))


def test_what_is_drawn_goes_to_the_engine_and_what_comes_is_shown(
    qtbot: QtBot, call: MainWindow, board: BoardCanvas, engine: FakeEngine
) -> None:
    draw(board)
    qtbot.waitUntil(lambda: bool(called(engine, "change_board")))
    [(change,)] = called(engine, "change_board")
    assert isinstance(change, Draw)
    strokes = [args[0] for args in called(engine, "show_stroke")]
    assert strokes[0] is not None
    assert strokes[-1] is None
    assert called(engine, "point")[-1] == ("board", *board.viewport_.to_board(150, 120), True)
    assert board.waiting_shapes == [change.shape]
    own = Op(site="c" * 16, seq=1, clock=1, author="me", kind="add", shape=change.shape)
    emit(engine, BoardChanged((own,), own=True, can_undo=True), BoardChanged((theirs(),), can_undo=True))
    qtbot.waitUntil(lambda: (board.waiting_shapes, len(board.scene)) == ([], 2))
    assert call.call_page.board.actions_.undo.isEnabled()


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_a_full_board_is_told_and_nothing_is_left_standing(
    qtbot: QtBot, call: MainWindow, board: BoardCanvas, engine: FakeEngine
) -> None:
    engine.fail("change_board", BoardError("The whiteboard is full."))
    draw(board)
    qtbot.waitUntil(lambda: call.notices.text == "The whiteboard is full.")
    assert board.waiting_shapes == []


def test_live_strokes_and_pointers_of_those_who_are_here(
    call: MainWindow, board: BoardCanvas, engine: FakeEngine
) -> None:
    empty = board.grab().toImage()
    emit(engine, StrokeMoved("a", pen(50, 200, 150, 200, width=12)))
    x, y = board.viewport_.to_widget(100, 200)
    assert board.grab().toImage().pixelColor(round(x), round(y)).name() == "#d62c2c"
    emit(engine, StrokeMoved("a", None), PointerMoved("a", "board", 100, 100, True))
    pointed = board.grab().toImage()
    assert pointed != empty
    emit(engine, PointerMoved("stranger", "board", 300, 300, True))
    assert board.grab().toImage() == pointed, "nobody knows who that is"
    emit(engine, ParticipantGone("a"))
    assert board.grab().toImage() == empty


def test_the_tiles_stay_as_a_strip(call: MainWindow, board: BoardCanvas) -> None:
    page = call.call_page
    for size, beside in (((1100, 700), True), ((420, 600), False)):
        call.resize(*size)
        page.grab()
        tiles = [*page.grid.tiles.values(), page.grid.own]
        panel = QRect(page.board.mapTo(page, QPoint()), page.board.size())
        for tile in tiles:
            place = QRect(tile.mapTo(page, QPoint()), tile.size())
            assert page.rect().contains(place)
            assert not panel.intersects(place)
            assert place.left() > panel.right() if beside else place.bottom() < panel.top()
        assert panel.width() >= 400
    call.actions_.whiteboard.trigger()
    assert not page.board.isVisible()
    assert page.grid.height() > 300


def test_nobody_else_is_needed_for_the_board(call: MainWindow) -> None:
    call.actions_.whiteboard.trigger()
    assert call.call_page.board.isVisible()
    assert not call.call_page.grid.waiting.isVisible()
    call.actions_.whiteboard.trigger()
    assert call.call_page.grid.waiting.isVisible()


def test_drawing_on_a_hidden_board_is_told_once(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), BoardChanged((theirs(),)))
    assert call.notices.text == "Anna draws on the whiteboard (Ctrl+B shows it)."
    call.notices.dismiss()
    emit(engine, BoardChanged((theirs(2),)))
    assert call.notices.text == ""
    call.actions_.whiteboard.trigger()
    qtbot.waitUntil(lambda: len(call.call_page.board.canvas.scene) == 2)


def test_another_call_has_another_board(
    qtbot: QtBot, call: MainWindow, board: BoardCanvas, engine: FakeEngine
) -> None:
    emit(engine, BoardChanged((theirs(),), can_undo=True), BoardCleared())
    assert board.is_empty
    assert not call.call_page.board.actions_.undo.isEnabled()
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)
    assert not call.actions_.whiteboard.isChecked()
    assert not call.actions_.whiteboard.isEnabled()
    assert called(engine, "point")[-1][-1] is False


def test_pointing_at_a_picture(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    tile = call.call_page.grid.tiles["a"]
    assert call.board.tile_pointers.overlay("a") is None
    call.actions_.pointer.trigger()
    overlay = call.board.tile_pointers.overlay("a")
    assert overlay is not None
    QTest.mouseMove(overlay, tile.rect().center())
    assert called(engine, "point") == [], "there is no picture"
    engine.remote_video("a").put(plain_frame(RED))
    qtbot.waitUntil(lambda: tile.showing_picture)
    area = tile.picture_area()
    assert area is not None
    QTest.mouseMove(overlay, QPoint(round(area.width() / 4), tile.height() // 2))
    surface, x, y, seen = called(engine, "point")[-1]
    assert (surface, seen) == ("video:a", True)
    assert (x, y) == (pytest.approx(0.25, abs=0.05), pytest.approx(0.5, abs=0.05))
    call.actions_.pointer.trigger()
    assert called(engine, "point")[-1] == ("video:a", 0.0, 0.0, False)
    assert call.board.tile_pointers.overlay("a") is None


def test_our_own_picture_is_pointed_at_as_the_others_see_it(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    own = call.call_page.grid.own
    engine.local_video.put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: own.showing_picture)
    emit(engine, ParticipantJoined(ANNA), PointerMoved("a", "video:", 0.25, 0.5, True))
    overlay = call.board.tile_pointers.overlay("")
    assert overlay is not None
    area = own.picture_area()
    assert area is not None
    assert own.mirrored
    image = own.grab().toImage()
    tip = QPoint(round(area.x() + 0.75 * area.width()) + 2, round(area.center().y()) + 7)
    assert image.pixelColor(tip).green() < 120, "the arrow is on the right of the mirrored picture"
    emit(engine, PointerMoved("a", "video:", 0.25, 0.5, False))
    assert call.board.tile_pointers.overlay("") is None


def test_the_overlay_follows_tiles_that_come_and_go(call: MainWindow, engine: FakeEngine) -> None:
    call.actions_.pointer.trigger()
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    overlay = call.board.tile_pointers.overlay("b")
    assert overlay is not None
    call.resize(700, 600)
    call.grab()
    assert overlay.size() == call.call_page.grid.tiles["b"].size()
    emit(engine, ParticipantGone("b"))
    assert call.board.tile_pointers.overlay("b") is None


def test_saving_asks_where_and_says_how_it_went(
    qtbot: QtBot, call: MainWindow, board: BoardCanvas, engine: FakeEngine, tmp_path: Path
) -> None:
    emit(engine, BoardChanged((theirs(),)))
    call.call_page.board.actions_.export_svg.trigger()
    [dialog] = call.findChildren(QFileDialog)
    assert dialog.defaultSuffix() == "svg"
    target = tmp_path / "plan.svg"
    dialog.fileSelected.emit(str(target))
    dialog.reject()
    qtbot.waitUntil(lambda: call.notices.text == "The whiteboard was saved as plan.svg.")
    assert target.read_text().startswith("<?xml")


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_a_file_that_cannot_be_written_is_told(
    qtbot: QtBot, call: MainWindow, board: BoardCanvas, engine: FakeEngine, tmp_path: Path
) -> None:
    emit(engine, BoardChanged((theirs(),)))
    call.board.export(str(tmp_path / "no" / "plan.png"))
    qtbot.waitUntil(lambda: "could not be saved as plan.png" in call.notices.text)
