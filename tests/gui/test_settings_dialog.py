"""The settings dialog: made from the schema, applied live, and it says why a value is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QMessageBox

from desktop_app.call.events import DeviceState, DeviceStatus, MicrophoneLevel
from desktop_app.core.errors import UserFacingError
from desktop_app.media.devices import Device, Devices
from desktop_app.settings.schema import OPTIONS, Group, Settings
from desktop_app.ui.settings_device_field import DeviceField
from desktop_app.ui.settings_dialog import SettingsDialog
from desktop_app.ui.settings_fields import ChoiceField, NumberField, SwitchField, TextField
from desktop_app.ui.settings_ice_field import IceServerRow, IceServersField
from desktop_app.ui.switch_box import SwitchBox

from .conftest import flush_deletions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from .fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("qt_loop")

TURN = "turn:turn.example.org:3478,ana,hunter2"


class Opened:
    """A dialog on the screen and everything that it emitted."""

    def __init__(self, dialog: SettingsDialog) -> None:
        self.dialog = dialog
        self.emitted: list[Settings] = []
        dialog.settings_changed.connect(self.emitted.append)

    def text(self, name: str) -> QLineEdit:
        field = self.dialog.rows[name].field
        assert isinstance(field, TextField)
        return field.edit

    def switch(self, name: str) -> SwitchBox:
        field = self.dialog.rows[name].field
        assert isinstance(field, SwitchField)
        return field.box

    def number(self, name: str) -> NumberField:
        field = self.dialog.rows[name].field
        assert isinstance(field, NumberField)
        return field

    def device(self, name: str) -> DeviceField:
        field = self.dialog.rows[name].field
        assert isinstance(field, DeviceField)
        return field

    def labels(self, name: str) -> list[str]:
        choice = self.device(name).choice
        return [choice.itemText(index) for index in range(choice.count()) if choice.itemText(index)]

    def pick(self, name: str, label: str) -> None:
        choice = self.device(name).choice
        index = choice.findText(label)
        assert index >= 0, self.labels(name)
        choice.setCurrentIndex(index)
        choice.activated.emit(index)

    @property
    def ice(self) -> IceServersField:
        field = self.dialog.rows["ice_servers"].field
        assert isinstance(field, IceServersField)
        return field


@pytest.fixture
def opened(qtbot: QtBot, engine: FakeEngine) -> Callable[[Settings], Opened]:
    def show(settings: Settings) -> Opened:
        dialog = SettingsDialog(engine, settings)
        qtbot.addWidget(dialog)
        result = Opened(dialog)
        dialog.show()
        qtbot.waitUntil(
            lambda: "list_devices" in engine.names() and result.labels("camera")[1] != "No camera"
        )
        return result

    return show


def type_into(edit: QLineEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClicks(edit, text)


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


def test_page_of_the_list_is_shown(opened: Callable[[Settings], Opened]) -> None:
    dialog = opened(Settings()).dialog
    for group, page in dialog.pages.items():
        dialog.show_page(group)
        assert page.isVisible()
    QTest.keyClick(dialog.navigation, Qt.Key.Key_Home)
    assert dialog.pages[Group.GENERAL].isVisible()


def test_devices_are_listed_with_their_extras(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    assert shown.labels("camera") == [
        "System default",
        "Front Camera",
        "USB Camera",
        "No camera",
        "Moving test pattern",
        "Choose a file…",
    ]
    assert shown.labels("microphone")[-3:] == ["No microphone", "Test tone", "Choose a file…"]
    assert shown.labels("speaker") == ["System default", "Built-in Speakers", "Headset", "No speaker"]


def test_device_choice_is_applied(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings())
    for label, value in (
        ("USB Camera", "USB Camera"),
        ("No camera", "none"),
        ("Moving test pattern", "test"),
    ):
        shown.pick("camera", label)
        assert shown.emitted[-1] == Settings(camera=value)
    shown.pick("camera", "System default")
    assert shown.emitted[-1] == Settings()


def test_unplugged_device_is_kept_and_comes_back_on_refresh(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings(camera="Desk Camera"))
    assert shown.device("camera").choice.currentText() == "Desk Camera (not connected)"
    assert shown.device("camera").value() == "Desk Camera"
    engine.devices = Devices(cameras=(Device("5", "Desk Camera"),))
    shown.dialog.show_page(Group.CAMERA)
    QTest.mouseClick(shown.device("camera").refresh_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.device("camera").choice.currentText() == "Desk Camera")
    assert "Front Camera" not in shown.labels("camera")
    assert shown.emitted == []


def test_file_is_chosen_in_place_of_a_device(tmp_path: Path, opened: Callable[[Settings], Opened]) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"")
    shown = opened(Settings())
    shown.pick("camera", "Choose a file…")
    assert shown.device("camera").choice.currentText() == "System default"
    (file_dialog,) = shown.dialog.findChildren(QFileDialog)
    file_dialog.fileSelected.emit(str(film))
    file_dialog.close()
    assert shown.emitted == [Settings(camera=str(film))]
    assert shown.device("camera").choice.currentText() == "File: film.mp4"


def test_file_choice_can_be_cancelled(opened: Callable[[Settings], Opened]) -> None:
    shown = opened(Settings(microphone="test"))
    shown.pick("microphone", "Choose a file…")
    (file_dialog,) = shown.dialog.findChildren(QFileDialog)
    file_dialog.reject()
    assert shown.emitted == []
    assert shown.device("microphone").choice.currentText() == "Test tone"


@pytest.mark.expected_warnings(r"_list_devices failed$")
def test_failed_listing_is_told_in_the_rows(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings())
    engine.fail("list_devices", UserFacingError("The devices cannot be listed."))
    shown.dialog.refresh_devices()
    qtbot.waitUntil(lambda: shown.dialog.rows["camera"].notice == "The devices cannot be listed.")
    assert shown.labels("camera")[1] == "Front Camera"
    engine.fail("list_devices", None)
    shown.dialog.refresh_devices()
    qtbot.waitUntil(lambda: shown.dialog.rows["camera"].notice == "")


def test_failing_device_is_told_beside_its_choice(
    engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings())
    engine.emit(DeviceStatus("camera", DeviceState.FAILED, "The camera is in use by another program."))
    assert shown.dialog.rows["camera"].notice == "The camera is in use by another program."
    assert shown.dialog.rows["microphone"].notice == ""
    engine.emit(DeviceStatus("camera", DeviceState.LIVE))
    assert shown.dialog.rows["camera"].notice == ""


def test_test_tone_is_played_once_at_a_time(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings())
    shown.dialog.show_page(Group.SOUND)
    engine.hold("play_test_tone")
    QTest.mouseClick(shown.dialog.tone_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not shown.dialog.tone_button.isEnabled())
    QTest.mouseClick(shown.dialog.tone_button, Qt.MouseButton.LeftButton)
    engine.release("play_test_tone")
    qtbot.waitUntil(shown.dialog.tone_button.isEnabled)
    assert engine.names().count("play_test_tone") == 1


@pytest.mark.expected_warnings(r"_tone failed$")
def test_failed_test_tone_is_told_and_can_be_tried_again(
    qtbot: QtBot, engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings())
    engine.fail("play_test_tone", UserFacingError("The speaker is gone."))
    shown.dialog.tone_button.click()
    qtbot.waitUntil(lambda: shown.dialog.rows["speaker"].notice == "The speaker is gone.")
    assert shown.dialog.tone_button.isEnabled()
    engine.fail("play_test_tone", None)
    shown.dialog.tone_button.click()
    qtbot.waitUntil(lambda: shown.dialog.rows["speaker"].notice == "")


def test_dialog_that_goes_during_the_tone_leaves_nothing(qtbot: QtBot, engine: FakeEngine) -> None:
    dialog = SettingsDialog(engine, Settings())
    dialog.show()
    engine.hold("play_test_tone")
    dialog.tone_button.click()
    qtbot.waitUntil(lambda: "play_test_tone" in engine.names())
    assert engine.listener_count == 1
    dialog.deleteLater()
    flush_deletions()
    assert engine.listener_count == 0


def test_microphone_level_moves_the_bar_only_while_open(
    engine: FakeEngine, opened: Callable[[Settings], Opened]
) -> None:
    shown = opened(Settings())
    engine.emit(MicrophoneLevel(1.0))
    assert shown.dialog.level_meter.share == pytest.approx(1.0)
    assert engine.listener_count == 1
    shown.dialog.close()
    assert engine.listener_count == 0
    shown.dialog.show()
    assert engine.listener_count == 1


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
    box.button(QMessageBox.StandardButton.Reset).click()
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
