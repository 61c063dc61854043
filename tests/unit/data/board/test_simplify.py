"""Strokes with fewer points look the same."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.data.board.simplify import StrokeBuilder, simplify, thin_out

POINTS = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=60)


def distance_to_line(point: tuple[float, float], line: list[tuple[float, float]]) -> float:
    if len(line) == 1:
        return math.dist(point, line[0])
    best = math.inf
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        length2 = (bx - ax) ** 2 + (by - ay) ** 2
        along = ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / length2 if length2 else 0
        along = min(1.0, max(0.0, along))
        best = min(best, math.dist(point, (ax + along * (bx - ax), ay + along * (by - ay))))
    return best


@given(POINTS, st.floats(0.1, 50))
def test_no_point_is_farther_from_the_line_than_allowed(
    points: list[tuple[float, float]], tolerance: float
) -> None:
    simple = simplify(points, tolerance)
    assert simple[0] == points[0]
    assert simple[-1] == points[-1]
    assert set(simple) <= set(points)
    assert all(distance_to_line(point, simple) <= tolerance * 1.001 for point in points)


def test_a_straight_line_has_two_points_and_a_circle_enough() -> None:
    assert simplify([(float(x), 2.0 * x) for x in range(100)], 0.1) == [(0.0, 0.0), (99.0, 198.0)]
    circle = [(100 * math.cos(a / 100), 100 * math.sin(a / 100)) for a in range(628)]
    assert 15 < len(simplify(circle, 0.4)) < 80


@given(POINTS, st.floats(0.1, 50), st.floats(1, 500))
def test_what_is_farther_apart_than_the_gap_had_nothing_between(
    points: list[tuple[float, float]], tolerance: float, gap: float
) -> None:
    simple = simplify(points, tolerance, gap)
    assert set(simplify(points, tolerance)) <= set(simple)
    if len(set(points)) == len(points):
        places = [place for place, point in enumerate(points) if point in set(simple)]
        assert all(
            after - before == 1 or math.dist(points[before], points[after]) <= gap
            for before, after in itertools.pairwise(places)
        )


def test_the_corners_of_a_zigzag_keep_their_neighbours() -> None:
    zigzag = [(float(x), float(abs(x % 200 - 100))) for x in range(0, 601, 4)]
    builder = StrokeBuilder(zigzag[0], 0.4, 24)
    for point in zigzag[1:]:
        builder.add(point)
    kept = builder.finish()
    for corner in ((100.0, 0.0), (200.0, 100.0), (300.0, 0.0)):
        place = kept.index(corner)
        assert 0 < math.dist(kept[place - 1], corner) <= 24
        assert 0 < math.dist(kept[place + 1], corner) <= 24
    assert len(kept) < len(zigzag) / 2


def test_a_long_stroke_is_simplified_while_it_grows() -> None:
    builder = StrokeBuilder((0.0, 0.0), 0.4)
    curve = [(index * 2.0, 50 * math.sin(index / 30)) for index in range(1, 3000)]
    for point in curve:
        assert builder.add(point)
        assert len(builder) < 1000
    assert not builder.add(curve[-1]), "the same place again"
    done = builder.finish()
    assert done[0] == (0.0, 0.0)
    assert done[-1] == curve[-1] == builder.raw()[-1]
    assert all(distance_to_line(point, done) <= 0.4 for point in curve[::37])


def test_a_thinned_stroke_keeps_its_ends() -> None:
    points = [(float(x), 0.0) for x in range(1000)]
    thin = thin_out(points, 100)
    assert len(thin) == 100
    assert (thin[0], thin[-1]) == (points[0], points[-1])
    assert thin_out(points[:5], 100) == points[:5]
