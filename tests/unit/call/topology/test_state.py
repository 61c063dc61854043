"""What follows from the server's messages about the topology."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.call.topology.state import Known, Step, first, follow
from desktop_app.protocol.topology import Topology

if TYPE_CHECKING:
    from desktop_app.protocol.topology import Mode, Phase


def said(epoch: int, mode: Mode, phase: Phase) -> Topology:
    """A message."""
    return Topology(epoch, mode, phase, "participants", 8)


def test_a_change_is_prepared_and_committed() -> None:
    known, step = follow(Known(), said(1, "sfu", "prepare"))
    assert (known.mode, known.coming, step) == ("mesh", "sfu", Step.PREPARE)
    known, step = follow(known, said(1, "sfu", "commit"))
    assert (known.mode, known.coming, step) == ("sfu", None, Step.COMMIT)


def test_an_abort_leaves_the_room_as_it_was() -> None:
    known, _ = follow(Known(), said(1, "sfu", "prepare"))
    known, step = follow(known, said(1, "sfu", "abort"))
    assert (known.mode, known.coming, step) == ("mesh", None, Step.ABORT)
    known, step = follow(known, said(1, "sfu", "abort"))
    assert step is Step.NOTHING


def test_an_sfu_that_is_gone_is_left_without_preparation() -> None:
    known, step = follow(Known(3, "sfu"), said(4, "mesh", "commit"))
    assert (known.mode, step) == ("mesh", Step.COMMIT)


def test_one_sfu_follows_another() -> None:
    known, step = follow(Known(3, "sfu"), said(4, "sfu", "prepare"))
    assert (known.mode, known.coming, step) == ("sfu", "sfu", Step.PREPARE)
    known, step = follow(Known(3, "sfu"), said(4, "sfu", "commit"))
    assert step is Step.COMMIT


def test_that_it_stays_a_mesh_changes_nothing() -> None:
    known, step = follow(Known(0, "mesh"), said(1, "mesh", "commit"))
    assert (known.mode, step) == ("mesh", Step.NOTHING)


def test_who_comes_in_the_middle_of_a_change_takes_part_in_it() -> None:
    assert first(said(5, "sfu", "prepare")) == Known(5, "mesh", "sfu", 8)
    assert first(said(5, "sfu", "commit")) == Known(5, "sfu", None, 8)
    assert first(said(5, "sfu", "abort")) == Known(5, "mesh", None, 8)


MESSAGES = st.builds(
    said,
    st.integers(0, 6),
    st.sampled_from(("mesh", "sfu")),
    st.sampled_from(("prepare", "commit", "abort")),
)


@given(st.lists(MESSAGES, max_size=30))
def test_epochs_never_go_back_and_what_is_late_says_nothing(messages: list[Topology]) -> None:
    known = Known()
    for message in messages:
        before = known
        known, step = follow(known, message)
        assert known.epoch >= before.epoch
        if message.epoch < before.epoch:
            assert (known, step) == (before, Step.NOTHING)
        if step is Step.COMMIT:
            assert (known.mode, known.coming) == (message.mode, None)
        else:
            assert known.mode == before.mode
        if step is Step.PREPARE:
            assert known.coming == message.mode
