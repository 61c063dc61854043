"""What is being drawn with the mouse, until the button is released. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from desktop_app.data.board.simplify import StrokeBuilder
from desktop_app.data.messages.board import Shape

if TYPE_CHECKING:
    from desktop_app.data.board.simplify import Point

ToolName: TypeAlias = Literal["hand", "pen", "line", "rectangle", "ellipse", "text", "eraser"]
TOLERANCE_PX = 0.4
"""How far a stroke may be from where the mouse was, in the screen's pixels."""
GAP_PX = 24.0
"""How far apart the points of a stroke may be: corners stay corners. The guest page keeps as many."""
TEXT_HALF = 3.6
"""Half of a line's height, in widths of the ink."""
_TURN = math.pi / 12


@dataclass(frozen=True, slots=True)
class Ink:
    """With what is drawn."""

    color: str = "#1b212b"
    width: float = 4.0


class Draft(Protocol):
    """A shape on its way."""

    def move(self, point: Point, straight: bool) -> bool:
        """The mouse went on; with Shift held lines are `straight`, boxes square. Whether anything changed."""

    def shape(self) -> Shape:
        """As it is now."""

    def finish(self) -> Shape | None:
        """As it shall stay; None when it is nothing."""


class StrokeDraft:
    """A freehand stroke."""

    def __init__(self, ink: Ink, start: Point, scale: float) -> None:
        self._ink = ink
        self._builder = StrokeBuilder(start, TOLERANCE_PX / scale, GAP_PX / scale)

    def move(self, point: Point, straight: bool) -> bool:
        """The next point of the stroke."""
        return self._builder.add(point)

    def shape(self) -> Shape:
        """All points so far."""
        return _shape("pen", self._ink, self._builder.raw())

    def finish(self) -> Shape:
        """Simplified; a click is a dot."""
        return _shape("pen", self._ink, self._builder.finish())


class SpanDraft:
    """A line, a rectangle or an ellipse between two points."""

    def __init__(self, tool: Literal["line", "rectangle", "ellipse"], ink: Ink, start: Point) -> None:
        self._tool = tool
        self._ink = ink
        self._start = start
        self._end = start

    def move(self, point: Point, straight: bool) -> bool:
        """The other end."""
        end = self._aligned(point) if straight else point
        changed = end != self._end
        self._end = end
        return changed

    def _aligned(self, point: Point) -> Point:
        dx, dy = point[0] - self._start[0], point[1] - self._start[1]
        if self._tool == "line":
            turn = round(math.atan2(dy, dx) / _TURN) * _TURN
            length = math.hypot(dx, dy)
            return self._start[0] + length * math.cos(turn), self._start[1] + length * math.sin(turn)
        side = max(abs(dx), abs(dy))
        return self._start[0] + math.copysign(side, dx), self._start[1] + math.copysign(side, dy)

    def shape(self) -> Shape:
        """Between the two points."""
        return _shape(self._tool, self._ink, [self._start, self._end])

    def finish(self) -> Shape | None:
        """Nothing when it has no length."""
        return None if self._end == self._start else self.shape()


def _shape(tool: Literal["pen", "line", "rectangle", "ellipse"], ink: Ink, points: list[Point]) -> Shape:
    flat = tuple(coordinate for point in points for coordinate in point)
    return Shape(tool=tool, color=ink.color, width=ink.width, points=flat)


def begin(tool: ToolName, ink: Ink, start: Point, scale: float) -> Draft | None:
    """The draft of a tool that draws."""
    if tool == "pen":
        return StrokeDraft(ink, start, scale)
    if tool in ("line", "rectangle", "ellipse"):
        return SpanDraft(tool, ink, start)
    return None
