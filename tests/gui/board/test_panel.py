"""The bar, clearing with a question, and the room that all of it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog, QMessageBox, QToolButton, QWidget

from desktop_app.data.board_changes import Clear
from desktop_app.ui.board.bar import MenuButton, ToolButton
from desktop_app.ui.board.drafts import Ink
from desktop_app.ui.theme import apply_theme

from .desk import Desk, pen, theirs

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


def box_of(desk: Desk) -> QMessageBox:
    [box] = desk.panel.window().findChildren(QMessageBox)
    return box


def test_clearing_asks_first_and_can_be_undone(desk: Desk) -> None:
    assert not desk.panel.actions_.clear.isEnabled()
    desk.drag((100, 100), (200, 200))
    desk.come(theirs(1, pen(10, 10, 60, 60)))
    desk.panel.actions_.clear.trigger()
    box = box_of(desk)
    assert "for everybody" in box.text()
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert len(desk.shapes()) == 2, "Enter does not clear"
    desk.qtbot.waitUntil(lambda: not desk.panel.window().findChildren(QMessageBox))
    desk.panel.actions_.clear.trigger()
    [clear] = [each for each in box_of(desk).buttons() if each.text() == "Clear"]
    clear.click()
    assert desk.shapes() == []
    assert isinstance(desk.changes[-1], Clear)
    desk.panel.actions_.undo.trigger()
    assert len(desk.shapes()) == 2


def test_everything_is_shown_as_large_as_there_is_room(desk: Desk) -> None:
    desk.come(theirs(1, pen(2000, 2000, 2300, 2100)))
    desk.panel.actions_.fit.trigger()
    assert 1 < desk.canvas.viewport_.scale <= 2
    for x, y in ((2000, 2000), (2300, 2100)):
        assert desk.canvas.rect().contains(desk.on_widget(x, y).toPoint())


def test_colours_and_widths_are_used_by_what_is_drawn_next(desk: Desk) -> None:
    actions = desk.panel.actions_
    actions.colors["#14924c"].trigger()
    actions.widths[8.0].trigger()
    desk.drag((100, 100), (200, 200))
    assert (desk.shapes()[0].color, desk.shapes()[0].width) == ("#14924c", 8.0)
    actions.other_color.trigger()
    [dialog] = desk.panel.findChildren(QColorDialog)
    assert not actions.other_color.isChecked(), "nothing is chosen yet"
    dialog.setCurrentColor(QColor("#ff00aa"))
    dialog.accept()
    assert desk.canvas.ink == Ink("#ff00aa", 8.0)
    assert actions.other_color.isChecked()


@pytest.mark.parametrize("width", [404, 820])
def test_every_control_is_seen_has_a_name_and_can_be_reached(qtbot: QtBot, width: int) -> None:
    desk = Desk(qtbot, width=width, height=300)
    assert desk.panel.width() == width, "it fits"
    area = QRect(QPoint(), desk.panel.size())
    buttons = [each for each in desk.panel.findChildren(QToolButton) if each.isVisible()]
    assert len(buttons) >= 12
    for button in buttons:
        place = QRect(button.mapTo(desk.panel, QPoint()), button.size())
        assert area.contains(place), button.accessibleName()
        assert button.accessibleName()
        assert button.toolTip()
        assert not button.icon().isNull() or button.text()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    reachable = {button.defaultAction() for button in buttons}
    menus = [each.menu() for each in buttons if isinstance(each, MenuButton)]
    reachable |= {action for menu in menus for action in menu.actions()}
    hidden = set(desk.panel.actions_.all()) - reachable
    assert hidden == set()


def test_the_keyboard_reaches_bar_and_canvas(desk: Desk) -> None:
    seen: set[QWidget | None] = set()
    desk.canvas.setFocus()
    for _ in range(60):
        QTest.keyClick(desk.panel.window().focusWidget(), Qt.Key.Key_Tab)
        seen.add(desk.panel.window().focusWidget())
    usable = {each for each in desk.panel.findChildren(ToolButton) if each.isVisible() and each.isEnabled()}
    assert usable <= seen
    assert desk.canvas in seen


def test_the_focus_is_seen_only_when_the_keyboard_brought_it(desk: Desk) -> None:
    desk.drag((100, 100), (200, 200))
    assert not desk.canvas.has_visible_focus()
    desk.panel.bar.setFocus()
    desk.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert desk.canvas.has_visible_focus()


def test_the_paper_is_light_in_both_appearances(desk: Desk, qapp: QApplication) -> None:
    desk.drag((100, 100), (200, 200))
    light = desk.color_at(300, 300)
    apply_theme(qapp, "dark")
    dark = desk.color_at(300, 300)
    apply_theme(qapp, "light")
    assert light == QColor("#ffffff")
    assert 0.85 < dark.lightnessF() < 1
