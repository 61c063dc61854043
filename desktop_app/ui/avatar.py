"""The placeholder of a participant without a picture: a circle in the name's colour with its initials."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter

from .names import avatar_hue, initials

MAX_DIAMETER_PX = 160
AVATAR_SHARE = 0.44
"""Of a tile's shorter side."""


def avatar_color(name: str) -> QColor:
    """The circle's colour: dark enough for white letters (contrast at least 4.5, WCAG 2.2, 1.4.3)."""
    return QColor.fromHsl(avatar_hue(name), 110, 80)


def draw_avatar(painter: QPainter, area: QRectF, name: str, share: float = AVATAR_SHARE) -> None:
    """Draw the circle in the middle of `area` (logical pixels), over `share` of its shorter side."""
    diameter = min(MAX_DIAMETER_PX, min(area.width(), area.height()) * share)
    if diameter < 12:
        return
    circle = QRectF(0, 0, diameter, diameter)
    circle.moveCenter(area.center())
    color = avatar_color(name)
    gradient = QLinearGradient(QPointF(circle.topLeft()), QPointF(circle.bottomLeft()))
    gradient.setColorAt(0, color.lighter(106))
    gradient.setColorAt(1, color)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawEllipse(circle)
    font = QFont(painter.font())
    font.setPixelSize(max(8, round(diameter * 0.38)))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor("white"))
    painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, initials(name))
    painter.restore()
