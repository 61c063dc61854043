"""Changes that come slowly, and those who cannot follow them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.server.topology.coordinator import MAX_PREPARE_S

from .test_coordinator import RULES, Room


def test_a_change_that_goes_on_slowly_is_waited_for() -> None:
    room = Room("a", "b", "c", "d")
    for _ in range(4):
        room.wait(9)
        room.progress("a")
    room.wait(9)
    room.ready("b")
    assert len(room.story) == 1
    room.progress("stranger")
    room.wait(10)
    assert room.story[-1] == ("sfu", "abort", "failed")


def test_who_makes_nothing_but_progress_is_not_waited_for_for_ever() -> None:
    room = Room("a", "b", "c", "d")
    room.ready("b", "c", "d")
    while len(room.story) == 1:
        room.wait(5)
        room.progress("a")
        assert room.now_s <= 100.0 + MAX_PREPARE_S
    assert room.story[-1] == ("sfu", "abort", "failed")


LARGE = tuple("abcdefgh")  # two more than a mesh may have


def test_a_room_too_large_for_a_mesh_goes_on_without_stragglers() -> None:
    room = Room(*LARGE)
    room.ready(*LARGE[:4])
    room.ready("e", ok=False)
    room.ready("f", ok=False)
    assert len(room.story) == 1  # the others may yet be ready
    room.wait(9)
    room.ready("h")
    assert len(room.story) == 1
    room.wait(10)
    assert room.story[-1] == ("sfu", "commit", "participants")


def test_when_all_have_answered_the_stragglers_are_not_waited_for() -> None:
    room = Room(*LARGE)
    room.ready(*LARGE[:7])
    room.ready("h", ok=False)
    assert room.story[-1] == ("sfu", "commit", "participants")


def test_a_room_in_which_most_cannot_stays_where_it_is() -> None:
    room = Room(*LARGE)
    room.ready("a", "b", "c")
    room.wait(10)
    assert room.story[-1] == ("sfu", "abort", "failed")


def test_who_could_not_and_then_can_is_ready() -> None:
    room = Room(*LARGE)
    room.ready("a", ok=False)
    room.ready(*LARGE)
    assert room.story[-1] == ("sfu", "commit", "participants")


@given(ready=st.sets(st.integers(0, 9)), refusing=st.sets(st.integers(0, 9)), mesh_limit=st.integers(9, 12))
def test_nobody_alone_keeps_a_room_that_is_too_large_from_its_sfu(
    ready: set[int], refusing: set[int], mesh_limit: int
) -> None:
    users = [f"u{number}" for number in range(10)]
    room = Room(rules=replace(RULES, threshold=10, mesh_limit=mesh_limit))
    for user in users:
        room.join(user)
    room.ready(*(users[number] for number in sorted(ready)))
    room.ready(*(users[number] for number in sorted(refusing - ready)), ok=False)
    room.wait(MAX_PREPARE_S)
    went = any(step[:2] == ("sfu", "commit") for step in room.story)
    assert went == (len(ready) == 10 or (mesh_limit < 10 and len(ready) >= 5))
