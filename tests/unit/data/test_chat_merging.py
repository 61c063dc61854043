"""Whatever happens to the connections: in the end everybody has every line once, in the same order."""

from __future__ import annotations

from itertools import combinations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desktop_app.data.events import ChatLineChanged

from .room import Room

NAMES = ("alice", "bob", "carol")
PAIRS = tuple(combinations(NAMES, 2))
ORDERED_PAIRS = tuple((a, b) for a in NAMES for b in NAMES if a != b)


class Chatting(RuleBasedStateMachine):
    """Three people, connections that come and go at any moment, and messages that are delivered one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room(*NAMES)
        self.said: dict[str, tuple[str, str | None]] = {}

    @rule(name=st.sampled_from(NAMES))
    def say(self, name: str) -> None:
        entry = self.room[name].chat.say(f"line {len(self.said)}")
        self.said[entry.id] = (name, None)

    @rule(pair=st.sampled_from(ORDERED_PAIRS))
    def say_in_private(self, pair: tuple[str, str]) -> None:
        one, other = pair
        if other in self.room[one].hub.links:
            entry = self.room[one].chat.say(f"line {len(self.said)}", other)
            self.said[entry.id] = pair

    @rule(pair=st.sampled_from(PAIRS))
    def reconnect(self, pair: tuple[str, str]) -> None:
        self.room.connect_quietly(*pair)

    @rule(pair=st.sampled_from(PAIRS))
    def cut(self, pair: tuple[str, str]) -> None:
        self.room.cut(*pair)

    @rule(pair=st.sampled_from(PAIRS))
    def forget_each_other(self, pair: tuple[str, str]) -> None:
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
        for name, member in self.room.members.items():
            ids = [entry.id for entry in member.chat.entries()]
            assert len(ids) == len(set(ids))
            for line_id in ids:
                author, to = self.said.get(line_id, (name, None))
                assert to is None or name in (author, to)

    def teardown(self) -> None:
        self.room.pump()
        for pair in PAIRS:
            self.room.cut(*pair)
        for _ in range(2):  # what one learns from another is passed on with the next connection
            for pair in PAIRS:
                self.room.connect(*pair)
        for name, member in self.room.members.items():
            due = {
                line_id for line_id, (author, to) in self.said.items() if to is None or name in (author, to)
            }
            entries = member.chat.entries()
            assert {entry.id for entry in entries} == due
            assert [entry.id for entry in entries] == [
                entry.id for entry in sorted(entries, key=lambda entry: (entry.sent_ms, entry.id))
            ]
            assert {entry.state for entry in entries} <= {"delivered"}
            new = [
                event.entry.id
                for event in member.events
                if isinstance(event, ChatLineChanged)
                if not event.entry.own
            ]
            assert len(new) == len(set(new)), "a line of somebody else's was shown twice"
        times = [
            {entry.id: entry.sent_ms for entry in member.chat.entries()}
            for member in self.room.members.values()
        ]
        for one, other in combinations(times, 2):
            assert all(one[line_id] == other[line_id] for line_id in one.keys() & other.keys())


TestChatting = Chatting.TestCase
TestChatting.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
