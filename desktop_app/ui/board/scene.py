"""The window's replica of the whiteboard: which shapes are seen, and which of them are where."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from desktop_app.data.board.document import Board, op_id, order_key

from .shapes import Item, outline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PySide6.QtGui import QPainterPath

    from desktop_app.data.board.document import Key
    from desktop_app.data.messages.board import Op, OpId, Shape

CELL = 512.0
"""Board units; a shape is found by the cells that it touches."""
MAX_CELLS = 64
"""What touches more is looked at always."""
MAX_PATH_NUMBERS = 3_000_000
"""Outlines are kept until they have so many coordinates together, some 50 MB; then they are made anew."""


@dataclass(slots=True)
class Change:
    """What is different in the picture."""

    added: list[Item] = field(default_factory=list)
    """On top of everything, the lowest first."""
    dirty: list[QRectF] = field(default_factory=list)
    """What else has changed, in board units."""

    def __bool__(self) -> bool:
        return bool(self.added or self.dirty)


class Scene:
    """Takes operations, answers with what has changed."""

    def __init__(self) -> None:
        self.board = Board()
        self._items: dict[OpId, Item] = {}
        self._cells: dict[tuple[int, int], set[OpId]] = {}
        self._large: set[OpId] = set()
        self._hidden: frozenset[OpId] = frozenset()
        self._top: Key = (0, "", 0)
        self._path_numbers = 0
        self._cleared: dict[str, int] = {}
        """By site: up to where it was cleared when the board was looked at last."""

    def __len__(self) -> int:
        """How many shapes are seen."""
        return len(self._items)

    def apply(self, ops: Iterable[Op]) -> Change:
        """Merge operations."""
        touched: dict[OpId, None] = {}
        sites: set[str] = set()
        for op in self.board.merge(ops):
            concerns = self.board.find(op.target) if op.target is not None else op
            if concerns is None:
                continue
            if concerns.kind == "add":
                touched[op_id(concerns)] = None
            elif concerns.kind == "remove":
                touched.update(dict.fromkeys(concerns.targets))
            elif concerns.kind == "clear":
                sites.update(concerns.seen or ())
        for site in sites:
            touched.update(dict.fromkeys((site, seq) for seq in self._newly_cleared(site)))
        change = Change()
        for identity in touched:
            self._refresh(identity, change)
        return change

    def _newly_cleared(self, site: str) -> range:
        """The operations of `site` that are cleared now and were not before, or the reverse."""
        before, now = self._cleared.get(site, 0), self.board.cleared_upto(site)
        self._cleared[site] = now
        return range(min(before, now) + 1, min(max(before, now), self.board.length_of(site)) + 1)

    def _refresh(self, identity: OpId, change: Change) -> None:
        item, seen = self._items.get(identity), self.board.is_visible(identity)
        if seen and item is None:
            op = self.board.find(identity)
            assert op is not None
            assert op.shape is not None
            item = Item(identity, order_key(op), op.shape)
            self._insert(item)
            if item.key > self._top:
                self._top = item.key
                change.added.append(item)
            else:
                change.dirty.append(item.bounds)
        elif not seen and item is not None:
            self._remove(item)
            change.dirty.append(item.bounds)

    def hide(self, identities: frozenset[OpId]) -> Change:
        """Do not show these for now, and show those again that were hidden before."""
        different = self._hidden ^ identities
        self._hidden = identities
        return Change(dirty=[self._items[each].bounds for each in different if each in self._items])

    # --- where they are -------------------------------------------------------------------------

    def _insert(self, item: Item) -> None:
        self._items[item.identity] = item
        cells = cells_of(item.bounds)
        if cells is None:
            self._large.add(item.identity)
        else:
            for cell in cells:
                self._cells.setdefault(cell, set()).add(item.identity)

    def _remove(self, item: Item) -> None:
        del self._items[item.identity]
        self._hidden -= {item.identity}  # should it come back, it shall be seen
        self._forget_path(item)
        cells = cells_of(item.bounds)
        if cells is None:
            self._large.discard(item.identity)
            return
        for cell in cells:
            there = self._cells[cell]
            there.discard(item.identity)
            if not there:
                del self._cells[cell]

    def shapes(self) -> list[Shape]:
        """All that are seen, the lowest first."""
        return [item.shape for item in sorted(self._items.values(), key=_key)]

    def items_in(self, area: QRectF) -> list[Item]:
        """Those that are not hidden and whose bounds touch `area` (board units), the lowest first."""
        cells = cells_of(area)
        found: Iterator[Item] | Iterable[Item]
        if cells is None:
            found = self._items.values()
        else:
            ids = self._large.union(*(self._cells.get(cell, ()) for cell in cells))
            found = (self._items[each] for each in ids)
        hidden = self._hidden
        touching = [item for item in found if item.bounds.intersects(area) and item.identity not in hidden]
        touching.sort(key=_key)
        return touching

    def bounds(self) -> QRectF:
        """Of everything that is seen; null when there is nothing."""
        whole = QRectF()
        for item in self._items.values():
            whole = whole.united(item.bounds)
        return whole

    def path(self, item: Item) -> QPainterPath:
        """The outline, made once and kept as long as there is room."""
        if item.path is None:
            if self._path_numbers > MAX_PATH_NUMBERS:
                for each in self._items.values():
                    each.path = None
                self._path_numbers = 0
            item.path = outline(item.shape)
            self._path_numbers += len(item.shape.points)
        return item.path

    def _forget_path(self, item: Item) -> None:
        if item.path is not None:
            item.path = None
            self._path_numbers -= len(item.shape.points)


def _key(item: Item) -> Key:
    return item.key


def cells_of(area: QRectF) -> list[tuple[int, int]] | None:
    """The cells that `area` touches; None when there are too many to go through."""
    left, right = math.floor(area.left() / CELL), math.floor(area.right() / CELL)
    top, bottom = math.floor(area.top() / CELL), math.floor(area.bottom() / CELL)
    if (right - left + 1) * (bottom - top + 1) > MAX_CELLS:
        return None
    return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
