"""Where everybody's tile goes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.layout.plan import (
    OWN,
    Plan,
    Room,
    automatic_layout,
    grid_capacity,
    large_view,
    plan_grid,
    plan_speaker,
    plan_strip,
    plan_two,
)

if TYPE_CHECKING:
    from desktop_app.ui.grid_layout import Cell

WIDE = 16 / 9


def people(count: int) -> tuple[str, ...]:
    return tuple(f"u{number}" for number in range(count))


def wide(_key: str) -> float:
    return WIDE


def unknown(_key: str) -> None:
    return None


def overlap(one: Cell, other: Cell) -> bool:
    return not (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def assert_tidy(plan: Plan, width: int, height: int) -> None:
    cells = [each.cell for each in plan.tiles] + [plan.pager] * (plan.pager is not None)
    known = [cell for cell in cells if cell is not None]
    for one, other in itertools.combinations(known, 2):
        assert not overlap(one, other)
    for cell in known:
        assert cell.x >= 0
        assert cell.y >= 0
        assert cell.x + cell.width <= width
        assert cell.y + cell.height <= height
    assert (plan.pager is not None) == (plan.page.pages > 1)


@given(
    st.integers(2, 64),
    st.integers(240, 3840),
    st.integers(180, 2160),
    st.integers(0, 2),
    st.integers(0, 64),
    st.sampled_from(["grid", "speaker", "strip"]),
    st.floats(0.5, 2.4),
)
def test_tiles_lie_beside_each_other_within_the_room(
    count: int, width: int, height: int, pins: int, start: int, layout: str, aspect: float
) -> None:
    room = Room(people(count), width, height, people(count)[:pins], ("u1",), start)
    if layout == "strip":
        plan = plan_strip(room, lambda _key: aspect)
    else:
        make = plan_grid if layout == "grid" else plan_speaker
        plan = make(room, lambda _key: aspect)
    assert_tidy(plan, width, height)
    keys = [each.key for each in plan.tiles]
    assert len(set(keys)) == len(keys)
    assert sum(each.large for each in plan.tiles) <= 3
    if layout == "speaker":
        assert {each.key for each in plan.tiles if each.large} >= set(room.pinned)


@pytest.mark.parametrize(
    ("size", "capacity"),
    [
        ((1164, 560), 12),
        ((784, 450), 9),
        ((404, 250), 9),
        ((404, 450), 9),
        ((240, 180), 4),
        ((3840, 2000), 12),
    ],
)
def test_a_page_has_as_many_tiles_as_can_be_made_out(size: tuple[int, int], capacity: int) -> None:
    assert grid_capacity(*size) == capacity


def test_twelve_are_one_page_and_thirteen_are_two() -> None:
    assert plan_grid(Room(people(11), 1164, 560), wide).page.pages == 1
    plan = plan_grid(Room(people(12), 1164, 560), wide)
    assert plan.page.pages == 2
    assert plan.tiles[-1].key == OWN
    assert len(plan.tiles) == 12


def test_the_grid_does_not_care_who_speaks() -> None:
    quiet = plan_grid(Room(people(30), 1164, 560), wide)
    assert plan_grid(Room(people(30), 1164, 560, speakers=("u29",)), wide) == quiet


def test_pinned_come_first() -> None:
    plan = plan_grid(Room(people(5), 1164, 560, pinned=("u3",)), wide)
    assert [each.key for each in plan.tiles] == ["u3", "u0", "u1", "u2", "u4", OWN]


def test_the_speaker_is_large_and_the_others_are_beside() -> None:
    plan = plan_speaker(Room(people(5), 1164, 560, speakers=("u2", "u4")), unknown)
    [large] = [each for each in plan.tiles if each.large]
    assert large.key == "u2"
    small = [each for each in plan.tiles if not each.large]
    assert [each.key for each in small] == ["u0", "u1", "u3", "u4", OWN]
    assert all(each.cell.x > large.cell.x + large.cell.width for each in small)
    assert large.cell.width > 4 * small[0].cell.width


def test_a_tall_window_has_the_strip_above() -> None:
    plan = plan_speaker(Room(people(3), 600, 900, speakers=("u2",)), wide)
    [large] = [each for each in plan.tiles if each.large]
    assert all(each.cell.y + each.cell.height < large.cell.y for each in plan.tiles if not each.large)


def test_nobody_has_spoken_yet() -> None:
    plan = plan_speaker(Room(people(3), 1164, 560), wide)
    assert [each.key for each in plan.tiles if each.large] == ["u0"]


def test_the_pinned_stay_large_and_the_speaker_changes_beside_them() -> None:
    def large(*speakers: str) -> list[str]:
        room = Room(people(6), 1164, 560, ("u4", "u1"), speakers)
        return [each.key for each in plan_speaker(room, wide).tiles if each.large]

    assert large() == ["u4", "u1", "u0"]
    assert large("u5") == ["u4", "u1", "u5"]
    assert large("u4", "u5") == ["u4", "u1", "u5"], "who is pinned and speaks takes no second place"


def test_only_the_pinned_are_there() -> None:
    plan = plan_speaker(Room(("a", "b"), 1164, 560, ("a", "b")), wide)
    assert [(each.key, each.large) for each in plan.tiles] == [("a", True), ("b", True), (OWN, False)]


def test_with_one_other_ours_lies_over_theirs() -> None:
    plan = plan_two("a", WIDE, 4 / 3, 1000, 600)
    other, own = plan.tiles
    assert overlap(other.cell, own.cell)
    assert plan.own_floats
    assert abs(other.cell.width / other.cell.height - 4 / 3) < 0.02


@pytest.mark.parametrize(("width", "height"), [(168, 500), (400, 92), (168, 120), (92, 91)])
@pytest.mark.parametrize("count", [1, 2, 9, 25])
def test_a_strip_is_one_line(count: int, width: int, height: int) -> None:
    plan = plan_strip(Room(people(count), width, height), unknown)
    cells = [each.cell for each in plan.tiles]
    assert len({cell.x for cell in cells}) == 1 or len({cell.y for cell in cells}) == 1
    assert len({(cell.width, cell.height) for cell in cells}) == 1
    assert plan.tiles[0].key == "u0"


def test_automatic_goes_by_the_number_of_people_without_flapping() -> None:
    assert automatic_layout(12, 0, 12, "grid") == "grid"
    assert automatic_layout(13, 0, 12, "grid") == "speaker"
    assert automatic_layout(12, 0, 12, "speaker") == "speaker"
    assert automatic_layout(11, 0, 12, "speaker") == "grid"
    assert automatic_layout(4, 1, 12, "grid") == "speaker", "a pin asks for a large place"


def test_which_pictures_are_to_come_large() -> None:
    grid = plan_grid(Room(people(8), 1164, 560), wide)
    assert grid.tiles[0].cell.width > 320
    assert large_view(grid, 320, (), 3) == ("u0", "u1", "u2")
    assert large_view(grid, 320, ("u7", "u5"), 3) == ("u7", "u5", "u0")
    assert large_view(grid, 320, ("u7", "gone"), 1) == ("u7",)
    assert large_view(grid, 500, ("u7",), 3) == (), "a thumbnail is enough for tiles so small"
    speaker = plan_speaker(Room(people(8), 300, 300, ("u4",), ("u5",)), wide)
    assert large_view(speaker, 320, ("u4", "u5"), 3) == ("u4", "u5"), "a large place counts in any window"


def test_thumbnails_have_the_shape_of_the_pictures() -> None:
    for plan in (
        plan_strip(Room(people(3), 168, 500), lambda _key: 4 / 3),
        plan_speaker(Room(people(3), 1164, 560), lambda _key: 4 / 3),
    ):
        last = plan.tiles[-1].cell
        assert abs(last.width / last.height - 4 / 3) < 0.03


def lines_of(plan: Plan) -> tuple[int, int]:
    """How many columns and rows the small tiles stand in."""
    small = [each.cell for each in plan.tiles if not each.large]
    return len({cell.x for cell in small}), len({cell.y for cell in small})


def test_free_room_takes_more_small_tiles_before_pages_are_turned() -> None:
    narrow = plan_speaker(Room(people(9), 504, 590, speakers=("u1",)), wide)
    assert (narrow.page.pages, lines_of(narrow)) == (1, (3, 3)), "under each other, as the large one is low"
    broad = plan_speaker(Room(people(9), 1664, 620, speakers=("u1",)), wide)
    assert (broad.page.pages, lines_of(broad)) == (1, (2, 5)), "beside each other, as the large one is high"
    for plan, room_for_one in ((narrow, 504), (broad, 1090)):
        assert next(each.cell.width for each in plan.tiles if each.large) >= room_for_one


def test_many_people_share_two_narrow_columns() -> None:
    few, many = (plan_speaker(Room(people(count), 1068, 540, speakers=("u1",)), wide) for count in (5, 19))
    assert lines_of(few)[0] == 1
    assert lines_of(many)[0] == 2
    assert many.page.pages == 2
    large = [next(each.cell.width for each in plan.tiles if each.large) for plan in (few, many)]
    assert large[1] > 0.85 * large[0]
    assert [each.key for each in many.tiles[1:4]] == ["u0", "u2", "u3"], "read like a text"
    assert many.tiles[1].cell.y == many.tiles[2].cell.y
