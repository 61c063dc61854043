"""The whiteboard's service: what is drawn comes to everybody, whoever comes late or was away."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from desktop_app.data.board import document, outbox, service
from desktop_app.data.board.document import op_id
from desktop_app.data.board.errors import BoardError
from desktop_app.data.board.outbox import MAX_BATCH_BYTES, MAX_QUEUED_BYTES
from desktop_app.data.board_changes import Clear, Draw, Redo, Rub, Undo
from desktop_app.data.channels import BOARD
from desktop_app.data.events import BoardCleared
from desktop_app.data.messages.board import BoardOps, BoardState
from tests.waiting import until

from .ops import make
from .rooms import Room, stroke

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.data.board_changes import BoardChange

NAMES = ("ann", "ben", "cleo")


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """Ann, Ben and Cleo, connected."""
    made = Room()
    for name in NAMES:
        made.add(name)
    made.connect_all()
    yield made
    await made.close()


def alike(room: Room) -> bool:
    pictures = list(room.pictures().values())
    return all(each == pictures[0] for each in pictures)


async def test_what_is_drawn_is_seen_by_everybody_and_told_at_once_here(room: Room) -> None:
    await room.settle()
    room.services["ann"].change(Draw(stroke(1)))
    [told] = room.changes("ann")
    assert (told.own, told.can_undo, told.can_redo) == (True, True, False)
    await room.settle()
    [theirs] = room.changes("ben")
    assert (theirs.ops, theirs.own, theirs.can_undo) == (told.ops, False, False)
    assert theirs.ops[0].author == "ann"
    assert alike(room)


async def test_one_takes_back_only_what_one_did_oneself(room: Room) -> None:
    await room.settle()
    ann, ben = room.services["ann"], room.services["ben"]
    ann.change(Draw(stroke(1)))
    await room.settle()
    ben.change(Draw(stroke(2)))
    await room.settle()
    ann.change(Undo())
    ann.change(Undo())
    await room.settle()
    assert [op.author for op in ben.board.shapes()] == ["ben"]
    ann.change(Redo())
    ann.change(Redo())
    await room.settle()
    assert [op.author for op in ben.board.shapes()] == ["ann", "ben"]
    ann.change(Undo())
    ann.change(Draw(stroke(3)))
    last = room.changes("ann")[-1]
    assert (last.can_undo, last.can_redo) == (True, False)
    count = len(ann.board)
    ann.change(Redo())
    assert len(ann.board) == count, "what was undone is forgotten with a new drawing"


async def test_rubbing_out_and_clearing_can_be_undone(room: Room) -> None:
    await room.settle()
    ann, ben = room.services["ann"], room.services["ben"]
    for number in range(3):
        ann.change(Draw(stroke(number)))
    await room.settle()
    ids = tuple(op_id(op) for op in ben.board.shapes())
    ben.change(Rub(ids[:2]))
    await room.settle()
    assert [op_id(op) for op in ann.board.shapes()] == list(ids[2:])
    ann.change(Clear())
    await room.settle()
    assert list(ben.board.shapes()) == []
    ann.change(Undo())
    ben.change(Undo())
    await room.settle()
    assert [op_id(op) for op in ann.board.shapes()] == list(ids)
    assert alike(room)


async def test_nothing_happens_without_anything_to_do(room: Room) -> None:
    ann = room.services["ann"]
    for change in (Undo(), Redo(), Clear(), Rub(())):
        ann.change(change)
    assert room.changes("ann") == []


async def test_many_targets_are_one_change(room: Room) -> None:
    ann = room.services["ann"]
    for number in range(1200):
        ann.change(Draw(stroke(number, 2)))
    ann.change(Rub(tuple(op_id(op) for op in ann.board.shapes())))
    assert [len(op.targets) for op in room.changes("ann")[-1].ops] == [500, 500, 200]
    ann.change(Undo())
    assert len(list(ann.board.shapes())) == 1200
    await room.settle()
    assert alike(room)


async def test_a_late_one_gets_everything_also_of_those_who_left(room: Room) -> None:
    await room.settle()
    for number in range(300):
        room.services[NAMES[number % 3]].change(Draw(stroke(number, 100)))
    await room.settle()
    for name in ("ann", "ben"):
        room.cut("cleo", name)
    await room.services.pop("cleo").close()
    late = room.add("dora")
    room.connect("dora", "ann")
    await room.settle()
    assert len(list(late.board.shapes())) == 300
    assert alike(room)
    told = [op for event in room.changes("dora") for op in event.ops]
    assert len(told) == len(set(map(op_id, told))) == 300, "no operation is told twice"


async def test_the_channel_is_never_filled(room: Room) -> None:
    ann = room.services["ann"]
    for number in range(400):
        ann.change(Draw(stroke(number + 0.25, 500)))
    room.connect("ann", "ben")
    link = room.links["ann", "ben"]
    await until(lambda: room.deliver("ben", "ann"))
    await until(lambda: link.queued_bytes(BOARD.label) >= MAX_QUEUED_BYTES)
    await room.settle()
    assert link.most_queued_bytes < MAX_QUEUED_BYTES + MAX_BATCH_BYTES + 1000
    assert link.sent > 20
    assert room.pictures()["ann"] == room.pictures()["ben"]


async def test_the_other_side_is_not_flooded(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BURST_BYTES", 100_000)
    ann, ben = room.services["ann"], room.services["ben"]
    for number in range(400):
        ann.change(Draw(stroke(number + 0.25, 500)))
    room.connect("ann", "ben")
    link = room.links["ann", "ben"]

    async def exchange() -> None:
        for _ in range(200):
            room.deliver("ann", "ben")
            room.deliver("ben", "ann")
            await asyncio.sleep(0)

    await exchange()
    assert 2 < link.sent < 8
    room.now_s += 1
    await until(lambda: not room.deliver("ann", "ben") and not ann.is_busy)
    assert room.pictures()["ann"] == room.pictures()["ben"]
    assert ben.board.has_gaps is False


async def test_what_was_lost_with_a_connection_comes_with_the_next(room: Room) -> None:
    await room.settle()
    for number in range(5):
        room.services["ann"].change(Draw(stroke(number)))
    room.deliver("ann", "ben")
    room.cut("ann", "ben")
    room.services["ben"].change(Draw(stroke(9)))
    room.services["ann"].change(Undo())
    await room.settle()
    assert not alike(room)
    room.connect("ann", "ben")
    await room.settle()
    assert alike(room)


async def test_what_never_had_a_way_comes_around() -> None:
    """Ann and Ben have no connection to each other: what one draws comes to the other through Cleo."""
    room = Room()
    for name in NAMES:
        room.add(name, state_interval_s=0.01)
    room.connect("ann", "cleo")
    room.connect("ben", "cleo")
    room.services["ann"].change(Draw(stroke(1)))

    async def arrived() -> None:
        while not list(room.services["ben"].board.shapes()):
            await room.settle()
            await asyncio.sleep(0.001)

    await asyncio.wait_for(arrived(), 10)
    assert alike(room)
    await room.close()


async def test_what_was_thrown_away_is_sent_again(room: Room) -> None:
    await room.settle()
    ann, link = room.services["ann"], room.links["ann", "ben"]
    ann.change(Draw(stroke(1)))
    [text] = link.texts
    link.texts.clear()
    ann.dropped(link, BoardOps(ops=tuple(ann.board.shapes())))
    ann.received(link, BoardState(seen={}))
    await until(lambda: len(link.texts) == 1)
    assert list(link.texts) == [text]


async def test_what_does_not_arrive_is_sent_once_more_and_then_no_more(room: Room) -> None:
    await room.settle()
    ann, link = room.services["ann"], room.links["ann", "ben"]
    ann.change(Draw(stroke(1)))
    for count in (1, 2, 2, 2):
        ann.received(link, BoardState(seen={}))
        await room.idle("ann")
        assert len(link.texts) == count
        room.now_s += 60


async def test_who_makes_operations_in_our_name_does_not_silence_us(
    room: Room, expected_warnings: Any
) -> None:
    expected_warnings("somebody else makes operations as our site")
    await room.settle()
    ann, ben = room.services["ann"], room.services["ben"]
    ann.change(Draw(stroke(1)))
    await room.settle()
    site = next(iter(ann.board.seen()))
    forged = replace(make("a" * 16, 2, 2), site=site, author="ann")
    ben.received(room.links["ben", "cleo"], BoardOps(ops=(forged,)))
    await room.settle()
    # Ann says what she has, and Ben sends what she lacks of her own site.
    ben.received(room.links["ben", "ann"], BoardState(seen=ann.board.seen()))
    await room.settle()
    assert not room.changes("ann")[-1].can_undo
    ann.change(Draw(stroke(2)))
    await room.settle()
    assert sorted(op.site == site for op in ben.board.shapes()) == [False, True, True]


async def test_a_wild_clock_does_not_make_ours_one_that_nobody_takes(room: Room) -> None:
    await room.settle()
    ann, ben = room.services["ann"], room.services["ben"]
    wild = tuple(make("f" * 16, seq, seq * 1_000_000) for seq in range(1, 6))
    for name in NAMES[:2]:
        room.services[name].received(room.links[name, "cleo"], BoardOps(ops=wild))
    await room.settle()
    ann.change(Draw(stroke(1)))
    ann.change(Draw(stroke(2)))
    await room.settle()
    assert [op.author for op in ben.board.shapes()].count("ann") == 2


async def test_a_long_stroke_is_cut_and_taken_back_as_one(room: Room) -> None:
    ann = room.services["ann"]
    ann.change(Draw(stroke(0, 4999)))
    pieces = [op.shape for op in ann.board.shapes()]
    assert [len(each.points) // 2 for each in pieces if each] == [2000, 2000, 1001]
    for one, other in itertools.pairwise(pieces):
        assert one is not None
        assert other is not None
        assert one.points[-2:] == other.points[:2]
    ann.change(Undo())
    assert list(ann.board.shapes()) == []
    ann.change(Redo())
    assert [op.shape for op in ann.board.shapes()] == pieces


@pytest.mark.parametrize(
    "fields",
    [
        {"points": (1.0, 2.0, 3.0)},
        {"points": ()},
        {"points": (2e6, 0.0)},
        {"points": (float("nan"), 0.0)},
        {"color": "red"},
        {"width": 1e9},
        {"tool": "text", "points": (1.0, 2.0), "text": ""},
        {"tool": "line", "points": (1.0, 2.0) * 3},
        {"tool": "text", "points": (1.0, 2.0), "text": "x" * 501},
    ],
)
async def test_what_cannot_be_drawn_is_refused_here(room: Room, fields: dict[str, Any]) -> None:
    with pytest.raises(BoardError, match="cannot be drawn"):
        room.services["ann"].change(Draw(replace(stroke(1), **fields)))
    assert room.changes("ann") == []


async def test_a_full_board_takes_no_more_shapes_but_can_be_cleared(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MAX_OPS", 3)
    ann = room.services["ann"]
    for number in range(3):
        ann.change(Draw(stroke(number)))
    with pytest.raises(BoardError, match="is full"):
        ann.change(Draw(stroke(9)))
    ann.change(Undo())
    ann.change(Clear())
    assert list(ann.board.shapes()) == []
    monkeypatch.setattr(document, "MAX_OPS_OF_OTHERS", len(ann.board))
    for _ in range(2):
        with pytest.raises(BoardError, match="is full"):
            ann.change(Undo())
    with pytest.raises(BoardError, match="is full"):
        ann.change(Clear())


async def test_a_flood_is_merged_in_slices_and_bounded(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.settle()
    monkeypatch.setattr(service, "SLICE_S", 0.0)
    ann, link = room.services["ann"], room.links["ann", "ben"]
    for number in range(service.MAX_WAITING_MESSAGES + 50):
        ops = tuple(make("e" * 16, number * 2 + at, number * 2 + at) for at in (1, 2))
        ann.received(link, BoardOps(ops=ops))
    turns = 0
    while ann.is_busy:
        turns += 1
        await asyncio.sleep(0)
    assert len(ann.board) == 2 * service.MAX_WAITING_MESSAGES
    assert turns >= service.MAX_WAITING_MESSAGES, "the loop had its turn between"


async def test_the_end_empties_the_window_and_leaves_nothing_running(room: Room) -> None:
    ann = room.services["ann"]
    ann.change(Draw(stroke(1)))
    await ann.close()
    assert isinstance(room.events["ann"][-1], BoardCleared)
    assert not ann.is_busy


STEPS = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(NAMES), st.sampled_from("dddurcx")),
    st.tuples(st.just("deliver"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("deliver"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.sampled_from(("connect", "cut")), st.sampled_from(NAMES), st.sampled_from(NAMES)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_whatever_is_done_and_lost_they_meet(steps: list[tuple[str, str, str]]) -> None:
    asyncio.run(play(steps))


async def play(steps: list[tuple[str, str, str]]) -> None:
    room = Room()
    for name in NAMES:
        room.add(name)
    room.connect_all()
    for number, (what, one, other) in enumerate(steps):
        if what == "change":
            shapes = tuple(op_id(op) for op in room.services[one].board.shapes())
            changes: dict[str, BoardChange] = {
                "d": Draw(stroke(number)),
                "u": Undo(),
                "r": Redo(),
                "c": Clear(),
                "x": Rub(shapes[::2]),
            }
            room.services[one].change(changes[other])
        elif one == other:
            await asyncio.sleep(0)
        elif what == "deliver":
            room.deliver(one, other)
        elif what == "connect":
            room.connect(one, other)
        else:
            room.cut(one, other)
    room.connect_all()
    await room.settle()
    assert alike(room)
    for name in NAMES:
        told = [op_id(op) for event in room.changes(name) for op in event.ops]
        assert len(told) == len(set(told)) == len(room.services[name].board)
    await room.close()
