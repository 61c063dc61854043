"""Whatever happens to the connections: in the end everybody has every line once, in the same order, and what was said
to one person alone has got to that one and to nobody who came under the name later.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desktop_app.data.events import ChatLineChanged

from .room import Room

if TYPE_CHECKING:
    from desktop_app.data.events import ChatEntry

    from .room import Member

NAMES = ("alice", "bob", "carol")
PAIRS = tuple(combinations(NAMES, 2))
ORDERED_PAIRS = tuple((a, b) for a in NAMES for b in NAMES if a != b)


@dataclass
class Said:
    """What became of a line is judged by the people, not by their names."""

    author: Member
    to: Member | None
    parted: bool = False
    """One of the two has seen the other leave since."""

    def is_for(self, member: Member) -> bool:
        return self.to is None or member is self.author or member is self.to


class Chatting(RuleBasedStateMachine):
    """Three people, connections that come and go at any moment, messages that are delivered one by one, people who
    leave and return, and programs that are started anew under the same name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.room = Room(*NAMES)
        self.said: dict[str, Said] = {}

    @rule(name=st.sampled_from(NAMES))
    def say(self, name: str) -> None:
        entry = self.room[name].chat.say(f"line {len(self.said)}")
        self.said[entry.id] = Said(self.room[name], None)

    @rule(pair=st.sampled_from(ORDERED_PAIRS))
    def say_in_private(self, pair: tuple[str, str]) -> None:
        one, other = pair
        if other in self.room[one].hub.links:
            entry = self.room[one].chat.say(f"line {len(self.said)}", other)
            self.said[entry.id] = Said(self.room[one], self.room[other])

    @rule(name=st.sampled_from(NAMES))
    def start_anew(self, name: str) -> None:
        for other in NAMES:
            if other != name:
                self.note_parting(name, other)
        self.room.clock.s += 1  # a program does not start in no time
        self.room.restart(name)

    def note_parting(self, one: str, other: str) -> None:
        both = [self.room[one], self.room[other]]
        for line in self.said.values():
            line.parted = line.parted or (line.author in both and line.to in both)

    @rule(pair=st.sampled_from(PAIRS))
    def reconnect(self, pair: tuple[str, str]) -> None:
        self.room.connect_quietly(*pair)

    @rule(pair=st.sampled_from(PAIRS))
    def cut(self, pair: tuple[str, str]) -> None:
        self.room.cut(*pair)

    @rule(pair=st.sampled_from(PAIRS))
    def forget_each_other(self, pair: tuple[str, str]) -> None:
        self.note_parting(*pair)
        self.room.part(*pair)

    @rule(pair=st.sampled_from(ORDERED_PAIRS), channel=st.sampled_from(("control", "chat")))
    def deliver_one(self, pair: tuple[str, str], channel: str) -> None:
        if pair in self.room.ends:
            self.room.ends[pair][channel].deliver()

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.room.clock.s += seconds

    @rule()
    def deliver_all(self) -> None:
        self.room.pump()

    @invariant()
    def nobody_sees_a_line_twice_or_one_that_is_not_for_them(self) -> None:
        for member in self.room.members.values():
            ids = [entry.id for entry in member.chat.entries()]
            assert len(ids) == len(set(ids))
            assert all(self.said[line_id].is_for(member) for line_id in ids)

    def teardown(self) -> None:
        self.room.pump()
        for pair in PAIRS:
            self.room.cut(*pair)
        for _ in range(2):  # what one learns from another is passed on with the next connection
            for pair in PAIRS:
                self.room.connect(*pair)
        everybody = self.room.members.values()
        anywhere = {entry.id for member in everybody for entry in member.chat.entries()}
        for member in everybody:
            entries = member.chat.entries()
            self.check_what_one_has(member, entries, anywhere)
            assert [entry.id for entry in entries] == [
                entry.id for entry in sorted(entries, key=lambda entry: (entry.sent_ms, entry.id))
            ]
            new = [
                event.entry.id
                for event in member.events
                if isinstance(event, ChatLineChanged)
                if not event.entry.own
            ]
            assert len(new) == len(set(new)), "a line of somebody else's was shown twice"
        times = [{entry.id: entry.sent_ms for entry in member.chat.entries()} for member in everybody]
        for one, other in combinations(times, 2):
            assert all(one[line_id] == other[line_id] for line_id in one.keys() & other.keys())

    def check_what_one_has(self, member: Member, entries: list[ChatEntry], anywhere: set[str]) -> None:
        here = list(self.room.members.values())
        states = {entry.id: entry.state for entry in entries}
        for line_id, line in self.said.items():
            if line.to is None:
                # Only the memory of a program that has ended may have been the last one.
                assert line_id in states or (line.author not in here and line_id not in anywhere)
            elif line.author is member or (line.to is member and line.author in here and not line.parted):
                assert line_id in states
        for line_id, state in states.items():
            line = self.said[line_id]
            if line.author is member and line.to is not None and line.parted:
                assert state == "delivered" or state == "failed"
            else:
                assert state == "delivered"


TestChatting = Chatting.TestCase
TestChatting.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
