"""The safety code with one participant: four words to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui import theme
from desktop_app.ui.invite_dialog import copy_text

from .words import CHANGED, HOW_TO_COMPARE, NO_CODE, SFU_LIMIT, code_text

if TYPE_CHECKING:
    from desktop_app.ui.room_model import RoomModel

WIDTH_PX = 440


class SafetyDialog(QDialog):
    """Follows the model while it is open; the window stays usable beside it."""

    compared = Signal(bool)
    """The person found the words of now the same, or takes that back."""

    def __init__(self, user_id: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.user_id = user_id
        self._words: tuple[str, ...] = ()
        self._is_compared = False
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Safety code")
        self._heading = QLabel()
        self._heading.setTextFormat(Qt.TextFormat.PlainText)
        self._heading.setWordWrap(True)
        theme.set_style(self._heading, role="heading")
        self.word_labels = [QLabel() for _ in range(4)]
        grid = QGridLayout()
        grid.setSpacing(theme.Spacing.S)
        for place, label in enumerate(self.word_labels):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setMinimumHeight(52)
            theme.set_style(label, role="safetyword")
            grid.addWidget(label, place // 2, place % 2)
        self._words_box = QWidget()
        grid.setContentsMargins(0, 0, 0, 0)
        self._words_box.setLayout(grid)
        self._how = _sentence("muted")
        self._how.setText(HOW_TO_COMPARE)
        self._limit = _sentence("muted")
        self._limit.setText(SFU_LIMIT)
        self._warning = _sentence("warning")
        self._state = _sentence("good")
        self.match_button = QPushButton()
        self.match_button.setAutoDefault(False)
        self.match_button.clicked.connect(lambda: self.compared.emit(not self._is_compared))
        self.copy_button = QPushButton("Copy")
        self.copy_button.setAccessibleName("Copy the safety code")
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(lambda: copy_text(code_text(self._words)))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(self.match_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.XL,) * 4)
        layout.setSpacing(theme.Spacing.M)
        for widget in (self._heading, self._warning, self._words_box, self._how, self._limit, self._state):
            layout.addWidget(widget)
        layout.addWidget(self.buttons)
        self.setFixedWidth(WIDTH_PX)

    def show_model(self, model: RoomModel) -> None:
        """Show the words of now, or close when the participant has gone."""
        person = model.people.get(self.user_id)
        if person is None:
            self.close()
            return
        code = model.codes.get(self.user_id)
        self._words = code.words if code is not None else ()
        self._is_compared = model.is_compared(self.user_id)
        self._heading.setText(f"Safety code with {person.name}")
        for label, word in zip(self.word_labels, self._words or ("…",) * 4, strict=False):
            label.setText(word)
        self._words_box.setAccessibleName(code_text(self._words))
        warning = NO_CODE if not self._words else CHANGED if code is not None and code.is_other else ""
        self._warning.setText(warning)
        self._warning.setVisible(bool(warning))
        self._limit.setVisible(model.topology is not None and model.topology.mode == "sfu")
        self._state.setText("You have compared these words in this call.")
        self._state.setVisible(self._is_compared)
        self.match_button.setText("Not compared" if self._is_compared else "They match")
        theme.set_style(self.match_button, kind="" if self._is_compared else "primary")
        self.match_button.setEnabled(bool(self._words))
        self.copy_button.setEnabled(bool(self._words))
        layout = self.layout()
        assert layout is not None
        self.setFixedHeight(
            layout.totalHeightForWidth(WIDTH_PX)
        )  # adjustSize guesses too much for wrapped words


def _sentence(role: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    theme.set_style(label, role=role)
    return label
