"""Operations for the whiteboard's tests."""

from __future__ import annotations

from typing import Any

from desktop_app.data.board.document import Board, op_id
from desktop_app.data.messages.board import Op, OpId, Shape

A, B, C = "a" * 16, "b" * 16, "c" * 16


def line(number: float = 0.0) -> Shape:
    """A line that can be told from others."""
    return Shape(tool="line", color="#112233", width=2.0, points=(number, 0.0, number, 10.0))


def make(site: str, seq: int, clock: int, kind: Any = "add", **fields: Any) -> Op:
    """An operation; an `add` has a line of its own."""
    if kind == "add" and "shape" not in fields:
        fields["shape"] = line(seq)
    return Op(
        **{"site": site, "seq": seq, "clock": clock, "author": f"user-{site[0]}", "kind": kind, **fields}
    )


def picture(board: Board) -> list[OpId]:
    """What is seen, the lowest first."""
    return [op_id(op) for op in board.shapes()]


def board_of(*ops: Op) -> Board:
    """A board with these operations."""
    board = Board()
    board.merge(ops)
    return board
