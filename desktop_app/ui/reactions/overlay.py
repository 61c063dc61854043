"""Reactions over a participant's tile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QWidget

from desktop_app.ui import theme

from .emoji import name_of, render_reaction
from .shown import ShownReactions

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QPaintEvent

STEP_S = 0.05
MIN_SIDE_PX = 22
MAX_SIDE_PX = 64
_SCRIM = QColor(10, 13, 17, 150)


class ReactionOverlay(QWidget):
    """Lies over a tile, lets the mouse through, and is hidden while there is nothing to show.

    It is painted in a few steps while a reaction comes or goes, and not at all in between.
    """

    def __init__(self, tile: QWidget, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(tile)
        self._tile = tile
        self._now_s = now_s
        self._shown = ShownReactions()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.advance)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        tile.installEventFilter(self)
        self.hide()

    @property
    def emojis(self) -> list[tuple[str, int]]:
        """What is shown, each with its count."""
        return [(each.emoji, each.count) for each in self._shown.items]

    def react(self, emoji: str) -> None:
        """Show a reaction for a moment."""
        self._shown.add(emoji, self._now_s())
        self.setAccessibleName(", ".join(name_of(each.emoji) for each in self._shown.items))
        self._place()
        self.show()
        self.raise_()
        self.advance()

    def advance(self) -> None:
        """Paint what is due, and wait for the next change."""
        now_s = self._now_s()
        self._shown.expire(now_s)
        wait_s = self._shown.next_change_s(now_s, STEP_S)
        if wait_s is None:
            self._timer.stop()
            self.hide()
            return
        self._place()
        self.update()
        self._timer.start(round(wait_s * 1000))

    def _side(self) -> int:
        return max(MIN_SIDE_PX, min(MAX_SIDE_PX, self._tile.height() // 4))

    def _place(self) -> None:
        side = self._side()
        count = max(1, len(self._shown.items))
        gap = side // 6
        width = min(self._tile.width(), count * (side + gap) + gap + side // 2)
        height = side + 2 * gap
        bottom = 44 if self._tile.height() > 3 * side else 4  # above the name
        self.setGeometry(
            QRect((self._tile.width() - width) // 2, self._tile.height() - bottom - height, width, height)
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the tile changes its size."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each reaction as large as its moment asks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        now_s = self._now_s()
        strongest = max((each.strength(now_s) for each in self._shown.items), default=0.0)
        painter.setOpacity(strongest)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_SCRIM)
        painter.drawRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
        side, gap = self._side(), self._side() // 6
        room = len(self._shown.items) * (side + gap) - gap
        x = (self.width() - room) / 2
        ratio = self.devicePixelRatioF()
        for each in self._shown.items:
            strength = each.strength(now_s)
            painter.setOpacity(strength)
            shown_side = side * (0.5 + 0.5 * strength)
            place = QRectF(0, 0, shown_side, shown_side)
            place.moveCenter(QRectF(x, gap, side, side).center())
            pixmap = render_reaction(each.emoji, round(side * ratio))
            painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
            if each.count > 1:
                self._paint_count(painter, each.count, QRectF(x, gap, side, side))
            x += side + gap

    def _paint_count(self, painter: QPainter, count: int, place: QRectF) -> None:
        font = QFont(self.font())
        font.setPixelSize(max(10, round(place.height() * 0.3)))
        font.setWeight(QFont.Weight.Bold)
        painter.setFont(font)
        text = f"×{count}"
        width = painter.fontMetrics().horizontalAdvance(text) + 8
        height = painter.fontMetrics().height()
        area = QRectF(place.right() - width + 6, place.bottom() - height + 4, width, height)
        palette = theme.current_palette()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.accent)
        painter.drawRoundedRect(area, height / 2, height / 2)
        painter.setPen(palette.on_accent)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
