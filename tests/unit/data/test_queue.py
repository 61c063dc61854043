"""The queue of a channel, whatever happens in whichever order."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desktop_app.data.channel import MAX_WAITING_MESSAGES
from desktop_app.data.channels import BULK, CHAT, MAX_BULK_QUEUED_BYTES
from desktop_app.data.messages.chat import ChatReceived

from .fake_services import NotingService, TwoPeople


def number_of(message: object) -> int:
    assert isinstance(message, ChatReceived)
    return int(message.ids[0], 16)


class Queueing(RuleBasedStateMachine):
    """One who sends, and a connection that comes, delivers a little, and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.mine, self.theirs = (NotingService("chat", "chat", "bulk") for _ in range(2))
        self.people = TwoPeople([self.mine], [self.theirs])
        self.said = 0
        self.lost: set[int] = set()
        self.bulk_refused = 0

    @rule(count=st.integers(1, 130))
    def send(self, count: int) -> None:
        for _ in range(count):
            self.people.links[0].send(CHAT.label, ChatReceived(ids=(f"{self.said:032x}",)))
            self.said += 1

    @rule(size=st.integers(1, MAX_BULK_QUEUED_BYTES))
    def send_bulk(self, size: int) -> None:
        is_sent = self.people.links[0].send_bulk(bytes(size))
        if not is_sent and self.people.links[0].is_ready:
            self.bulk_refused += 1

    @rule()
    def open(self) -> None:
        self.cut()
        self.people.open()

    @rule()
    def open_slowly(self) -> None:
        self.cut()
        for end in self.people.connect():
            end.open()

    @rule()
    def cut(self) -> None:
        if self.people.ends is not None:
            for text in self.people.ends[0][CHAT.label].outgoing:
                assert isinstance(text, str)
                self.lost.add(int(text.split('"ids":["')[1][:32], 16))
        self.people.cut()

    @rule(label=st.sampled_from(("control", "chat", "bulk")), count=st.integers(1, 20))
    def deliver(self, label: str, count: int) -> None:
        for _ in range(count if self.people.ends is not None else 0):
            for end in self.people.ends or ():
                end[label].deliver()

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.people.clock.s += seconds

    @invariant()
    def all_are_accounted_for_in_order(self) -> None:
        link = self.people.links[0]
        counters = next(each for each in link.counters() if each.label == CHAT.label)
        assert counters.queued <= MAX_WAITING_MESSAGES
        arrived = [number_of(message) for message in self.theirs.messages() if not isinstance(message, bytes)]
        dropped = [number_of(message) for what, _, message in self.mine.told if what == "dropped"]
        assert arrived == sorted(set(arrived))
        assert dropped == sorted(set(dropped))
        assert counters.dropped.get("queue-full", 0) == len(dropped)
        under_way = set()
        if self.people.ends is not None:
            outgoing = self.people.ends[0][CHAT.label].outgoing
            under_way = {int(str(text).split('"ids":["')[1][:32], 16) for text in outgoing}
            assert self.people.ends[0][BULK.label].buffered_bytes <= MAX_BULK_QUEUED_BYTES
        waiting = set(range(self.said - counters.queued, self.said))
        everywhere = [set(arrived), set(dropped), under_way, self.lost, waiting]
        assert set().union(*everywhere) == set(range(self.said))
        assert sum(map(len, everywhere)) == self.said

    def teardown(self) -> None:
        if self.people.ends is not None:
            self.people.pump()
            assert self.mine.whats.count("drained") <= self.bulk_refused
            if self.people.links[0].is_ready:
                assert self.people.links[0].send_bulk(bytes(MAX_BULK_QUEUED_BYTES)), (
                    "nothing waits, and yet it is full"
                )


TestQueueing = Queueing.TestCase
TestQueueing.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
