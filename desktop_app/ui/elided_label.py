"""A line of text that is cut where there is no room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop_app.ui.chat.tips import plain_tip

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


class ElidedLabel(QLabel):
    """Plain text with both ends in view; a title or a file's name must not make the window wider."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._full = text
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_full(text)

    @property
    def full_text(self) -> str:
        """What is to be said, also where there is no room for it."""
        return self._full

    def set_full(self, text: str) -> None:
        """Show as much of `text` as there is room for."""
        self._full = text
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)
        self._elide()

    def _elide(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(self._full, self._mode, max(20, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elide anew."""
        super().resizeEvent(event)
        self._elide()


class ShrinkingLabel(ElidedLabel):
    """As wide as its text, whose end may be cut: it gives room to its neighbours down to `least_px`."""

    def __init__(self, least_px: int) -> None:
        super().__init__(mode=Qt.TextElideMode.ElideRight)
        self._least_px = least_px
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_full(self, text: str) -> None:
        """Show as much of `text` as there is room for."""
        super().set_full(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """That of the whole text."""
        return QSize(self.fontMetrics().horizontalAdvance(self.full_text) + 1, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """That of what is left of it."""
        return QSize(min(self._least_px, self.sizeHint().width()), self.sizeHint().height())
