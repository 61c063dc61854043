"""The offer in the lobby to go back to a call that ended without anybody leaving it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from . import theme

LOST_KEY = "Open its invite link to return: the link's secret is not kept on a computer without a keyring."


class ReturnCard(QFrame):
    """Hidden while there is nothing to return to."""

    return_requested = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="card")
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.return_button = QPushButton("Return to the call")
        theme.set_style(self.return_button, kind="primary")
        self.return_button.clicked.connect(self.return_requested)
        self.dismiss_button = QPushButton("Dismiss")
        self.dismiss_button.setAccessibleName("Do not return to the call")
        self.dismiss_button.clicked.connect(self.dismissed)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.Spacing.S)
        buttons.addWidget(self.return_button, 1)
        buttons.addWidget(self.dismiss_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.Spacing.M,) * 4)
        column.setSpacing(theme.Spacing.M)
        column.addWidget(self.text)
        column.addLayout(buttons)
        self.hide()

    def offer(self, room: str, *, possible: bool) -> None:
        """Say that a call in `room` ended by a crash, and offer to return where that is `possible`."""
        words = f"Bridgecall ended during a call in “{room}”."
        self.text.setText(words if possible else f"{words} {LOST_KEY}")
        self.return_button.setVisible(possible)
        self.show()
        if possible:
            self.return_button.setFocus()
