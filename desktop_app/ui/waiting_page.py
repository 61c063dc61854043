"""The page at the door: the host decides whether we may enter."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QPainter, QPaintEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from . import theme
from .spinner import STEP_MS, draw_spinner

SPINNER_PX = 44


class Spinner(QWidget):
    """A turning mark; it turns while it is seen."""

    def __init__(self) -> None:
        super().__init__()
        self._step = 0
        self.setFixedSize(SPINNER_PX, SPINNER_PX)
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._turn)

    def _turn(self) -> None:
        self._step += 1
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to turn."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop."""
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        draw_spinner(painter, QRectF(self.rect()), self._step, theme.current_palette().accent)
        painter.end()


class WaitingPage(QWidget):
    """A few words and Cancel."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spinner = Spinner()
        self.title = QLabel("Waiting to be let in")
        theme.set_style(self.title, role="title")
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.set_style(self.text, role="muted")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setMinimumWidth(120)
        self.cancel_button.clicked.connect(self.cancel_requested)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.cancel_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.Spacing.XL,) * 4)
        column.setSpacing(theme.Spacing.M)
        column.addStretch(2)
        column.addWidget(self.spinner, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(theme.Spacing.S)
        column.addWidget(self.title, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.text)
        column.addSpacing(theme.Spacing.S)
        column.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def show_room(self, room: str) -> None:
        """Say which room it is."""
        self.text.setText(
            f"The host of “{room}” has been told that you are here. Nobody sees or hears you meanwhile."
        )
        self.cancel_button.setFocus()
