"""Shared screens: the others' tiles, our own button, picker and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    LocalScreenChanged,
    ParticipantChanged,
    ParticipantJoined,
    PeerStateChanged,
    TopologyChanged,
)
from desktop_app.core.errors import UserFacingError
from desktop_app.data.events import PointerMoved
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.state import PeerState
from desktop_app.ui.board.tile_pointers import SCREEN

from .calls import called, emit
from .pictures import BLUE, GREEN, RED, color_at, is_close, plain_frame

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from desktop_app.ui.screens.picker import ScreenPicker
    from desktop_app.ui.video_tile import VideoTile
    from tests.gui.fake_engine import FakeEngine

ANNA = ParticipantInfo("a", "Anna")
BEN = ParticipantInfo("b", "Ben")
SHARING = ParticipantInfo("a", "Anna", screen=True)


def layout(call: MainWindow) -> str:
    return call.call_page.grid.shown_layout


def pinned(call: MainWindow) -> tuple[str, ...]:
    return call.call_page.grid.pinned


def shows(tile: VideoTile, color: tuple[int, int, int]) -> bool:
    return tile.showing_picture and is_close(color_at(tile, 0.5, 0.4), color)


def open_picker(qtbot: QtBot, call: MainWindow) -> ScreenPicker:
    call.actions_.share_screen.trigger()
    qtbot.waitUntil(lambda: call.screens.picker is not None and call.screens.picker.isVisible())
    picker = call.screens.picker
    assert picker is not None
    return picker


def test_in_a_mesh_the_persons_tile_is_the_screen_large_and_whole(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    grid = call.call_page.grid
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN), ParticipantChanged(SHARING))
    tile = grid.screens["a"]
    assert layout(call) == "speaker"
    assert tile.isVisible()
    assert not grid.tiles["a"].isVisible()
    assert tile.width() > 2 * grid.tiles["b"].width()
    assert tile.name == "Anna shows their screen"
    assert not tile.mirrored
    emit(engine, PeerStateChanged("a", PeerState.CONNECTED))
    # Twice as wide as high: any tile would cut something off to fill itself.
    engine.remote_screen("a").put(plain_frame(RED, 1280, 600))
    qtbot.waitUntil(lambda: tile.showing_picture)
    area = tile.picture_area()
    assert area is not None
    assert area.left() >= 0
    assert area.top() >= 0
    assert area.right() <= tile.width()
    assert area.bottom() <= tile.height()
    qtbot.waitUntil(lambda: is_close(color_at(tile, 0.5, 0.5), RED))
    emit(engine, ParticipantChanged(ANNA))
    assert grid.screens == {}
    assert grid.tiles["a"].isVisible()
    assert layout(call) == "grid"


def test_through_an_sfu_the_person_keeps_a_tile_of_their_own(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    grid = call.call_page.grid
    emit(engine, TopologyChanged("sfu", "participants"))
    emit(engine, ParticipantJoined(SHARING), ParticipantJoined(BEN))
    assert grid.screens["a"].isVisible()
    assert grid.tiles["a"].isVisible()
    emit(engine, *(PeerStateChanged(user, PeerState.CONNECTED) for user in "ab"))
    engine.remote_screen("a").put(plain_frame(RED))
    engine.remote_video("a").put(plain_frame(BLUE))
    engine.remote_video("b").put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: shows(grid.screens["a"], RED))
    qtbot.waitUntil(lambda: shows(grid.tiles["a"], BLUE))
    qtbot.waitUntil(lambda: shows(grid.tiles["b"], GREEN))
    qtbot.waitUntil(lambda: ((), ("a", "b"), ("a",)) in called(engine, "set_view"))
    emit(engine, TopologyChanged("mesh", "few-participants"))
    assert grid.screens["a"].isVisible(), "the same tile, whichever way it comes"
    assert not grid.tiles["a"].isVisible()


def test_several_sharers_each_have_a_tile(call: MainWindow, engine: FakeEngine) -> None:
    grid = call.call_page.grid
    both = ParticipantInfo("b", "Ben", screen=True)
    emit(
        engine,
        ParticipantJoined(SHARING),
        ParticipantJoined(both),
        ParticipantJoined(ParticipantInfo("c", "C")),
    )
    assert [tile.name for tile in grid.screens.values()] == [
        "Anna shows their screen",
        "Ben shows their screen",
    ]
    sizes = [tile.width() * tile.height() for tile in grid.screens.values()]
    assert min(sizes) > 2 * grid.tiles["c"].width() * grid.tiles["c"].height()
    assert not grid.screens["a"].geometry().intersects(grid.screens["b"].geometry())


def test_a_screen_goes_before_the_speaker_and_can_be_pinned(call: MainWindow, engine: FakeEngine) -> None:
    grid = call.call_page.grid
    emit(engine, *(ParticipantJoined(ParticipantInfo(user, user)) for user in "bcd"))
    emit(engine, ParticipantJoined(SHARING))
    grid.set_active_speaker("b")
    grid.advance()
    assert grid.screens["a"].width() > 2 * grid.tiles["b"].width()
    grid.screens["a"].pin_toggled.emit()
    assert pinned(call) == ("\0a",)
    grid.screens["a"].pin_toggled.emit()
    assert pinned(call) == ()
    assert grid.screens["a"].width() > 2 * grid.tiles["b"].width(), "still large"


def test_a_grid_has_to_be_asked_for_while_a_screen_is_shown(call: MainWindow, engine: FakeEngine) -> None:
    grid = call.call_page.grid
    grid.set_layout("grid")
    emit(engine, ParticipantJoined(SHARING), ParticipantJoined(BEN))
    assert layout(call) == "speaker"
    call.actions_.layout.trigger()
    assert layout(call) == "grid"
    call.actions_.layout.trigger()
    assert layout(call) == "speaker"


def test_with_one_other_nothing_lies_over_their_screen(call: MainWindow, engine: FakeEngine) -> None:
    grid = call.call_page.grid
    emit(engine, ParticipantJoined(SHARING))
    assert grid.own.isVisible()
    assert not grid.own.geometry().intersects(grid.screens["a"].geometry())


def test_choosing_by_keyboard_showing_and_stopping(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    picker = open_picker(qtbot, call)
    assert [picker.list.item(row).text() for row in range(picker.list.count())] == [
        "The whole screen",
        "Budget – Editor",
    ]
    QTest.keyClick(picker.list, Qt.Key.Key_Right)
    QTest.keyClick(picker.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: called(engine, "share_screen") == [(engine.screens[1],)])
    sharing = call.call_page.stage.sharing
    qtbot.waitUntil(sharing.isVisible)
    assert sharing.label.full_text == "You show your screen: Budget – Editor"
    assert call.screens.picker is None
    assert not sharing.geometry().intersects(call.call_page.grid.geometry())
    QTest.mouseClick(sharing.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: called(engine, "share_screen")[-1] == (None,))
    qtbot.waitUntil(lambda: not sharing.isVisible())
    assert call.actions_.share_screen.iconText() == "Screen"


def test_cancel_shows_nothing(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    picker = open_picker(qtbot, call)
    QTest.keyClick(picker, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: call.screens.picker is None)
    assert called(engine, "share_screen") == []
    open_picker(qtbot, call)
    emit(engine, CallStateChanged(CallState.IDLE, ""))
    qtbot.waitUntil(lambda: call.screens.picker is None)


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_what_goes_wrong_is_one_sentence(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    engine.fail("list_screens", UserFacingError("There is no screen here."))
    call.actions_.share_screen.trigger()
    qtbot.waitUntil(lambda: call.notices.text == "There is no screen here.")
    emit(
        engine, LocalScreenChanged(True), LocalScreenChanged(False, "The window that you showed was closed.")
    )
    assert call.notices.text == "Your screen is no longer shown. The window that you showed was closed."
    emit(engine, LocalScreenChanged(True))
    assert "no longer" not in call.notices.text


def test_a_shared_screen_is_pointed_at_like_a_picture(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    emit(
        engine, ParticipantJoined(SHARING), ParticipantJoined(BEN), PeerStateChanged("a", PeerState.CONNECTED)
    )
    tile, pointers = call.call_page.grid.screens["a"], call.board.tile_pointers
    engine.remote_screen("a").put(plain_frame(RED, 1280, 300))
    qtbot.waitUntil(lambda: tile.showing_picture)
    call.actions_.pointer.trigger()
    overlay, area = pointers.overlay("a", SCREEN), tile.picture_area()
    assert overlay is not None
    assert area is not None
    QTest.mouseMove(overlay, tile.rect().center())
    QTest.mouseMove(overlay, QPoint(round(area.x() + area.width() / 4), round(area.center().y())))
    surface, x, y, seen = called(engine, "point")[-1]
    assert (surface, seen) == ("screen:a", True)
    assert (x, y) == (pytest.approx(0.25, abs=0.02), pytest.approx(0.5, abs=0.02))
    QTest.mouseMove(overlay, QPoint(round(area.center().x()), 1))
    assert called(engine, "point")[-1][-1] is False, "beside the picture"
    call.actions_.pointer.trigger()
    assert pointers.overlay("a", SCREEN) is None
    emit(engine, PointerMoved("b", "screen:a", 0.5, 0.5, True))
    tip = QPoint(round(area.center().x()) + 2, round(area.center().y()) + 7)
    assert not is_close(tile.grab().toImage().pixelColor(tip), RED), "their arrow"
    emit(engine, ParticipantChanged(ANNA))
    assert pointers.overlay("a", SCREEN) is None


def test_who_points_at_our_screen_is_named(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN), LocalScreenChanged(True))
    words = call.call_page.stage.sharing.label
    emit(engine, PointerMoved("a", "screen:", 0.5, 0.5, True))
    assert words.full_text == "You show your screen. Anna points at it."
    emit(engine, PointerMoved("b", "screen:", 0.5, 0.5, True))
    assert words.full_text == "You show your screen. 2 people point at it."
    emit(engine, *(PointerMoved(each, "screen:", 0.5, 0.5, False) for each in "ab"))
    assert words.full_text == "You show your screen"


def test_files_dropped_on_a_screen_go_to_whoever_shows_it(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(SHARING), ParticipantJoined(BEN))
    tile = call.call_page.grid.screens["a"]
    target = call.files.target_at(tile.mapTo(call, tile.rect().center()))
    assert target is not None
    assert (target.user_id, target.words) == ("a", "Drop to send to Anna only")
