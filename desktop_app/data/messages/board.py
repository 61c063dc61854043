"""Messages of the board channel."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from .base import Message, Part, UserId

Site = Annotated[str, Meta(pattern="^[0-9a-f]{16}\\Z")]
Seq = Annotated[int, Meta(ge=1, le=2**53)]
OpId = tuple[Site, Seq]
Coordinate = Annotated[float, Meta(ge=-1_000_000, le=1_000_000)]
MAX_SEEN = 1500
"""So many sites fit into one message, whatever the numbers are."""
Seen = Annotated[dict[Site, Seq], Meta(max_length=MAX_SEEN)]
Tool: TypeAlias = Literal["pen", "line", "rectangle", "ellipse", "text"]

MAX_TEXT_CHARS = 500
MAX_NUMBERS = 4000


class Shape(Part, kw_only=True, frozen=True):
    """Something drawn. Points are x, y, x, y … in board units."""

    tool: Tool
    color: Annotated[str, Meta(pattern="^#[0-9a-f]{6}\\Z")]
    width: Annotated[float, Meta(ge=0.5, le=100)]
    points: Annotated[tuple[Coordinate, ...], Meta(min_length=2, max_length=MAX_NUMBERS)]
    text: Annotated[str, Meta(max_length=MAX_TEXT_CHARS)] = ""


class Op(Part, kw_only=True, frozen=True):
    """One operation; which optional fields it has depends on its kind."""

    site: Site
    seq: Seq
    clock: Seq
    author: UserId
    kind: Literal["add", "remove", "clear", "undo", "redo"]
    shape: Shape | None = None
    targets: Annotated[tuple[OpId, ...], Meta(max_length=500)] = ()
    seen: Seen | None = None
    target: OpId | None = None


class BoardOps(Message, tag="board-ops", kw_only=True, frozen=True):
    """Operations, one's own or others'."""

    ops: Annotated[tuple[Op, ...], Meta(min_length=1, max_length=200)]


class BoardState(Message, tag="board-state", kw_only=True, frozen=True):
    """I have each site's operations up to these numbers; with `more`, the next message goes on."""

    seen: Seen
    more: bool = False


BoardMessage: TypeAlias = BoardOps | BoardState
