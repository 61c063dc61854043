"""What becomes of changes while somebody has lost the server, and not the others."""

from __future__ import annotations

from dataclasses import replace

from .test_coordinator import RULES, Room


def test_no_change_begins_or_ends_while_somebody_is_away_whom_it_would_leave_behind() -> None:
    room = Room("a", "b", "c")
    room.coordinator.away("b", away=True)
    room.join("d")
    assert room.story == []
    room.coordinator.away("b", away=False)
    room.go_on()
    assert room.story[-1][1] == "prepare"
    room.coordinator.away("c", away=True)
    room.go_on()
    assert room.story[-1][1:] == ("abort", "participants")
    room.coordinator.away("c", away=False)  # and it is no failure that would have to be waited out
    room.go_on()
    room.ready("a", "b", "c", "d")
    assert room.coordinator.current.mode == "sfu"


def test_what_cannot_wait_is_done_without_whoever_is_away() -> None:
    room = Room(*"abcd")
    room.ready(*"abcd")
    room.coordinator.away("b", away=True)
    room.nodes.clear()
    room.coordinator.node_lost(room.coordinator.current.node)
    room.go_on()
    assert (room.coordinator.current.mode, room.coordinator.current.reason) == ("mesh", "sfu-lost")


def test_a_room_too_large_for_a_mesh_does_not_wait_for_whoever_is_away() -> None:
    room = Room(*"abcdefg", rules=replace(RULES, threshold=7))
    assert room.coordinator.pending is not None
    room.coordinator.away("a", away=True)
    room.ready(*"bcdefg")
    assert room.coordinator.current.mode == "sfu"


def test_whoever_left_while_away_holds_nothing_up() -> None:
    room = Room(*"abc")
    room.coordinator.away("b", away=True)
    room.coordinator.left("b", room.now_s)
    room.join("d")
    room.join("e")
    assert room.coordinator.pending is not None
