"""Room logic: who gets what, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desktop_app.protocol import limits
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import (
    ClientMessage,
    IceServer,
    JoinRoom,
    LeaveRoom,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    Signal,
    UpdateParticipant,
    Welcome,
)
from desktop_app.server.rooms import Delivery, Rooms


def joined(*users: str, room_id: str = "r") -> Rooms[str]:
    """Rooms with `users` in one room; each user's client is named like the user, in capitals."""
    rooms: Rooms[str] = Rooms()
    for user in users:
        rooms.receive(user.upper(), JoinRoom(room_id, user))
    return rooms


def refused(rooms: Rooms[str], client: str, message: ClientMessage) -> ErrorCode:
    with pytest.raises(ProtocolError) as caught:
        rooms.receive(client, message)
    return caught.value.code


def test_the_first_one_is_welcomed_and_nobody_else_hears() -> None:
    ice = (IceServer(urls=("stun:h",)),)
    rooms: Rooms[str] = Rooms(ice_servers=lambda: ice, max_participants=3)
    deliveries = rooms.receive("A", JoinRoom("r", "a", "Ann"))
    assert [delivery.targets for delivery in deliveries] == [("A",)]
    welcome = deliveries[0].message
    assert isinstance(welcome, Welcome)
    assert (welcome.protocol_version, welcome.room_id, welcome.user_id) == (1, "r", "a")
    assert welcome.participants == ()
    assert welcome.ice_servers == ice
    assert welcome.limits.frame_bytes == limits.MAX_FRAME_BYTES
    assert welcome.limits.participants == 3


def test_a_newcomer_gets_the_others_and_all_others_get_the_newcomer() -> None:
    rooms = joined("a", "b")
    rooms.receive("A", UpdateParticipant(display_name="Ann", audio_muted=True))
    welcome, news = rooms.receive("C", JoinRoom("r", "c", "Cem", video_muted=True))
    assert isinstance(welcome.message, Welcome)
    assert welcome.message.participants == (ParticipantInfo("a", "Ann", True), ParticipantInfo("b"))
    assert news == Delivery(("A", "B"), NewPeer(ParticipantInfo("c", "Cem", False, True)))


def test_a_signal_reaches_its_target_alone_under_the_senders_own_name() -> None:
    rooms = joined("a", "b", "c")
    assert rooms.receive("A", Signal("c", {"from": "b"})) == [
        Delivery(("C",), PeerSignal("a", {"from": "b"}))
    ]


def test_rooms_do_not_hear_each_other() -> None:
    rooms = joined("a", "b")
    assert len(rooms.receive("X", JoinRoom("other", "a"))) == 1
    assert refused(rooms, "X", Signal("b", None)) is ErrorCode.UNKNOWN_TARGET
    assert rooms.receive("X", UpdateParticipant(audio_muted=True)) == []
    assert rooms.receive("X", LeaveRoom()) == []


def test_leaving_and_losing_the_connection_are_told_alike() -> None:
    expected = [Delivery(("B",), PeerLeft("a"))]
    assert joined("a", "b").receive("A", LeaveRoom()) == expected
    assert joined("a", "b").disconnect("A") == expected


def test_empty_rooms_are_removed() -> None:
    rooms = joined("a", "b")
    assert (rooms.room_count, rooms.participant_count) == (1, 2)
    rooms.disconnect("A")
    assert (rooms.room_count, rooms.participant_count) == (1, 1)
    assert rooms.disconnect("B") == []
    assert (rooms.room_count, rooms.participant_count) == (0, 0)
    assert rooms.disconnect("B") == []


def test_after_leaving_one_may_join_again() -> None:
    rooms = joined("a", "b")
    rooms.receive("A", LeaveRoom())
    welcome, news = rooms.receive("A", JoinRoom("r", "a"))
    assert isinstance(welcome.message, Welcome)
    assert news.targets == ("B",)


@pytest.mark.parametrize(
    ("client", "message", "code"),
    [
        ("A", JoinRoom("r", "z"), ErrorCode.ALREADY_JOINED),
        ("A", JoinRoom("elsewhere", "z"), ErrorCode.ALREADY_JOINED),
        ("C", JoinRoom("r", "a"), ErrorCode.USER_ID_TAKEN),
        ("A", Signal("nobody", None), ErrorCode.UNKNOWN_TARGET),
        ("A", Signal("a", None), ErrorCode.UNKNOWN_TARGET),
        ("C", Signal("a", None), ErrorCode.NOT_JOINED),
        ("C", LeaveRoom(), ErrorCode.NOT_JOINED),
        ("C", UpdateParticipant(audio_muted=True), ErrorCode.NOT_JOINED),
    ],
)
def test_refusals_change_nothing(client: str, message: ClientMessage, code: ErrorCode) -> None:
    rooms = joined("a", "b")
    assert refused(rooms, client, message) is code
    assert (rooms.room_count, rooms.participant_count) == (1, 2)
    assert rooms.room_of("C") is None
    assert rooms.receive("A", Signal("b", 1)) == [Delivery(("B",), PeerSignal("a", 1))]


def test_a_full_room_refuses() -> None:
    rooms = joined(*(f"u{number}" for number in range(limits.MAX_PARTICIPANTS)))
    assert refused(rooms, "X", JoinRoom("r", "x")) is ErrorCode.ROOM_FULL
    rooms.disconnect("U0")
    assert len(rooms.receive("X", JoinRoom("r", "x"))) == 2


def test_a_refused_join_leaves_no_empty_room_behind() -> None:
    rooms: Rooms[str] = Rooms(max_participants=0)
    assert refused(rooms, "A", JoinRoom("r", "a")) is ErrorCode.ROOM_FULL
    assert rooms.room_count == 0


def test_updates_keep_what_they_do_not_name_and_tell_only_changes() -> None:
    rooms = joined("a", "b")
    first = rooms.receive("A", UpdateParticipant(display_name="Ann", audio_muted=True))
    assert first == [Delivery(("B",), ParticipantUpdated(ParticipantInfo("a", "Ann", True, False)))]
    second = rooms.receive("A", UpdateParticipant(video_muted=True))
    assert second == [Delivery(("B",), ParticipantUpdated(ParticipantInfo("a", "Ann", True, True)))]
    assert rooms.receive("A", UpdateParticipant(video_muted=True)) == []
    assert rooms.receive("A", UpdateParticipant()) == []


CLIENTS = st.sampled_from("ABCDEFGHIJKL")
USERS = st.sampled_from("abcdefghijkl")
ROOMS = st.sampled_from(["r1", "r2"])


class AnyOrder(RuleBasedStateMachine):
    """Whatever is sent in whatever order: everybody's picture of their room, built from messages, is right."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: Rooms[str] = Rooms()
        self.known: dict[str, tuple[str, str, set[str]]] = {}
        """client: (room, its own user, the users it was told of)."""

    def apply(self, deliveries: list[Delivery[str]], sender: str) -> None:
        for delivery in deliveries:
            for target in delivery.targets:
                self.deliver(delivery, target, sender)

    def deliver(self, delivery: Delivery[str], target: str, sender: str) -> None:
        match delivery.message:
            case Welcome() as welcome:
                others = {info.user_id for info in welcome.participants}
                self.known[target] = (welcome.room_id, welcome.user_id, others)
            case NewPeer(participant=info):
                assert info.user_id not in self.known[target][2]
                self.known[target][2].add(info.user_id)
            case PeerLeft(user_id=user):
                self.known[target][2].remove(user)
            case PeerSignal(from_user_id=user):
                assert user == self.known[sender][1]
                assert user in self.known[target][2]
            case other:
                raise AssertionError(other)

    def send(self, client: str, message: ClientMessage) -> None:
        try:
            deliveries = self.rooms.receive(client, message)
        except ProtocolError:
            return
        if isinstance(message, LeaveRoom):
            self.known.pop(client)
        self.apply(deliveries, client)

    @rule(client=CLIENTS, room=ROOMS, user=USERS)
    def join(self, client: str, room: str, user: str) -> None:
        self.send(client, JoinRoom(room, user))

    @rule(client=CLIENTS, user=USERS)
    def signal(self, client: str, user: str) -> None:
        self.send(client, Signal(user, None))

    @rule(client=CLIENTS)
    def leave(self, client: str) -> None:
        self.send(client, LeaveRoom())

    @rule(client=CLIENTS)
    def lose(self, client: str) -> None:
        self.known.pop(client, None)
        self.apply(self.rooms.disconnect(client), client)

    @invariant()
    def pictures_agree(self) -> None:
        for client, (room, user, others) in self.known.items():
            assert self.rooms.room_of(client) == room
            members = {known_user for known_room, known_user, _ in self.known.values() if known_room == room}
            assert others == members - {user}
            assert len(members) <= limits.MAX_PARTICIPANTS
        assert self.rooms.participant_count == len(self.known)
        assert self.rooms.room_count == len({room for room, _, _ in self.known.values()})


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
