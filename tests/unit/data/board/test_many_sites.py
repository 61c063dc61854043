"""Boards on which very many have drawn, or one who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.data.board import outbox as outboxes
from desktop_app.data.board.document import Board
from desktop_app.data.board.outbox import STATES_AT_ONCE
from desktop_app.data.board_changes import Clear, Draw, Undo
from desktop_app.data.messages.board import MAX_SEEN, BoardOps, BoardState

from .ops import make
from .rooms import Room, stroke

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MANY = 2 * MAX_SEEN + 500


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """Ann and Ben, connected."""
    made = Room()
    made.add("ann")
    made.add("ben")
    made.connect_all()
    yield made
    await made.close()


def sites(count: int) -> list[str]:
    return [f"{number:016x}" for number in range(count)]


async def test_who_invents_sites_does_not_close_the_board_to_those_who_have_not_drawn(room: Room) -> None:
    await room.settle()
    ann, ben = room.services["ann"], room.services["ben"]
    for start in range(0, 2000, 200):
        invented = tuple(make(site, 1, 1) for site in sites(2000)[start : start + 200])
        ann.received(room.links["ann", "ben"], BoardOps(ops=invented))
    await room.settle()
    ann.change(Draw(stroke(1)))
    await room.settle()
    assert [op.author for op in ben.board.shapes()].count("ann") == 1


def test_sites_that_are_too_many_fill_the_board_before_they_are_refused() -> None:
    board = Board()
    first_full = None
    for number, site in enumerate(sites(20_000)):
        board.merge([make(site, 1, 1)])
        if board.is_full and first_full is None:
            first_full = number
    assert first_full is not None
    assert 9_000 < first_full < len(board) - 2_000, "what one may draw, the others take"
    assert len(board) < 12_500


async def test_thousands_of_sites_are_compared_and_cleared_in_parts(room: Room) -> None:
    ann = room.services["ann"]
    ann.board.merge(make(site, 1, 1) for site in sites(MANY))
    late = room.add("dora")
    room.connect("dora", "ann")
    await room.settle()
    assert len(list(late.board.shapes())) == MANY
    late.change(Clear())
    await room.settle()
    assert [len(op.seen or {}) for op in room.changes("dora")[-1].ops] == [MAX_SEEN, MAX_SEEN, 500]
    assert list(ann.board.shapes()) == []
    late.change(Undo())
    await room.settle()
    assert len(list(ann.board.shapes())) == MANY


async def test_a_part_says_nothing_of_the_sites_that_follow(room: Room) -> None:
    await room.settle()
    ann, link = room.services["ann"], room.links["ann", "ben"]
    ann.board.merge(make(site, 1, 1) for site in sites(3))
    one, two, three = sites(3)
    ann.received(link, BoardState(seen={one: 1}, more=True))
    await room.idle("ann")
    assert len(link.texts) == 0
    ann.received(link, BoardState(seen={two: 1}))
    await room.idle("ann")
    [text] = link.texts
    assert [site in text for site in (one, two, three)] == [False, False, True]


async def test_a_claim_to_have_more_of_our_site_takes_nothing_from_us(room: Room) -> None:
    await room.settle()
    ann, link = room.services["ann"], room.links["ann", "ben"]
    ann.change(Draw(stroke(1)))
    [site] = ann.board.seen()
    for claimed in (2, 99, 2**53):
        ann.received(link, BoardState(seen={site: claimed}))
    ann.change(Undo())
    ann.change(Draw(stroke(2)))
    assert list(ann.board.seen()) == [site]


async def test_a_flood_of_states_is_not_compared(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    await room.settle()
    ann = room.services["ann"]
    room.connect("ann", "ben")
    compared: list[object] = []
    compare = outboxes.Outbox.compare

    def counted(self: outboxes.Outbox, seen: dict[str, int], now_s: float) -> None:
        compared.append(seen)
        compare(self, seen, now_s)

    monkeypatch.setattr(outboxes.Outbox, "compare", counted)
    link = room.links["ann", "ben"]
    for _ in range(300):
        ann.received(link, BoardState(seen={}))
    assert len(compared) == STATES_AT_ONCE
    assert link.dropped == ["flood"] * (300 - STATES_AT_ONCE)
    room.now_s += 1
    for _ in range(5):
        ann.received(link, BoardState(seen={}))
    assert len(compared) == STATES_AT_ONCE + 2
