"""The line over the tiles that says that our screen is shown."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop_app.ui import theme

WORDS = "You show your screen"


class SharingBar(QFrame):
    """Hidden while nothing is shown."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="card")
        self.setAccessibleName(WORDS)
        icon = QLabel()
        icon.setPixmap(theme.icon("screen", color="danger").pixmap(20, 20))
        self.label = QLabel(WORDS)
        self.stop_button = QPushButton("Stop")
        theme.set_style(self.stop_button, kind="danger")
        self.stop_button.setAccessibleName("Stop showing your screen")
        self.stop_button.setToolTip("Stop showing your screen")
        self.stop_button.clicked.connect(self.stop_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.Spacing.M, theme.Spacing.XS, theme.Spacing.XS, theme.Spacing.XS)
        layout.setSpacing(theme.Spacing.S)
        layout.addWidget(icon)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.stop_button)
        self.hide()

    def show_title(self, title: str) -> None:
        """Say what is shown, where it has a name."""
        self.label.setText(f"{WORDS}: {title}" if title else WORDS)
