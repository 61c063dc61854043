"""The signaling client without a socket: what it says and when, and whom it believes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.protocol.messages import (
    ErrorMessage,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    Welcome,
)
from desktop_app.signaling.errors import ConnectError
from desktop_app.signaling.machine import MAX_OTHERS, SignalingMachine, SignalingState

ME = ParticipantInfo("me", "Myself", audio_muted=True)


def sent(machine: SignalingMachine) -> list[dict[str, Any]]:
    """What the machine wants to send now."""
    return [json.loads(text) for text in machine.take_outgoing()]


def state_of(machine: SignalingMachine) -> SignalingState:
    """Its state; through a function, because mypy takes an attribute for constant between two asserts."""
    return machine.state


def welcome(*participants: str, **more: Any) -> dict[str, Any]:
    """A welcome to the room."""
    return {
        "type": "welcome",
        "protocolVersion": 1,
        "roomId": "room",
        "userId": "me",
        "participants": [{"userId": user_id} for user_id in participants],
        "iceServers": [],
        "limits": {},
        **more,
    }


def receive(machine: SignalingMachine, message: dict[str, Any]) -> ServerMessage | None:
    """Let the server say something."""
    return machine.receive(json.dumps(message))


def joined(*participants: str) -> SignalingMachine:
    """A machine in a room with these others, with nothing left to send."""
    machine = SignalingMachine(ME, "room")
    machine.connected()
    receive(machine, welcome(*participants))
    machine.take_outgoing()
    return machine


def test_a_whole_stay_in_a_room() -> None:
    machine = SignalingMachine(ME, "room")
    assert state_of(machine) is SignalingState.CLOSED
    assert sent(machine) == []

    machine.connected()
    assert state_of(machine) is SignalingState.JOINING
    assert sent(machine) == [
        {
            "type": "join-room",
            "roomId": "room",
            "userId": "me",
            "displayName": "Myself",
            "audioMuted": True,
            "capabilities": ["sfu", "resume"],
            "instance": machine.instance,
        }
    ]
    assert sent(machine) == []

    assert isinstance(receive(machine, welcome("a", "b")), Welcome)
    assert state_of(machine) is SignalingState.JOINED
    assert list(machine.participants) == ["a", "b"]

    event = receive(machine, {"type": "new-peer", "userId": "c", "displayName": "Carol"})
    assert event == NewPeer(ParticipantInfo("c", "Carol"))
    assert list(machine.participants) == ["a", "b", "c"]

    machine.signal("c", {"type": "offer", "sdp": "v=0"})
    assert sent(machine) == [{"type": "signal", "targetUserId": "c", "data": {"type": "offer", "sdp": "v=0"}}]

    event = receive(machine, {"type": "signal", "from": "c", "data": [1, None]})
    assert event == PeerSignal("c", [1, None])

    event = receive(
        machine, {"type": "participant-updated", "userId": "c", "displayName": "C", "audioMuted": True}
    )
    assert event == ParticipantUpdated(ParticipantInfo("c", "C", audio_muted=True))
    assert machine.participants["c"].audio_muted

    machine.update(ParticipantInfo("me", "I", video_muted=True))
    (update,) = sent(machine)
    assert update["type"] == "update-participant"
    assert (update["displayName"], update["audioMuted"], update["videoMuted"]) == ("I", False, True)

    assert receive(machine, {"type": "peer-left", "userId": "a"}) == PeerLeft("a")
    assert list(machine.participants) == ["b", "c"]

    machine.leave()
    assert sent(machine) == [{"type": "leave-room"}]
    assert state_of(machine) is SignalingState.CLOSED
    machine.leave()
    machine.signal("b", 1)
    machine.update(ME)
    assert sent(machine) == []


@pytest.mark.parametrize("code", ["user-id-taken", "room-full", "a-code-of-the-future"])
def test_a_refusal_is_a_connect_error_with_the_servers_sentence(code: str) -> None:
    machine = SignalingMachine(ME, "room")
    machine.connected()
    with pytest.raises(ConnectError, match="not today") as raised:
        receive(machine, {"type": "error", "code": code, "message": "not today"})
    assert raised.value.code == code


def test_a_refusal_without_words_gets_some() -> None:
    machine = SignalingMachine(ME, "room")
    machine.connected()
    with pytest.raises(ConnectError, match="refused"):
        receive(machine, {"type": "error", "code": "room-full"})


def test_an_error_within_the_room_is_only_told() -> None:
    machine = joined("a")
    event = receive(machine, {"type": "error", "code": "unknown-target", "message": "gone"})
    assert event == ErrorMessage("unknown-target", "gone")
    assert state_of(machine) is SignalingState.JOINED


def test_nothing_is_sent_before_the_welcome_and_the_newest_state_is_announced() -> None:
    machine = SignalingMachine(ME, "room")
    machine.update(ParticipantInfo("me", "Later"))
    machine.connected()
    (join,) = sent(machine)
    assert join["displayName"] == "Later"
    machine.signal("a", 1)
    machine.update(ME)
    assert sent(machine) == []


def test_what_was_not_sent_is_lost_with_the_connection_and_the_next_one_begins_with_a_join() -> None:
    machine = joined("a")
    machine.signal("a", 1)
    machine.disconnected()
    assert state_of(machine) is SignalingState.CLOSED
    assert sent(machine) == []
    machine.connected()
    assert [message["type"] for message in sent(machine)] == ["join-room"]
    receive(machine, welcome("b"))
    assert list(machine.participants) == ["b"]


def test_strangers_are_not_heard_and_not_spoken_to() -> None:
    machine = joined("a")
    machine.signal("stranger", 1)
    assert sent(machine) == []
    assert receive(machine, {"type": "signal", "from": "stranger", "data": 1}) is None
    assert receive(machine, {"type": "peer-left", "userId": "stranger"}) is None
    assert receive(machine, {"type": "participant-updated", "userId": "stranger"}) is None
    assert list(machine.participants) == ["a"]


def test_we_are_never_our_own_peer() -> None:
    machine = joined("me", "a")
    assert list(machine.participants) == ["a"]
    assert receive(machine, {"type": "new-peer", "userId": "me"}) is None
    assert receive(machine, {"type": "signal", "from": "me", "data": 1}) is None
    assert list(machine.participants) == ["a"]


def test_somebody_who_comes_back_is_a_new_peer_again() -> None:
    machine = joined("a")
    assert isinstance(receive(machine, {"type": "new-peer", "userId": "a", "displayName": "A2"}), NewPeer)
    assert machine.participants["a"].display_name == "A2"


def test_a_second_welcome_changes_nothing() -> None:
    machine = joined("a")
    assert receive(machine, welcome("b")) is None
    assert list(machine.participants) == ["a"]


@pytest.mark.expected_warnings("more participants than we can talk to")
def test_a_server_cannot_make_us_connect_to_everybody() -> None:
    machine = joined(*(str(index) for index in range(MAX_OTHERS + 10)))
    assert len(machine.participants) == MAX_OTHERS
    assert receive(machine, {"type": "new-peer", "userId": "one too many"}) is None
    assert receive(machine, {"type": "new-peer", "userId": "0"}) is not None
    assert len(machine.participants) == MAX_OTHERS


def test_messages_of_a_newer_server_are_ignored() -> None:
    machine = joined("a")
    assert receive(machine, {"type": "from-the-future", "x": 1}) is None


@pytest.mark.expected_warnings("sent a message that is not of the protocol")
@given(
    st.text(max_size=50)
    | st.sampled_from(["{}", "[]", "null", '{"type":1}', '{"type":"signal"}', "[" * 5000])
)
def test_rubbish_is_dropped_in_every_state(text: str) -> None:
    machine = SignalingMachine(ME, "room")
    assert machine.receive(text) is None
    machine.connected()
    assert machine.receive(text) is None
    receive(machine, welcome("a"))
    assert machine.receive(text) is None
    assert list(machine.participants) == ["a"]


def test_a_lost_place_is_asked_for_with_the_newest_token_and_the_states_of_now() -> None:
    machine = joined()
    instance = machine.instance
    machine.disconnected()
    machine.connected()
    sent(machine)
    receive(machine, welcome(session={"token": "T1", "graceSeconds": 30}))
    assert machine.can_resume
    machine.disconnected()
    machine.update(replace(ME, audio_muted=False))  # while away
    machine.connected()
    (again,) = sent(machine)
    assert (again["resume"], again["instance"]) == ("T1", instance)
    assert "audioMuted" not in again
    receive(machine, welcome(session={"token": "T2", "graceSeconds": 30}, resumed=True))
    machine.disconnected()
    machine.connected()
    assert sent(machine)[0]["resume"] == "T2"
    machine.leave()
    sent(machine)
    machine.connected()
    assert "resume" not in sent(machine)[0]
    assert SignalingMachine(ME, "room").instance != instance


def test_an_update_does_not_take_the_instance_away() -> None:
    machine = joined()
    receive(machine, {"type": "new-peer", "userId": "a", "instance": "of this call"})
    told = receive(machine, {"type": "participant-updated", "userId": "a", "displayName": "Ann"})
    assert told == ParticipantUpdated(ParticipantInfo("a", "Ann", instance="of this call"))
    assert machine.participants["a"].instance == "of this call"
