"""How a shape of the whiteboard looks: its outline, its bounds, and painting it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

if TYPE_CHECKING:
    from desktop_app.data.board.document import Key
    from desktop_app.data.messages.board import OpId, Shape

TEXT_HEIGHT = 6.0
"""A text's letters are so many widths high (docs/data-channels.md)."""
MAX_FONT_PX = 600
_TEXT_FLAGS = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextDontClip


_JOINERS = "\u200c\u200d"
"""Of letters and of emoji; the other format characters could turn the words around them."""


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs")


def clean_text(text: str) -> str:
    """What is shown of a text from the network: lines, without control characters and direction overrides."""
    return "\n".join(
        "".join(char for char in line.expandtabs(4) if char in _JOINERS or not _is_control(char))
        for line in text.split("\n")
    )


def text_font(width: float) -> QFont:
    """The font of a text whose `width` is given; a pixel is a board unit."""
    font = QFont()
    font.setPixelSize(max(3, min(MAX_FONT_PX, round(width * TEXT_HEIGHT))))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the same shape at every zoom
    return font


def shape_bounds(shape: Shape) -> QRectF:
    """What is painted lies within, the line's width included; in board units."""
    xs, ys = shape.points[::2], shape.points[1::2]
    left, top = min(xs), min(ys)
    if shape.tool == "text":
        lines = clean_text(shape.text).split("\n")
        metrics = QFontMetricsF(text_font(shape.width))
        width = max(metrics.horizontalAdvance(line) for line in lines)
        # Letters may lean out of their place.
        margin = shape.width * 2
        return QRectF(
            left - margin, top - margin, width + 2 * margin, metrics.lineSpacing() * len(lines) + 2 * margin
        )
    margin = shape.width / 2 + 1
    return QRectF(left - margin, top - margin, max(xs) - left + 2 * margin, max(ys) - top + 2 * margin)


def outline(shape: Shape) -> QPainterPath:
    """The line to be drawn; of a text, nothing."""
    points = shape.points
    path = QPainterPath()
    if shape.tool == "text":
        return path
    if shape.tool in ("rectangle", "ellipse"):
        area = QRectF(QPointF(points[0], points[1]), QPointF(points[2], points[3])).normalized()
        if shape.tool == "rectangle":
            path.addRect(area)
        else:
            path.addEllipse(area)
        return path
    path.moveTo(points[0], points[1])
    last = len(points) - 2
    if last == 0:
        path.lineTo(points[0] + 0.01, points[1])  # a dot: only a line has round ends
    elif last == 2:
        path.lineTo(points[2], points[3])
    else:
        # Curves through the middles: a stroke has no corners where it was simplified.
        quad_to = path.quadTo
        for at in range(2, last, 2):
            x, y = points[at], points[at + 1]
            if at + 2 == last:
                quad_to(x, y, points[last], points[last + 1])
            else:
                quad_to(x, y, (x + points[at + 2]) / 2, (y + points[at + 3]) / 2)
    return path


def paint_shape(painter: QPainter, shape: Shape, path: QPainterPath | None = None) -> None:
    """Paint in board units; the painter has antialiasing on and its transformation set."""
    color = QColor(shape.color)
    if shape.tool == "text":
        painter.setPen(color)
        painter.setFont(text_font(shape.width))
        place = QRectF(shape.points[0], shape.points[1], 1, 1)
        painter.drawText(place, _TEXT_FLAGS, clean_text(shape.text))
        return
    pen = QPen(color, shape.width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(outline(shape) if path is None else path)


class Item:
    """A shape that is seen, with what painting it needs."""

    __slots__ = ("bounds", "identity", "key", "path", "shape")

    def __init__(self, identity: OpId, key: Key, shape: Shape) -> None:
        self.identity = identity
        self.key = key
        self.shape = shape
        self.bounds = shape_bounds(shape)
        self.path: QPainterPath | None = None
        """Made when it is first painted."""
