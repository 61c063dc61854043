"""What is said and offered while nobody else is in the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from desktop_app.ui import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

QR_BUTTON_FROM_PX = 560
WAITING_TEXT = "Waiting for others — send them the link."


class WaitingBar(QWidget):
    """The sentence, and the ways to the link."""

    copy_requested = Signal()
    invite_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        text = QLabel(WAITING_TEXT)
        self.copy_button = QPushButton("Copy link")
        self.copy_button.setIcon(theme.icon("copy", color="on_accent"))
        self.copy_button.setAccessibleDescription("Copies the invite link to the clipboard")
        theme.set_style(self.copy_button, kind="primary")
        self.invite_button = QPushButton("Show QR code")
        self.invite_button.setAccessibleDescription("Opens the invitation with the link and its QR code")
        self.copy_button.clicked.connect(self.copy_requested)
        self.invite_button.clicked.connect(self.invite_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.Spacing.M)
        layout.addStretch(1)
        layout.addWidget(text)
        layout.addWidget(self.copy_button)
        layout.addWidget(self.invite_button)
        layout.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Without room the code is left to the invitation, which the toolbar opens too."""
        super().resizeEvent(event)
        self.invite_button.setVisible(self.width() >= QR_BUTTON_FROM_PX)
