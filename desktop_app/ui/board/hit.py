"""Which shapes the eraser touches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

if TYPE_CHECKING:
    from .scene import Scene
    from .shapes import Item

_ELLIPSE_STEPS = 48


def touched(scene: Scene, start: tuple[float, float], end: tuple[float, float], radius: float) -> list[Item]:
    """The shapes whose ink a disc of `radius` meets on its way from `start` to `end` (board units)."""
    area = QRectF(
        min(start[0], end[0]) - radius,
        min(start[1], end[1]) - radius,
        abs(start[0] - end[0]) + 2 * radius,
        abs(start[1] - end[1]) + 2 * radius,
    )
    return [item for item in scene.items_in(area) if _is_met(item, start, end, radius)]


def _is_met(item: Item, start: tuple[float, float], end: tuple[float, float], radius: float) -> bool:
    shape = item.shape
    if shape.tool == "text":
        return True  # its bounds are met, and people aim at words as a whole
    reach = radius + shape.width / 2
    line = _line_of(item)
    if len(line) == 1:
        return _distance(line[0], start, end) <= reach
    return any(_segments_within(line[at], line[at + 1], start, end, reach) for at in range(len(line) - 1))


def _line_of(item: Item) -> list[tuple[float, float]]:
    points = item.shape.points
    if item.shape.tool == "rectangle":
        left, top, right, bottom = points
        return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    if item.shape.tool == "ellipse":
        x, y = (points[0] + points[2]) / 2, (points[1] + points[3]) / 2
        a, b = (points[2] - points[0]) / 2, (points[3] - points[1]) / 2
        turns = [2 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS + 1)]
        return [(x + a * math.cos(turn), y + b * math.sin(turn)) for turn in turns]
    return list(zip(points[::2], points[1::2], strict=True))


def _segments_within(
    a: tuple[float, float],
    b: tuple[float, float],
    c: tuple[float, float],
    d: tuple[float, float],
    reach: float,
) -> bool:
    # Most are far away: their bounds say so.
    if min(a[0], b[0]) - reach > max(c[0], d[0]) or max(a[0], b[0]) + reach < min(c[0], d[0]):
        return False
    if min(a[1], b[1]) - reach > max(c[1], d[1]) or max(a[1], b[1]) + reach < min(c[1], d[1]):
        return False
    if _cross(a, b, c, d):
        return True
    return min(_distance(a, c, d), _distance(b, c, d), _distance(c, a, b), _distance(d, a, b)) <= reach


def _side(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]
) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _distance(point: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    along = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length2 if length2 > 0 else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - a[0] - along * dx, point[1] - a[1] - along * dy)
