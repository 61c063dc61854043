"""What is drawn on the whiteboard of the screenshots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from desktop_app.data.messages.board import Shape


def wave(y: float, color: str) -> Shape:
    """A stroke of the pen."""
    from desktop_app.data.messages.board import Shape

    points = tuple(each for x in range(60, 330, 6) for each in (float(x), y + 14 * math.sin(x / 24)))
    return Shape(tool="pen", color=color, width=4.0, points=points)


def plan() -> list[Shape]:
    """A few shapes of every kind."""
    from desktop_app.data.messages.board import Shape

    def make(tool: Any, color: str, *points: float, width: float = 4.0, text: str = "") -> Shape:
        return Shape(tool=tool, color=color, width=width, points=points, text=text)

    dark = "#1b212b"
    return [
        make("rectangle", "#2563eb", 60.0, 60.0, 260.0, 160.0),
        make("text", dark, 96.0, 95.0, text="Garden"),
        make("ellipse", "#14924c", 430.0, 50.0, 630.0, 170.0),
        make("text", dark, 490.0, 95.0, text="Music"),
        make("line", dark, 262.0, 110.0, 424.0, 110.0),
        make("line", dark, 424.0, 110.0, 408.0, 100.0),
        make("line", dark, 424.0, 110.0, 408.0, 120.0),
        wave(230, "#d62c2c"),
        wave(280, "#e07a12"),
        make("text", "#d62c2c", 400.0, 220.0, width=8.0, text="Friday!"),
        make("text", dark, 400.0, 290.0, width=3.0, text="Bring your own chairs"),
    ]
