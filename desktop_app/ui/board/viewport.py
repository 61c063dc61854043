"""Which part of the endless board is seen, and how large: pure geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIN_SCALE = 0.05
MAX_SCALE = 16.0
WHEEL_STEP = 1.2
"""A notch of the wheel, or one press of a key."""
FIT_MARGIN_PX = 32.0
MAX_FIT_SCALE = 2.0
_FARTHEST = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """`left` and `top` are board units at the widget's upper left corner, `scale` is pixels for a board unit."""

    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def to_board(self, x_px: float, y_px: float) -> tuple[float, float]:
        """The place on the board under a pixel of the widget."""
        return self.left + x_px / self.scale, self.top + y_px / self.scale

    def to_widget(self, x: float, y: float) -> tuple[float, float]:
        """The widget's pixel over a place on the board."""
        return (x - self.left) * self.scale, (y - self.top) * self.scale

    def panned(self, dx_px: float, dy_px: float) -> Viewport:
        """The paper moved by so many pixels."""
        return self._within(self.left - dx_px / self.scale, self.top - dy_px / self.scale, self.scale)

    def zoomed(self, factor: float, x_px: float, y_px: float) -> Viewport:
        """Larger or smaller, with the place under a pixel where it was."""
        scale = min(MAX_SCALE, max(MIN_SCALE, self.scale * factor))
        if abs(scale - 1) < 0.02:
            scale = 1.0  # steps there and back must come to 100 % again
        x, y = self.to_board(x_px, y_px)
        return self._within(x - x_px / scale, y - y_px / scale, scale)

    def snapped(self, ratio: float) -> Viewport:
        """On whole device pixels, `ratio` of them for a pixel: what was painted once can be moved as it is."""
        grid = self.scale * ratio
        return replace(self, left=round(self.left * grid) / grid, top=round(self.top * grid) / grid)

    @staticmethod
    def _within(left: float, top: float, scale: float) -> Viewport:
        return Viewport(scale, min(_FARTHEST, max(-_FARTHEST, left)), min(_FARTHEST, max(-_FARTHEST, top)))


def fit(
    bounds: tuple[float, float, float, float],
    width_px: float,
    height_px: float,
    max_scale: float = MAX_FIT_SCALE,
) -> Viewport:
    """All of `bounds` (left, top, width, height in board units) in the middle of the widget."""
    left, top, width, height = bounds
    room = (max(1.0, width_px - 2 * FIT_MARGIN_PX), max(1.0, height_px - 2 * FIT_MARGIN_PX))
    scale = min(room[0] / max(width, 1.0), room[1] / max(height, 1.0), max_scale)
    scale = max(MIN_SCALE, scale)
    return Viewport(scale, left + width / 2 - width_px / 2 / scale, top + height / 2 - height_px / 2 / scale)
