"""What lies over a tile's picture: the name with its marks, and a sentence about the connection."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from . import theme

if TYPE_CHECKING:
    from PySide6.QtCore import QSize


class LabelStyle(NamedTuple):
    """How large a name is written."""

    icon_px: int
    pad_x_px: int
    pad_y_px: int
    margin_px: int
    """To the tile's corner."""
    font_share: float
    height_px: int
    """What is kept free for it in a low tile, roughly."""


NORMAL = LabelStyle(icon_px=16, pad_x_px=9, pad_y_px=5, margin_px=8, font_share=1.0, height_px=30)
COMPACT = LabelStyle(icon_px=12, pad_x_px=6, pad_y_px=2, margin_px=5, font_share=0.82, height_px=24)
"""On thumbnails, where the name would otherwise hide the face."""
SCRIM = QColor(10, 13, 17, 175)
MARK = QColor(255, 139, 132)
GOOD = QColor("#5fd08a")
POOR = QColor("#f2b94f")
_BADGES = {
    "excellent": ("signal-4", GOOD),
    "good": ("signal-3", GOOD),
    "poor": ("signal-2", POOR),
    "lost": ("signal-1", MARK),
}
"""By a word of quality/score.py; the colours are those of the dark appearance, for the pill is always dark."""
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
    quality: str = "",
    style: LabelStyle = NORMAL,
) -> QPixmap:
    """The name on a dark pill, before it the bars of the connection's quality (none while it is not known), a pin and a
    crossed-out microphone or camera; at most `max_width_px` wide.

    Rendered once and kept by the tile: laying out text for every frame of nine tiles would cost more than the
    pictures.
    """
    font = QFont(font)
    font.setPointSizeF(font.pointSizeF() * style.font_share)
    font.setWeight(QFont.Weight.Medium)
    metrics = QFontMetricsF(font)
    text_color = theme.current_palette().tile_text
    marks = [(_BADGES[quality][0], _BADGES[quality][1])] if quality in _BADGES else []
    marks += [("pin", text_color)] * pinned
    marks += [("microphone-off", MARK)] * audio_muted + [("camera-off", MARK)] * video_muted
    marks_width = len(marks) * (style.icon_px + 5)
    text_room = max(0.0, max_width_px - 2 * style.pad_x_px - marks_width)
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, text_room)
    width = min(max_width_px, math.ceil(metrics.horizontalAdvance(text)) + 2 * style.pad_x_px + marks_width)
    height = max(style.icon_px, math.ceil(metrics.height())) + 2 * style.pad_y_px
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(SCRIM)
    painter.drawRoundedRect(QRectF(0, 0, width, height), 7, 7)
    x = style.pad_x_px
    for mark, color in marks:
        icon = theme.icon(mark, color=color).pixmap(_square(style.icon_px), ratio)
        painter.drawPixmap(QPointF(x, (height - style.icon_px) / 2), icon)
        x += style.icon_px + 5
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


def draw_status_pill(painter: QPainter, area: QRect, text: str) -> None:
    """Write a sentence on a dark pill at the picture's upper edge: the picture goes on."""
    painter.save()
    font = QFont(painter.font())
    font.setPointSizeF(max(6.0, font.pointSizeF() * (0.9 if area.height() >= 160 else 0.8)))
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 40.0)
    pill = QRectF(0, 0, metrics.horizontalAdvance(shown) + 20, metrics.height() + 8)
    pill.moveCenter(QPointF(area.center().x(), 0))
    pill.moveTop(area.top() + 8)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(SCRIM)
    painter.drawRoundedRect(pill, 7, 7)
    painter.setPen(POOR)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, shown)
    painter.restore()


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
