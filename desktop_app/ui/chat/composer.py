"""What one says: whom it is for, the text, and what is in the way of sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QTextOption
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.data.messages.chat import MAX_LINE_CHARS
from desktop_app.ui import theme
from desktop_app.ui.names import in_sentence

from .tips import plain_tip
from .words import length_text

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

MAX_PASTED_CHARS = 4 * MAX_LINE_CHARS
"""More is cut off at once: laying out megabytes would stop the window."""
TO_EVERYBODY = "To everybody"
MIN_LINES = 1
MAX_LINES = 6


class LineEdit(QPlainTextEdit):
    """Grows with its text. Enter sends, Shift+Enter begins a new line."""

    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Write a message")
        self.setAccessibleName("Message")
        self.setAccessibleDescription("Enter sends it, Shift+Enter begins a new line")
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # files go to the window
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def text(self) -> str:
        """What is written, without empty lines around it."""
        return self.toPlainText().strip()

    def _fit(self) -> None:
        lines = min(MAX_LINES, max(MIN_LINES, int(self.document().size().height())))
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded
            if self.document().size().height() > MAX_LINES
            else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        margins = 2 * (int(self.document().documentMargin()) + 7)
        self.setFixedHeight(lines * QFontMetrics(self.font()).lineSpacing() + margins)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier:
                self.entered.emit()
                return
            self.insertPlainText("\n")
            self.ensureCursorVisible()
            return
        super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text, as text."""
        if source.hasText():
            self.insertPlainText(source.text()[:MAX_PASTED_CHARS])
            self.ensureCursorVisible()


class Composer(QWidget):
    """The lower part of the chat."""

    send_requested = Signal(str, object)
    """The text, and the user id of whom it is for; None for everybody."""
    files_requested = Signal(object)
    """Files are to be chosen, for this user id or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: dict[str, str] = {}
        self._to: str | None = None
        self._confirm = False
        self.recipient = QComboBox()
        self.recipient.setAccessibleName("Whom your messages and files are for")
        self.recipient.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.recipient.setMinimumContentsLength(8)
        self.recipient.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.recipient.addItem(TO_EVERYBODY, None)
        self.recipient.activated.connect(self._chosen)
        self.files_button = QToolButton()
        self.files_button.setIcon(theme.icon("attach"))
        self.files_button.setIconSize(QSize(theme.Spacing.ICON, theme.Spacing.ICON))
        self.files_button.clicked.connect(lambda: self.files_requested.emit(self._to))
        self.edit = LineEdit()
        self.edit.textChanged.connect(self._text_changed)
        self.edit.entered.connect(self.send)
        self.send_button = QToolButton()
        self.send_button.setIcon(theme.icon("send", color="accent_text"))
        self.send_button.setIconSize(QSize(theme.Spacing.ICON, theme.Spacing.ICON))
        self.send_button.setToolTip("Send (Enter)")
        self.send_button.setAccessibleName("Send")
        self.send_button.clicked.connect(self.send)
        for button in (self.files_button, self.send_button):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._hint = QLabel()
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.hide()
        upper = QHBoxLayout()
        upper.setSpacing(theme.Spacing.S)
        upper.addWidget(self.recipient, 1)
        upper.addWidget(self.files_button)
        lower = QHBoxLayout()
        lower.setSpacing(theme.Spacing.XS)
        lower.addWidget(self.edit, 1)
        lower.addWidget(self.send_button, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.Spacing.S, theme.Spacing.S, theme.Spacing.S, theme.Spacing.S)
        column.setSpacing(theme.Spacing.XS)
        column.addLayout(upper)
        column.addWidget(self._hint)
        column.addLayout(lower)
        self._text_changed()
        self._describe_files_button()

    @property
    def to(self) -> str | None:
        """Whom the next line and the next files are for; None: everybody."""
        return self._to

    @property
    def hint(self) -> str:
        """What is said above the field; empty when there is nothing to say."""
        return "" if self._hint.isHidden() else self._hint.text()

    def set_people(self, names: dict[str, str]) -> None:
        """Who can be written to: user id and name."""
        if names == self._names:
            return
        left = (
            in_sentence(self._names.get(self._to, ""))
            if self._to is not None and self._to not in names
            else ""
        )
        self._names = dict(names)
        self.recipient.clear()
        self.recipient.addItem(TO_EVERYBODY, None)
        for user_id, name in names.items():
            self.recipient.addItem(f"To {in_sentence(name)} only", user_id)
        if left:
            self._to = None
            self._confirm = bool(self.edit.text())
            words = f"{left} has left, so your messages go to everybody now."
            if self._confirm:
                words = (
                    f"{left} has left. What you wrote would go to everybody: send it again if you mean that."
                )
            self._say(words, "warning")
        self.recipient.setCurrentIndex(max(0, self.recipient.findData(self._to)))
        self._describe_files_button()

    def choose(self, user_id: str | None) -> None:
        """Write to somebody; None: to everybody."""
        self._to = user_id if user_id in self._names else None
        self._confirm = False
        self.recipient.setCurrentIndex(max(0, self.recipient.findData(self._to)))
        self._text_changed()
        self._describe_files_button()

    def clear(self) -> None:
        """Another call: nothing is written, to everybody."""
        self._names = {}
        self.recipient.clear()
        self.recipient.addItem(TO_EVERYBODY, None)
        self.choose(None)
        self.edit.clear()

    def restore(self, text: str) -> None:
        """Put back what could not be sent, unless something else is being written."""
        if not self.edit.text():
            self.edit.setPlainText(text)
            self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)

    def send(self) -> None:
        """Send what is written, if it can be sent."""
        text = self.edit.text()
        words, too_long = length_text(len(text), MAX_LINE_CHARS)
        if too_long:
            self._say(words, "error")
            return
        if not text:
            return
        if self._confirm:
            self._confirm = False
            self._say("This goes to everybody: press Enter once more to send it.", "warning")
            return
        self.edit.clear()
        self.send_requested.emit(text, self._to)

    def _chosen(self, index: int) -> None:
        self.choose(self.recipient.itemData(index))
        self.edit.setFocus()

    def _text_changed(self) -> None:
        text = self.edit.text()
        words, too_long = length_text(len(text), MAX_LINE_CHARS)
        self.send_button.setEnabled(bool(text) and not too_long)
        theme.set_style(self.edit, invalid=too_long)
        if self._confirm and text and not words:
            return  # what is said of the one who left stays until it is answered
        self._say(words, "error" if too_long else "caption")

    def _say(self, words: str, role: str) -> None:
        theme.set_style(self._hint, role=role)
        self._hint.setText(words)
        self._hint.setVisible(bool(words))
        self.edit.setAccessibleDescription(words or "Enter sends it, Shift+Enter begins a new line")

    def _describe_files_button(self) -> None:
        whom = "everybody" if self._to is None else f"{in_sentence(self._names[self._to])} only"
        self.files_button.setToolTip(plain_tip(f"Send files to {whom}"))
        self.files_button.setAccessibleName(f"Send files to {whom}")

    def changeEvent(self, event: QEvent) -> None:
        """The field keeps its height in lines when the font changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.edit._fit()
