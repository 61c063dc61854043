"""The settings dialog: the list of STUN and TURN servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from desktop_app.settings.schema import Group, Settings

from .settings_opened import Opened, type_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.ui.settings_ice_field import IceServerRow


pytestmark = pytest.mark.usefixtures("qt_loop")

TURN = "turn:turn.example.org:3478,ana,hunter2"


def only_row(shown: Opened) -> IceServerRow:
    (row,) = shown.ice.rows
    return row


def shown_problem(row: IceServerRow) -> list[str]:
    return [label.text() for label in row.findChildren(QLabel) if not label.isHidden()]


def test_server_is_added_and_checked_as_it_is_typed(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.NETWORK)
    QTest.mouseClick(shown.ice.add_button, Qt.MouseButton.LeftButton)
    row = only_row(shown)
    assert shown_problem(row) == []
    QTest.keyClicks(row.url, "turn")
    assert shown_problem(row) == ["A server's address begins with stun:, stuns:, turn: or turns:."]
    QTest.keyClicks(row.url, ":turn.example.org:3478")
    assert shown_problem(row) == ["A TURN server needs a user name and a secret."]
    QTest.keyClicks(row.user, "an,a")
    QTest.keyClicks(row.secret.edit, "hunter2")
    assert shown_problem(row) == ["The user name must not contain a comma."]
    shown.dialog.apply_pending()
    assert shown.emitted == []
    type_into(row.user, "ana")
    assert shown_problem(row) == []
    shown.dialog.apply_pending()
    assert shown.emitted == [Settings(ice_servers=(TURN,))]


def test_one_wrong_server_keeps_the_list_as_it_was(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(ice_servers=("stun:s.example",)))
    shown.dialog.show_page(Group.NETWORK)
    shown.ice.add_button.click()
    second = shown.ice.rows[1]
    QTest.keyClicks(second.url, "stun:t.example:0")
    assert shown_problem(second) == ["The port must be between 1 and 65535."]
    assert shown_problem(shown.ice.rows[0]) == []
    shown.dialog.apply_pending()
    assert shown.emitted == []
    second.remove_button.click()
    shown.dialog.apply_pending()
    assert shown.emitted == []
    assert len(shown.ice.rows) == 1


def test_server_is_removed(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(ice_servers=("stun:s.example", TURN)))
    shown.ice.rows[0].remove_button.click()
    shown.dialog.apply_pending()
    assert shown.emitted == [Settings(ice_servers=(TURN,))]
    assert only_row(shown).url.text() == "turn:turn.example.org:3478"


def test_no_more_servers_than_allowed(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(ice_servers=("stun:s.example",) * 7))
    assert shown.ice.add_button.isEnabled()
    shown.ice.add_button.click()
    assert not shown.ice.add_button.isEnabled()
    shown.ice.rows[-1].remove_button.click()
    assert shown.ice.add_button.isEnabled()


def test_secret_is_masked_until_revealed(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(ice_servers=(TURN,)))
    shown.dialog.show_page(Group.NETWORK)
    secret = only_row(shown).secret
    assert secret.edit.text() == "hunter2"
    assert secret.edit.displayText() != "hunter2"
    secret.reveal_button.click()
    assert secret.edit.displayText() == "hunter2"
    assert secret.reveal_button.toolTip() == "Hide the secret"
    secret.reveal_button.click()
    assert secret.edit.displayText() != "hunter2"


def test_return_in_a_field_neither_closes_nor_adds(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(ice_servers=("stun:s.example",)))
    QTest.keyClick(shown.text("display_name"), Qt.Key.Key_Return)
    shown.dialog.show_page(Group.NETWORK)
    QTest.keyClick(shown.ice.rows[0].url, Qt.Key.Key_Return)
    assert shown.dialog.isVisible()
    assert len(shown.ice.rows) == 1
