"""The settings dialog: cameras, microphones and speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from desktop_app.call.events import DeviceState, DeviceStatus, MicrophoneLevel
from desktop_app.core.errors import UserFacingError
from desktop_app.media.devices import Device, Devices
from desktop_app.settings.schema import Group, Settings
from desktop_app.ui.settings_dialog import SettingsDialog

from .conftest import flush_deletions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from .fake_engine import FakeEngine
    from .settings_opened import Opened

pytestmark = pytest.mark.usefixtures("qt_loop")

TURN = "turn:turn.example.org:3478,ana,hunter2"


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
