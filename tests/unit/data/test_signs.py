"""Reactions and raised hands."""

from __future__ import annotations

import pytest

from desktop_app.data.channels import CONTROL
from desktop_app.data.events import HandChanged, ReactionShown
from desktop_app.data.messages.control import Reaction
from desktop_app.data.signs import SIGNS_BURST, SignError

from .room import Room


def two() -> Room:
    room = Room("alice", "bob")
    room.connect_all()
    return room


def test_a_reaction_is_shown_to_oneself_and_to_the_others() -> None:
    room = two()
    room["alice"].signs.react("🎉")
    room.pump()
    assert room["alice"].events == [ReactionShown("", "🎉")]
    assert room["bob"].events == [ReactionShown("alice", "🎉")]


@pytest.mark.parametrize("emoji", ["", "hello", "👍" * 17])
def test_what_is_no_emoji_is_refused(emoji: str) -> None:
    room = two()
    with pytest.raises(SignError):
        room["alice"].signs.react(emoji)
    assert room["alice"].events == []


def test_a_hand_is_seen_by_those_who_are_there_and_those_who_come() -> None:
    room = Room("alice", "bob", "carol")
    room.connect("alice", "bob")
    room["alice"].signs.raise_hand(True)
    room["alice"].signs.raise_hand(True)
    room.pump()
    room.connect("alice", "carol")
    assert room["alice"].events == [HandChanged("", True)]
    assert room["bob"].events == room["carol"].events == [HandChanged("alice", True)]
    room.cut("alice", "bob")
    room["alice"].signs.raise_hand(False)
    room.pump()
    assert room["bob"].events == [HandChanged("alice", True)]
    assert room["carol"].events == [HandChanged("alice", True), HandChanged("alice", False)]
    room.connect("alice", "bob")
    assert room["bob"].events[-1] == HandChanged("alice", False)


def test_the_hand_of_somebody_who_leaves_goes_with_them() -> None:
    room = two()
    room["alice"].signs.raise_hand(True)
    room.pump()
    room.leave("alice")
    assert room["bob"].events == [HandChanged("alice", True), HandChanged("alice", False)]


def test_reactions_are_bounded_at_both_ends() -> None:
    room = two()
    for _ in range(100):
        room["alice"].signs.react("👍")
    assert len(room["alice"].events) == SIGNS_BURST
    link = room["alice"].hub.join("bob")
    for _ in range(100):
        link.send(CONTROL.label, Reaction(emoji="👍"))
    link.send(CONTROL.label, Reaction(emoji="words"))
    room.pump()
    assert len(room["bob"].events) == SIGNS_BURST
    room.clock.s += 10
    link.send(CONTROL.label, Reaction(emoji="words"))
    room.pump()
    assert len(room["bob"].events) == SIGNS_BURST
    control = next(each for each in room["bob"].hub.join("alice").counters() if each.label == CONTROL.label)
    assert control.dropped == {"flood": 101, "no-emoji": 1}
