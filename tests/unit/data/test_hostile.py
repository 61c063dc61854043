"""Whatever a participant sends on whichever channel: nothing raises, and what is of no use is counted.

What a service or a listener raised would be logged as an error, and that fails a test.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.data.channels import BOARD, BULK, CHANNELS, CHAT, CONTROL, FILES, MAX_TEXT_BYTES, POINTER

from .fake_channels import connected, pump
from .room import Member, Room

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ID = "0123456789abcdef" * 2
SITE = "0123456789abcdef"
SHAPE = {"tool": "pen", "color": "#00ff00", "width": 2, "points": [0, 0, 1, 1], "text": ""}
LINE = {"id": ID, "author": "bob", "authorName": "Bob", "text": "hello", "sentMs": 1e12, "to": None}
OP = {"site": SITE, "seq": 1, "clock": 1, "author": "bob", "kind": "add", "shape": SHAPE}
MESSAGES: dict[str, list[dict[str, Any]]] = {
    CONTROL.label: [
        {"type": "hello", "capabilities": ["chat", "reactions"], "chunkBytes": 16384, "handRaised": True},
        {"type": "reaction", "emoji": "👍"},
        {"type": "hand", "raised": True},
    ],
    CHAT.label: [
        {"type": "chat-line", "line": LINE},
        {"type": "chat-received", "ids": [ID]},
        {"type": "chat-known", "ids": [ID]},
        {"type": "chat-history", "lines": [LINE, LINE]},
    ],
    FILES.label: [
        {"type": "file-offer", "transferId": ID, "number": 1, "name": "a", "sizeBytes": 5, "preview": None},
        {"type": "file-accept", "transferId": ID, "offset": 5, "prefixSha256": ID * 2},
        {"type": "file-decline", "transferId": ID},
        {"type": "file-cancel", "transferId": ID, "code": "cancelled"},
        {"type": "file-progress", "transferId": ID, "receivedBytes": 5},
        {"type": "file-done", "transferId": ID},
        {"type": "file-unfinished", "tags": [ID * 2]},
    ],
    BOARD.label: [
        {"type": "board-ops", "ops": [OP]},
        {"type": "board-state", "seen": {SITE: 1}},
    ],
    POINTER.label: [
        {"type": "pointer", "surface": "board", "x": 1, "y": 2, "visible": True},
        {"type": "stroke", "shape": SHAPE, "done": False},
    ],
}
EXTREMES: list[Any] = [None, True, -1, 0, 2**63, 1e308, "", "\x00\u202e", "x" * 70_000, [], [[]] * 3000, {}]


def paths(value: Any) -> list[tuple[Any, ...]]:
    """Where something stands in a message."""
    found: list[tuple[Any, ...]] = [()]
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        found += [(key, *rest) for rest in paths(inner)]
    return found


def changed(value: Any, path: tuple[Any, ...], put: Any) -> Any:
    """The message with something else at `path`."""
    if not path:
        return put
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], put)
    return copy


@st.composite
def nearly_right(draw: st.DrawFn, label: str) -> str:
    """A message of the channel with one or two things wrong."""
    message: Any = {"v": 1, "t": 1e12, **draw(st.sampled_from(MESSAGES[label]))}
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from(paths(message)))
        message = changed(message, path, draw(st.sampled_from(EXTREMES) | Json))
    return json.dumps(message)


@st.composite
def traffic(draw: st.DrawFn) -> list[tuple[str, str | bytes]]:
    """Messages on all channels."""
    sent: list[tuple[str, str | bytes]] = []
    for _ in range(draw(st.integers(1, 12))):
        label = draw(st.sampled_from([spec.label for spec in CHANNELS]))
        if label == BULK.label:
            sent.append((label, draw(st.binary(max_size=40))))
        else:
            sent.append((label, draw(nearly_right(label) | st.text(max_size=50) | Json.map(json.dumps))))
    return sent


def counts(member: Member) -> tuple[Mapping[str, int], int]:
    """Messages received by channel, and how many of all channels were dropped."""
    counters = member.hub.join("mallory").counters()
    return (
        {each.label: each.messages_received for each in counters},
        sum(sum(each.dropped.values()) for each in counters),
    )


@pytest.mark.parametrize("greets", [True, False])
@settings(max_examples=150, deadline=None)
@given(sent=traffic())
def test_nothing_raises_and_everything_is_counted(greets: bool, sent: list[tuple[str, str | bytes]]) -> None:
    member = Room("alice")["alice"]
    link = member.hub.join("mallory")
    here, there = connected()
    link.bind(here)
    here.open()
    there.open()
    if greets:
        there[CONTROL.label].send(json.dumps({**MESSAGES[CONTROL.label][0], "v": 1}))
        there[CONTROL.label].deliver()
        assert link.is_ready
    for label, data in sent:
        there[label].send(data)
    pump(there)
    received, dropped = counts(member)
    assert sum(received.values()) == len(sent) + greets
    assert 0 <= dropped <= len(sent)
    assert all(len(entry.text) <= 4000 for entry in member.chat.entries())
    assert not any(entry.own for entry in member.chat.entries())
    link.bind(None)
    member.hub.leave("mallory")
    member.chat.say("still well")


@pytest.mark.parametrize("label", MESSAGES)
def test_each_extreme_in_each_place_of_each_message(label: str) -> None:
    member = Room("alice")["alice"]
    link = member.hub.join("mallory")
    here, there = connected()
    link.bind(here)
    here.open()
    there.open()
    there[CONTROL.label].send(json.dumps(MESSAGES[CONTROL.label][0]))
    pump(there)
    too_long = number = 0
    for message in MESSAGES[label]:
        for path in paths(message):
            for extreme in EXTREMES:
                text = json.dumps(changed(message, path, extreme))
                too_long += len(text.encode()) > MAX_TEXT_BYTES
                number += 1
                there[label].send(text)
                pump(there)
    counters = next(each for each in link.counters() if each.label == label)
    assert counters.messages_received == number + (label == CONTROL.label)
    assert counters.dropped.get("too-long", 0) == too_long > 0
    assert sum(counters.dropped.values()) > number / 2
    assert link.is_ready
