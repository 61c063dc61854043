"""The others' pointers: an arrow in the person's colour, with their name."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPixmapCache

from desktop_app.ui.avatar import avatar_color

ARROW = ((0, 0), (0, 15), (4.2, 11.6), (7.0, 17.6), (9.4, 16.5), (6.7, 10.7), (12, 10.4))
LABEL_AT_PX = QPointF(11, 17)
REACH_PX = 240
"""How far a pointer with its name is painted from its tip, at most."""
_MAX_NAME_PX = 180


class Pointed(NamedTuple):
    """Somebody's pointer on one surface."""

    user_id: str
    name: str
    x: float
    y: float
    """Board units, or parts of the picture."""


def pointer_color(name: str) -> QColor:
    """A colour that is the person's everywhere; white letters are readable on it."""
    return avatar_color(name)


def _arrow() -> QPainterPath:
    path = QPainterPath(QPointF(*ARROW[0]))
    for corner in ARROW[1:]:
        path.lineTo(QPointF(*corner))
    path.closeSubpath()
    return path


def paint_pointer(painter: QPainter, tip: QPointF, name: str) -> None:
    """Paint an arrow whose tip is at `tip` (logical pixels), and the name beside it, within the painted widget."""
    color = pointer_color(name)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(tip)
    painter.setPen(QPen(QColor("white"), 1.6, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(color)
    painter.drawPath(_arrow())
    painter.restore()
    label = _label(name, color, painter.device().devicePixelRatio())
    place, size = tip + LABEL_AT_PX, label.deviceIndependentSize()
    if place.x() + size.width() > painter.device().width():
        place.setX(tip.x() - size.width())
    if place.y() + size.height() > painter.device().height():
        place.setY(tip.y() - size.height())
    painter.drawPixmap(place, label)


def _label(name: str, color: QColor, ratio: float) -> QPixmap:
    """The name on a pill; from Qt's pixmap cache when it was painted before."""
    key = f"bridgecall:pointer:{color.name()}:{ratio}:{name}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    font = QFont()
    font.setPixelSize(12)
    font.setWeight(QFont.Weight.DemiBold)
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, _MAX_NAME_PX)
    width, height = metrics.horizontalAdvance(text) + 14, metrics.height() + 6
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(0, 0, width, height), height / 2, height / 2)
    painter.setFont(font)
    painter.setPen(QColor("white"))
    painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap
