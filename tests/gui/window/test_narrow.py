"""Toolbar and panels in a window of any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import ParticipantJoined
from tests.data_events import file, line

from .calls import ANNA, BEN, emit

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine


@pytest.mark.parametrize("width", [1200, 900, 640, 560, 500, 420])
def test_every_button_is_in_the_toolbar_or_in_its_menu(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, width: int
) -> None:
    toolbar, actions = call.call_page.toolbar, call.actions_
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    call.resize(width, 600)
    qtbot.waitUntil(lambda: toolbar.width() == width)
    layout = toolbar.layout()
    assert layout is not None
    layout.activate()
    shown = [button for button in toolbar.buttons if not button.isHidden()]
    for button in shown:
        assert button.geometry().left() >= 0
        assert button.geometry().right() < width
        assert button.width() >= button.sizeHint().width()
    in_menu = toolbar.more.items.actions()
    assert {button.defaultAction() for button in shown} | set(in_menu) == {
        button.defaultAction() for button in toolbar.buttons
    }
    assert toolbar.more.isVisible() == bool(in_menu)
    assert {actions.leave, actions.microphone, actions.camera} <= {each.defaultAction() for each in shown}
    assert toolbar.button(actions.leave).isVisible()
    if in_menu:
        assert toolbar.button(in_menu[0]) is toolbar.more


def test_the_switch_of_the_layout_is_there_while_there_are_layouts(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    toolbar, actions = call.call_page.toolbar, call.actions_
    call.resize(1300, 600)
    qtbot.waitUntil(lambda: toolbar.width() == 1300)
    [button] = [each for each in toolbar.buttons if each.defaultAction() is actions.layout]
    emit(engine, ParticipantJoined(ANNA))
    assert [button.isVisible()] == [False]
    assert not toolbar.more.isVisible()
    emit(engine, ParticipantJoined(BEN))
    assert button.isVisible()
    actions.whiteboard.trigger()
    assert button.isVisible(), "no button moves while the whiteboard opens"
    assert not button.isEnabled()


def test_the_menu_opens_over_the_toolbar(qtbot: QtBot, call: MainWindow) -> None:
    call.resize(420, 600)
    more = call.call_page.toolbar.more
    qtbot.waitUntil(more.isVisible)
    more.click()
    qtbot.waitUntil(more.items.isVisible)
    assert call.actions_.settings in more.items.actions()
    more.items.close()


def test_a_panel_takes_the_place_of_the_tiles_where_there_is_no_room(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, ParticipantJoined(ANNA), line(1), file(1))
    page, actions = call.call_page, call.actions_
    call.resize(420, 420)
    qtbot.waitUntil(lambda: page.width() == 420)
    actions.chat.trigger()
    assert page.chat.isVisible()
    assert not page.grid.isVisible()
    qtbot.waitUntil(lambda: page.chat.width() == 420)
    assert page.chat.composer.edit.visibleRegion().boundingRect().height() > 20
    assert call.size().width() == 420
    actions.chat.trigger()
    assert page.grid.isVisible()
    actions.chat.trigger()
    call.resize(1000, 700)
    qtbot.waitUntil(page.grid.isVisible)
    assert page.chat.isVisible()


def test_the_older_panel_yields_where_there_is_no_room_for_two(qtbot: QtBot, call: MainWindow) -> None:
    page, actions = call.call_page, call.actions_
    call.resize(1200, 700)
    qtbot.waitUntil(lambda: page.width() == 1200)
    actions.chat.trigger()
    actions.statistics.trigger()
    assert page.chat.isVisible()
    assert page.stats.isVisible()
    assert page.grid.isVisible()
    call.resize(600, 700)
    qtbot.waitUntil(lambda: not page.chat.isVisible())
    assert not actions.chat.isChecked()
    assert page.stats.isVisible()
    actions.chat.trigger()
    assert not page.stats.isVisible()
    assert not actions.statistics.isChecked()
    qtbot.waitUntil(lambda: page.stats.graphs is not None, timeout=30_000)
