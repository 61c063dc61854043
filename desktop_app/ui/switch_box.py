"""A check box that looks like a switch, with its text at the left."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from . import theme

TRACK_WIDTH_PX = 38
TRACK_HEIGHT_PX = 22
_RING_PX = 3


class SwitchBox(QCheckBox):
    """Being a QCheckBox, it has its keys, its mnemonic and its role for screen readers."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Room for the text and the switch."""
        text = self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
        height = max(text.height(), TRACK_HEIGHT_PX) + 2 * _RING_PX
        return QSize(text.width() + theme.Spacing.M + TRACK_WIDTH_PX + _RING_PX, height)

    def minimumSizeHint(self) -> QSize:
        """As much as the text needs."""
        return self.sizeHint()

    def hitButton(self, position: QPoint) -> bool:
        """The whole row switches."""
        return self.rect().contains(position)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, the track, the knob, and a ring when it has the keyboard."""
        palette = theme.current_palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        track = self._track()
        text_area = QRect(0, 0, int(track.left()) - theme.Spacing.M, self.height())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextShowMnemonic
        painter.setPen(palette.text)
        self.style().drawItemText(painter, text_area, int(flags), self.palette(), True, self.text())
        radius = track.height() / 2
        if self.hasFocus():
            painter.setPen(QPen(palette.accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            ring = track.adjusted(-_RING_PX + 1, -_RING_PX + 1, _RING_PX - 1, _RING_PX - 1)
            painter.drawRoundedRect(ring, radius + 2, radius + 2)
        checked = self.isChecked()
        painter.setPen(QPen(palette.accent if checked else palette.border_strong, 1.5))
        painter.setBrush(palette.accent if checked else palette.surface)
        inner = track.adjusted(0.75, 0.75, -0.75, -0.75)
        painter.drawRoundedRect(inner, radius, radius)
        knob = track.height() - 8
        left = track.right() - knob - 4 if checked else track.left() + 4
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.on_accent if checked else palette.border_strong)
        painter.drawEllipse(QRectF(left, track.top() + 4, knob, knob))
        painter.end()

    def _track(self) -> QRectF:
        top = (self.height() - TRACK_HEIGHT_PX) / 2
        return QRectF(self.width() - TRACK_WIDTH_PX - _RING_PX, top, TRACK_WIDTH_PX, TRACK_HEIGHT_PX)
