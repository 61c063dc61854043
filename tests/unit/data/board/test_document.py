"""The whiteboard's document: what each operation does, and that every order comes to the same."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from desktop_app.data.board import document
from desktop_app.data.board.document import Board, op_id, order_key

from .ops import A, B, C, board_of, line, make, picture

if TYPE_CHECKING:
    import random

    from desktop_app.data.messages.board import Op, OpId

SITES = (A, B, C)


def test_shapes_lie_in_the_order_of_clock_site_and_number() -> None:
    board = board_of(make(B, 1, 2), make(A, 1, 2), make(A, 2, 3), make(C, 1, 1))
    assert picture(board) == [(C, 1), (A, 1), (B, 1), (A, 2)]


def test_an_operation_that_comes_early_waits_for_those_before_it() -> None:
    board = board_of(make(A, 3, 3), make(A, 2, 2))
    assert (picture(board), board.seen(), board.has_gaps) == ([], {}, True)
    applied = board.merge([make(A, 1, 1)])
    assert [op.seq for op in applied] == [1, 2, 3]
    assert (board.seen(), board.has_gaps) == ({A: 3}, False)


def test_what_was_merged_before_is_not_new() -> None:
    board = board_of(make(A, 1, 1))
    assert board.merge([make(A, 1, 1)]) == []
    assert (len(board), board.conflicts, board.refused) == (1, 0, 0)


def test_a_removal_may_come_before_the_shape_and_be_undone() -> None:
    board = board_of(make(B, 1, 5, "remove", targets=((A, 1),)), make(A, 1, 1), make(A, 2, 2))
    assert picture(board) == [(A, 2)]
    board.merge([make(B, 2, 6, "undo", target=(B, 1))])
    assert picture(board) == [(A, 1), (A, 2)]
    board.merge([make(B, 3, 7, "redo", target=(B, 1))])
    assert picture(board) == [(A, 2)]


def test_what_two_removed_is_back_when_both_take_it_back() -> None:
    board = board_of(
        make(A, 1, 1),
        make(B, 1, 2, "remove", targets=((A, 1), (A, 1))),
        make(C, 1, 2, "remove", targets=((A, 1),)),
        make(B, 2, 3, "undo", target=(B, 1)),
    )
    assert picture(board) == []
    board.merge([make(C, 2, 3, "undo", target=(C, 1))])
    assert picture(board) == [(A, 1)]


def test_a_clear_takes_what_it_has_seen_and_no_more() -> None:
    board = board_of(
        make(A, 1, 1), make(A, 2, 2), make(C, 1, 1), make(B, 1, 3, "clear", seen={A: 1, C: 7}), make(A, 3, 4)
    )
    assert picture(board) == [(A, 2), (A, 3)]
    board.merge([make(B, 2, 5, "undo", target=(B, 1))])
    assert picture(board) == [(A, 1), (C, 1), (A, 2), (A, 3)]


def test_the_farthest_of_the_clears_that_count_holds() -> None:
    board = board_of(*(make(A, seq, seq) for seq in range(1, 5)))
    board.merge([make(B, 1, 9, "clear", seen={A: 1}), make(C, 1, 9, "clear", seen={A: 3})])
    assert picture(board) == [(A, 4)]
    board.merge([make(C, 2, 10, "undo", target=(C, 1))])
    assert picture(board) == [(A, 2), (A, 3), (A, 4)]
    board.merge([make(C, 3, 11, "redo", target=(C, 1))])
    assert picture(board) == [(A, 4)]


def test_what_is_missing_comes_in_order() -> None:
    board = board_of(make(A, 1, 1), make(B, 1, 2), make(A, 2, 3), make(B, 2, 4))
    assert [op_id(op) for op in board.missing({A: 1})] == [(B, 1), (A, 2), (B, 2)]
    assert list(board.missing(board.seen())) == []
    assert list(board.missing({A: 99, B: 99})) == []


BAD: dict[str, Op] = {
    "another author": make(A, 2, 2, author="mallory"),
    "a clock that stands still": make(A, 2, 1),
    "a clock far ahead": make(A, 2, 1_000_002),
    "add without a shape": make(A, 2, 2, "add", shape=None),
    "add with targets": make(A, 2, 2, targets=((A, 1),)),
    "remove of nothing": make(A, 2, 2, "remove"),
    "remove with a shape": make(A, 2, 2, "remove", targets=((A, 1),), shape=line()),
    "clear without what was seen": make(A, 2, 2, "clear"),
    "undo of nothing": make(A, 2, 2, "undo"),
    "undo of another's": make(A, 2, 2, "undo", target=(B, 1)),
    "undo of what is to come": make(A, 2, 2, "undo", target=(A, 3)),
    "undo of itself": make(A, 2, 2, "undo", target=(A, 2)),
    "redo with seen": make(A, 2, 2, "redo", target=(A, 1), seen={}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_honest_operation_is_left_out(bad: Op) -> None:
    board = board_of(make(A, 1, 1), make(B, 1, 1))
    before = picture(board)
    assert board.merge([bad]) == []
    assert (board.refused, picture(board), board.seen()) == (1, before, {A: 1, B: 1})
    honest = make(A, 2, 5)
    assert board.merge([honest]) == [honest], "a forged operation does not block the site"


def test_an_undo_cannot_be_undone() -> None:
    board = board_of(make(A, 1, 1), make(A, 2, 2, "undo", target=(A, 1)))
    assert board.merge([make(A, 3, 3, "undo", target=(A, 2))]) == []


@pytest.mark.parametrize(
    ("tool", "points", "text"),
    [
        ("pen", (1.0, 2.0, 3.0), ""),
        ("pen", (1.0, 2.0), "words"),
        ("line", (1.0, 2.0), ""),
        ("rectangle", (1.0,) * 6, ""),
        ("ellipse", (1.0, 2.0), ""),
        ("text", (1.0,) * 4, "words"),
        ("text", (1.0, 2.0), " \n\t"),
    ],
)
def test_a_shape_has_what_its_tool_needs(tool: Any, points: tuple[float, ...], text: str) -> None:
    board = board_of(make(A, 1, 1, shape=replace(line(), tool=tool, points=points, text=text)))
    assert (len(board), board.refused) == (0, 1)


@pytest.mark.parametrize("text", ["\ufeff", "\x85", "\x1c", "\xa0", "\u3000", "\u200b", "\r", " x "])
def test_what_only_some_languages_call_a_space_is_a_text(text: str) -> None:
    """The guest page must take the same ones: what a site draws after one that is refused is never seen."""
    words = replace(line(), tool="text", points=(1.0, 2.0), text=text)
    assert len(board_of(make(A, 1, 1, shape=words), make(A, 2, 2))) == 2


def test_of_two_operations_with_one_id_the_first_stays() -> None:
    board = board_of(make(A, 1, 1))
    board.merge([make(A, 1, 1, shape=line(99))])
    [op] = board.shapes()
    assert op.shape == line(1)
    assert board.conflicts == 1


def test_an_operation_too_long_for_a_message_is_left_out() -> None:
    long = replace(line(), tool="pen", points=(123456.78901234567,) * 4000)
    assert len(board_of(make(A, 1, 1, shape=long))) == 0
    assert len(board_of(make(A, 1, 1, shape=replace(long, points=(123456.78,) * 4000)))) == 1


def test_early_operations_do_not_pile_up() -> None:
    board = Board()
    board.merge(make(A, seq, seq) for seq in range(2, 10_000))
    assert board.refused == 9_998 - document.MAX_EARLY_OPS
    board.merge([make(A, 1, 1)])
    assert board.seen() == {A: 1 + document.MAX_EARLY_OPS}
    assert not board.has_gaps
    board.merge(make(B, 2, 2, shape=line()) for _ in range(5_000))
    assert board.has_gaps


def test_there_is_an_end_to_operations_and_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_OPS", 5)
    monkeypatch.setattr(document, "MAX_OPS_OF_OTHERS", 8)
    board = board_of(*(make(A, seq, seq) for seq in range(1, 5)))
    full = [board.is_full]
    board.merge(make(A, seq, seq) for seq in range(5, 20))
    assert [*full, board.is_full] == [False, True]
    assert len(board) == 8
    monkeypatch.setattr(document, "MAX_WEIGHT_OF_OTHERS", document.SITE_WEIGHT + 60)
    assert len(board_of(*(make(A, seq, seq) for seq in range(1, 9)))) == 2


# --- any order ------------------------------------------------------------------------------------

IDS = st.tuples(st.sampled_from(SITES), st.integers(1, 8))


@st.composite
def histories(draw: st.DrawFn) -> list[Op]:
    """Operations of three sites, most of them honest, one for each id."""
    ops = []
    for site in SITES:
        clock = 0
        for seq in range(1, draw(st.integers(0, 8)) + 1):
            clock += draw(st.sampled_from((1, 1, 1, 2, 5, 0, -1)))
            kind = draw(st.sampled_from(("add", "add", "remove", "clear", "undo", "undo", "redo")))
            fields: dict[str, Any] = {}
            if kind == "remove":
                fields["targets"] = tuple(draw(st.lists(IDS, min_size=1, max_size=4)))
            elif kind == "clear":
                fields["seen"] = draw(st.dictionaries(st.sampled_from(SITES), st.integers(1, 8)))
            elif kind in ("undo", "redo"):
                own = st.tuples(st.just(site), st.integers(1, max(1, seq - 1)))
                fields["target"] = draw(st.one_of(own, own, IDS))
            ops.append(make(site, seq, max(1, clock), kind, **fields))
    return ops


def oracle(ops: list[Op]) -> list[OpId]:
    """The picture of honest operations, by the words of the contract and nothing clever."""
    ordered = sorted(ops, key=order_key)
    counts = {op_id(op): True for op in ordered}
    for op in ordered:
        if op.target is not None:
            counts[op.target] = op.kind == "redo"
    real = [op for op in ordered if counts[op_id(op)]]
    gone = {target for op in real if op.kind == "remove" for target in op.targets}
    clears = [op.seen or {} for op in real if op.kind == "clear"]
    return [
        op_id(op)
        for op in real
        if op.kind == "add"
        and op_id(op) not in gone
        and not any(seen.get(op.site, 0) >= op.seq for seen in clears)
    ]


@settings(max_examples=70, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_interleaving_and_duplication_comes_to_the_same_picture(
    ops: list[Op], chance: random.Random
) -> None:
    first, second = Board(), Board()
    first.merge(ops)
    shuffled = ops + chance.sample(ops, len(ops) // 2)
    chance.shuffle(shuffled)
    taken: list[Op] = []
    while shuffled:
        count = chance.randint(1, 4)
        taken += second.merge(shuffled[:count])
        del shuffled[:count]
    assert second.seen() == first.seen()
    assert picture(second) == picture(first) == oracle(taken)
    assert len(taken) == len({op_id(op) for op in taken}) == len(second)


@settings(max_examples=40, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_partitions_meet_through_what_each_has_seen(ops: list[Op], chance: random.Random) -> None:
    """Three replicas with different parts of the whole compare what they have, two by two."""
    boards = [Board() for _ in range(3)]
    for op in ops:
        for board in chance.sample(boards, chance.randint(1, 3)):
            board.merge([op])
    progress = 1
    while progress:  # what waits for an earlier operation is told of when that one has come, rounds later
        progress = 0
        for one, other in itertools.permutations(boards, 2):
            progress += len(other.merge(list(one.missing(other.seen()))))
    whole = Board()
    whole.merge(ops)
    assert boards[0].seen() == whole.seen()
    pictures = [picture(board) for board in boards]
    assert pictures[0] == pictures[1] == pictures[2]
    assert boards[0].seen() == boards[1].seen() == boards[2].seen()
