"""The settings dialog: its fields, what is applied when, and what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox

from desktop_app.settings import kinds
from desktop_app.settings.schema import OPTIONS, Group, Settings
from desktop_app.settings.store import SettingsStore
from desktop_app.ui.settings_fields import ChoiceField
from desktop_app.ui.switch_box import SwitchBox

from .conftest import flush_deletions
from .settings_opened import Opened, type_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


pytestmark = pytest.mark.usefixtures("qt_loop")

TURN = "turn:turn.example.org:3478,ana,hunter2"


def test_every_option_of_the_schema_has_its_row(opened: Callable[[Settings], Opened]) -> None:
    dialog = opened(Settings()).dialog
    assert set(dialog.rows) == {option.name for option in OPTIONS if option.group is not None}
    for group, page in dialog.pages.items():
        assert [row.option.name for row in page.rows.values()] == [
            option.name for option in OPTIONS if option.group is group
        ]


def test_fields_show_the_settings(opened: Callable[[Settings], Opened]) -> None:
    settings = Settings().replace(
        display_name="Ana",
        frame_rate=15,
        video_size="320x240",
        microphone="Headset Microphone",
        noise_suppression=False,
        ice_servers=("stun:s.example", TURN),
    )
    shown = opened(settings)
    for name, row in shown.dialog.rows.items():
        assert row.field.value() == getattr(settings, name), name
        assert row.problem == ""
    assert shown.emitted == []


def test_every_field_can_be_reached_and_is_named(opened: Callable[[Settings], Opened]) -> None:
    dialog = opened(Settings()).dialog
    for row in dialog.rows.values():
        target = row.field.focus_target()
        assert target.focusPolicy() & Qt.FocusPolicy.TabFocus
        buddies = [label.buddy() for label in row.findChildren(QLabel) if label.buddy() is not None]
        assert buddies == ([] if isinstance(target, SwitchBox) else [target])
        assert target.accessibleName() or isinstance(target, SwitchBox) or row.option.name == "ice_servers"


def test_mnemonics_are_unique_on_each_page(opened: Callable[[Settings], Opened]) -> None:
    dialog = opened(Settings()).dialog
    footer = [dialog.reset_button.text(), dialog.close_button.text()]
    for page in dialog.pages.values():
        titles = list(footer)
        for row in page.rows.values():
            target = row.field.focus_target()
            if isinstance(target, SwitchBox):
                titles.append(target.text())
            else:
                titles += [label.text() for label in row.findChildren(QLabel) if label.buddy() is not None]
        letters = [title[title.index("&") + 1].lower() for title in titles]
        assert len(letters) == len(set(letters)) == len(page.rows) + 2


def test_typed_name_is_applied_after_a_pause_once(qtbot: QtBot, opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    type_into(shown.text("display_name"), "Ana Silva ")
    assert shown.emitted == []
    qtbot.waitUntil(lambda: bool(shown.emitted))
    assert shown.emitted == [Settings(display_name="Ana Silva")]
    assert shown.text("display_name").text() == "Ana Silva "


def test_typed_value_is_applied_when_the_dialog_closes_at_once(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    type_into(shown.text("server"), "calls.example.org:8080")
    QTest.keyClick(shown.dialog, Qt.Key.Key_Escape)
    assert not shown.dialog.isVisible()
    assert shown.emitted == [Settings(server="calls.example.org:8080")]


def test_wrong_value_says_why_as_typed_and_is_not_applied(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(server="old.example"))
    row = shown.dialog.rows["server"]
    type_into(shown.text("server"), "new.example:")
    assert row.problem == "The port must be between 1 and 65535."
    assert row.field.focus_target().accessibleDescription() == row.problem
    assert row.field.focus_target().property("invalid") is True
    shown.dialog.apply_pending()
    assert shown.emitted == []
    QTest.keyClicks(shown.text("server"), "80")
    assert row.problem == ""
    assert row.field.focus_target().property("invalid") is False
    shown.dialog.apply_pending()
    assert shown.emitted == [Settings(server="new.example:80")]


def test_value_that_became_wrong_again_is_not_applied(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    type_into(shown.text("server"), "host:80")
    QTest.keyClicks(shown.text("server"), "80808")
    shown.dialog.apply_pending()
    assert shown.emitted == []


def test_wrong_value_left_behind_is_gone_when_reopened(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(server="old.example"))
    type_into(shown.text("server"), "a b")
    shown.dialog.close()
    shown.dialog.show()
    assert shown.text("server").text() == "old.example"
    assert shown.dialog.rows["server"].problem == ""


def test_number_is_checked_as_typed_and_its_arrows_keep_the_bounds(
    opened: Callable[[Settings], Opened],
) -> None:
    shown = opened(Settings())
    box = shown.number("frame_rate").box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "75")
    assert shown.dialog.rows["frame_rate"].problem == "Frame rate must be between 5 and 60 frames per second."
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == 60
    assert shown.dialog.rows["frame_rate"].problem == ""
    box.setValue(5)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.value() == 5
    shown.dialog.apply_pending()
    assert shown.emitted == [Settings(frame_rate=5)]


def test_switch_and_choice_are_applied_at_once(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.SOUND)
    box = shown.switch("echo_cancellation")
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(5, box.height() // 2))
    box.setFocus()
    shown.switch("noise_suppression").setFocus()
    QTest.keyClick(shown.switch("noise_suppression"), Qt.Key.Key_Space)
    field = shown.dialog.rows["appearance"].field
    assert isinstance(field, ChoiceField)
    field.box.setCurrentIndex(field.box.findText("Dark"))
    assert shown.emitted == [
        Settings(echo_cancellation=False),
        Settings(echo_cancellation=False, noise_suppression=False),
        Settings(echo_cancellation=False, noise_suppression=False, appearance="dark"),
    ]
    assert shown.dialog.settings == shown.emitted[-1]


def test_every_setting_is_applied_and_survives(opened: Callable[[Settings], Opened], tmp_path: Path) -> None:
    """Also those that are yet to come: whatever has a row is tried."""
    dialog = opened(Settings()).dialog
    others: dict[type, object] = {
        kinds.Text: "https://other.example",
        kinds.Device: "none",
        kinds.Folder: str(tmp_path),
        kinds.IceServers: (TURN,),
    }
    wanted: dict[str, object] = {}
    for name, row in dialog.rows.items():
        kind, before = row.option.kind, row.field.value()
        if isinstance(kind, kinds.Choice):
            value: object = next(each for each in kind.labels if each != before)
        elif isinstance(kind, kinds.Switch):
            value = not before
        else:
            value = others.get(type(kind)) or row.option.default - 1
        wanted[name] = value
        row.field.set_value(value)
        row.field.edited.emit()
        dialog.apply_pending()
        assert getattr(dialog.settings, name) == value, row.problem
    store = SettingsStore(tmp_path / "settings.json")
    store.save(dialog.settings)
    kept = SettingsStore(tmp_path / "settings.json").load().settings
    wanted["ice_servers"] = (TURN.split(",")[0],)  # what is secret is in the keyring
    assert {name: getattr(kept, name) for name in wanted} == wanted


def test_page_of_the_list_is_shown(opened: Callable[[Settings], Opened]) -> None:
    dialog = opened(Settings()).dialog
    for group, page in dialog.pages.items():
        dialog.show_page(group)
        assert page.isVisible()
    QTest.keyClick(dialog.navigation, Qt.Key.Key_Home)
    assert dialog.pages[Group.GENERAL].isVisible()


def test_reset_asks_first_and_keeps_what_the_dialog_does_not_show(
    opened: Callable[[Settings], Opened],
) -> None:
    shown = opened(Settings(display_name="Ana", camera="test", ice_servers=(TURN,), last_target="kept"))
    QTest.mouseClick(shown.dialog.reset_button, Qt.MouseButton.LeftButton)
    (box,) = shown.dialog.findChildren(QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert shown.emitted == []
    flush_deletions()
    type_into(shown.text("server"), "a b")
    QTest.mouseClick(shown.dialog.reset_button, Qt.MouseButton.LeftButton)
    (box,) = shown.dialog.findChildren(QMessageBox)
    next(each for each in box.buttons() if each.text() == "Reset").click()
    assert shown.emitted == [Settings(last_target="kept")]
    assert shown.text("display_name").text() == ""
    assert shown.text("server").text() == ""
    assert shown.dialog.rows["server"].problem == ""
    assert shown.ice.rows == []


def test_change_made_elsewhere_is_followed(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    type_into(shown.text("server"), "mine.example")
    shown.dialog.take_settings(Settings(camera="none", server="theirs.example", last_target="x"))
    assert shown.device("camera").value() == "none"
    assert shown.text("server").text() == "mine.example"
    shown.dialog.apply_pending()
    assert shown.emitted == [Settings(camera="none", server="mine.example", last_target="x")]


def test_wheel_over_a_list_without_focus_scrolls_the_page(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.CAMERA)
    shown.dialog.navigation.setFocus()
    field = shown.dialog.rows["video_size"].field
    assert isinstance(field, ChoiceField)
    centre = QPointF(field.box.rect().center())
    event = QWheelEvent(
        centre,
        QPointF(field.box.mapToGlobal(centre.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field.box, event)
    assert field.value() == "640x480"
    assert shown.emitted == []
