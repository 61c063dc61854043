"""The line over the tiles that says that our screen is shown."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from desktop_app.ui import theme
from desktop_app.ui.elided_label import ElidedLabel
from desktop_app.ui.names import in_sentence

WORDS = "You show your screen"


class SharingBar(QFrame):
    """Hidden while nothing is shown."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="card")
        icon = QLabel()
        icon.setPixmap(theme.icon("screen", color="danger").pixmap(20, 20))
        self._title = ""
        self._pointing: tuple[str, ...] = ()
        self.label = ElidedLabel()
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
        self._say()
        self.hide()

    def show_title(self, title: str) -> None:
        """Say what is shown, where it has a name."""
        self._title = title
        self._say()

    def show_pointing(self, names: tuple[str, ...]) -> None:
        """Say who points at our screen: it has no tile here, and what were painted on it would be shown, too."""
        if names != self._pointing:
            self._pointing = names
            self._say()

    def _say(self) -> None:
        words = f"{WORDS}: {self._title}" if self._title else WORDS
        if len(self._pointing) == 1:
            words += f". {in_sentence(self._pointing[0])} points at it."
        elif self._pointing:
            words += f". {len(self._pointing)} people point at it."
        self.label.set_full(words)
        self.setAccessibleName(words)
