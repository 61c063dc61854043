"""A mark that turns while something is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

STEP_MS = 80
STEP_DEGREES = 24


def draw_spinner(painter: QPainter, area: QRectF, step: int, color: QColor) -> None:
    """Three quarters of a circle in `area`, turned by `step` steps, on a faint whole one."""
    width = max(2.0, min(4.0, area.width() / 10))
    circle = area.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.save()
    painter.setRenderHint(painter.RenderHint.Antialiasing)
    faint = QColor(color)
    faint.setAlphaF(0.25)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(faint, width))
    painter.drawEllipse(circle)
    painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    # Sixteenths of a degree, counted against the clock.
    painter.drawArc(circle, -16 * (STEP_DEGREES * step % 360), -16 * 100)
    painter.restore()
