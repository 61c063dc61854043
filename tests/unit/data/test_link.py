"""Greeting, sharing out, waiting, and what a participant cannot do to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.data.channel import MAX_TEXT_QUEUED_BYTES, MAX_WAITING_MESSAGES
from desktop_app.data.channels import (
    BULK,
    CHANNELS,
    CHAT,
    CONTROL,
    MAX_BULK_QUEUED_BYTES,
    OWN_CHUNK_BYTES,
    POINTER,
)
from desktop_app.data.codec import MessageError
from desktop_app.data.link import MAX_EARLY_MESSAGES
from desktop_app.data.messages.chat import ChatReceived
from desktop_app.data.messages.control import Hand, Hello, Reaction
from desktop_app.data.messages.pointer import Alive, Pointer

from .fake_channels import FakeChannels
from .fake_services import Clock, NotingService, TwoPeople

if TYPE_CHECKING:
    from desktop_app.data.link import ParticipantLink


def numbered(number: int) -> ChatReceived:
    return ChatReceived(ids=(f"{number:032x}",))


def number_of(message: object) -> int:
    assert isinstance(message, ChatReceived)
    return int(message.ids[0], 16)


def chats() -> tuple[NotingService, NotingService]:
    return NotingService("chat", "chat"), NotingService("chat", "chat")


def dropped(link: ParticipantLink, label: str) -> dict[str, int]:
    return next(counters.dropped for counters in link.counters() if counters.label == label)


def test_services_hear_of_each_other_when_both_have_greeted() -> None:
    mine, theirs = chats()
    files = NotingService("files", "files", "bulk")
    people = TwoPeople([mine, files], [theirs])
    ends = people.connect()
    ends[0].open()
    assert not people.links[1].is_ready
    ends[1].open()
    people.pump()
    assert mine.whats == theirs.whats == ["ready"]
    assert files.told == []
    link = people.links[0]
    assert link.is_ready
    assert link.understands("chat")
    assert not link.understands("files")
    assert link.chunk_bytes == OWN_CHUNK_BYTES


def test_without_a_hello_nothing_but_ours_is_sent() -> None:
    mine, _ = chats()
    people = TwoPeople([mine], [])
    end = FakeChannels()
    people.links[0].bind(end)
    people.links[0].send(CHAT.label, numbered(1))
    end.open()
    assert [len(channel.outgoing) for channel in end] == [1, 0, 0, 0, 0, 0]
    assert '"type":"hello"' in str(end[CONTROL.label].outgoing[0])
    assert not people.links[0].send_bulk(b"x")
    assert mine.told == []


def test_what_overtakes_the_hello_waits_for_it_and_comes_after_link_ready() -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    ends = people.connect()
    for end in ends:
        end.open()
    ends[1][CONTROL.label].deliver()  # Alice knows Bob, Bob's hello from her is late
    people.links[0].send(CHAT.label, numbered(1))
    ends[0][CHAT.label].deliver()
    assert theirs.told == []
    people.pump()
    assert theirs.whats == ["ready", "received"]


def test_what_comes_without_end_before_a_hello_is_dropped() -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    ends = people.connect()
    ends[0].open()
    for number in range(MAX_EARLY_MESSAGES + 5):
        ends[1].open()
        ends[1][CHAT.label].send('{"type":"chat-received","ids":[]}' + " " * (number % 2))
        ends[1][CHAT.label].deliver()
    assert dropped(people.links[0], CHAT.label) == {"early": 5}


@pytest.mark.parametrize("count", [1, MAX_WAITING_MESSAGES, MAX_WAITING_MESSAGES + 1, 250])
def test_messages_wait_in_order_and_beyond_a_hundred_the_oldest_goes(count: int) -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    for number in range(count):
        people.links[0].send(CHAT.label, numbered(number))
    gone = max(0, count - MAX_WAITING_MESSAGES)
    assert [number_of(message) for what, _, message in mine.told if what == "dropped"] == list(range(gone))
    people.open()
    assert [number_of(message) for message in theirs.messages()] == list(range(gone, count))
    assert dropped(people.links[0], CHAT.label) == ({"queue-full": gone} if gone else {})


def test_who_had_messages_dropped_is_told_when_the_rest_has_gone_out() -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    people.open()
    assert people.ends is not None
    channel = people.ends[0][CHAT.label]
    number = 0
    while channel.buffered_bytes < MAX_TEXT_QUEUED_BYTES:
        people.links[0].send(CHAT.label, ChatReceived(ids=(f"{number:032x}",) * 1000))
        number += 1
    for _ in range(MAX_WAITING_MESSAGES):
        people.links[0].send(CHAT.label, numbered(0))
    people.pump()
    assert mine.whats == ["ready"]
    while channel.buffered_bytes < MAX_TEXT_QUEUED_BYTES:
        people.links[0].send(CHAT.label, ChatReceived(ids=(f"{number:032x}",) * 1000))
    for _ in range(MAX_WAITING_MESSAGES + 2):
        people.links[0].send(CHAT.label, numbered(0))
    assert mine.whats == ["ready", "dropped", "dropped"]
    people.pump()
    assert mine.whats == ["ready", "dropped", "dropped", "emptied"]


def test_a_new_connection_is_the_same_link_and_who_returns_has_a_new_one() -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    people.open()
    link = people.links[0]
    people.cut()
    link.send(CHAT.label, numbered(7))
    people.open()
    assert people.links[0] is link
    assert mine.whats == ["ready", "lost", "ready"]
    assert [number_of(message) for message in theirs.messages()] == [7]
    people.hubs[0].leave("bob")
    assert mine.whats == ["ready", "lost", "ready", "lost", "gone"]
    assert people.links[0] is not link
    link.send(CHAT.label, numbered(8))
    link.bind(FakeChannels())
    link.end()
    assert mine.whats[5:] == []


@pytest.mark.parametrize("label", [spec.label for spec in CHANNELS])
def test_when_the_far_end_closes_one_channel_the_link_is_lost(label: str) -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    people.open()
    assert people.ends is not None
    people.ends[0][label].close()
    assert mine.whats == ["ready", "lost"]
    assert not people.links[0].is_ready
    people.links[0].send(CHAT.label, numbered(1))
    people.ends[1][CONTROL.label].send('{"type":"hello","capabilities":["chat"]}')
    people.pump()
    assert not people.links[0].is_ready
    people.open()
    assert [number_of(message) for message in theirs.messages()] == [1]


def test_bulk_data_waits_for_room_and_is_told_of_it() -> None:
    mine, theirs = NotingService("files", "files", "bulk"), NotingService("files", "files", "bulk")
    people = TwoPeople([mine], [theirs])
    people.open()
    link = people.links[0]
    assert people.ends is not None
    channel = people.ends[0][BULK.label]
    piece = bytes(OWN_CHUNK_BYTES)
    sent = 0
    while link.send_bulk(piece):
        sent += 1
    assert sent == MAX_BULK_QUEUED_BYTES // len(piece)
    assert channel.buffered_bytes <= MAX_BULK_QUEUED_BYTES
    assert link.send_bulk(b"small")
    assert not link.send_bulk(bytes(MAX_BULK_QUEUED_BYTES))  # fits into an empty channel alone
    while channel.outgoing:
        assert mine.whats == ["ready"]
        channel.deliver()
    assert mine.whats == ["ready", "drained"]
    assert link.send_bulk(bytes(MAX_BULK_QUEUED_BYTES))
    with pytest.raises(MessageError):
        link.send_bulk(bytes(MAX_BULK_QUEUED_BYTES + 1))
    people.cut()
    assert not link.send_bulk(b"x")


def test_a_channel_that_sends_nothing_twice_drops_what_would_come_late() -> None:
    mine, theirs = NotingService("pointer", "pointer"), NotingService("pointer", "pointer")
    people = TwoPeople([mine], [theirs])
    people.open()
    for number in range(1000):
        people.links[0].send(POINTER.label, Pointer(surface="board", x=number, y=0))
    congested = dropped(people.links[0], POINTER.label)["congested"]
    people.pump()
    assert congested + len(theirs.messages()) == 1000
    assert len(theirs.messages()) >= 100


def test_a_flood_is_dropped_and_the_link_recovers() -> None:
    mine, theirs = chats()
    clock = Clock()
    people = TwoPeople([mine], [theirs], clock=clock)
    people.open()
    assert people.ends is not None
    channel = people.ends[0][CHAT.label]
    for _ in range(10_000):
        channel.send('{"type":"chat-received","ids":[]}')
        channel.deliver()
    flood = dropped(people.links[1], CHAT.label)["flood"]
    assert 6000 < flood < 10_000
    assert len(theirs.messages()) == 10_000 - flood
    clock.s += 60
    people.links[0].send(CHAT.label, numbered(1))
    people.pump()
    assert number_of(theirs.messages()[-1]) == 1


def test_who_says_only_that_they_are_there_is_understood() -> None:
    mine, theirs = NotingService("pointer", "pointer"), NotingService("pointer", "pointer")
    people = TwoPeople([mine], [theirs])
    people.open()
    people.links[0].send(POINTER.label, Alive())
    people.pump()
    assert theirs.whats == ["ready"]
    assert not dropped(people.links[1], POINTER.label)


@pytest.mark.parametrize("spec", CHANNELS, ids=lambda spec: spec.label)
def test_nonsense_and_the_wrong_kind_are_counted(spec: object) -> None:
    people = TwoPeople([NotingService("all", *(each.label for each in CHANNELS))], [])
    ends = people.connect()
    ends[0].open()
    ends[1].open()
    channel = ends[1][spec.label]  # type: ignore[attr-defined]
    texts = [
        "",
        "{",
        "[]",
        '{"type":"nobody"}',
        '{"type":"hello","v":2}',
        "[" * 50_000,
        "\ud800",
        "é" * 40_000,
    ]
    for text in texts:
        channel.send(text)
    channel.send(b"bytes")
    people.pump()
    counts = dropped(people.links[0], channel.spec.label)
    assert sum(counts.values()) >= len(texts)
    assert counts["wrong-kind"] == (len(texts) if channel.spec is BULK else 1)


@pytest.mark.expected_warnings(r"data\.link: chat failed at what bob said")
def test_a_service_that_fails_harms_nobody_else() -> None:
    class Failing(NotingService):
        def received(self, link: object, message: object) -> None:
            raise RuntimeError("a defect")

    other = NotingService("other", "chat")
    people = TwoPeople([Failing("chat", "chat"), other], [*chats()[:1], NotingService("other", "board")])
    people.open()
    people.links[1].send(CHAT.label, numbered(1))
    people.pump()
    assert other.whats == ["ready", "received"]


def test_control_messages_go_to_those_who_have_control_and_a_second_hello_counts_for_nothing() -> None:
    mine = NotingService("reactions", "control")
    theirs = NotingService("reactions", "control")
    people = TwoPeople([mine], [theirs])
    people.open()
    people.links[0].send(CONTROL.label, Reaction(emoji="x"))
    people.links[0].send(CONTROL.label, Hello(capabilities=("everything",)))
    people.links[0].send(CONTROL.label, Hand(raised=True))
    people.pump()
    assert [type(message) for message in theirs.messages()] == [Hello, Reaction, Hand]
    assert not people.links[1].understands("everything")
    assert dropped(people.links[1], CONTROL.label) == {"repeated": 1}


def test_counters_count_both_ways() -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    people.open()
    people.links[0].send(CHAT.label, numbered(1))
    before = next(each for each in people.links[0].counters() if each.label == CHAT.label)
    assert before.buffered_bytes > 0
    people.pump()
    sent = next(each for each in people.links[0].counters() if each.label == CHAT.label)
    received = next(each for each in people.links[1].counters() if each.label == CHAT.label)
    assert sent.is_open
    assert (sent.messages_sent, received.messages_received) == (1, 1)
    assert sent.bytes_sent == received.bytes_received > 50
    assert sent.queued == sent.buffered_bytes == 0


async def test_closing_ends_the_links_and_then_the_services() -> None:
    mine, theirs = chats()
    people = TwoPeople([mine], [theirs])
    people.open()
    await people.hubs[0].close()
    assert mine.whats == ["ready", "lost", "gone", "closed"]
    assert people.hubs[0].links == {}
