"""The Tab key goes from above to below, and whatever it reaches has a name for a screen reader."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from desktop_app.call.events import Knocked, ParticipantJoined, RoomChanged, SafetyCodeChanged
from desktop_app.protocol.rights import RoomRules
from desktop_app.settings.schema import Settings

from .calls import ANNA, BEN, emit

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine
    from tests.gui.settings_opened import Opened


def tab_chain(root: QWidget) -> list[QWidget]:
    """What the Tab key reaches within a widget, in its order."""
    found: list[QWidget] = []
    each = root.nextInFocusChain()
    while each is not None and each is not root:
        reached = each.isVisibleTo(root) and each.isEnabled() and root.isAncestorOf(each)
        if reached and each.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(each)
        each = each.nextInFocusChain()
    return found


def goes_down(root: QWidget, widgets: list[QWidget]) -> bool:
    """Whether none is above the one before it, but for a pixel or two beside it."""
    middles = [each.mapTo(root, QPoint(0, each.height() // 2)).y() for each in widgets]
    return all(other >= one - 4 for one, other in pairwise(middles))


def name_of(widget: QWidget) -> str:
    """What a screen reader says first. Not asked of QAccessible: that goes on for all later tests."""
    if widget.accessibleName() or isinstance(widget, QComboBox):
        return widget.accessibleName()
    return widget.text() if isinstance(widget, QAbstractButton) else ""


def test_the_panel_of_people_from_above_to_below(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    emit(engine, RoomChanged(RoomRules(host=engine.user_id, lobby=True, password=True)))
    call.actions_.people.setChecked(True)
    emit(engine, SafetyCodeChanged("a", ("one", "two", "three", "four")))
    emit(engine, Knocked("c", "Carla"), Knocked("d", "Dora"))
    panel = call.call_page.people
    QApplication.processEvents()  # shows and places what is new
    chain = tab_chain(panel)
    assert len(chain) == 13
    assert goes_down(panel, chain)
    assert all(name_of(each) for each in chain)


def test_a_notice_is_answered_before_it_is_dismissed(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, RoomChanged(RoomRules(host=engine.user_id)), Knocked("c", "Carla"))
    QApplication.processEvents()
    names = [name_of(each) for each in tab_chain(call.notices)]
    assert names == ["Refuse", "Admit", "Dismiss this notice"]


def test_the_lobby_has_nothing_without_a_name(window: MainWindow) -> None:
    chain = tab_chain(window)
    assert window.lobby not in chain
    assert all(name_of(each) for each in chain), [each for each in chain if not name_of(each)]


def test_the_pages_of_the_settings_come_before_the_buttons_below(
    qt_loop: asyncio.AbstractEventLoop, opened: Callable[[Settings], Opened]
) -> None:
    dialog = opened(Settings()).dialog
    for group in dialog.pages:
        dialog.show_page(group)
        QApplication.processEvents()
        chain = tab_chain(dialog)
        assert chain[0] is dialog.navigation
        assert chain[-3:] == [dialog.reset_button, dialog.test_button, dialog.close_button]
        assert goes_down(dialog, chain[1:-3]), group
