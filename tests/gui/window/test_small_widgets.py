"""Level meter, device choice, notices, state line, labelled field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    LocalMuteChanged,
    ParticipantJoined,
    PeerStateChanged,
)
from desktop_app.media.devices import Device
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.state import PeerState
from desktop_app.ui.device_choice import DeviceChoice
from desktop_app.ui.field import LabelledField
from desktop_app.ui.level_meter import LevelMeter, level_share
from desktop_app.ui.notice_bar import MAX_NOTICES, NoticeBar
from desktop_app.ui.room_model import RoomModel
from desktop_app.ui.state_line import StateLine

from .pictures import color_at

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CAMERAS = (Device("0", "Front Camera"), Device("2", "USB <b>Camera</b>"))


@pytest.mark.parametrize(
    ("rms", "share"),
    [(0.0, 0.0), (-1.0, 0.0), (math.nan, 0.0), (1.0, 1.0), (7.0, 1.0), (10 ** (-27 / 20), 0.5)],
)
def test_the_bar_is_linear_in_decibels(rms: float, share: float) -> None:
    assert level_share(rms) == pytest.approx(share)


def test_the_meter_rises_at_once_and_falls_slowly(qtbot: QtBot) -> None:
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.resize(240, 10)
    dark = color_at(meter, 0.5, 0.5)
    meter.show_level(1.0)
    assert meter.share == 1.0
    assert color_at(meter, 0.5, 0.5) != dark
    shares = []
    for _ in range(10):
        meter.show_level(0.0)
        shares.append(meter.share)
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[2] < 1
    assert shares[-1] == 0
    assert color_at(meter, 0.5, 0.5) == dark


def test_devices_are_offered_beside_default_and_none(qtbot: QtBot) -> None:
    choice = DeviceChoice("camera", "")
    qtbot.addWidget(choice)
    choice.set_devices(CAMERAS)
    texts = [choice.itemText(index) for index in range(choice.count())]
    assert texts == ["System default", "Front Camera", "USB <b>Camera</b>", "No camera"]
    chosen: list[str] = []
    choice.chosen.connect(chosen.append)
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert (choice.value, chosen) == ("Front Camera", ["Front Camera"])


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        ("Lost Camera", "Lost Camera", "Lost Camera (not connected)"),
        ("test", "Moving test pattern", "Moving test pattern"),
        ("/tmp/film.mp4", "File: film.mp4", "File: film.mp4"),
        ("none", "No camera", "No camera"),
        ("Front Camera", "Front Camera", "Front Camera"),
    ],
)
def test_the_settings_value_is_always_shown(qtbot: QtBot, value: str, before: str, after: str) -> None:
    choice = DeviceChoice("camera", value)
    qtbot.addWidget(choice)
    assert choice.currentText() == before
    choice.set_devices(CAMERAS)
    assert choice.currentText() == after
    choice.set_value("")
    assert choice.currentText() == "System default"


def test_notices_stack_replace_and_go(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    assert not bar.isVisible()
    bar.show_notice("warning", "First.", "a")
    bar.show_notice("error", "Second.")
    bar.show_notice("warning", "First, again.", "a")
    assert bar.isVisible()
    assert bar.text == "First, again."
    QTest.mouseClick(bar.dismiss_button, Qt.MouseButton.LeftButton)
    assert bar.text == "Second."
    bar.show_notice("warning", "Third.", "c")
    bar.remove("c")
    assert bar.text == "Second."
    bar.dismiss()
    assert not bar.isVisible()


def test_an_info_goes_by_itself(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.ui.notice_bar.INFO_MS", 1)
    bar = NoticeBar()
    qtbot.addWidget(bar)
    bar.show_notice("error", "This stays.")
    bar.show_notice("info", "The link is on the clipboard.")
    assert bar.text == "The link is on the clipboard."
    qtbot.waitUntil(lambda: bar.text == "This stays.")


def test_notices_are_bounded(qtbot: QtBot) -> None:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    for number in range(3 * MAX_NOTICES):
        bar.show_notice("error", f"Number {number}: " + "long " * 500)
    assert len(bar.text) < 500
    for _ in range(MAX_NOTICES):
        assert bar.text
        bar.dismiss()
    assert bar.text == ""


def test_the_state_line_tells_the_call(qtbot: QtBot) -> None:
    line = StateLine()
    qtbot.addWidget(line)
    line.resize(900, 30)
    line.show()
    model = RoomModel()
    line.show_model(model)
    assert line.text == "Not in a call · No microphone · No camera"
    for event in (
        CallStateChanged(CallState.IN_CALL, "abcd-efgh"),
        DeviceStatus("camera", DeviceState.LIVE),
        DeviceStatus("microphone", DeviceState.LIVE),
        ParticipantJoined(ParticipantInfo("a", "Anna")),
        PeerStateChanged("a", PeerState.CONNECTED),
        LocalMuteChanged("audio", True),
    ):
        model.apply(event)
    line.show_model(model)
    assert line.text == "Connected · Room abcd-efgh · 2 people · Microphone muted · Camera on"
    assert line.accessibleName() == line.text


def test_the_state_line_fits_a_narrow_window(qtbot: QtBot) -> None:
    line = StateLine()
    qtbot.addWidget(line)
    model = RoomModel()
    model.apply(CallStateChanged(CallState.IN_CALL, "abcd-efgh-jkmn"))
    line.resize(420, 30)
    line.show()
    line.show_model(model)
    assert line.minimumSizeHint().width() <= 420


def test_a_field_says_why_until_the_person_types(qtbot: QtBot) -> None:
    field = LabelledField("Server")
    qtbot.addWidget(field)
    field.show()
    field.show_problem("The port must be between 1 and 65535.")
    assert field.problem == "The port must be between 1 and 65535."
    assert field.edit.property("invalid") is True
    assert field.edit.accessibleDescription() == field.problem
    QTest.keyClicks(field.edit, "x")
    assert field.problem == ""
    assert field.edit.property("invalid") is False
