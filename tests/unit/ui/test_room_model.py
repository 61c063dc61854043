"""The window's knowledge of a call: events in, words out."""

from __future__ import annotations

from typing import Literal

import pytest

from desktop_app.call.events import (
    CallEvent,
    CallState,
    CallStateChanged,
    DeviceState,
    DeviceStatus,
    FirstFrame,
    LocalMuteChanged,
    ParticipantChanged,
    ParticipantGone,
    ParticipantJoined,
    PeerStateChanged,
    QualityChanged,
    TopologyChanged,
)
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.state import PeerState
from desktop_app.ui.room_model import RoomModel


def model_after(*events: CallEvent) -> RoomModel:
    model = RoomModel()
    for event in events:
        model.apply(event)
    return model


IN_CALL = CallStateChanged(CallState.IN_CALL, "room")
ANNA = ParticipantJoined(ParticipantInfo("a", "Anna"))
BEN = ParticipantJoined(ParticipantInfo("b", "Ben", audio_muted=True))


def test_people_come_change_and_go() -> None:
    model = model_after(
        IN_CALL, ANNA, BEN, ParticipantChanged(ParticipantInfo("a", "Anne", video_muted=True))
    )
    assert [(each.name, each.audio_muted, each.video_muted) for each in model.people.values()] == [
        ("Anne", False, True),
        ("Ben", True, False),
    ]
    model.apply(ParticipantGone("a"))
    assert list(model.people) == ["b"]
    assert model.people_text() == "2 people"
    model.apply(ParticipantGone("b"))
    assert model.people_text() == "Only you are here"


def test_a_change_of_name_keeps_the_connection_state() -> None:
    model = model_after(IN_CALL, ANNA, PeerStateChanged("a", PeerState.CONNECTED))
    model.apply(ParticipantChanged(ParticipantInfo("a", "Anne")))
    assert model.people["a"].state is PeerState.CONNECTED


def test_strangers_and_unknown_events_change_nothing() -> None:
    model = model_after(
        IN_CALL,
        PeerStateChanged("nobody", PeerState.FAILED),
        ParticipantGone("nobody"),
        FirstFrame("nobody", "video", 5.0),
    )
    assert model.people == {}
    assert model.connection_text() == "Connected"


@pytest.mark.parametrize(
    ("state", "reason", "text"),
    [
        (PeerState.NEW, "", "Connecting…"),
        (PeerState.CONNECTING, "", "Connecting…"),
        (PeerState.CONNECTED, "", ""),
        (PeerState.RECONNECTING, "", "Reconnecting…"),
        (PeerState.FAILED, "", "No connection could be made."),
        (PeerState.FAILED, "No answer.", "No answer."),
        (PeerState.CLOSED, "", "Disconnected"),
    ],
)
def test_each_connection_state_has_words(state: PeerState, reason: str, text: str) -> None:
    model = model_after(IN_CALL, ANNA, PeerStateChanged("a", state, reason))
    assert model.people["a"].status_text() == text


def test_the_connection_is_as_good_as_its_worst() -> None:
    model = model_after(IN_CALL, ANNA, BEN)
    assert model.connection_text() == "Connecting to 2 people"
    model.apply(PeerStateChanged("a", PeerState.CONNECTED))
    assert model.connection_text() == "Connecting to Ben"
    model.apply(PeerStateChanged("b", PeerState.CONNECTED))
    assert model.connection_text() == "Connected"
    model.apply(PeerStateChanged("a", PeerState.RECONNECTING))
    assert model.connection_text() == "Reconnecting to Anna"
    model.apply(PeerStateChanged("b", PeerState.FAILED))
    assert model.connection_text() == "No connection to Ben"
    model.apply(CallStateChanged(CallState.SERVER_LOST, "room"))
    assert model.connection_text() == "Server lost, reconnecting…"
    assert model.in_call


def test_leaving_forgets_room_and_people() -> None:
    model = model_after(CallStateChanged(CallState.JOINING, "room"), IN_CALL, ANNA)
    assert (model.room_id, model.in_call) == ("room", True)
    model.apply(CallStateChanged(CallState.IDLE, "room", "The server closed the room."))
    assert (model.room_id, model.in_call, model.people) == ("", False, {})
    assert model.connection_text() == "Not in a call"


@pytest.mark.parametrize(
    ("state", "muted", "text"),
    [
        (DeviceState.LIVE, False, "Camera on"),
        (DeviceState.LIVE, True, "Camera off"),
        (DeviceState.OPENING, False, "Camera opening…"),
        (DeviceState.OFF, False, "No camera"),
        (DeviceState.FAILED, True, "Camera not working"),
    ],
)
def test_the_camera_in_words(state: DeviceState, muted: bool, text: str) -> None:
    model = model_after(DeviceStatus("camera", state), LocalMuteChanged("video", muted))
    assert model.device_text("camera") == text


def test_a_muted_microphone_is_not_called_off() -> None:
    model = model_after(DeviceStatus("microphone", DeviceState.LIVE), LocalMuteChanged("audio", True))
    assert model.device_text("microphone") == "Microphone muted"
    assert (model.audio_muted, model.video_muted) == (True, False)


def quality(
    video: bool, reason: Literal["network", "setting", "recovered"], user_id: str = ""
) -> QualityChanged:
    return QualityChanged("step", 320, 240, 15.0, 100.0 if video else 0.0, video, reason, user_id)


def test_sound_alone_is_explained_until_the_picture_is_back() -> None:
    model = model_after(IN_CALL, ANNA)
    assert model.quality_text() == ""
    model.apply(quality(False, "network"))
    assert model.quality_text() == "Audio only: the network is too slow for video"
    model.apply(quality(True, "recovered"))
    assert model.quality_text() == ""
    model.apply(quality(False, "setting"))
    assert model.quality_text() == "Audio only, as you chose in the settings"
    model.apply(CallStateChanged(CallState.IDLE, ""))
    assert model.quality_text() == ""
    model.apply(IN_CALL)
    assert model.quality_text() == "", "another call knows nothing of it"


def test_sound_alone_to_one_of_several_names_them_and_says_nothing_of_the_others() -> None:
    model = model_after(IN_CALL, ANNA, BEN, quality(False, "network", "a"))
    assert model.quality_text() == "Audio only to Anna: the network between you is too slow for video"
    model.apply(quality(False, "network", "b"))
    assert model.quality_text() == "Audio only to 2 people: the network between you is too slow for video"
    model.apply(quality(True, "recovered", "a"))
    assert model.quality_text().startswith("Audio only to Ben:")
    model.apply(quality(False, "network"))
    assert model.quality_text() == "Audio only: the network is too slow for video"
    model.apply(quality(True, "recovered"))
    assert model.quality_text().startswith("Audio only to Ben:")
    model.apply(ParticipantGone("b"))
    assert model.quality_text() == ""
    model.apply(ParticipantJoined(ParticipantInfo("b", "Ben")))
    assert model.quality_text() == "", "who comes back has another path"


def test_a_smaller_picture_for_one_is_no_notice() -> None:
    assert model_after(IN_CALL, ANNA, quality(True, "network", "a")).quality_text() == ""


def test_two_people_with_one_name_are_told_apart() -> None:
    model = RoomModel()
    model.apply(CallStateChanged(CallState.IN_CALL, "room"))
    for user_id, name in (("a", "Ana"), ("b", "ana"), ("c", "Ana"), ("d", "Ana (2)")):
        model.apply(ParticipantJoined(ParticipantInfo(user_id, name)))
    names = [person.name for person in model.people.values()]
    assert names[:2] == ["Ana", "ana (2)"]
    assert len({name.casefold() for name in names}) == 4
    model.apply(ParticipantGone("a"))
    model.apply(ParticipantChanged(ParticipantInfo("b", "ana", audio_muted=True)))
    assert model.people["b"].name == "ana (2)", "a name does not change with somebody else's leaving"
    model.apply(ParticipantChanged(ParticipantInfo("b", "Bea")))
    assert model.people["b"].name == "Bea"
    model.apply(CallStateChanged(CallState.IDLE, ""))
    model.apply(ParticipantJoined(ParticipantInfo("b", "Ana")))
    assert model.people["b"].name == "Ana"


def test_the_topology_is_what_was_committed_last() -> None:
    model = model_after(IN_CALL, ANNA)
    assert [model.topology] == [None]
    for event, mode in (
        (TopologyChanged("mesh", "joined"), "mesh"),
        (TopologyChanged("sfu", "participants", "prepare"), "mesh"),
        (TopologyChanged("sfu", "failed", "abort"), "mesh"),
        (TopologyChanged("sfu", "participants"), "sfu"),
    ):
        model.apply(event)
        assert model.topology is not None
        assert model.topology.mode == mode
    model.apply(CallStateChanged(CallState.IDLE, ""))
    assert [model.topology] == [None]


def test_what_was_said_of_a_direct_path_ends_with_it() -> None:
    model = model_after(IN_CALL, ANNA, TopologyChanged("mesh", "joined"), quality(False, "network", "a"))
    assert "Anna" in model.quality_text()
    model.apply(TopologyChanged("mesh", "no-sfu"))
    assert "Anna" in model.quality_text()
    model.apply(TopologyChanged("sfu", "participants"))
    assert model.quality_text() == ""
