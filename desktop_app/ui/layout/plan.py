"""Where everybody's tile goes in a room of any size: pure geometry, in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from desktop_app.ui.grid_layout import MAX_ASPECT, Cell, arrange, arrange_one, common_aspect, inset

from .paging import Page, page_of

if TYPE_CHECKING:
    from collections.abc import Callable

Layout: TypeAlias = Literal["grid", "speaker"]

OWN = ""
"""Our own tile, among user ids."""
GAP_PX = 8
CORNER_PX = 12
"""From our own picture to the corner of the only other one."""
PAGER_PX = 36
"""Height of the buttons that turn pages, and what lies between them and the tiles."""
ROW_PAGER_PX = (100, 132)
NARROW_ROW_PX = 600
"""Their width at the end of a row that is narrower than this, or wider."""
MAX_PINNED = 2
MAX_SCREENS = 2
"""Shared screens that are large without being pinned."""
CAPACITIES = ((12, 208), (9, 112), (6, 104), (4, 0))
"""Tiles on a page of the grid: as many as are at least so wide, in pixels."""
STRIP_SHRINK = 0.75
"""A strip's tiles may be this much narrower than it is, so that more have room."""
PAGE_SHRINK = 0.9
"""The same where pages are turned all the same."""
FEW = 3
"""With fewer tiles on a page they shrink all the same."""
ROW_TILES = 4
"""A row is so low that this many have room beside each other, if it may be."""
COLUMN_PX = (120, 260)
FEW_PAGES = 2
"""With more pages than this a column gives way to two narrower ones, in a room that is at least so wide:"""
TWO_COLUMNS_FROM_PX = 720
PAGE_COST = 0.08
"""One page less is worth a large tile that is so much smaller."""
ROW_PX = (64, 150)


@dataclass(frozen=True, slots=True)
class Room:
    """Who is to be placed, and in how much room."""

    others: tuple[str, ...]
    """In the order of their coming."""
    width: int
    height: int
    pinned: tuple[str, ...] = ()
    """Among the others, in the order of the pinning."""
    speakers: tuple[str, ...] = ()
    """Who has or had the large place, the last first."""
    start: int = 0
    """See Page.start."""
    screens: tuple[str, ...] = ()
    """Shared screens among the others, in the order of their sharing."""

    @property
    def unpinned(self) -> tuple[str, ...]:
        """The others without the pinned."""
        return tuple(each for each in self.others if each not in self.pinned)


class Placed(NamedTuple):
    """One tile."""

    key: str
    cell: Cell
    large: bool = False
    """Whether it has one of the large places."""


class Plan(NamedTuple):
    """Everything that is shown. Who is not in it is hidden."""

    tiles: tuple[Placed, ...]
    page: Page
    pager: Cell | None = None
    """Where pages are turned; None while there is one page."""
    own_floats: bool = False
    """Whether our own tile lies over another one."""


def grid_capacity(width: int, height: int) -> int:
    """How many tiles a page of the grid has: few enough to make somebody out."""
    for capacity, min_width in CAPACITIES[:-1]:
        cells = arrange(capacity, width, height, MAX_ASPECT, GAP_PX)
        if cells and cells[0].width >= min_width:
            return capacity
    return CAPACITIES[-1][0]


def automatic_layout(people: int, pinned: int, capacity: int, current: Layout) -> Layout:
    """The layout while the person has not chosen one: a grid as long as everybody has room on its first page.

    People who come and go at that limit do not make it change to and fro, and a pin asks for a large place.
    """
    if pinned and people > 2:
        return "speaker"
    return "grid" if people <= capacity - (current == "speaker") else "speaker"


def plan_two(other: str, own: float, aspect: float, width: int, height: int) -> Plan:
    """One other, large, with our own picture (of the shape `own`) in the corner."""
    area = arrange_one(width, height, aspect)
    tiles = (Placed(other, area, large=True), Placed(OWN, inset(area, own, CORNER_PX)))
    return Plan(tiles, Page((other, OWN), 0, 1, 0, 1), own_floats=True)


def plan_grid(room: Room, aspect_of: Callable[[str], float | None]) -> Plan:
    """Equal tiles in pages.

    `aspect_of` gives a picture's shape (width / height), None while there is none.
    """
    capacity = grid_capacity(room.width, room.height)
    page = page_of(room.pinned, room.unpinned, (OWN,), capacity, room.start)
    height, pager = room.height, None
    if page.pages > 1:
        height = max(1, room.height - PAGER_PX - GAP_PX)
        pager = Cell(0, room.height - PAGER_PX, room.width, PAGER_PX)
    aspect = common_aspect(_known(page.keys, aspect_of))
    cells = arrange(len(page.keys), room.width, height, aspect, GAP_PX)
    return Plan(tuple(map(Placed, page.keys, cells)), page, pager)


def plan_speaker(room: Room, aspect_of: Callable[[str], float | None]) -> Plan:
    """The speaker, or the shared screens, and the pinned large; everybody else in a strip beside or over them,
    whichever leaves more.
    """
    unpinned = room.unpinned
    screens = tuple(each for each in room.screens if each in unpinned)[:MAX_SCREENS]
    speaker = next((each for each in (*room.speakers, *unpinned) if each in unpinned), None)
    large = (*room.pinned, *(screens or (() if speaker is None else (speaker,))))
    rest = tuple(each for each in unpinned if each not in large)
    known = _known(large, aspect_of)
    aspect = known[0] if len(known) == 1 else common_aspect(known)
    small = common_aspect(_known((*rest, OWN), aspect_of))
    plans = [_with_column(room, large, rest, aspect, small), _with_row(room, large, rest, aspect, small)]
    return max(plans, key=_worth)


def plan_strip(room: Room, aspect_of: Callable[[str], float | None]) -> Plan:
    """Everybody small in one column, or one row where there is more width than height: beside something else."""
    upright = room.height > room.width
    aspect = common_aspect(_known((*room.others, OWN), aspect_of))
    area = Cell(0, 0, room.width, room.height)
    plan = _strip((room.pinned, room.unpinned), area, upright, room.start, aspect)
    if not upright:
        return plan
    middle = (room.width - max(each.cell.width for each in plan.tiles)) // 2
    return plan._replace(tiles=tuple(each._replace(cell=_moved(each.cell, middle, 0)) for each in plan.tiles))


def large_view(plan: Plan, min_width_px: float, first: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Who of the others is to come as a large picture, the most important first, `most` at the utmost.

    Those in large places, and those in the grid whose tiles are wider than a thumbnail is, `first` before the others.
    """
    candidates = [
        each.key for each in plan.tiles if each.key != OWN and (each.large or each.cell.width > min_width_px)
    ]
    ordered = [*(each for each in first if each in candidates), *candidates]
    return tuple(dict.fromkeys(ordered))[:most]


def _worth(plan: Plan) -> float:
    """The area of the large tiles, where each page to turn costs a part of it."""
    area = sum(each.cell.width * each.cell.height for each in plan.tiles if each.large)
    return area * (1 - PAGE_COST) ** plan.page.pages


def _known(keys: tuple[str, ...], aspect_of: Callable[[str], float | None]) -> list[float]:
    return [aspect for key in keys if (aspect := aspect_of(key)) is not None]


def _with_column(
    room: Room, large: tuple[str, ...], rest: tuple[str, ...], aspect: float, small: float
) -> Plan:
    """Large tiles of shape `aspect` with a column of `small` ones at their right, all in the middle of the room.

    There are more columns where pages would have to be turned and the large tiles leave room, and two narrower ones
    where there would be many pages.
    """
    breadth = _within(room.width // 6, COLUMN_PX)
    plan = _columns(room, large, rest, aspect, small, breadth, 1)
    box = _around([each.cell for each in plan.tiles])
    most = 1 + (room.width - box.width) // (breadth + GAP_PX)
    for lines in range(2, most + 1):
        if plan.page.pages == 1:
            break
        plan = _columns(room, large, rest, aspect, small, breadth, lines)
    if plan.page.pages > FEW_PAGES and most == 1 and room.width >= TWO_COLUMNS_FROM_PX:
        narrow = max(COLUMN_PX[0], round(breadth * STRIP_SHRINK))
        plan = _columns(room, large, rest, aspect, small, narrow, 2)
    return plan


def _columns(
    room: Room,
    large: tuple[str, ...],
    rest: tuple[str, ...],
    aspect: float,
    small: float,
    breadth: int,
    lines: int,
) -> Plan:
    taken = lines * (breadth + GAP_PX)
    cells = arrange(len(large), max(1, room.width - taken), room.height, aspect, GAP_PX)
    box = _around(cells)
    area = Cell(box.width + GAP_PX, box.y, breadth, box.height)
    strip = _strip(((), rest), area, True, room.start, small, lines)
    # Its tiles may be narrower than it, and stand at the left.
    used = _around([each.cell for each in strip.tiles]).width
    shift = (room.width - box.width - GAP_PX - used) // 2
    placed = (
        Placed(key, _moved(cell, shift - box.x, 0), large=True)
        for key, cell in zip(large, cells, strict=True)
    )
    beside = (each._replace(cell=_moved(each.cell, shift, 0)) for each in strip.tiles)
    pager = strip.pager and _moved(strip.pager._replace(width=used), shift, 0)
    return strip._replace(tiles=(*placed, *beside), pager=pager)


def _with_row(room: Room, large: tuple[str, ...], rest: tuple[str, ...], aspect: float, small: float) -> Plan:
    """The same with a row over them, or with several where pages would have to be turned and there is room."""
    breadth = _within(min(room.height // 6, round(room.width / ROW_TILES / MAX_ASPECT)), ROW_PX)
    plan = _rows(room, large, rest, aspect, small, breadth, 1)
    box = _around([each.cell for each in plan.tiles])
    most = 1 + (room.height - box.height) // (breadth + GAP_PX)
    for lines in range(2, most + 1):
        if plan.page.pages == 1:
            break
        plan = _rows(room, large, rest, aspect, small, breadth, lines)
    return plan


def _rows(
    room: Room,
    large: tuple[str, ...],
    rest: tuple[str, ...],
    aspect: float,
    small: float,
    breadth: int,
    lines: int,
) -> Plan:
    strip = _strip(((), rest), Cell(0, 0, room.width, breadth), False, room.start, small, lines)
    strip_box = _around([each.cell for each in strip.tiles])
    used = strip_box.height
    cells = arrange(len(large), room.width, max(1, room.height - used - GAP_PX), aspect, GAP_PX)
    box = _around(cells)
    top = max(0, (room.height - box.height - used - GAP_PX) // 2)
    down = top + used + GAP_PX - box.y
    placed = (Placed(key, _moved(cell, 0, down), large=True) for key, cell in zip(large, cells, strict=True))
    over = (each._replace(cell=_moved(each.cell, 0, top - strip_box.y)) for each in strip.tiles)
    pager = strip.pager and strip.pager._replace(y=top, height=used)
    return strip._replace(tiles=(*placed, *over), pager=pager)


def _strip(
    people: tuple[tuple[str, ...], tuple[str, ...]],
    area: Cell,
    upright: bool,
    start: int,
    aspect: float,
    lines: int = 1,
) -> Plan:
    """A page of a strip: its tiles shrink a little to do without a second page.

    A column begins at the upper left, a row stands in the middle. `area` is that of the first of its `lines`; the
    others follow at its right, or below it. The tiles are read like a text.
    """
    pinned, rest = people
    length, breadth = (area.height, area.width) if upright else (area.width, area.height)
    whole = breadth / aspect if upright else breadth * aspect
    count = len(pinned) + len(rest) + 1
    capacity = _fitting(length, whole * STRIP_SHRINK)
    pager = None
    if count > capacity * lines:
        taken = PAGER_PX if upright else ROW_PAGER_PX[area.width >= NARROW_ROW_PX]
        pager = (
            area._replace(y=area.y + area.height - taken, height=taken)
            if upright
            else area._replace(x=area.x + area.width - taken, width=taken)
        )
        length = max(1, length - taken - GAP_PX)
        capacity = _fitting(length, whole * PAGE_SHRINK)
        if capacity < FEW:
            capacity = _fitting(length, whole * STRIP_SHRINK)
    page = page_of(pinned, rest, (OWN,), capacity * lines, start)
    slots = min(-(-count // lines), capacity)  # in a line
    along = max(1, int(min(whole, (length - GAP_PX * (slots - 1)) / slots)))
    across = max(1, int(along * aspect if upright else along / aspect))
    width, height = (across, along) if upright else (along, across)
    used = min(len(page.keys), slots) * (along + GAP_PX) - GAP_PX
    left = 0 if upright else max(0, (length - used) // 2)
    top = 0 if upright or lines > 1 else (breadth - across) // 2
    tiles = []
    for number, key in enumerate(page.keys):
        row, column = divmod(number, lines if upright else slots)
        x, y = area.x + left + column * (width + GAP_PX), area.y + top + row * (height + GAP_PX)
        tiles.append(Placed(key, Cell(x, y, width, height)))
    return Plan(tuple(tiles), page, pager)


def _fitting(length: int, least: float) -> int:
    """How many tiles of at least that length stand in a line, at least one."""
    return max(1, int((length + GAP_PX) // (max(1.0, least) + GAP_PX)))


def _within(value: int, bounds: tuple[int, int]) -> int:
    return max(bounds[0], min(bounds[1], value))


def _around(cells: list[Cell]) -> Cell:
    left, top = min(cell.x for cell in cells), min(cell.y for cell in cells)
    right = max(cell.x + cell.width for cell in cells)
    return Cell(left, top, right - left, max(cell.y + cell.height for cell in cells) - top)


def _moved(cell: Cell, x: int, y: int) -> Cell:
    return cell._replace(x=cell.x + x, y=cell.y + y)
