"""Where tiles and pictures go."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.grid_layout import (
    MAX_ASPECT,
    MIN_ASPECT,
    Cell,
    arrange,
    arrange_one,
    common_aspect,
    inset,
)
from desktop_app.ui.picture_fit import MAX_CROP, Fit, fit_picture

SIDES = st.integers(1, 4000)


def overlap(one: Cell, other: Cell) -> bool:
    return not (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (9, 3, 3), (10, 4, 3)],
)
def test_a_wide_window_gets_the_usual_grid(count: int, columns: int, rows: int) -> None:
    cells = arrange(count, 1600, 900, 16 / 9, 8)
    assert len({cell.y for cell in cells}) == rows
    assert max(sum(cell.y == y for cell in cells) for y in {cell.y for cell in cells}) == columns


def test_a_tall_window_stacks_its_tiles() -> None:
    cells = arrange(3, 400, 900, 16 / 9, 8)
    assert len({cell.x for cell in cells}) == 1


def test_the_last_row_is_centred() -> None:
    first, second, last = arrange(3, 1600, 900, 16 / 9, 8)
    assert abs((first.x + second.x + second.width) / 2 - (last.x + last.width / 2)) <= 1


@given(st.integers(1, 25), SIDES, SIDES, st.floats(0.4, 3.0), st.integers(0, 12))
def test_cells_are_equal_keep_their_shape_and_never_overlap(
    count: int, width: int, height: int, aspect: float, gap: int
) -> None:
    cells = arrange(count, width, height, aspect, gap)
    assert len(cells) == count
    assert len({(cell.width, cell.height) for cell in cells}) == 1
    size = cells[0]
    if size.width > 20 and size.height > 20:
        assert abs(size.width / size.height - aspect) < 0.2
        assert not any(overlap(one, other) for one, other in itertools.combinations(cells, 2))
        assert all(cell.x >= 0 and cell.x + cell.width <= width for cell in cells)
        assert all(cell.y >= 0 and cell.y + cell.height <= height for cell in cells)


@pytest.mark.parametrize("size", [(0, 100), (100, 0), (-1, 5)])
def test_no_room_is_no_error(size: tuple[int, int]) -> None:
    assert arrange(4, *size, 1.5, 8) == []
    assert arrange_one(*size, 1.5) == Cell(0, 0, 0, 0)


def test_the_common_shape_is_the_median_within_bounds() -> None:
    assert common_aspect([]) == MAX_ASPECT
    assert common_aspect([0.5, 0.5, 0.5]) == MIN_ASPECT
    assert common_aspect([0.5, 1.5, 1.7]) == 1.5
    assert common_aspect([3.0]) == MAX_ASPECT


@given(st.integers(200, 4000), st.integers(200, 3000), st.floats(0.5, 2.4))
def test_the_small_picture_lies_within_the_large_one(width: int, height: int, aspect: float) -> None:
    area = Cell(30, 40, width, height)
    small = inset(area, aspect, 12)
    assert small.x >= area.x
    assert small.x + small.width == area.x + area.width - 12
    assert small.y + small.height == area.y + area.height - 12


@pytest.mark.parametrize(
    ("picture", "box", "expected"),
    [
        ((640, 360), (640, 360), Fit(0, 0, 640, 360)),
        ((640, 360), (320, 180), Fit(0, 0, 320, 180)),
        ((640, 360), (413, 232), Fit(-2, -1, 416, 234)),  # never a line short of the edge
        ((640, 480), (1600, 900), Fit(200, 0, 1200, 900)),  # 4:3 in 16:9: bars
        ((360, 640), (1600, 900), Fit(544, -6, 512, 912)),  # a phone held upright: bars
        ((1280, 800), (1600, 900), Fit(0, -50, 1600, 1000)),  # 16:10 in 16:9: fills, a tenth is cut
    ],
)
def test_pictures_fill_or_get_bars(picture: tuple[int, int], box: tuple[int, int], expected: Fit) -> None:
    assert fit_picture(*picture, *box) == expected


@given(SIDES, SIDES, SIDES, SIDES)
def test_any_picture_fits_any_box(width: int, height: int, box_width: int, box_height: int) -> None:
    fit = fit_picture(width, height, box_width, box_height)
    assert (fit.width % 8, fit.height % 2) == (0, 0)
    assert min(fit.width, fit.height) > 0
    # It reaches two opposite sides at least, and what is cut off is little.
    assert fit.width >= box_width or fit.height >= box_height
    assert fit.width * (1 - MAX_CROP) <= box_width + 8
    assert fit.height * (1 - MAX_CROP) <= box_height + 18


@given(st.integers(160, 4000), st.integers(160, 4000), st.integers(160, 4000), st.integers(160, 4000))
def test_pictures_keep_their_shape(width: int, height: int, box_width: int, box_height: int) -> None:
    fit = fit_picture(width, height, box_width, box_height)
    if min(fit.width, fit.height) >= 100 and 0.5 <= width / height <= 2:
        assert abs(fit.width / fit.height / (width / height) - 1) < 0.03
