"""The room's password: to enter with, or to set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from desktop_app.protocol.rights import MAX_PASSWORD_CHARS
from desktop_app.protocol.text import has_forbidden_characters
from desktop_app.ui import theme
from desktop_app.ui.settings_ice_field import SecretEdit

if TYPE_CHECKING:
    from PySide6.QtWidgets import QPushButton

ASK_TITLE = "Password needed"
ASK_TEXT = "This room has a password. Whoever invited you knows it."
SET_TITLE = "Password of the room"
SET_TEXT = "Who comes from now on needs it. Tell it to the others yourself: it is not in the link."


class PasswordDialog(QDialog):
    """One masked line. The window stays usable beside it."""

    entered = Signal(str)
    """The password; the dialog has closed."""

    def __init__(
        self, title: str, text: str, button: str, problem: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        heading = QLabel(title)
        theme.set_style(heading, role="heading")
        sentence = QLabel(text)
        sentence.setWordWrap(True)
        theme.set_style(sentence, role="muted")
        self.field = SecretEdit("Password")
        self.field.edit.setMaxLength(MAX_PASSWORD_CHARS)
        self.field.edit.setAccessibleName("Password")
        self.problem_label = QLabel()
        self.problem_label.setTextFormat(Qt.TextFormat.PlainText)
        self.problem_label.setWordWrap(True)
        theme.set_style(self.problem_label, role="error")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok_button: QPushButton = buttons.addButton(button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok_button.setDefault(True)
        theme.set_style(self.ok_button, kind="primary")
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.XL,) * 4)
        layout.setSpacing(theme.Spacing.M)
        for widget in (heading, sentence, self.field, self.problem_label, buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(420)
        self._show_problem(problem)
        self.field.edit.textChanged.connect(lambda text: self.ok_button.setEnabled(bool(text)))
        self.ok_button.setEnabled(False)
        self.field.edit.setFocus()

    def _show_problem(self, sentence: str) -> None:
        self.problem_label.setText(sentence)
        self.problem_label.setVisible(bool(sentence))
        self.field.edit.setAccessibleDescription(sentence)

    def _accept(self) -> None:
        password = self.field.edit.text()
        if has_forbidden_characters(password):
            self._show_problem("The password has characters that are not allowed.")
            return
        self.accept()
        self.entered.emit(password)
