"""A line of text that is cut in its middle where there is no room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop_app.ui.chat.tips import plain_tip

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


class ElidedLabel(QLabel):
    """Plain text with both ends in view; a title or a file's name must not make the window wider."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._full = text
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
        self.setText(
            QFontMetrics(self.font()).elidedText(
                self._full, Qt.TextElideMode.ElideMiddle, max(20, self.width())
            )
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elide anew."""
        super().resizeEvent(event)
        self._elide()
