"""Chat: who gets what, how far a line has come, and what strangers cannot do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from desktop_app.data.channels import CHAT
from desktop_app.data.chat import LINES_BURST, OWN_LINES_BURST, ChatError, ChatService
from desktop_app.data.chat_history import MAX_LINES, ChatHistory, in_messages
from desktop_app.data.codec import encode
from desktop_app.data.events import ChatEntry, ChatLineChanged, DataEvent
from desktop_app.data.messages.chat import ChatHistory as HistoryMessage
from desktop_app.data.messages.chat import ChatKnown, ChatLine, ChatReceived, WireLine

from .fake_services import Clock
from .room import Room

if TYPE_CHECKING:
    from desktop_app.data.messages.base import Message


@dataclass
class Stranger:
    """A link to somebody who says whatever we like."""

    user_id: str = "mallory"
    is_ready: bool = True
    chunk_bytes: int = 16384
    chats: bool = True
    got: list[Message] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def understands(self, capability: str) -> bool:
        return self.chats

    def send(self, label: str, message: Message) -> None:
        assert label == CHAT.label
        encode(message, 0)  # raises when it is too long
        self.got.append(message)

    def queued_bytes(self, label: str) -> int:
        return 0

    def send_bulk(self, data: bytes) -> bool:
        return False

    def count_dropped(self, label: str, reason: str) -> None:
        self.dropped.append(reason)


class Alone:
    """A chat service with one stranger, maybe."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[DataEvent] = []
        self.links: dict[str, Stranger] = {}
        self.chat = ChatService(
            "me",
            name=lambda: "Me",
            links=lambda: self.links,
            emit=self.events.append,
            now_s=self.clock.now_s,
            now_ms=self.clock.now_ms,
        )

    def meet(self, stranger: Stranger) -> Stranger:
        self.links[stranger.user_id] = stranger
        self.chat.link_ready(stranger)
        stranger.got.clear()
        return stranger

    def line(self, number: int = 1, *, author: str = "mallory", ago_s: float = 1, **rest: str) -> WireLine:
        return WireLine(
            id=f"{number:032x}",
            author=author,
            text=rest.get("text", f"line {number}"),
            sent_ms=self.clock.now_ms() - ago_s * 1000,
            to=rest.get("to"),
        )

    def states(self) -> list[str]:
        return [event.entry.state for event in self.events if isinstance(event, ChatLineChanged)]

    def texts(self) -> list[str]:
        return [entry.text for entry in self.chat.entries()]


@pytest.fixture
def alone() -> Alone:
    return Alone()


def test_everybody_hears_and_confirms() -> None:
    room = Room("alice", "bob", "carol")
    room.connect_all()
    entry = room["alice"].chat.say("  hello\r\nthere  ")
    assert (entry.state, entry.recipients, entry.own, entry.text) == ("sent", 2, True, "hello\nthere")
    room.pump()
    assert room["alice"].entry(entry.id).state == "delivered"
    assert room["alice"].entry(entry.id).delivered == 2
    for name in ("bob", "carol"):
        [heard] = room[name].chat.entries()
        assert (heard.text, heard.author, heard.author_name) == ("hello\nthere", "alice", "Alice")
        assert (heard.own, heard.from_history, heard.state) == (False, False, "delivered")


def test_a_private_line_is_for_two_alone_also_in_the_history() -> None:
    room = Room("alice", "bob", "carol")
    room.connect_all()
    room["alice"].chat.say("secret", "bob")
    room.pump()
    room["bob"].chat.say("as well", "alice")
    room.pump()
    room.cut("alice", "bob")
    room.cut("bob", "carol")
    room.cut("alice", "carol")
    room.connect_all()
    assert room["bob"].texts() == room["alice"].texts() == ["secret", "as well"]
    assert room["carol"].texts() == []


def test_who_comes_later_gets_the_history_once_and_in_order() -> None:
    room = Room("alice", "bob", "carol")
    room.connect("alice", "bob")
    for number in range(5):
        room["alice" if number % 2 else "bob"].chat.say(f"{number}")
        room.clock.s += 1
        room.pump()
    room.connect("carol", "bob")
    room.connect("carol", "alice")
    assert room["carol"].texts() == ["0", "1", "2", "3", "4"]
    assert all(entry.from_history for entry in room["carol"].chat.entries())
    shown = [event.entry.id for event in room["carol"].events if isinstance(event, ChatLineChanged)]
    assert len(set(shown)) == len(shown) == 5
    assert room["alice"].chat.entries()[0].state == "delivered"


def test_a_line_that_was_under_way_when_the_connection_broke_comes_with_the_next_one() -> None:
    room = Room("alice", "bob")
    room.connect_all()
    entry = room["alice"].chat.say("lost on the way")
    room.cut("alice", "bob")
    assert room["alice"].entry(entry.id).state == "waiting"
    room["alice"].chat.say("said meanwhile")
    room.connect_all()
    assert room["bob"].texts() == ["lost on the way", "said meanwhile"]
    assert not any(entry.from_history for entry in room["bob"].chat.entries())
    assert [entry.state for entry in room["alice"].chat.entries()] == ["delivered", "delivered"]


def test_a_history_that_was_under_way_when_the_connection_broke_comes_with_the_next_one() -> None:
    room = Room("alice", "bob")
    room["alice"].chat.say("early")
    room.connect_quietly("alice", "bob")
    room.deliver_from("alice", "bob")
    room.deliver_from("bob", "alice")
    under_way = room.ends["alice", "bob"][CHAT.label].outgoing
    assert [str(text).split('"')[3] for text in under_way] == ["chat-known", "chat-history"]
    room.cut("alice", "bob")
    assert room["bob"].texts() == []
    room.connect("alice", "bob")
    assert room["bob"].texts() == ["early"]


def test_a_line_whose_confirmation_was_lost_is_not_shown_twice() -> None:
    room = Room("alice", "bob")
    room.connect_all()
    room["alice"].chat.say("once")
    room.deliver_from("alice", "bob")
    room.cut("alice", "bob")
    assert room["alice"].chat.entries()[0].state == "waiting"
    room.connect_all()
    assert room["bob"].texts() == ["once"]
    assert len([event for event in room["bob"].events if isinstance(event, ChatLineChanged)]) == 1
    assert room["alice"].chat.entries()[0].state == "delivered"


def test_a_private_line_fails_when_they_leave_and_is_delivered_should_they_return() -> None:
    room = Room("alice", "bob")
    room.connect_all()
    room.cut("alice", "bob")
    entry = room["alice"].chat.say("are you there?", "bob")
    assert entry.state == "waiting"
    room.leave("bob")
    assert room["alice"].entry(entry.id).state == "failed"
    room.connect_all()
    assert room["alice"].entry(entry.id).state == "delivered"
    assert room["bob"].texts() == ["are you there?"]


def test_a_line_is_live_for_all_who_were_in_the_room_also_without_a_connection_yet() -> None:
    room = Room("alice", "bob", "carol")
    room["alice"].hub.join("bob")
    entry = room["alice"].chat.say("hello")
    assert (entry.state, entry.recipients) == ("waiting", 0)
    room.connect("alice", "bob")
    room.connect("alice", "carol")
    assert [each.from_history for each in room["bob"].chat.entries()] == [False]
    assert [each.from_history for each in room["carol"].chat.entries()] == [True]
    assert room["alice"].entry(entry.id).delivered == 2


def test_a_line_to_everybody_who_left_waits_for_whoever_comes() -> None:
    room = Room("alice", "bob", "carol")
    room.connect("alice", "bob")
    room.cut("alice", "bob")
    entry = room["alice"].chat.say("anybody?")
    room.leave("bob")
    assert (room["alice"].entry(entry.id).state, room["alice"].entry(entry.id).recipients) == ("waiting", 0)
    room.connect("alice", "carol")
    assert room["alice"].entry(entry.id).state == "delivered"


def test_who_is_started_anew_under_the_same_name_gets_the_own_lines_back() -> None:
    room = Room("alice", "bob")
    room.connect_all()
    room["alice"].chat.say("mine")
    room.pump()
    room["bob"].chat.say("just us", "alice")
    room.pump()
    room.clock.s += 10
    room.restart("alice")
    room.clock.s += 1
    room.connect_all()
    assert room["alice"].texts() == ["mine", "just us"]
    assert [(entry.own, entry.state) for entry in room["alice"].chat.entries()] == [
        (True, "delivered"),
        (False, "delivered"),
    ]


def test_a_private_line_to_somebody_without_a_connection_yet_waits_and_fails_with_them(alone: Alone) -> None:
    alone.links["newcomer"] = Stranger("newcomer", is_ready=False)
    entry = alone.chat.say("hello", "newcomer")
    assert entry.state == "waiting"
    alone.chat.participant_left("newcomer")
    assert alone.states() == ["waiting", "failed"]


@pytest.mark.parametrize(
    ("text", "to", "code"),
    [
        ("", None, "chat-empty"),
        (" \x00\u202e\n", None, "chat-empty"),
        ("x" * 4001, None, "chat-too-long"),
        ("x", "nobody", "chat-unknown-recipient"),
        ("x", "me", "chat-unknown-recipient"),
        ("x", "foreigner", "chat-unknown-recipient"),
    ],
)
def test_what_cannot_be_said_is_refused_with_a_sentence(
    alone: Alone, text: str, to: str | None, code: str
) -> None:
    alone.links["foreigner"] = Stranger("foreigner", chats=False)
    with pytest.raises(ChatError) as refused:
        alone.chat.say(text, to)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
    assert alone.events == []


def test_one_cannot_say_too_much_at_once(alone: Alone) -> None:
    for number in range(int(OWN_LINES_BURST)):
        alone.chat.say(f"{number}")
    with pytest.raises(ChatError, match="too much"):
        alone.chat.say("one more")
    assert len(alone.chat.entries()) == OWN_LINES_BURST < LINES_BURST
    alone.clock.s += 1
    alone.chat.say("again")


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
        alone.line(6, author="bob", text="hearsay"),
        alone.line(7, author="me", ago_s=500, text="before I was started"),
        alone.line(8, author="mallory", to="me", text="between us"),
    )
    alone.chat.received(mallory, HistoryMessage(lines=lines))
    assert alone.texts() == ["before I was started", "hearsay", "between us"]
    assert mallory.dropped == ["not-theirs"] * 4 + ["empty"]
    assert [message.ids for message in mallory.got if isinstance(message, ChatReceived)] == [
        tuple(f"{number:032x}" for number in (6, 7, 8))
    ]


def test_a_line_that_is_here_stands_but_its_author_is_believed_more_than_others(alone: Alone) -> None:
    mallory, bob = alone.meet(Stranger()), alone.meet(Stranger("bob"))
    alone.chat.received(mallory, HistoryMessage(lines=(alone.line(1, author="bob", text="forged"),)))
    alone.chat.received(bob, ChatLine(line=alone.line(1, author="bob", text="true")))
    assert alone.texts() == ["true"]
    alone.chat.received(mallory, HistoryMessage(lines=(alone.line(1, author="bob", text="forged again"),)))
    alone.chat.received(mallory, ChatLine(line=alone.line(1, text="taken")))
    alone.chat.received(bob, ChatLine(line=alone.line(1, author="bob", text="another")))
    assert alone.texts() == ["true"]
    assert mallory.dropped == ["id-taken"]
    assert len(alone.events) == 2


def test_nobody_can_confirm_or_change_what_is_not_for_them(alone: Alone) -> None:
    mallory, bob = alone.meet(Stranger()), alone.meet(Stranger("bob"))
    entry = alone.chat.say("for bob", "bob")
    alone.chat.received(mallory, ChatReceived(ids=(entry.id, "0" * 32)))
    alone.chat.received(mallory, ChatLine(line=WireLine(id=entry.id, author="mallory", text="x", sent_ms=1)))
    assert alone.states() == ["sent"]
    alone.chat.received(bob, ChatReceived(ids=(entry.id, entry.id)))
    assert alone.states() == ["sent", "delivered"]
    assert alone.texts() == ["for bob"]


def test_the_history_is_sent_once_a_connection(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    for number in range(250):
        alone.chat.received(mallory, ChatLine(line=alone.line(number)))
    bob = alone.meet(Stranger("bob"))
    for _ in range(3):
        alone.chat.received(bob, ChatKnown(ids=(f"{7:032x}",)))
    lines = [line for message in bob.got if isinstance(message, HistoryMessage) for line in message.lines]
    assert len(lines) == len({line.id for line in lines}) == 249
    assert bob.dropped == ["repeated", "repeated"]
    alone.chat.link_lost(bob)
    bob.got.clear()
    alone.chat.link_ready(bob)
    alone.chat.received(bob, ChatKnown(ids=()))
    assert sum(len(message.lines) for message in bob.got if isinstance(message, HistoryMessage)) == 250


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


@pytest.mark.parametrize("t", [0.0, 1.0, 1e14])
@pytest.mark.parametrize("sent_ms", [0.0, 1e14])
def test_hostile_clocks_are_kept_within_reason(alone: Alone, t: float, sent_ms: float) -> None:
    mallory = alone.meet(Stranger())
    line = WireLine(id="a" * 32, author="mallory", text="x", sent_ms=sent_ms)
    alone.chat.received(mallory, ChatLine(line=line, t=t))
    [entry] = alone.chat.entries()
    assert alone.clock.now_ms() - 8 * 24 * 3600e3 < entry.sent_ms <= alone.clock.now_ms() + 60_000
    assert alone.chat.say("mine").sent_ms >= alone.clock.now_ms()


def test_a_clock_that_is_wrong_by_an_hour_is_put_right_by_the_age_of_the_line(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    hour_ms = 3600e3
    line = alone.line(1, ago_s=20)
    for number, wrong_ms in ((1, -hour_ms), (2, hour_ms)):
        sent = WireLine(id=f"{number:032x}", author="mallory", text="x", sent_ms=line.sent_ms + wrong_ms)
        alone.chat.received(mallory, ChatLine(line=sent, t=alone.clock.now_ms() + wrong_ms))
    assert [entry.sent_ms for entry in alone.chat.entries()] == [pytest.approx(line.sent_ms)] * 2


def test_the_history_is_bounded_and_what_it_gave_up_does_not_come_back(alone: Alone) -> None:
    mallory = alone.meet(Stranger())
    lines = [alone.line(number, ago_s=5000 - number) for number in range(MAX_LINES + 50)]
    for line in lines:
        alone.clock.s += 0.1
        alone.chat.received(mallory, HistoryMessage(lines=(line,)))
    shown = len(alone.events)
    alone.clock.s += 100
    alone.chat.received(mallory, HistoryMessage(lines=tuple(lines[:100])))
    alone.chat.received(mallory, ChatLine(line=lines[3]))
    assert len(alone.events) == shown == MAX_LINES + 50
    assert alone.texts()[0] == "line 50"
    late = alone.line(9000, ago_s=6000)
    alone.chat.received(mallory, ChatLine(line=late))
    assert alone.texts()[-1] == "line 9000"


def test_whole_histories_fit_into_messages_and_a_channels_queue() -> None:
    history = ChatHistory()
    for number in range(2 * MAX_LINES):
        text = "\U0001f600" * (4000 if number % 2 else 1)
        history.add(WireLine(id=f"{number:032x}", author="a" * 128, text=text, sent_ms=number))
    messages = list(in_messages(history))
    assert sum(map(len, messages)) == len(history) < MAX_LINES
    assert len(messages) <= 110
    for lines in messages:
        encode(HistoryMessage(lines=lines), 1e12)


def test_what_the_channel_dropped_is_sent_with_the_next_connection(alone: Alone) -> None:
    bob = alone.meet(Stranger("bob"))
    entry = alone.chat.say("dropped")
    [message] = bob.got
    alone.chat.dropped(bob, message)
    assert alone.states() == ["sent", "waiting"]
    bob.got.clear()
    alone.chat.link_lost(bob)
    alone.chat.link_ready(bob)
    assert [each.line.id for each in bob.got if isinstance(each, ChatLine)] == [entry.id]


def test_entries_are_events_of_their_own(alone: Alone) -> None:
    entry = alone.chat.say("x")
    assert alone.events == [ChatLineChanged(entry)]
    assert isinstance(entry, ChatEntry)
