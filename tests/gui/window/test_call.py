"""A call in the window: people, microphone and camera, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QToolButton

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    LocalMuteChanged,
    Notice,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    QualityChanged,
    StatsUpdated,
)
from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.state import PeerState
from desktop_app.stats.model import CallStats, InboundAudioStats, PeerStats
from desktop_app.ui.invite_dialog import InviteDialog

from .calls import ANNA, BEN, called, emit
from .pictures import BLUE, GREEN, RED, color_at, is_close, plain_frame, two_halves

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from pytestqt.qtbot import QtBot

    from desktop_app.ui.main_window import MainWindow
    from tests.gui.fake_engine import FakeEngine

    from .conftest import MakeWindow

TOGGLES = [("microphone", "audio"), ("camera", "video")]


def test_people_get_tiles_with_their_pictures(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), ParticipantJoined(BEN))
    emit(engine, PeerStateChanged("a", PeerState.CONNECTED), PeerStateChanged("b", PeerState.CONNECTED))
    engine.remote_video("a").put(plain_frame(RED))
    engine.remote_video("b").put(plain_frame(BLUE))
    tiles = call.call_page.grid.tiles
    qtbot.waitUntil(lambda: all(tile.showing_picture for tile in tiles.values()))
    assert is_close(color_at(tiles["a"], 0.5, 0.5), RED)
    assert is_close(color_at(tiles["b"], 0.5, 0.5), BLUE)
    assert "3 people" in call.state_line.text
    emit(engine, ParticipantGone("a"))
    assert list(call.call_page.grid.tiles) == ["b"]
    assert "2 people" in call.state_line.text


def test_names_mutes_and_connection_states_are_on_the_tiles(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(BEN))
    tile = call.call_page.grid.tiles["b"]
    assert tile.accessibleName() == "Ben, microphone muted, connection not known yet, Connecting…"
    emit(engine, PeerStateChanged("b", PeerState.CONNECTED))
    assert tile.status == ""
    emit(engine, ParticipantChanged(ParticipantInfo("b", "Benno", video_muted=True)))
    assert tile.accessibleName() == "Benno, camera off, connection not known yet"
    emit(engine, PeerStateChanged("b", PeerState.RECONNECTING))
    assert tile.status == "Reconnecting…"
    assert "Reconnecting to Benno" in call.state_line.text
    emit(engine, PeerStateChanged("b", PeerState.FAILED, "No way to Benno was found."))
    assert tile.status == "No way to Benno was found."


def test_our_own_picture_is_mirrored_and_theirs_is_not(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, ParticipantJoined(ANNA), PeerStateChanged("a", PeerState.CONNECTED))
    engine.local_video.put(two_halves(RED, BLUE))
    engine.remote_video("a").put(two_halves(RED, GREEN))
    own, theirs = call.call_page.grid.own, call.call_page.grid.tiles["a"]
    qtbot.waitUntil(lambda: own.showing_picture and theirs.showing_picture)
    assert is_close(color_at(own, 0.25, 0.3), BLUE)
    assert is_close(color_at(own, 0.75, 0.3), RED)
    assert is_close(color_at(theirs, 0.25, 0.3), RED)


def test_a_failed_camera_shows_its_sentence_and_no_picture(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    own = call.call_page.grid.own
    engine.local_video.put(plain_frame(RED))
    qtbot.waitUntil(lambda: own.showing_picture)
    emit(engine, DeviceStatus("camera", DeviceState.FAILED, "The camera is gone."))
    assert own.status == "The camera is gone."
    assert not own.showing_picture  # the placeholder for the others would stand there mirrored
    emit(engine, DeviceStatus("camera", DeviceState.LIVE))
    engine.local_video.put(plain_frame(RED))
    qtbot.waitUntil(lambda: own.showing_picture)
    assert own.status == ""


def test_our_tile_says_that_it_is_ours(call: MainWindow) -> None:
    assert call.call_page.grid.own.name == "Ana Silva (you)"


def test_who_is_heard_gets_a_ring(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA), PeerStateChanged("a", PeerState.CONNECTED))
    tile = call.call_page.grid.tiles["a"]
    quiet = tile.grab().toImage()
    for level, heard in ((0.3, True), (0.0, False)):
        peer = PeerStats("a", "connected", inbound_audio=InboundAudioStats(audio_level=level))
        emit(engine, StatsUpdated(CallStats(1.0, {"a": peer})))
        assert (tile.grab().toImage() != quiet) == heard


def test_a_page_behind_converts_nothing(qtbot: QtBot, window: MainWindow, engine: FakeEngine) -> None:
    engine.local_video.put(plain_frame(RED))
    qtbot.waitUntil(lambda: window.lobby.preview.showing_picture)
    assert window.conversions == 1
    assert not window.call_page.grid.own.receiving
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: window.call_page.grid.own.showing_picture)
    assert not window.lobby.preview.receiving


# Microphone and camera


@pytest.mark.parametrize(("name", "kind"), TOGGLES)
def test_a_switch_asks_the_engine_and_shows_its_answer(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine, name: str, kind: str
) -> None:
    action: QAction = getattr(call.actions_, name)
    on_text, on_icon = action.text(), action.icon().cacheKey()
    action.trigger()
    assert action.text() == on_text, "it shows what is, not what was asked for"
    qtbot.waitUntil(lambda: called(engine, "set_muted") == [(kind, True)])
    qtbot.waitUntil(lambda: action.text() != on_text)
    assert action.icon().cacheKey() != on_icon
    buttons = [each for each in call.findChildren(QToolButton) if each.defaultAction() is action]
    assert len(buttons) == 2, "one in the lobby, one in the call"
    assert {button.property("kind") for button in buttons} == {"off"}
    own = call.call_page.grid.own.accessibleName()
    assert ("microphone muted" in own) == (kind == "audio")
    assert ("camera off" in own) == (kind == "video")
    action.trigger()
    qtbot.waitUntil(lambda: action.text() == on_text)
    assert called(engine, "set_muted") == [(kind, True), (kind, False)]
    assert {button.property("kind") for button in buttons} == {"toolbar"}


def test_quick_presses_count_each(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    for _ in range(3):
        call.actions_.microphone.trigger()
    qtbot.waitUntil(lambda: len(called(engine, "set_muted")) == 3)
    assert [muted for _, muted in called(engine, "set_muted")] == [True, False, True]


def test_a_mute_from_elsewhere_is_shown(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, LocalMuteChanged("audio", True))
    assert "Microphone muted" in call.state_line.text
    assert call.actions_.microphone.toolTip().startswith("The microphone is muted")


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_a_switch_that_fails_is_told(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    engine.fail("set_muted", UserFacingError("The camera could not be opened."))
    call.actions_.camera.trigger()
    qtbot.waitUntil(lambda: call.notices.text == "The camera could not be opened.")
    engine.fail("set_muted", None)
    call.actions_.camera.trigger()
    qtbot.waitUntil(lambda: called(engine, "set_muted")[1:] == [("video", True)])


# Trouble, and the end


def test_leaving_returns_to_the_lobby(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, ParticipantJoined(ANNA))
    call.open_invite()
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)
    assert called(engine, "leave") == [()]
    assert call.call_page.grid.tiles == {}
    assert call.controller.invite is None
    assert call.windowTitle() == "Bridgecall"
    assert not any(dialog.isVisible() for dialog in call.findChildren(InviteDialog))
    engine.local_video.put(plain_frame(GREEN))
    qtbot.waitUntil(lambda: call.lobby.preview.showing_picture)


def test_leaving_twice_asks_once(qtbot: QtBot, call: MainWindow, engine: FakeEngine) -> None:
    call.actions_.leave.trigger()
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)
    assert called(engine, "leave") == [()]


@pytest.mark.expected_warnings("async_slots: .* failed")
def test_leaving_that_fails_is_told_and_can_be_tried_again(
    qtbot: QtBot, call: MainWindow, engine: FakeEngine
) -> None:
    engine.fail("leave", RuntimeError("inner detail"))
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: "Something went wrong" in call.notices.text)
    engine.fail("leave", None)
    call.actions_.leave.trigger()
    qtbot.waitUntil(lambda: call.pages.currentWidget() is call.lobby)


def test_a_lost_server_is_told_until_it_is_back(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, CallStateChanged(CallState.SERVER_LOST, "room", "The server does not answer."))
    assert call.notices.text == "The server does not answer."
    assert "Server lost" in call.state_line.text
    assert call.pages.currentWidget() is call.call_page
    emit(engine, CallStateChanged(CallState.IN_CALL, "room"))
    assert call.notices.text == "The server is back."
    assert called(engine, "play_chime") == [("lost",), ("back",)]


def test_a_device_that_fails_in_a_call_is_told_until_it_is_back(call: MainWindow, engine: FakeEngine) -> None:
    emit(engine, DeviceStatus("camera", DeviceState.FAILED, "The camera was unplugged."))
    assert call.notices.text == "The camera was unplugged."
    assert call.call_page.grid.own.status == "The camera was unplugged."
    assert "Camera not working" in call.state_line.text
    emit(engine, DeviceStatus("camera", DeviceState.OPENING))
    assert call.notices.text == ""
    emit(engine, DeviceStatus("camera", DeviceState.LIVE))
    assert call.notices.text == "The camera works again."


def test_a_device_that_failed_before_the_call_is_told_in_it(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, DeviceStatus("microphone", DeviceState.FAILED, "There is no microphone."))
    assert window.notices.text == ""
    window.lobby.form.start_button.click()
    qtbot.waitUntil(lambda: window.notices.text == "There is no microphone.")
    window.actions_.leave.trigger()
    qtbot.waitUntil(lambda: window.notices.text == "")


def test_notices_of_the_engine_are_shown(window: MainWindow, engine: FakeEngine) -> None:
    emit(engine, Notice("warning", "Your connection is weak.", "weak"))
    assert window.notices.isVisible()
    assert window.notices.text == "Your connection is weak."


def test_a_broken_settings_file_is_told(make_window: MakeWindow) -> None:
    window = make_window(notice="The settings could not be read, so the defaults are used.")
    assert window.notices.text.startswith("The settings could not be read")


def test_sound_alone_is_said_in_the_state_line_until_the_picture_is_back(
    call: MainWindow, engine: FakeEngine
) -> None:
    emit(engine, ParticipantJoined(ANNA), PeerStateChanged("a", PeerState.CONNECTED))
    assert "Audio only" not in call.state_line.text
    emit(engine, QualityChanged("Sound only", 320, 240, 15.0, 0.0, False, "network"))
    assert "Audio only: the network is too slow for video" in call.state_line.text
    emit(engine, QualityChanged("320 × 240, 15 fps", 320, 240, 15.0, 68.0, True, "recovered"))
    assert "Audio only" not in call.state_line.text
