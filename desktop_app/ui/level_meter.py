"""The microphone's level as a bar."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme

FLOOR_DB = -54.0
SEGMENTS = 24
FALL_PER_UPDATE = 0.16


def level_share(rms: float) -> float:
    """How much of the bar an RMS of 0 to 1 fills: linear in decibels, from -54 dBFS to 0."""
    if not rms > 0:  # also for NaN
        return 0.0
    return min(1.0, max(0.0, 1 - 20 * math.log10(min(rms, 1.0)) / FLOOR_DB))


class LevelMeter(QWidget):
    """Rises at once and falls slowly, so that the eye can follow it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setAccessibleName("Microphone level")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def share(self) -> float:
        """The part of the bar that is filled, 0 to 1."""
        return self._share

    def show_level(self, rms: float) -> None:
        """Take the newest level (RMS, 0 to 1), ten times a second."""
        share = max(level_share(rms), self._share - FALL_PER_UPDATE, 0.0)
        if round(share * SEGMENTS) != round(self._share * SEGMENTS):
            self.update()
        self._share = share

    def sizeHint(self) -> QSize:
        """A thin bar."""
        return QSize(160, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the segments: speech is green, loud yellow, near clipping red."""
        palette = theme.current_palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        step = self.width() / SEGMENTS
        lit = round(self._share * SEGMENTS)
        for index in range(SEGMENTS):
            color = palette.border
            if index < lit:
                share = (index + 1) / SEGMENTS
                color = palette.good if share <= 0.8 else palette.warning if share <= 0.93 else palette.danger
            painter.setBrush(color)
            painter.drawRoundedRect(QRectF(index * step, 0, max(1.0, step - 2), self.height()), 2, 2)
        painter.end()
