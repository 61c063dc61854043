"""The doors of the room: switches for the host, a sentence for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.ui import theme
from desktop_app.ui.switch_box import SwitchBox

from .words import doors_sentence

if TYPE_CHECKING:
    from desktop_app.protocol.rights import RoomRules


class DoorsSection(QFrame):
    """What it shows is what the server said; what is clicked it emits."""

    lock_wanted = Signal(bool)
    lobby_wanted = Signal(bool)
    password_wanted = Signal()
    """Set or change it."""
    no_password_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        theme.set_style(self, role="card")
        title = QLabel("Room")
        theme.set_style(title, role="strong")
        self.lock_switch = SwitchBox("&Lock the room")
        self.lock_switch.setToolTip("Nobody else can enter")
        self.lock_switch.clicked.connect(self.lock_wanted)
        self.lobby_switch = SwitchBox("Let people in one &by one")
        self.lobby_switch.setToolTip("Who comes waits until you let them in")
        self.lobby_switch.clicked.connect(self.lobby_wanted)
        self.password_label = QLabel()
        self.password_button = QPushButton()
        self.password_button.clicked.connect(self.password_wanted)
        self.remove_button = QPushButton("Remove")
        self.remove_button.setAccessibleName("Remove the password")
        self.remove_button.clicked.connect(self.no_password_wanted)
        password_row = QHBoxLayout()
        password_row.setSpacing(theme.Spacing.S)
        password_row.addWidget(self.password_label, 1)
        password_row.addWidget(self.remove_button)
        password_row.addWidget(self.password_button)
        self._host_part = QWidget()
        inside = QVBoxLayout(self._host_part)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.Spacing.S)
        inside.addWidget(title)
        inside.addWidget(self.lock_switch)
        inside.addWidget(self.lobby_switch)
        inside.addLayout(password_row)
        self.sentence_label = QLabel()
        self.sentence_label.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence_label.setWordWrap(True)
        theme.set_style(self.sentence_label, role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.Spacing.M, theme.Spacing.M, theme.Spacing.M, theme.Spacing.M)
        column.addWidget(self._host_part)
        column.addWidget(self.sentence_label)

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """What has the keyboard, from above to below."""
        return self.lock_switch, self.lobby_switch, self.remove_button, self.password_button

    def show_rules(self, rules: RoomRules, *, is_host: bool) -> None:
        """Show the doors of now."""
        self.lock_switch.setChecked(rules.locked)
        self.lobby_switch.setChecked(rules.lobby)
        self.password_label.setText("Password is set" if rules.password else "No password")
        self.password_button.setText("Change…" if rules.password else "Set…")
        self.password_button.setAccessibleName(
            "Change the password" if rules.password else "Set a password for the room"
        )
        self.remove_button.setVisible(rules.password)
        self._host_part.setVisible(is_host)
        sentence = "" if is_host else doors_sentence(rules)
        self.sentence_label.setText(sentence)
        self.sentence_label.setVisible(bool(sentence))
        self.setVisible(is_host or bool(sentence))
