"""What lies over a tile's picture: the name with its marks, and a sentence about the connection."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from . import theme

if TYPE_CHECKING:
    from PySide6.QtCore import QSize

ICON_PX = 16
PAD_X_PX = 9
PAD_Y_PX = 5
SCRIM = QColor(10, 13, 17, 175)
MARK = QColor(255, 139, 132)
HAND_FILL = QColor(255, 204, 77)
HAND_INK = QColor(58, 38, 0)
STATUS_SHARE = 0.84
"""With a sentence under it, the placeholder's circle is drawn in this share of the tile's height."""


def render_name_label(
    name: str,
    max_width_px: int,
    ratio: float,
    font: QFont,
    *,
    audio_muted: bool,
    video_muted: bool,
    pinned: bool = False,
) -> QPixmap:
    """The name on a dark pill, a pin and a crossed-out microphone or camera before it, at most `max_width_px` wide.

    Rendered once and kept by the tile: laying out text for every frame of nine tiles would cost more than the
    pictures.
    """
    font = QFont(font)
    font.setWeight(QFont.Weight.Medium)
    metrics = QFontMetricsF(font)
    text_color = theme.current_palette().tile_text
    marks = [("pin", text_color)] * pinned
    marks += [("microphone-off", MARK)] * audio_muted + [("camera-off", MARK)] * video_muted
    marks_width = len(marks) * (ICON_PX + 5)
    text_room = max(0.0, max_width_px - 2 * PAD_X_PX - marks_width)
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, text_room)
    width = min(max_width_px, math.ceil(metrics.horizontalAdvance(text)) + 2 * PAD_X_PX + marks_width)
    height = max(ICON_PX, math.ceil(metrics.height())) + 2 * PAD_Y_PX
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(SCRIM)
    painter.drawRoundedRect(QRectF(0, 0, width, height), 7, 7)
    x = PAD_X_PX
    for mark, color in marks:
        icon = theme.icon(mark, color=color).pixmap(_square(ICON_PX), ratio)
        painter.drawPixmap(QPointF(x, (height - ICON_PX) / 2), icon)
        x += ICON_PX + 5
    painter.setFont(font)
    painter.setPen(text_color)
    painter.drawText(
        QRectF(x, 0, width - x, height), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text
    )
    painter.end()
    return pixmap


def render_hand(order: int, side_px: int, ratio: float, font: QFont) -> QPixmap:
    """The raised hand with its number on a light pill, `side_px` high."""
    font = QFont(font)
    font.setPixelSize(max(10, round(side_px * 0.5)))
    font.setWeight(QFont.Weight.Bold)
    text = str(order)
    icon_px = round(side_px * 0.66)
    pad = round(side_px * 0.24)
    width = icon_px + math.ceil(QFontMetricsF(font).horizontalAdvance(text)) + 2 * pad + 3
    pixmap = QPixmap(round(width * ratio), round(side_px * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(HAND_FILL)
    painter.drawRoundedRect(QRectF(0, 0, width, side_px), side_px / 2, side_px / 2)
    icon = theme.icon("hand", color=HAND_INK).pixmap(_square(icon_px), ratio)
    painter.drawPixmap(QPointF(pad, (side_px - icon_px) / 2), icon)
    painter.setFont(font)
    painter.setPen(HAND_INK)
    place = QRectF(pad + icon_px + 3, 0, width - pad - icon_px - 3, side_px)
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
    painter.end()
    return pixmap


def _square(side_px: int) -> QSize:
    return QRect(0, 0, side_px, side_px).size()


def draw_status(painter: QPainter, area: QRect, text: str, *, below_avatar: bool) -> None:
    """Write a sentence over the picture's middle, or under the placeholder's circle."""
    painter.save()
    font = QFont(painter.font())
    if area.height() < 160:
        font.setPointSizeF(max(6.0, font.pointSizeF() * 0.85))
    painter.setFont(font)
    painter.setPen(theme.current_palette().tile_text)
    inner = area.adjusted(12, 6, -12, -6)
    if below_avatar:
        inner.setTop(area.top() + round(area.height() * (STATUS_SHARE / 2 + 0.26)))
        inner.setBottom(area.bottom())
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    else:
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(inner, flags, text)
    painter.restore()
