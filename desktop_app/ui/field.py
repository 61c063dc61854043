"""A field with its label above and the reason why its value is refused below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from . import theme


class LabelledField(QWidget):
    """A line of text; the reason disappears as soon as the person types."""

    def __init__(self, label: str, placeholder: str = "", *, max_chars: int = 2000) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setMaxLength(max_chars)
        self.edit.setAccessibleName(label)
        title = QLabel(label)
        title.setBuddy(self.edit)
        self._problem = QLabel()
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        theme.set_style(self._problem, role="error")
        self._problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.Spacing.XS)
        layout.addWidget(title)
        layout.addWidget(self.edit)
        layout.addWidget(self._problem)
        self.edit.textEdited.connect(lambda: self.show_problem(""))

    @property
    def text(self) -> str:
        """What is typed, without spaces around it."""
        return self.edit.text().strip()

    @property
    def problem(self) -> str:
        """The reason that is shown, empty when there is none."""
        return self._problem.text()

    def show_problem(self, sentence: str) -> None:
        """Say why the value is refused; an empty sentence takes that away."""
        if sentence == self._problem.text():
            return
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self.edit.setAccessibleDescription(sentence)
        theme.set_style(self.edit, invalid=bool(sentence))
