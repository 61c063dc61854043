"""Colours and widths to draw with, and their icons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPen, QPixmap

from desktop_app.ui import theme
from desktop_app.ui.palette import contrast_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

COLORS = {
    "#1b212b": "Black",
    "#d62c2c": "Red",
    "#e07a12": "Orange",
    "#14924c": "Green",
    "#2563eb": "Blue",
    "#7c3aed": "Purple",
}
WIDTHS = {2.0: "Thin", 4.0: "Medium", 8.0: "Thick", 16.0: "Very thick"}
FAINT_BELOW = 1.6
"""With less contrast to the bar a disc gets an edge."""
_DOTS_PX = {2.0: 4.0, 4.0: 7.0, 8.0: 11.0, 16.0: 16.0}


class PaintedIcon(QIconEngine):
    """An icon that a function paints into a square of 20 by 20."""

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        super().__init__()
        self._paint = paint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Paint into the middle of `rect`."""
        side = min(rect.width(), rect.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(QRectF(rect).center() - QPointF(side / 2, side / 2))
        painter.scale(side / 20, side / 20)
        self._paint(painter)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon in `size` device pixels."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """The icon in `size` logical pixels of `scale` device pixels each."""
        pixmap = self.pixmap(size * scale, mode, state)
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        """The same icon again."""
        return PaintedIcon(self._paint)


def color_icon(color: str) -> QIcon:
    """A disc of ink."""

    def paint(painter: QPainter) -> None:
        palette, ink = theme.current_palette(), QColor(color)
        if contrast_ratio(ink, palette.surface) < FAINT_BELOW:
            painter.setPen(QPen(palette.text, 1.4))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(10, 10), 7.5, 7.5)

    return QIcon(PaintedIcon(paint))


def other_color_icon() -> QIcon:
    """A disc of all hues."""

    def paint(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(6):
            painter.setBrush(QColor.fromHsv(step * 60, 190, 225))
            painter.drawPie(QRectF(2.5, 2.5, 15, 15), step * 60 * 16, 61 * 16)

    return QIcon(PaintedIcon(paint))


def width_icon(width: float) -> QIcon:
    """A dot that grows with the width."""
    side = _DOTS_PX.get(width, min(16.0, max(3.0, width)))

    def paint(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current_palette().text)
        painter.drawEllipse(QPointF(10, 10), side / 2, side / 2)

    return QIcon(PaintedIcon(paint))
