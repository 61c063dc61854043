"""Where the tiles of a call go: pure geometry, in logical pixels."""

from __future__ import annotations

from typing import NamedTuple

MIN_ASPECT = 4 / 3
MAX_ASPECT = 16 / 9


class Cell(NamedTuple):
    """One tile's place."""

    x: int
    y: int
    width: int
    height: int


def common_aspect(aspects: list[float]) -> float:
    """The shape (width / height) that fits most pictures: their median, from 4:3 to 16:9; 16:9 for none."""
    if not aspects:
        return MAX_ASPECT
    middle = sorted(aspects)[len(aspects) // 2]
    return min(MAX_ASPECT, max(MIN_ASPECT, middle))


def arrange(count: int, width: int, height: int, aspect: float, gap: int) -> list[Cell]:
    """Place `count` equal tiles of `aspect`, as large as they can be, the last row centred."""
    if count <= 0 or width <= 0 or height <= 0:
        return []
    best_width, best_columns = 0.0, 1
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        fit = min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows * aspect)
        # At equal size fewer columns leave fewer holes in the last row.
        if fit > best_width + 0.5:
            best_width, best_columns = fit, columns
    cell_width = max(1, int(best_width))
    cell_height = max(1, int(best_width / aspect))
    rows = -(-count // best_columns)
    top = (height - rows * cell_height - (rows - 1) * gap) // 2
    cells = []
    for index in range(count):
        row, column = divmod(index, best_columns)
        in_row = min(best_columns, count - row * best_columns)
        left = (width - in_row * cell_width - (in_row - 1) * gap) // 2
        x = left + column * (cell_width + gap)
        cells.append(Cell(x, top + row * (cell_height + gap), cell_width, cell_height))
    return cells


def arrange_one(width: int, height: int, aspect: float) -> Cell:
    """A single tile as large as it can be, in the middle."""
    return arrange(1, width, height, aspect, 0)[0] if width > 0 and height > 0 else Cell(0, 0, 0, 0)


def inset(area: Cell, aspect: float, margin: int) -> Cell:
    """The small picture in the lower right corner of a large one: a fifth of its width, 120 to 280 pixels."""
    width = max(120, min(280, area.width // 5))
    width = max(1, min(width, area.width - 2 * margin))
    height = max(1, round(width / aspect))
    return Cell(area.x + area.width - margin - width, area.y + area.height - margin - height, width, height)
