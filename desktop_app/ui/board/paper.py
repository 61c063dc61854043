"""What the board is drawn on: the same light paper in both appearances, since ink has the same colours for all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from desktop_app.ui import theme

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF

DOT_STEP = 32.0
"""Board units between dots at 100 %."""
_CLOSEST_PX = 22.0


def paint(painter: QPainter, area: QRectF, scale: float) -> None:
    """Paint `area` (board units); the painter's transformation is set, at `scale` device pixels a unit."""
    palette = theme.current_palette()
    painter.fillRect(area.adjusted(-1 / scale, -1 / scale, 1 / scale, 1 / scale), palette.board_paper)
    step = DOT_STEP
    while step * scale < _CLOSEST_PX:
        step *= 4
    while step * scale > _CLOSEST_PX * 4:
        step /= 4
    first_x, first_y = math.floor(area.left() / step), math.floor(area.top() / step)
    dots = [
        QPointF(x * step, y * step)
        for x in range(first_x, math.ceil(area.right() / step) + 1)
        for y in range(first_y, math.ceil(area.bottom() / step) + 1)
    ]
    pen = QPen(palette.board_dot, 2.0)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawPoints(dots)
