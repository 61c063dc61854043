"""Chat: what is believed, and what strangers cannot do to others' lines."""

from __future__ import annotations

import msgspec
import pytest

from desktop_app.data.channels import CHAT
from desktop_app.data.chat import LINES_BURST
from desktop_app.data.chat_history import MAX_LINES, tag_of
from desktop_app.data.messages.chat import ChatHistory as HistoryMessage
from desktop_app.data.messages.chat import ChatKnown, ChatLine, ChatReceived, WireLine

from .chat_tools import Alone, Stranger
from .room import Room


@pytest.fixture
def alone() -> Alone:
    return Alone()


def test_a_live_line_is_its_senders_or_nobodys(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    for line in (
        alone.line(1, author="me"),
        alone.line(2, author="bob"),
        alone.line(3, to="bob"),
        alone.line(4, to="mallory"),
    ):
        alone.chat.received(mallory, ChatLine(line=line))
    assert alone.events == []
    assert mallory.dropped == ["not-theirs"] * 4
    assert mallory.got == []
    alone.chat.received(mallory, ChatLine(line=alone.line(5, to="me")))
    assert alone.texts() == ["line 5"]
    assert [message.ids for message in mallory.got if isinstance(message, ChatReceived)] == [(f"{5:032x}",)]


def test_the_history_brings_nothing_private_and_no_words_of_ours(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    alone.clock.s += 100
    lines = (
        alone.line(1, author="me", ago_s=50),
        alone.line(2, author="bob", to="me"),
        alone.line(3, author="me", to="bob", ago_s=500),
        alone.line(4, author="bob", to="carol"),
        alone.line(5, text="\u202e\x00"),
        alone.line(6, author="bob", ago_s=2, text="hearsay"),
        alone.line(7, author="me", ago_s=500, text="before I was started"),
        alone.line(8, author="mallory", to="me", text="between us"),
        alone.line(9, author="me", to="mallory", ago_s=500),
    )
    alone.chat.received(mallory, HistoryMessage(lines=lines))
    assert alone.texts() == ["before I was started", "hearsay", "between us"]
    assert mallory.dropped == ["not-theirs"] * 4 + ["empty", "not-theirs"]
    assert [message.ids for message in mallory.got if isinstance(message, ChatReceived)] == [
        (f"{8:032x}",)  # of their own
    ]


def test_a_line_that_is_here_stands_but_its_author_is_believed_more_than_others(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    alone.chat.received(mallory, HistoryMessage(lines=(alone.line(1, author="bob", text="forged"),)))
    bob = alone.meet(Stranger("bob"))
    alone.chat.received(bob, HistoryMessage(lines=(alone.line(1, author="bob", text="true"),)))
    assert alone.texts() == ["true"]
    alone.chat.received(mallory, HistoryMessage(lines=(alone.line(1, author="bob", text="forged again"),)))
    alone.chat.received(bob, ChatLine(line=alone.line(1, author="bob", text="another")))
    assert alone.texts() == ["true"]
    assert len(alone.events) == 2


def test_nobody_can_confirm_or_change_what_is_not_for_them(alone: Alone) -> None:
    mallory, bob = alone.meet(Stranger()), alone.meet(Stranger("bob"))
    entry = alone.chat.say("for bob", "bob")
    [sent] = [message.line for message in bob.got if isinstance(message, ChatLine)]
    alone.chat.received(mallory, ChatReceived(ids=(sent.id, "0" * 32)))
    alone.chat.received(mallory, ChatKnown(tags=(entry.id,)))
    assert alone.states() == ["sent"]
    alone.chat.received(bob, ChatReceived(ids=(sent.id, sent.id)))
    assert alone.states() == ["sent", "delivered"]
    assert alone.texts() == ["for bob"]


def test_a_flood_of_lines_is_dropped_without_being_confirmed(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    for number in range(5000):
        alone.chat.received(mallory, ChatLine(line=alone.line(number)))
    assert len(alone.texts()) == LINES_BURST
    assert len(mallory.got) == LINES_BURST
    for number in range(5000, 15_000, 100):
        lines = tuple(alone.line(number + each) for each in range(100))
        alone.chat.received(mallory, HistoryMessage(lines=lines))
    assert len(alone.texts()) <= MAX_LINES
    assert mallory.dropped.count("flood") > 5000 - LINES_BURST


def known_to(stranger: Stranger) -> list[str]:
    """The tags of the newest list that they were told."""
    return [list(message.tags) for message in stranger.got if isinstance(message, ChatKnown)][-1]


def test_a_private_line_is_not_told_to_who_comes_under_the_name_later() -> None:
    room = Room("alice", "bob")
    room.connect_all()
    room["alice"].chat.say("our secret", "bob")
    room.pump()
    room["bob"].chat.say("mine too", "alice")
    room.pump()
    room.cut("alice", "bob")
    room["alice"].chat.say("and another", "bob")
    room.restart("bob")
    room.connect("alice", "bob")
    assert room["bob"].texts() == []
    assert [entry.state for entry in room["alice"].chat.entries()] == ["delivered", "delivered", "failed"]
    room.cut("alice", "bob")
    room.connect("alice", "bob")
    assert room["bob"].texts() == []


def test_not_even_the_tags_of_private_lines_are_told_to_who_comes_later(alone: Alone) -> None:
    bob = alone.meet(Stranger("bob"))
    alone.chat.received(bob, ChatLine(line=alone.line(1, author="bob", to="me")))
    alone.chat.say("for bob", "bob")
    entry = alone.chat.say("for all")
    alone.chat.link_gone(bob)
    other = Stranger("bob")
    alone.chat.link_ready(other)
    assert known_to(other) == [entry.id]


@pytest.mark.parametrize("live", [True, False])
def test_nobody_can_keep_anothers_line_away_by_its_id(live: bool) -> None:
    room = Room("alice", "bob", "mallory")
    room.connect_all()
    room.cut("alice", "bob")
    entry = room["alice"].chat.say("meet at nine")
    room.pump()
    true = wire_of(room, "mallory", entry.id)
    false = msgspec.structs.replace(true, author="mallory" if live else "carol", text="x")
    room["mallory"].hub.links["bob"].send(
        CHAT.label, ChatLine(line=false) if live else HistoryMessage(lines=(false,))
    )
    room.pump()
    assert room["alice"].entry(entry.id).delivered == 1
    room.connect("alice", "bob")
    assert sorted(room["bob"].texts()) == ["meet at nine", "x"]
    assert len({each.id for each in room["bob"].chat.entries()}) == 2
    assert room["alice"].entry(entry.id).state == "delivered"


def wire_of(room: Room, holder: str, tag: str) -> WireLine:
    """A line as a member holds it."""
    entry = room[holder].entry(tag)
    held = next(line for line in room[holder].chat._history if line.tag == entry.id)
    return held.wire


def test_what_a_liar_tells_a_newcomer_is_put_right_by_the_author() -> None:
    room = Room("alice", "carol", "dave")
    room.connect("alice", "carol")
    entry = room["alice"].chat.say("pay 10")
    room.pump()
    held = next(iter(room["carol"].chat._history))
    held.wire = msgspec.structs.replace(held.wire, text="pay 1000")
    room.connect("carol", "dave")
    assert room["dave"].texts() == ["pay 1000"]
    room.connect("alice", "dave")
    assert room["dave"].texts() == ["pay 10"]
    assert room["dave"].entry(entry.id).id == entry.id


def test_who_makes_up_a_long_history_takes_nobodys_lines_away() -> None:
    room = Room("alice", "bob", "mallory")
    room.connect_all()
    for number in range(20):
        room["alice"].chat.say(f"alice {number}")
        room["bob"].chat.say(f"bob {number}")
        room.pump()
    now_ms = room.clock.now_ms()
    link = room["mallory"].hub.links["bob"]
    for start in range(0, 2 * MAX_LINES, 50):
        lines = tuple(
            WireLine(id=f"{start + number:032x}", author="zed", text="z", sent_ms=now_ms + 30_000)
            for number in range(50)
        )
        link.send(CHAT.label, HistoryMessage(lines=lines))
        room.pump()
    texts = room["bob"].texts()
    assert len(texts) == MAX_LINES
    assert len([text for text in texts if text != "z"]) == 40
    room["alice"].chat.say("one more")
    room.pump()
    assert "one more" in room["bob"].texts()
    shown = room["bob"].events
    assert len(shown) < 40 * 3 + MAX_LINES + 2, "what is made up on and on is not shown on and on"


def test_two_who_tell_a_newcomer_have_equal_room(alone: Alone) -> None:
    for name, first in (("mallory", 0), ("bob", MAX_LINES)):
        stranger = alone.meet(Stranger(name))
        for start in range(first, first + MAX_LINES, 100):
            lines = tuple(alone.line(start + each, author="zed", text=name) for each in range(100))
            alone.chat.received(stranger, HistoryMessage(lines=lines))
    texts = alone.texts()
    assert (texts.count("mallory"), texts.count("bob")) == (MAX_LINES / 2, MAX_LINES / 2)


def test_nobody_tells_words_of_somebody_who_is_connected_to_us() -> None:
    room = Room("alice", "bob", "mallory")
    room.connect_all()
    room.clock.s += 10
    forged = WireLine(id="ab" * 16, author="alice", text="I resign", sent_ms=room.clock.now_ms())
    room["mallory"].hub.links["bob"].send(CHAT.label, HistoryMessage(lines=(forged,)))
    room.pump()
    assert room["bob"].texts() == []
    [chat] = [each for each in room["bob"].hub.links["mallory"].counters() if each.label == CHAT.label]
    assert chat.dropped == {"not-theirs": 1}


def test_what_somebody_said_before_they_were_connected_or_restarted_may_be_told() -> None:
    room = Room("alice", "bob", "carol")
    room.connect("alice", "carol")
    room["alice"].chat.say("before")
    room.pump()
    room.clock.s += 10
    room.restart("alice")
    room.connect("alice", "bob")
    room.connect("carol", "bob")
    assert room["bob"].texts() == ["before"]
    assert room["bob"].chat.entries()[0].from_history


def test_a_line_that_is_confirmed_as_anothers_is_none_of_ours(alone: Alone) -> None:
    bob = alone.meet(Stranger("bob"))
    alone.chat.say("mine")
    [sent] = [message.line for message in bob.got if isinstance(message, ChatLine)]
    other = Stranger("bob")
    alone.meet(other)
    alone.chat.received(other, ChatKnown(tags=(tag_of("mallory", sent.id), sent.id)))
    assert [entry.delivered for entry in alone.chat.entries()] == [0]


def test_what_is_told_of_others_takes_no_place_of_what_came_from_its_author(alone: Alone) -> None:
    bob, mallory = alone.meet(Stranger("bob")), alone.meet(Stranger())
    alone.chat.say("mine")
    for start in range(0, MAX_LINES - 1, 100):
        count = min(100, MAX_LINES - 1 - start)
        lines = tuple(alone.line(start + number, author="bob", ago_s=50) for number in range(count))
        alone.chat.received(bob, HistoryMessage(lines=lines))
    alone.chat.received(mallory, HistoryMessage(lines=(alone.line(1, author="zed", text="hearsay"),)))
    assert "hearsay" not in alone.texts()
    alone.chat.received(mallory, ChatLine(line=alone.line(2, text="live")))
    assert len(alone.texts()) == MAX_LINES
    assert alone.texts()[-2:] in (["mine", "live"], ["live", "mine"])
