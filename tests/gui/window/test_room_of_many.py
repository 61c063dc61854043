"""A room of many in the whole window: the choice of a layout, the topology, and what the engine is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_app.call.events import (
    ActiveSpeakerChanged,
    CallState,
    CallStateChanged,
    ParticipantGone,
    ParticipantJoined,
    TopologyChanged,
)
from desktop_app.data.events import PointerMoved
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.settings.schema import Settings
from desktop_app.ui.layout.view_report import SETTLE_MS
from desktop_app.ui.topology_words import NO_SFU

from .calls import called, emit, press
from .pictures import RED, plain_frame

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow, Saved


def join(engine: FakeEngine, count: int) -> None:
    emit(engine, *(ParticipantJoined(ParticipantInfo(f"u{n}", f"Person {n}")) for n in range(count)))


def last_view(engine: FakeEngine) -> tuple[object, ...] | None:
    views = called(engine, "set_view")
    return views[-1] if views else None


@pytest.fixture
def room(call: MainWindow, engine: FakeEngine) -> MainWindow:
    """A window of 1180x740 in a call of ten."""
    call.resize(1180, 740)
    join(engine, 9)
    return call


def test_the_layout_is_switched_and_remembered(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, saved: Saved
) -> None:
    grid, actions = room.call_page.grid, room.actions_
    assert grid.shown_layout == "grid"
    assert actions.layout.iconText() == "Speaker"
    assert actions.automatic_layout.isChecked()
    press(room, "Ctrl+G")
    qtbot.waitUntil(lambda: grid.shown_layout == "speaker")
    assert actions.layout.iconText() == "Grid"
    assert not actions.automatic_layout.isChecked()
    qtbot.waitUntil(lambda: [each.call_layout for each in saved[-1:]] == ["speaker"])
    actions.automatic_layout.trigger()
    assert grid.shown_layout == "grid"
    assert room.controller.settings.call_layout == "automatic"
    actions.automatic_layout.trigger()
    assert room.controller.settings.call_layout == "grid"


def test_the_next_call_begins_with_the_layout_of_the_last(
    qtbot: QtBot, make_window: MakeWindow, engine: FakeEngine
) -> None:
    window = make_window(Settings(display_name="Ana", appearance="light", call_layout="speaker"))
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: window.controller.invite is not None and not window.controller.busy)
    join(engine, 1)
    assert not window.actions_.layout.isEnabled(), "with one other both are the same"
    join(engine, 3)
    assert window.call_page.grid.shown_layout == "speaker"
    assert window.actions_.layout.isEnabled()
    window.actions_.whiteboard.trigger()
    assert not window.actions_.layout.isEnabled(), "beside the whiteboard there is a strip"
    window.actions_.whiteboard.trigger()
    assert window.actions_.layout.isEnabled()


def test_pages_by_keys_of_the_window(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    join(engine, 20)
    grid, actions = room.call_page.grid, room.actions_
    grid.set_layout("grid")
    assert (actions.previous_page.isEnabled(), actions.next_page.isEnabled()) == (False, True)
    qtbot.waitUntil(room.isActiveWindow)
    press(room, "Ctrl+PgDown")
    assert grid.page.number == 1
    assert (actions.previous_page.isEnabled(), actions.next_page.isEnabled()) == (True, False)
    press(room, "Ctrl+PgUp")
    assert grid.page.number == 0


def test_the_engine_is_told_once_who_is_on_screen(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    qtbot.waitUntil(lambda: len(called(engine, "set_view")) == 1)
    [(large, small)] = called(engine, "set_view")
    assert isinstance(large, tuple)
    assert isinstance(small, tuple)
    assert set(large) | set(small) == {f"u{n}" for n in range(9)}
    for step in range(40):
        room.resize(1180 - 4 * step, 740 - step)
    qtbot.wait(SETTLE_MS + 100)
    assert len(called(engine, "set_view")) <= 2, "resizing does not flood it"


def test_nobody_is_on_screen_when_the_chat_covers_the_tiles(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine
) -> None:
    qtbot.waitUntil(lambda: last_view(engine) is not None)
    room.resize(420, 600)
    room.actions_.chat.trigger()
    qtbot.waitUntil(lambda: last_view(engine) == ((), ()))
    room.actions_.chat.trigger()
    qtbot.waitUntil(lambda: last_view(engine) not in (None, ((), ())))


def test_only_the_strip_is_on_screen_beside_the_whiteboard(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine
) -> None:
    room.actions_.whiteboard.trigger()
    grid = room.call_page.grid
    shown = tuple(key for key, tile in grid.tiles.items() if tile.isVisible())
    assert 2 <= len(shown) < 9
    qtbot.waitUntil(lambda: last_view(engine) == ((), shown))
    QTest.mouseClick(grid.pager.next_button, Qt.MouseButton.LeftButton)
    after = tuple(key for key, tile in grid.tiles.items() if tile.isVisible())
    assert not set(after) & set(shown)
    qtbot.waitUntil(lambda: last_view(engine) == ((), after))


def test_a_minimised_window_wants_no_pictures(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    qtbot.waitUntil(lambda: last_view(engine) is not None)
    room.showMinimized()
    qtbot.waitUntil(lambda: last_view(engine) == ((), ()))
    room.showNormal()
    qtbot.waitUntil(lambda: last_view(engine) not in (None, ((), ())))


def test_the_active_speaker_of_the_room(room: MainWindow, engine: FakeEngine) -> None:
    tiles, own = room.call_page.grid.tiles, room.call_page.grid.own
    emit(engine, ActiveSpeakerChanged("u3"))
    assert [key for key, tile in tiles.items() if tile.speaking] == ["u3"]
    emit(engine, ActiveSpeakerChanged("me"))
    assert [own.speaking] == [True]
    assert not any(tile.speaking for tile in tiles.values())
    emit(engine, ActiveSpeakerChanged(None))
    assert not own.speaking
    emit(engine, ActiveSpeakerChanged("u3"), ParticipantGone("u3"))
    assert not own.speaking, "who has left is not we ourselves"


def test_the_state_line_says_how_media_travels(room: MainWindow, engine: FakeEngine) -> None:
    line = room.state_line
    emit(engine, TopologyChanged("mesh", "joined"))
    assert "Direct" in line.text
    emit(engine, TopologyChanged("sfu", "participants", "prepare"))
    assert "Direct" in line.text, "until the change has happened"
    assert room.notices.text == "", "and nobody is told that something changes"
    emit(engine, TopologyChanged("sfu", "participants", "commit"))
    assert "Via server" in line.text
    assert room.notices.text == ""
    emit(engine, TopologyChanged("mesh", "failed", "abort"))
    assert "Via server" in line.text
    emit(engine, TopologyChanged("mesh", "sfu-lost"))
    assert "Direct" in line.text
    assert room.notices.text == ""


def test_an_sfu_that_would_help_is_told_once(qtbot: QtBot, room: MainWindow, engine: FakeEngine) -> None:
    emit(engine, TopologyChanged("mesh", NO_SFU, "commit", 8))
    assert "media server (SFU) would help" in room.notices.text
    assert "8 people" in room.notices.text
    room.notices.end_infos()
    assert room.notices.text, "it stays until it is dismissed"
    room.notices.dismiss()
    emit(engine, TopologyChanged("mesh", NO_SFU, "commit", 8))
    assert room.notices.text == ""
    room.actions_.leave.trigger()
    qtbot.waitUntil(lambda: room.pages.currentWidget() is room.lobby)
    emit(engine, CallStateChanged(CallState.IN_CALL, "other-room"))
    emit(engine, TopologyChanged("mesh", NO_SFU, "commit", 8))
    assert "would help" in room.notices.text, "another call is told again"
    emit(engine, TopologyChanged("sfu", "sfu-back"))
    assert room.notices.text == ""


def test_pointers_follow_the_tiles_through_layouts(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine
) -> None:
    grid = room.call_page.grid
    grid.set_layout("speaker")
    emit(engine, ActiveSpeakerChanged("u2"), PointerMoved("u1", "video:u2", 0.25, 0.75, True))
    engine.remote_video("u2").put(plain_frame(RED))
    tile = grid.tiles["u2"]
    qtbot.waitUntil(lambda: tile.showing_picture)
    room.actions_.pointer.trigger()
    for layout in ("speaker", "grid"):
        grid.set_layout(layout)
        overlay = room.board.tile_pointers.overlay("u2")
        assert overlay is not None
        assert overlay.size() == tile.size()
        area = tile.picture_area()
        assert area is not None
        QTest.mouseMove(overlay, QPoint(overlay.width() // 2, overlay.height() // 2))
        QTest.mouseMove(overlay, QPoint(round(area.x() + area.width() / 4), overlay.height() // 2))
        surface, x, y, _seen = called(engine, "point")[-1]
        assert surface == "video:u2"
        assert (x, y) == (pytest.approx(0.25, abs=0.02), pytest.approx(0.5, abs=0.02))
    overlay = room.board.tile_pointers.overlay("u2")
    assert overlay is not None
    QTest.mouseDClick(overlay, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert grid.pinned == ("u2",), "the tile under the pointers can still be pinned"


def test_files_go_to_nobody_whose_tile_is_hidden(room: MainWindow, engine: FakeEngine) -> None:
    join(engine, 20)
    grid = room.call_page.grid
    grid.set_layout("grid")
    target = room.files.target_at(grid.tiles["u0"].mapTo(room, grid.tiles["u0"].rect().center()))
    assert target is not None
    assert target.user_id == "u0"
    place = grid.tiles["u0"].mapTo(room, grid.tiles["u0"].rect().center())
    grid.turn_page(1)
    target = room.files.target_at(place)
    assert target is not None
    assert target.user_id == "u11"


@pytest.mark.parametrize(
    ("topology", "words", "why"),
    [
        (TopologyChanged("mesh", "few-participants"), "Direct", "few enough"),
        (TopologyChanged("sfu", "participants"), "Via server", "too many people"),
        (TopologyChanged("mesh", "foreign-client"), "Direct", "Somebody's program"),
        (TopologyChanged("mesh", "never heard of"), "Direct", "straight"),
    ],
)
def test_the_statistics_say_how_and_why(
    qtbot: QtBot, room: MainWindow, engine: FakeEngine, topology: TopologyChanged, words: str, why: str
) -> None:
    emit(engine, topology)
    room.actions_.statistics.trigger()
    model = room.call_page.stats.model
    computer = model.index(model.rowCount() - 1, 0)
    cell = model.index(0, 1, computer)
    assert cell.data() == words
    assert why in cell.data(Qt.ItemDataRole.ToolTipRole)
    qtbot.waitUntil(lambda: room.call_page.stats.graphs is not None, timeout=30_000)
