"""The tiles of a call: who has one, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest

from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.state import PeerState
from desktop_app.ui.room_model import Person
from desktop_app.ui.tile_grid import TileGrid

from .pictures import BLUE, GREEN, RED, color_at, is_close, plain_frame

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.frame_converter import ConversionPool


class Slots:
    """The slots of a call."""

    def __init__(self) -> None:
        self.own = FrameSlot()
        self.others: dict[str, FrameSlot] = {}

    def remote(self, user_id: str) -> FrameSlot:
        return self.others.setdefault(user_id, FrameSlot())


@pytest.fixture
def slots() -> Slots:
    return Slots()


@pytest.fixture
def grid(qtbot: QtBot, pool: ConversionPool, slots: Slots) -> TileGrid:
    made = TileGrid(pool, slots.own, slots.remote)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.show()
    return made


def people(count: int) -> list[Person]:
    return [Person(f"u{number}", f"Person {number}", state=PeerState.CONNECTED) for number in range(count)]


def area_of(widget: QWidget) -> int:
    return widget.width() * widget.height()


def test_alone_our_picture_is_large_and_the_link_is_offered(qtbot: QtBot, grid: TileGrid) -> None:
    assert grid.waiting.isVisible()
    assert not grid.own.geometry().intersects(grid.waiting.geometry())
    assert area_of(grid.own) > area_of(grid) / 2
    with qtbot.waitSignal(grid.copy_link_requested):
        QTest.mouseClick(grid.waiting.copy_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(grid.invite_requested):
        QTest.mouseClick(grid.waiting.invite_button, Qt.MouseButton.LeftButton)


def test_with_one_other_our_picture_lies_in_the_corner_of_theirs(grid: TileGrid) -> None:
    grid.show_people(people(1))
    (other,) = grid.tiles.values()
    assert not grid.waiting.isVisible()
    assert other.geometry().contains(grid.own.geometry())
    assert area_of(grid.own) < area_of(other) / 10
    assert grid.own.geometry().center().x() > other.geometry().center().x()
    assert grid.own.geometry().center().y() > other.geometry().center().y()


def test_our_small_picture_is_painted_over_the_other(qtbot: QtBot, grid: TileGrid, slots: Slots) -> None:
    slots.own.put(plain_frame(RED))
    slots.remote("u0").put(plain_frame(BLUE))
    grid.show_people(people(1))
    (other,) = grid.tiles.values()
    qtbot.waitUntil(lambda: grid.own.showing_picture and other.showing_picture)
    center = grid.own.geometry().center()
    assert is_close(color_at(grid, center.x() / grid.width(), center.y() / grid.height()), RED)
    assert is_close(color_at(grid, 0.4, 0.4), BLUE)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("size", [(1000, 600), (420, 700), (400, 300)])
def test_from_three_people_on_everybody_has_an_equal_tile(
    grid: TileGrid, count: int, size: tuple[int, int]
) -> None:
    grid.resize(*size)
    grid.show_people(people(count))
    tiles = [*grid.tiles.values(), grid.own]
    assert len(tiles) == count + 1
    assert len({(tile.width(), tile.height()) for tile in tiles}) == 1
    for number, tile in enumerate(tiles):
        assert grid.rect().contains(tile.geometry())
        assert not any(tile.geometry().intersects(other.geometry()) for other in tiles[number + 1 :])


def test_tiles_appear_change_and_disappear(grid: TileGrid) -> None:
    grid.show_people(people(3))
    before = grid.tiles
    grid.show_people([Person("u1", "Renamed", audio_muted=True, state=PeerState.RECONNECTING)])
    (tile,) = grid.tiles.values()
    assert tile is before["u1"], "a tile that stays is not made again: its picture would flicker"
    assert tile.accessibleName() == "Renamed, microphone muted, connection lost, Reconnecting…"
    assert not before["u0"].isVisible()
    grid.show_people([])
    assert grid.tiles == {}
    assert grid.waiting.isVisible()


def test_the_tile_of_somebody_who_left_takes_no_frames(
    qtbot: QtBot, grid: TileGrid, slots: Slots, pool: ConversionPool
) -> None:
    grid.show_people(people(2))
    tile = grid.tiles["u0"]
    slots.remote("u0").put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: tile.showing_picture)
    grid.show_people(people(2)[1:])
    converted = pool.conversions
    slots.remote("u0").put(plain_frame(RED))
    for _ in range(5):
        QCoreApplication.processEvents()
    assert pool.conversions == converted


def test_a_single_picture_gets_a_tile_of_its_own_shape(qtbot: QtBot, grid: TileGrid, slots: Slots) -> None:
    grid.show_people(people(1))
    (tile,) = grid.tiles.values()
    slots.remote("u0").put(plain_frame(GREEN, 640, 480))
    qtbot.waitUntil(lambda: tile.showing_picture)
    assert abs(tile.width() / tile.height() - 4 / 3) < 0.02
    slots.remote("u0").put(plain_frame(GREEN, 1280, 720))
    qtbot.waitUntil(lambda: abs(tile.width() / tile.height() - 16 / 9) < 0.02)


def test_who_is_heard_is_marked_unless_muted(grid: TileGrid) -> None:
    grid.show_people([Person("a", "Anna"), Person("b", "Ben", audio_muted=True)])
    quiet = [tile.grab().toImage() for tile in grid.tiles.values()]
    grid.set_talking({"a", "b"})
    heard = [tile.grab().toImage() for tile in grid.tiles.values()]
    assert heard[0] != quiet[0]
    assert heard[1] == quiet[1]
    grid.set_talking(set())
    assert [tile.grab().toImage() for tile in grid.tiles.values()] == quiet


def test_a_narrow_window_leaves_the_code_to_the_invitation(grid: TileGrid) -> None:
    grid.resize(400, 500)
    assert grid.waiting.copy_button.isVisible()
    assert not grid.waiting.invite_button.isVisible()
