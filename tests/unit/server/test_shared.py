"""Rooms with members on other servers, and what comes from them: without Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import (
    JoinRoom,
    LeaveRoom,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    Signal,
    UpdateParticipant,
    Welcome,
)
from desktop_app.server.rooms import Delivery, Member, Rooms
from desktop_app.server.shared.address import parse_redis_url
from desktop_app.server.shared.bus import RedisBus
from desktop_app.server.shared.events import info_text, parse_event, room_digest
from desktop_app.server.shared.mending import Mending

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue

DIGEST = room_digest("r")


class Recorder:
    """Implements rooms.Elsewhere."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, JsonValue]] = []

    def signal(self, sender: Member[str], target: Member[str], data: JsonValue) -> None:
        self.told.append(("signal", target.info.user_id, data))

    def updated(self, member: Member[str]) -> None:
        self.told.append(("updated", member.info.user_id, member.info.display_name))

    def left(self, member: Member[str]) -> None:
        self.told.append(("left", member.info.user_id, None))


class Place:
    """One server's rooms: Ann, of this server, is the tenth member ever."""

    def __init__(self) -> None:
        self.rooms: Rooms[str] = Rooms()
        self.elsewhere = self.rooms.elsewhere = Recorder()
        self.got: list[Delivery[str]] = []
        self.expelled: list[str] = []
        self.heard: list[tuple[str, str, str | None]] = []
        self.bus = RedisBus("me", alone=lambda room_id: False, lease_valid=lambda: True)
        self.moved: list[tuple[str, str]] = []
        self.away: list[tuple[str, bool]] = []
        self.mending = Mending(
            self.rooms,
            self.bus,
            "me",
            self.got.extend,
            self._expel,
            self._heard,
            self._moved_away,
            lambda member, away: self.away.append((member.info.user_id, away)),
        )
        self.bus.enter(DIGEST, "r", "other", None)
        self.rooms.admit("ANN", JoinRoom("r", "ann"), 10)

    def _heard(self, room_id: str, host: str, doors: str | None) -> None:
        self.heard.append((room_id, host, doors))

    def _moved_away(self, member: Member[str], server: str) -> None:
        self.moved.append((member.info.user_id, server))
        self.rooms.give_up(member, server)

    def _expel(self, client: str) -> None:
        self.expelled.append(client)
        self.got.extend(self.rooms.disconnect(client))

    def event(self, kind: str, **fields: object) -> list[Delivery[str]]:
        self.got.clear()
        self.mending.apply(parse_event(json.dumps({"t": kind, "r": DIGEST, **fields})))
        return list(self.got)

    def users(self) -> list[str]:
        return [member.info.user_id for member in self.rooms.members("r")]


def info(user: str, name: str = "") -> str:
    return info_text(ParticipantInfo(user, name), ())


def test_members_of_other_servers_come_change_and_go() -> None:
    place = Place()
    came = place.event("join", n="11", s="other", i=info("bob"))
    assert came == [Delivery(("ANN",), NewPeer(ParticipantInfo("bob")))]
    changed = place.event("update", n="11", i=info("bob", "Bob"))
    assert changed == [Delivery(("ANN",), ParticipantUpdated(ParticipantInfo("bob", "Bob")))]
    assert place.event("update", n="9", i=info("bob", "Earlier")) == []
    assert place.event("left", n=["9"], l="other") == []
    assert place.event("left", n=["11"], l="me") == [Delivery(("ANN",), PeerLeft("bob"))]
    assert place.bus.is_leader("r")


def test_what_ours_say_is_told_to_other_servers() -> None:
    place = Place()
    place.event("join", n="11", s="other", i=info("bob"))
    assert place.rooms.receive("ANN", Signal("bob", {"a": 1})) == []
    assert place.rooms.receive("ANN", UpdateParticipant(display_name="Ann")) == []
    place.rooms.receive("ANN", LeaveRoom())
    assert place.elsewhere.told == [
        ("signal", "bob", {"a": 1}),
        ("updated", "ann", "Ann"),
        ("left", "ann", None),
    ]
    assert place.rooms.room_count == 0  # nobody of ours is in it


def test_welcome_has_everybody_in_the_order_of_joining() -> None:
    place = Place()
    place.event("join", n="12", s="other", i=info("cem"))
    place.event("join", n="8", s="other", i=info("bob"))  # came back with its old number
    [welcome, news] = place.rooms.admit("DAN", JoinRoom("r", "dan"), 13)
    assert isinstance(welcome.message, Welcome)
    assert [one.user_id for one in welcome.message.participants] == ["bob", "ann", "cem"]
    assert news.targets == ("ANN",)


def test_a_new_member_with_an_old_ones_name_replaces_it() -> None:
    place = Place()
    place.event("join", n="11", s="other", i=info("bob"))
    assert place.event("join", n="11", s="other", i=info("bob")) == []
    assert place.event("join", n="12", s="third", i=info("bob")) == [
        Delivery(("ANN",), PeerLeft("bob")),
        Delivery(("ANN",), NewPeer(ParticipantInfo("bob"))),
    ]


@pytest.mark.expected_warnings("a participant has lost its name")
def test_ours_gives_way_to_one_who_kept_the_name() -> None:
    place = Place()
    place.rooms.admit("BOB", JoinRoom("r", "bob"), 11)
    told = place.event("snap", f="0", m=[["5", "other", info("ann")], ["11", "me", info("bob")]])
    assert place.expelled == ["ANN"]
    assert told == [Delivery(("BOB",), PeerLeft("ann")), Delivery(("BOB",), NewPeer(ParticipantInfo("ann")))]


def test_who_is_missing_is_gone_only_in_the_final_comparison() -> None:
    place = Place()
    place.event("join", n="11", s="other", i=info("bob"))
    whole = [["10", "me", info("ann")]]
    assert place.event("snap", f="0", m=whole) == []
    assert place.users() == ["ann", "bob"]
    assert place.event("snap", f="1", m=whole) == [Delivery(("ANN",), PeerLeft("bob"))]
    assert place.event("snap", f="1") == []
    assert place.users() == ["ann"]  # what is ours we know better


@settings(deadline=None)  # the machine may be busy
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("trnsikmldf"), inner),
    )
)
def test_what_is_no_event_is_refused_and_nothing_else(value: object) -> None:
    place = Place()
    try:
        place.mending.apply(parse_event(json.dumps(value)))
    except ProtocolError:
        return
    assert "ann" in place.users()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://h", "redis://h:6379"),
        ("redis://:se%40cret@h:7000/2", "redis://h:7000/2"),
        ("rediss://u:secret@[::1]/0?ssl_ca_certs=/f", "rediss://[::1]:6379/0"),
        ("unix://u:secret@/run/redis.sock?db=1", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_secrets(text: str, shown: str) -> None:
    address = parse_redis_url(text)
    assert str(address) == shown
    assert "cret" not in repr(address)


@pytest.mark.parametrize(
    "text", ["", "redis://", "http://h", "redis://h:x", "redis://h/?db=x", "h:6379", "redis://["]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="must be like"):
        parse_redis_url(text)


def test_the_name_of_a_room_is_not_in_its_digest() -> None:
    assert room_digest("r") != room_digest("R")
    assert len(room_digest("x" * 128)) == 32


def test_a_signal_without_other_servers_is_refused_as_before() -> None:
    place = Place()
    with pytest.raises(ProtocolError) as caught:
        place.rooms.receive("ANN", Signal("nobody", None))
    assert caught.value.code is ErrorCode.UNKNOWN_TARGET


def test_a_member_that_lost_its_server_is_away_until_another_has_it_and_nobody_is_told() -> None:
    place = Place()
    record = ["11", "dies", json.dumps({"userId": "ben"})]
    place.event("join", n="11", s="dies", i=record[2])
    assert place.event("away", m=[["11", "-", record[2]]]) == []
    ben = place.rooms.find("r", "ben")
    assert ben is not None
    assert (ben.server, ben.is_away) == ("-", True)
    assert place.event("moved", n="11", s="third", i=record[2]) == []
    assert place.away == [("ben", True), ("ben", False)]
    assert (ben.server, ben.is_away) == ("third", False)


def test_a_member_of_ours_that_comes_back_by_another_server_takes_the_room_with_it() -> None:
    place = Place()
    assert place.event("moved", n="10", s="third", i=json.dumps({"userId": "ann"})) == []
    assert place.moved == [("ann", "third")]
    assert place.rooms.members("r") == ()
    assert place.rooms.room_of("ANN") is None
