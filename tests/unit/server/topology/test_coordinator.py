"""When a room is a mesh and when it has an SFU."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from desktop_app.server.topology.coordinator import (
    FIRST_BACK_OFF_S,
    MAX_PREPARE_S,
    Change,
    Coordinator,
    Rules,
    change_from,
    change_values,
)

RULES = Rules(threshold=4, mesh_limit=6, sfu_limit=20, sfu_configured=True)
NODES = ["ws://a", "ws://b"]


class Room:
    """A coordinator with a clock; each decision is applied at once."""

    def __init__(self, *users: str, rules: Rules = RULES) -> None:
        self.now_s = 100.0
        self.nodes = list(NODES)
        self.coordinator = Coordinator(rules)
        self.story: list[tuple[str, str, str]] = []
        for user in users:
            self.join(user)

    def join(self, user: str, *, capable: bool = True) -> None:
        self.coordinator.joined(user, self.now_s, capable=capable)
        self.go_on()

    def leave(self, user: str) -> None:
        self.coordinator.left(user, self.now_s)
        self.go_on()

    def ready(self, *users: str, ok: bool = True) -> None:
        pending = self.coordinator.pending
        for user in users:
            self.coordinator.ready(user, pending.epoch if pending else 0, self.now_s, ok=ok)
        self.go_on()

    def progress(self, user: str) -> None:
        pending = self.coordinator.pending
        self.coordinator.progressed(user, pending.epoch if pending else 0, self.now_s)
        self.go_on()

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.go_on()

    def lose(self, node: str) -> None:
        self.nodes.remove(node)
        self.coordinator.node_lost(node)
        self.go_on()

    def regain(self, node: str) -> None:
        self.nodes.append(node)
        self.coordinator.node_back()
        self.go_on()

    def go_on(self) -> None:
        for _ in range(20):
            change = self.coordinator.decide(self.now_s, self.nodes)
            if change is None:
                return
            if change.mode == "sfu" and change.phase == "prepare":
                change = replace(change, room=f"room-{change.epoch}")
            assert self.coordinator.apply(change, self.now_s)
            self.story.append((change.mode, change.phase, change.reason))
        raise AssertionError(f"there is no end of it: {self.story}")


def in_sfu(*users: str) -> Room:
    room = Room(*users)
    room.ready(*users)
    assert room.story[-1] == ("sfu", "commit", "participants")
    return room


def test_at_the_threshold_the_room_gets_an_sfu_when_everybody_is_ready() -> None:
    room = Room("a", "b", "c")
    assert room.story == []
    room.join("d")
    assert room.story == [("sfu", "prepare", "participants")]
    room.ready("a", "b", "c")
    assert len(room.story) == 1
    room.ready("d")
    assert room.story[-1] == ("sfu", "commit", "participants")
    assert room.coordinator.current.node == "ws://a"
    assert room.coordinator.current.room == "room-1"


def test_whoever_leaves_is_not_waited_for_and_whoever_comes_is() -> None:
    room = Room("a", "b", "c", "d")
    room.wait(9)
    room.join("e")
    room.ready("a", "b", "c")
    room.wait(9)  # past the first limit: somebody came
    room.leave("d")
    assert len(room.story) == 1
    room.ready("e")
    assert room.story[-1] == ("sfu", "commit", "participants")


def test_the_end_of_a_change_comes_however_many_come() -> None:
    room = Room("a", "b", "c", "d")
    for number in range(30):
        room.wait(5)
        room.join(f"x{number}")
        if room.story[-1][1] == "abort":
            break
    assert room.story[-1] == ("sfu", "abort", "failed")
    assert room.now_s <= 100.0 + MAX_PREPARE_S + 5.0


def test_back_to_the_mesh_after_the_hysteresis_alone() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.leave("d")
    room.wait(29.9)
    room.join("d")
    room.leave("d")
    room.wait(29.9)
    assert len(room.story) == 2
    assert room.coordinator.due_s() == pytest.approx(room.now_s + 0.1)
    room.wait(0.1)
    assert room.story[-1] == ("mesh", "prepare", "few-participants")
    room.ready("a", "b", "c")
    assert room.story[-1] == ("mesh", "commit", "few-participants")


def test_a_change_back_is_given_up_when_enough_are_there_again() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.leave("d")
    room.wait(31)
    room.join("e")
    assert room.story[-1] == ("mesh", "abort", "participants")
    assert room.coordinator.current.mode == "sfu"


def test_a_change_that_fails_is_tried_again_later_and_later() -> None:
    room = Room("a", "b", "c", "d")
    room.wait(10)
    assert room.story[-1] == ("sfu", "abort", "failed")
    room.wait(FIRST_BACK_OFF_S - 0.1)
    assert len(room.story) == 2
    room.wait(0.1)
    assert room.story[-1] == ("sfu", "prepare", "participants")
    room.ready("a", ok=False)
    assert room.story[-1] == ("sfu", "abort", "failed")
    room.wait(FIRST_BACK_OFF_S * 2 - 0.1)
    assert len(room.story) == 4
    room.wait(0.1)
    assert len(room.story) == 5


def test_when_whoever_could_not_has_left_there_is_no_reason_to_wait() -> None:
    room = Room("a", "b", "c", "d", "e")
    room.ready("a", "b", "c", "d")
    room.wait(10)
    assert room.story[-1] == ("sfu", "abort", "failed")
    room.leave("e")
    assert room.story[-1] == ("sfu", "prepare", "participants")


def test_a_foreign_client_keeps_the_room_a_mesh() -> None:
    room = Room("a", "b", "c")
    room.join("old", capable=False)
    room.join("d")
    assert room.story == []
    assert room.coordinator.capacity(NODES, capable=True) == RULES.mesh_limit
    room.leave("old")
    assert room.story == [("sfu", "prepare", "participants")]
    room.join("old", capable=False)
    assert room.story[-1] == ("sfu", "abort", "foreign-client")


def test_a_foreign_client_makes_it_a_mesh_whoever_is_not_ready() -> None:
    room = in_sfu("a", "b", "c", "d")
    assert room.coordinator.capacity(NODES, capable=False) == RULES.mesh_limit
    assert room.coordinator.capacity(NODES, capable=True) == RULES.sfu_limit
    room.join("old", capable=False)
    assert room.story[-1] == ("mesh", "prepare", "foreign-client")
    room.wait(10)
    assert room.story[-1] == ("mesh", "commit", "foreign-client")


def test_without_an_sfu_the_room_is_told_once() -> None:
    room = Room("a", "b", "c", "d", "e", rules=replace(RULES, sfu_configured=False))
    assert room.story == [("mesh", "commit", "no-sfu")]
    assert room.coordinator.current.epoch == 0
    assert room.coordinator.without_sfu
    assert room.coordinator.capacity([], capable=True) == RULES.mesh_limit


def test_above_the_mesh_limit_there_is_no_choice() -> None:
    room = Room(*"abcdef", rules=replace(RULES, threshold=10))
    assert room.story == []
    room.join("g")
    assert room.story == [("sfu", "prepare", "participants")]


def test_a_lost_node_is_left_at_once_and_the_other_one_taken() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.lose("ws://a")
    assert room.story[-2:] == [("mesh", "commit", "sfu-lost"), ("sfu", "prepare", "sfu-back")]
    pending = room.coordinator.pending
    assert pending is not None
    assert (pending.node, pending.epoch) == ("ws://b", 3)
    room.ready(*"abcd")
    assert room.story[-1] == ("sfu", "commit", "sfu-back")


def test_a_node_that_was_gone_for_a_moment_has_lost_the_room_all_the_same() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.coordinator.node_lost("ws://a")  # and it is back before anybody looks
    room.go_on()
    assert ("mesh", "commit", "sfu-lost") in room.story


def test_a_room_too_large_for_the_mesh_waits_for_a_node() -> None:
    users = "abcdefgh"
    room = in_sfu(*users)
    before = len(room.story)
    room.lose("ws://b")
    room.lose("ws://a")
    assert len(room.story) == before
    room.regain("ws://a")
    assert room.story[-1] == ("sfu", "prepare", "sfu-back")
    room.lose("ws://a")
    assert room.story[-1] == ("sfu", "abort", "sfu-lost")
    room.leave("h")
    room.leave("g")
    assert room.story[-1] == ("mesh", "commit", "sfu-lost")


def test_a_node_that_is_lost_while_the_room_leaves_it() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.leave("d")
    room.wait(31)
    room.lose("ws://a")
    assert room.story[-1] == ("mesh", "commit", "sfu-lost")


def test_a_return_is_not_held_up_by_an_earlier_failure() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.lose("ws://b")
    room.lose("ws://a")
    room.regain("ws://a")
    room.wait(10)
    assert room.story[-1] == ("sfu", "abort", "failed")
    room.lose("ws://a")
    room.regain("ws://a")
    assert room.story[-1] == ("sfu", "prepare", "sfu-back")


def test_a_successor_goes_on_where_the_leader_was() -> None:
    room = in_sfu("a", "b", "c", "d")
    room.leave("d")
    room.wait(31)
    successor = Coordinator(RULES)
    successor.restore(room.coordinator.snapshot(), room.now_s)
    for user in "abc":
        successor.joined(user, room.now_s, capable=True)
    assert successor.current == room.coordinator.current
    assert successor.pending == room.coordinator.pending
    for user in "abc":
        successor.ready(user, 2, room.now_s, ok=True)
    assert successor.decide(room.now_s, NODES) == replace(room.coordinator.pending, phase="commit")  # type: ignore[type-var]


@pytest.mark.parametrize(
    "stored", [{}, {"current": 3}, {"current": {"epoch": -1}}, {"current": {"epoch": "x"}}]
)
def test_what_was_stored_wrongly_is_a_new_room(stored: dict[str, object]) -> None:
    coordinator = Coordinator(RULES)
    coordinator.restore(stored, 0.0)
    assert coordinator.current == Change(0, "mesh", "commit", "joined")


def test_a_change_survives_the_way_to_other_servers() -> None:
    change = Change(3, "sfu", "prepare", "sfu-back", "ws://a", "room")
    assert change_from(change_values(change)) == change
    assert change_from("nonsense") is None


class Churn(RuleBasedStateMachine):
    """People and nodes come and go in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room()
        self.count = 0

    @precondition(lambda self: len(self.room.coordinator.members) < 12)
    @rule(capable=st.sampled_from([True, True, True, False]))
    def join(self, capable: bool) -> None:
        self.count += 1
        self.room.join(f"u{self.count}", capable=capable)

    @precondition(lambda self: self.room.coordinator.members)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.room.leave(data.draw(st.sampled_from(sorted(self.room.coordinator.members))))

    @precondition(lambda self: self.room.coordinator.pending)
    @rule(ok=st.sampled_from([True, True, True, False]))
    def all_ready(self, ok: bool) -> None:
        members = self.room.coordinator.members
        self.room.ready(*(user for user, capable in members.items() if capable), ok=ok)

    @precondition(lambda self: self.room.coordinator.pending and self.room.coordinator.members)
    @rule(data=st.data(), ok=st.booleans(), done=st.booleans())
    def one_goes_on(self, data: st.DataObject, ok: bool, done: bool) -> None:
        user = data.draw(st.sampled_from(sorted(self.room.coordinator.members)))
        if done:
            self.room.ready(user, ok=ok)
        else:
            self.room.progress(user)

    @precondition(lambda self: self.room.nodes)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.room.lose(data.draw(st.sampled_from(self.room.nodes)))

    @rule(node=st.sampled_from(NODES))
    def regain(self, node: str) -> None:
        if node not in self.room.nodes:
            self.room.regain(node)

    @rule(seconds=st.floats(0.1, 60))
    def wait(self, seconds: float) -> None:
        self.room.wait(seconds)

    @invariant()
    def it_makes_sense(self) -> None:
        coordinator, room = self.room.coordinator, self.room
        members, current = coordinator.members, coordinator.current
        if not members:
            return
        pending = coordinator.pending
        if pending is not None:
            assert pending.epoch > current.epoch
            assert pending.mode == "mesh" or (pending.node in room.nodes and pending.room)
        if current.mode == "sfu":
            assert current.room
            # With its node gone a room that fits is a mesh; a larger one waits for nothing but a node, and goes on to
            # that when somebody leaves meanwhile.
            if current.node not in room.nodes:
                goes_on = pending is not None and pending.mode == "sfu"
                assert len(members) > RULES.mesh_limit or goes_on
            elif not all(members.values()) and len(members) <= RULES.mesh_limit:
                assert pending is not None
        due_s = coordinator.due_s()
        assert pending is None or due_s is not None


TestChurn = Churn.TestCase
TestChurn.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_large_room_with_a_foreign_client_does_not_begin_what_it_gives_up_at_once() -> None:
    room = in_sfu(*"abcdefg")
    room.join("old", capable=False)
    room.lose("ws://a")
    assert [phase for mode, phase, _ in room.story[2:] if mode == "sfu"] == []
    room.leave("old")
    assert room.story[-1] == ("sfu", "prepare", "sfu-back")


def test_a_preparation_that_is_said_twice_keeps_its_first_room() -> None:
    coordinator = Coordinator(RULES)
    for user in ("ann", "bob", "cat", "dan"):
        coordinator.joined(user, 100.0, capable=True)
    first = Change(1, "sfu", "prepare", "participants", "ws://a", "first")
    assert coordinator.apply(first, 100.0)
    coordinator.ready("ann", 1, 101.0, ok=True)
    # Redis was slow, or two servers took themselves for the leader.
    assert not coordinator.apply(replace(first, room="second"), 102.0)
    assert coordinator.snapshot()["pending"] == change_values(first)
    assert not coordinator.waits_for("ann", 1)
    assert coordinator.apply(replace(first, phase="commit"), 103.0)
    assert not coordinator.apply(replace(first, room="second"), 104.0)
    assert coordinator.pending is None
    successor = Coordinator(RULES)
    successor.restore(
        {
            "epoch": 1,
            "current": change_values(Change(0, "mesh", "commit", "")),
            "pending": change_values(first),
        },
        0.0,
    )
    assert successor.pending == first


def test_what_was_not_heard_is_found_in_what_was_stored() -> None:
    leader, other = Coordinator(RULES), Coordinator(RULES)
    prepare = Change(1, "sfu", "prepare", "participants", "ws://a", "first")
    back = Change(2, "mesh", "prepare", "few-participants")
    steps = [
        prepare,
        replace(prepare, phase="commit"),
        back,
        replace(back, phase="abort", reason="failed"),
        replace(back, epoch=3, phase="commit"),
    ]
    older = leader.snapshot()
    for change in steps:
        leader.apply(change, 100.0)
        assert other.missed(older) == []
        assert [each.phase for each in other.missed(leader.snapshot())] == [change.phase]
        for each in other.missed(leader.snapshot()):
            assert other.apply(each, 100.0)
        assert (other.current, other.pending) == (leader.current, leader.pending)
        assert other.missed(leader.snapshot()) == other.missed(older) == []
        older = leader.snapshot()
