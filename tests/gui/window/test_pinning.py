"""Pinning people: by double click, button, menu and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QCursor, QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from desktop_app.ui.room_model import Person

from .many import Many, names, person

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.frame_converter import ConversionPool
    from desktop_app.ui.person_tile import PersonTile

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def many(qtbot: QtBot, pool: ConversionPool) -> Many:
    made = Many(qtbot, pool)
    made.people(5)
    return made


def button_of(tile: PersonTile) -> QRect | None:
    return tile.pin_button


def leave(tile: PersonTile) -> None:
    QApplication.sendEvent(tile, QEvent(QEvent.Type.Leave))


def enter(tile: PersonTile) -> None:
    middle = QPointF(tile.rect().center())
    QCursor.setPos(tile.mapToGlobal(tile.rect().center()))
    QApplication.sendEvent(tile, QEnterEvent(middle, middle, QPointF(tile.mapToGlobal(middle.toPoint()))))


def test_a_double_click_pins_and_makes_large(many: Many) -> None:
    tile = many.grid.tiles["u3"]
    QTest.mouseDClick(tile, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 20))
    assert many.pinned() == ("u3",)
    assert tile.accessibleName() == "Person 3, pinned, connection not known yet"
    assert many.layout() == "speaker", "a pin asks for a large place"
    assert many.large() == ["u3", "u0"]
    QTest.mouseDClick(tile, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 20))
    assert many.pinned() == ()
    assert many.layout() == "grid"
    assert tile.accessibleName() == "Person 3, connection not known yet"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_P])
def test_a_key_pins_the_tile_that_has_the_focus(many: Many, key: Qt.Key) -> None:
    tile = many.grid.tiles["u1"]
    many.grid.activateWindow()
    tile.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(tile, key)
    assert many.pinned() == ("u1",)
    assert tile.hasFocus()
    QTest.keyClick(tile, key)
    assert many.pinned() == ()


def test_the_focus_is_seen_when_it_came_by_the_keyboard(many: Many) -> None:
    tile = many.grid.tiles["u1"]
    many.grid.activateWindow()
    many.grid.tiles["u0"].setFocus(Qt.FocusReason.TabFocusReason)
    without = tile.grab().toImage()
    tile.setFocus(Qt.FocusReason.MouseFocusReason)
    assert tile.grab().toImage() == without
    many.grid.tiles["u0"].setFocus(Qt.FocusReason.TabFocusReason)
    tile.setFocus(Qt.FocusReason.TabFocusReason)
    assert tile.grab().toImage() != without


def test_the_menu_of_a_tile(qtbot: QtBot, many: Many) -> None:
    tile = many.grid.tiles["u2"]
    tile.set_name("Ann & Ben")
    for words, pinned in (("Pin Ann && Ben", ("u2",)), ("Unpin Ann && Ben", ())):
        place = QPoint(5, 5)
        QApplication.sendEvent(
            tile, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, tile.mapToGlobal(place))
        )
        [menu] = tile.findChildren(QMenu)
        qtbot.waitUntil(menu.isVisible)
        [action] = menu.actions()
        assert action.text() == words
        action.trigger()
        assert many.pinned() == pinned
        menu.close()
        qtbot.waitUntil(lambda: not tile.findChildren(QMenu))


def test_the_button_under_the_mouse(many: Many) -> None:
    many.grid.set_layout("grid")
    tile = many.grid.tiles["u0"]
    leave(tile)  # wherever the mouse of the test before was
    assert button_of(tile) is None
    plain = tile.grab().toImage()
    enter(tile)
    place = button_of(tile)
    assert place is not None
    assert tile.rect().contains(place)
    assert tile.grab().toImage() != plain
    QTest.mouseClick(tile, LEFT, Qt.KeyboardModifier.NoModifier, place.center())
    assert many.pinned() == ("u0",)
    QTest.mouseClick(tile, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(20, 20))
    assert many.pinned() == ("u0",), "a click elsewhere does nothing"
    leave(tile)
    assert button_of(tile) is None


def test_the_third_pin_takes_the_place_of_the_first(many: Many) -> None:
    for user_id in ("u4", "u1", "u2"):
        many.grid.toggle_pin(user_id)
    assert many.pinned() == ("u1", "u2")
    assert [tile.pinned for tile in many.grid.tiles.values()] == [False, True, True, False, False]
    assert set(many.large()) == {"u0", "u1", "u2"}


def test_the_pinned_are_first_in_the_grid_and_on_every_page(many: Many) -> None:
    many.grid.set_layout("grid")
    many.people(30)
    many.grid.toggle_pin("u20")
    assert many.visible() == ["u20", *names(range(10))]
    many.grid.turn_page(1)
    assert many.visible()[0] == "u20"
    assert many.visible()[1:3] == ["u10", "u11"]


def test_whoever_leaves_is_pinned_no_more(many: Many) -> None:
    many.grid.toggle_pin("u1")
    many.grid.show_people([person(0), person(2), person(3)])
    assert many.pinned() == ()
    assert many.layout() == "grid"
    many.grid.toggle_pin("u1")
    assert many.pinned() == (), "somebody who is not there cannot be pinned"


def test_with_one_other_there_is_nothing_to_pin(many: Many) -> None:
    many.people(1)
    tile = many.grid.tiles["u0"]
    assert tile.focusPolicy() == Qt.FocusPolicy.NoFocus
    QTest.mouseDClick(tile, LEFT)
    enter(tile)
    assert button_of(tile) is None
    assert many.pinned() == ()
    many.grid.show_people([person(0), Person("u1", "Ben")])
    assert tile.focusPolicy() == Qt.FocusPolicy.StrongFocus
