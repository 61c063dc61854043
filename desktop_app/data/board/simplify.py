"""Strokes with fewer points: Ramer (1972), Douglas and Peucker (1973)."""

from __future__ import annotations

import math
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]

CHUNK_POINTS = 128
"""A stroke is simplified piece by piece while it is drawn, so that its end costs as little as its middle."""


def simplify(points: list[Point], tolerance: float, gap: float = math.inf) -> list[Point]:
    """Leave out points that are less than `tolerance` (in their own units) from the line between those left.

    Where the points given allow it, those left are at most `gap` apart: a stroke is painted as curves between the
    middles of its points, which would round off a corner as far as the points beside it are away.
    """
    if len(points) < 3:
        return list(points)
    keep = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        farthest, far = _farthest(points, first, last)
        if far > tolerance * tolerance:
            keep.add(farthest)
        elif last - first > 1 and math.dist(points[first], points[last]) > gap:
            farthest = (first + last) // 2
            keep.add(farthest)
        else:
            continue
        spans += [(first, farthest), (farthest, last)]
    return [points[index] for index in sorted(keep)]


def _farthest(points: list[Point], first: int, last: int) -> tuple[int, float]:
    """The point between the two that is farthest from their segment, and its squared distance."""
    x0, y0 = points[first]
    dx, dy = points[last][0] - x0, points[last][1] - y0
    length2 = dx * dx + dy * dy
    farthest, far = first, 0.0
    for index in range(first + 1, last):
        px, py = points[index][0] - x0, points[index][1] - y0
        along = min(1.0, max(0.0, (px * dx + py * dy) / length2)) if length2 > 0 else 0.0
        ex, ey = px - along * dx, py - along * dy
        if (distance2 := ex * ex + ey * ey) > far:
            farthest, far = index, distance2
    return farthest, far


class StrokeBuilder:
    """Takes a stroke point by point and leaves out what makes no difference."""

    def __init__(self, first: Point, tolerance: float, gap: float = math.inf) -> None:
        self._tolerance = tolerance
        self._gap = gap
        self._done: list[Point] = []
        self._newest: list[Point] = [first]

    def add(self, point: Point) -> bool:
        """Go on to `point`; whether the stroke is longer for it."""
        if _near(self._newest[-1], point, self._tolerance):
            return False
        self._newest.append(point)
        if len(self._newest) >= CHUNK_POINTS:
            self._done += simplify(self._newest, self._tolerance, self._gap)[:-1]
            self._newest = [point]
        return True

    def __len__(self) -> int:
        return len(self._done) + len(self._newest)

    def raw(self) -> list[Point]:
        """The stroke so far, its newest piece as it came."""
        return self._done + self._newest

    def finish(self) -> list[Point]:
        """The whole stroke, simplified."""
        return self._done + simplify(self._newest, self._tolerance, self._gap)


def _near(one: Point, other: Point, distance: float) -> bool:
    return abs(one[0] - other[0]) <= distance and abs(one[1] - other[1]) <= distance


def thin_out(points: list[Point], most: int) -> list[Point]:
    """At most `most` (two or more) of the points, evenly taken, first and last among them: a preview."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most - 1)] + [points[-1]]
