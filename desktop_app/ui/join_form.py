"""The form of the lobby: name, start a call, or join one by link or room name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop_app.protocol.invite import parse_target
from desktop_app.protocol.limits import MAX_NAME_CHARS
from desktop_app.settings.schema import SettingsError, validate

from . import theme
from .field import LabelledField

if TYPE_CHECKING:
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings

NAME_MISSING = "Type your name, so that the others know who you are."
_ANY_SERVER = "localhost"


class JoinForm(QWidget):
    """Emits what the person wants once it is certain that it can be tried."""

    start_requested = Signal()
    join_requested = Signal(object)
    """With the Invite."""
    cancel_requested = Signal()

    def __init__(self, settings: Settings, invite: Invite | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._invited = invite is not None
        self._busy = False
        self.name_field = LabelledField("Your name", "Ana Silva", max_chars=MAX_NAME_CHARS)
        self.name_field.edit.setText(settings.display_name)
        self.start_button = QPushButton("Start a call")
        self.start_button.setAccessibleDescription(
            "Makes a new room on this computer, with a link for others"
        )
        self.target_field = LabelledField("Link or room name", "https://…/r/… or a room's name")
        self.target_field.edit.setText(invite.link() if invite is not None else settings.last_target)
        self.target_field.edit.setCursorPosition(0)
        self.server_field = LabelledField("Server", "calls.example.org:8080", max_chars=300)
        self.server_field.edit.setText(settings.server)
        self.join_button = QPushButton("Join")
        # The one thing that is probably wanted stands out.
        theme.set_style(self.join_button if self._invited else self.start_button, kind="primary")
        self.cancel_button = QPushButton("Cancel")
        self._busy_label = QLabel()
        theme.set_style(self._busy_label, role="muted")
        self._error_label = QLabel()
        self._error_label.setTextFormat(Qt.TextFormat.PlainText)
        self._error_label.setWordWrap(True)
        theme.set_style(self._error_label, role="error")
        self._build_layout()
        self.show_busy("")
        self.show_error("")
        self._show_server_use()

        self.start_button.clicked.connect(self._start)
        self.join_button.clicked.connect(self._join)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.name_field.edit.returnPressed.connect(self._join if self._invited else self._start)
        self.target_field.edit.returnPressed.connect(self._join)
        self.server_field.edit.returnPressed.connect(self._join)
        self.target_field.edit.textChanged.connect(self._show_server_use)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        self._escape.setContext(Qt.ShortcutContext.WindowShortcut)
        self._escape.activated.connect(self._cancel_if_busy)

    def _build_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.Spacing.M)
        layout.addWidget(self.name_field)
        layout.addWidget(self.start_button)
        layout.addSpacing(theme.Spacing.XS)
        layout.addLayout(_divider("or join a call"))
        layout.addWidget(self.target_field)
        layout.addWidget(self.server_field)
        layout.addWidget(self.join_button)
        busy_row = QHBoxLayout()
        busy_row.addWidget(self._busy_label, 1)
        busy_row.addWidget(self.cancel_button)
        layout.addLayout(busy_row)
        layout.addWidget(self._error_label)

    @property
    def error(self) -> str:
        """The sentence under the form, empty when there is none."""
        return self._error_label.text()

    @property
    def busy(self) -> bool:
        """Whether an attempt is under way."""
        return self._busy

    def focus_first(self) -> None:
        """Put the focus where the person probably goes on."""
        if not self.name_field.text:
            self.name_field.edit.setFocus()
        else:
            (self.join_button if self._invited else self.start_button).setFocus()

    def show_busy(self, text: str) -> None:
        """Say what is under way and offer to cancel it; an empty text ends that."""
        self._busy = bool(text)
        self._busy_label.setText(text)
        self._busy_label.setVisible(self._busy)
        self.cancel_button.setVisible(self._busy)
        for widget in (
            self.name_field,
            self.target_field,
            self.server_field,
            self.start_button,
            self.join_button,
        ):
            widget.setEnabled(not self._busy)
        if self._busy:
            self.cancel_button.setFocus()
        else:
            self._show_server_use()

    def show_error(self, sentence: str) -> None:
        """Say why the last attempt failed, or why the call ended."""
        self._error_label.setText(sentence)
        self._error_label.setVisible(bool(sentence))

    def take_target(self, before: str, now: str) -> None:
        """The link kept from the last time has got its secret back; what was typed meanwhile stays."""
        if self.target_field.text == before:
            self.target_field.edit.setText(now)
            self.target_field.edit.setCursorPosition(0)

    def take_settings(self, settings: Settings) -> None:
        """Follow a change that was made elsewhere, but not over what is being typed."""
        for field, value in ((self.name_field, settings.display_name), (self.server_field, settings.server)):
            if not field.edit.hasFocus():
                field.edit.setText(value)

    def set_target(self, invite: Invite) -> None:
        """Fill in an invitation that was opened meanwhile."""
        self.target_field.edit.setText(invite.link())
        self.target_field.edit.setCursorPosition(0)

    def join(self) -> None:
        """Join what is filled in, as the button does, or say what is missing."""
        self._join()

    def _show_server_use(self) -> None:
        """A whole link names its server itself."""
        is_link = "://" in self.target_field.text
        self.server_field.setEnabled(not is_link and not self._busy)
        self.server_field.edit.setPlaceholderText(
            "named by the link" if is_link else "calls.example.org:8080"
        )

    def _cancel_if_busy(self) -> None:
        if self._busy:
            self.cancel_requested.emit()

    def _name_is_fine(self) -> bool:
        self.show_error("")
        problem = ""
        try:
            if not validate("display_name", self.name_field.text):
                problem = NAME_MISSING
        except SettingsError as error:
            problem = str(error)
        self.name_field.show_problem(problem)
        if problem:
            self.name_field.edit.setFocus()
        return not problem

    def _start(self) -> None:
        if not self._busy and self._name_is_fine():
            self.start_requested.emit()

    def _join(self) -> None:
        if self._busy or not self._name_is_fine():
            return
        self.target_field.show_problem("")
        self.server_field.show_problem("")
        target, server = self.target_field.text, self.server_field.text
        try:
            parse_target(target, _ANY_SERVER)
        except ValueError as error:
            self.target_field.show_problem(str(error))
            self.target_field.edit.setFocus()
            return
        try:
            if "://" not in target:
                validate("server", server)
            invite = parse_target(target, server)
        except (ValueError, SettingsError) as error:
            self.server_field.show_problem(str(error))
            self.server_field.edit.setFocus()
            return
        self.join_requested.emit(invite)


def _divider(text: str) -> QHBoxLayout:
    """A line with a few words in its middle."""
    row = QHBoxLayout()
    row.setSpacing(theme.Spacing.M)
    label = QLabel(text)
    theme.set_style(label, role="caption")
    for widget in (_line(), label, _line()):
        row.addWidget(widget, 0 if widget is label else 1)
    return row


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    theme.set_style(line, role="separator")
    return line
