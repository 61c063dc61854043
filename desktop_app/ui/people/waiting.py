"""Who waits at the door, for the host: a row each with Admit and Refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.ui import theme

from .row import ElidedLabel

if TYPE_CHECKING:
    from collections.abc import Mapping


class WaitingRow(QWidget):
    """One of them."""

    answered = Signal(bool)
    """Whether they shall be let in."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name_label = ElidedLabel()
        self.admit_button = QPushButton("Admit")
        theme.set_style(self.admit_button, kind="primary")
        self.refuse_button = QPushButton("Refuse")
        self.admit_button.clicked.connect(lambda: self.answered.emit(True))
        self.refuse_button.clicked.connect(lambda: self.answered.emit(False))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.Spacing.S)
        row.addWidget(self.name_label, 1)
        row.addWidget(self.refuse_button)
        row.addWidget(self.admit_button)
        self.show_name(name)

    def show_name(self, name: str) -> None:
        """Another name."""
        self.name_label.show_text(name)
        self.admit_button.setAccessibleName(f"Admit {name}")
        self.refuse_button.setAccessibleName(f"Refuse {name}")


class WaitingSection(QFrame):
    """All of them; hidden while nobody waits."""

    answered = Signal(str, bool)
    """User id, and whether they shall be let in."""
    all_admitted = Signal()

    def __init__(self) -> None:
        super().__init__()
        theme.set_style(self, role="card")
        self.rows: dict[str, WaitingRow] = {}
        self._title = QLabel()
        theme.set_style(self._title, role="strong")
        self.all_button = QPushButton("Admit all")
        theme.set_style(self.all_button, kind="flat")
        self.all_button.clicked.connect(self.all_admitted)
        heading = QHBoxLayout()
        heading.addWidget(self._title, 1)
        heading.addWidget(self.all_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.Spacing.M, theme.Spacing.S, theme.Spacing.S, theme.Spacing.S)
        self._column.setSpacing(theme.Spacing.S)
        self._column.addLayout(heading)
        self.hide()

    def show_knocks(self, knocks: Mapping[str, str]) -> None:
        """Show who waits now, by user id."""
        for user_id in [each for each in self.rows if each not in knocks]:
            row = self.rows.pop(user_id)
            row.hide()
            self._column.removeWidget(row)
            row.deleteLater()
        for user_id, name in knocks.items():
            if user_id not in self.rows:
                self.rows[user_id] = self._new_row(user_id, name)
            self.rows[user_id].show_name(name)
        self._title.setText(f"Waiting to be let in ({len(knocks)})")
        self.all_button.setVisible(len(knocks) > 1)
        self.setVisible(bool(knocks))

    def _new_row(self, user_id: str, name: str) -> WaitingRow:
        row = WaitingRow(name)
        row.answered.connect(lambda let_in: self.answered.emit(user_id, let_in))
        self._column.addWidget(row)
        return row
