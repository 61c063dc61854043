"""The list of STUN and TURN servers: one row each, checked as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.core.ice_url import check_ice_url, split_ice_server

from . import theme
from .settings_fields import Field

if TYPE_CHECKING:
    from desktop_app.settings.kinds import IceServers


class SecretEdit(QWidget):
    """A masked line of text with a button that shows it."""

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.reveal_button = QToolButton()
        self.reveal_button.setCheckable(True)
        self.reveal_button.toggled.connect(self._reveal)
        self._reveal(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.Spacing.XS)
        row.addWidget(self.edit, 1)
        row.addWidget(self.reveal_button)

    def _reveal(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.edit.setEchoMode(mode)
        words = "Hide the secret" if shown else "Show the secret"
        self.reveal_button.setIcon(theme.icon("eye-off" if shown else "eye"))
        self.reveal_button.setToolTip(words)
        self.reveal_button.setAccessibleName(words)


class IceServerRow(QFrame):
    """One server: its URL and, when it needs them, user and secret."""

    edited = Signal()
    remove_requested = Signal()

    def __init__(self, server: str) -> None:
        super().__init__()
        theme.set_style(self, role="card")
        url, user, secret = _split(server)
        self.url = QLineEdit(url)
        self.url.setPlaceholderText("turn:turn.example.org:3478")
        self.user = QLineEdit(user)
        self.user.setPlaceholderText("User name")
        self.secret = SecretEdit("Secret")
        self.secret.edit.setText(secret)
        self.remove_button = QToolButton()
        self.remove_button.setIcon(theme.icon("remove"))
        self.remove_button.setToolTip("Remove this server")
        self.remove_button.clicked.connect(lambda: self.remove_requested.emit())
        self._problem = QLabel()
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        theme.set_style(self._problem, role="error")
        self._build_layout()
        for edit in (self.url, self.user, self.secret.edit):
            edit.textEdited.connect(self._text_edited)
        self._show_state()

    def _build_layout(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.Spacing.XS)
        top.addWidget(self.url, 1)
        top.addWidget(self.remove_button)
        self._credentials = QWidget()
        bottom = QHBoxLayout(self._credentials)
        bottom.setContentsMargins(0, 0, 0, 0)
        bottom.setSpacing(theme.Spacing.S)
        bottom.addWidget(self.user, 1)
        bottom.addWidget(self.secret, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.Spacing.S,) * 4)
        column.setSpacing(theme.Spacing.S)
        column.addLayout(top)
        column.addWidget(self._credentials)
        column.addWidget(self._problem)

    def set_number(self, number: int) -> None:
        """Tell screen readers which of the servers this is."""
        self.url.setAccessibleName(f"Server {number}: address")
        self.user.setAccessibleName(f"Server {number}: user name")
        self.secret.edit.setAccessibleName(f"Server {number}: secret")
        self.remove_button.setAccessibleName(f"Remove server {number}")

    def is_blank(self) -> bool:
        """Whether nothing is typed in it."""
        return not any(edit.text().strip() for edit in (self.url, self.user, self.secret.edit))

    def server(self) -> str:
        """URL[,USER,SECRET]."""
        parts = [self.url.text().strip()]
        if self._needs_credentials():
            parts += [self.user.text().strip(), self.secret.edit.text()]
        return ",".join(parts)

    def problem(self) -> str | None:
        """Why it cannot be used as it is, or None."""
        if self.is_blank():
            return None
        url = self.url.text().strip()
        if "," in url:
            return "The user name and the secret have fields of their own."
        problem = check_ice_url(url)
        if problem:
            return problem
        if self._needs_credentials() and not (self.user.text().strip() and self.secret.edit.text()):
            return "A TURN server needs a user name and a secret."
        if "," in self.user.text():
            return "The user name must not contain a comma."
        try:
            split_ice_server(self.server())
        except ValueError as error:
            return str(error)
        return None

    def _needs_credentials(self) -> bool:
        is_turn = self.url.text().strip().startswith("turn")
        return is_turn or bool(self.user.text() or self.secret.edit.text())

    def _text_edited(self) -> None:
        self._show_state()
        self.edited.emit()

    def _show_state(self) -> None:
        self._credentials.setVisible(self._needs_credentials())
        problem = self.problem() or ""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.url.setAccessibleDescription(problem)
        theme.set_style(self.url, invalid=bool(problem))


class IceServersField(Field):
    """The rows, and a button that adds one."""

    is_typed = True

    def __init__(self, kind: IceServers) -> None:
        super().__init__()
        self._maximum = kind.maximum
        self.rows: list[IceServerRow] = []
        self.add_button = QPushButton("Add a server")
        self.add_button.setIcon(theme.icon("add"))
        self.add_button.setAutoDefault(False)  # Return in a field must not add a row
        self.add_button.clicked.connect(self._add_clicked)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.Spacing.S)
        self._column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def value(self) -> tuple[str, ...]:
        """The servers that are not blank, also those that are not valid yet."""
        return tuple(row.server() for row in self.rows if not row.is_blank())

    def set_value(self, value: tuple[str, ...]) -> None:
        """Show these servers."""
        if value == self.value():
            return  # leave what is being typed alone
        for row in tuple(self.rows):
            self._drop(row)
        for server in value:
            self._add(server)

    def problem(self) -> str | None:
        """The first row's problem that there is; each row shows its own."""
        return next((problem for row in self.rows if (problem := row.problem())), None)

    def focus_target(self) -> QWidget:
        """The first row, or the button when there is none."""
        return self.rows[0].url if self.rows else self.add_button

    def mark_invalid(self, invalid: bool) -> None:
        """Each row marks itself."""

    def _add(self, server: str) -> IceServerRow:
        row = IceServerRow(server)
        row.edited.connect(lambda: self.edited.emit())
        row.remove_requested.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._column.insertWidget(self._column.count() - 1, row)
        row.show()  # now, so that it can have the keyboard
        self._rows_changed()
        return row

    def _drop(self, row: IceServerRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._rows_changed()

    def _rows_changed(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            row.set_number(number)
        self.add_button.setEnabled(len(self.rows) < self._maximum)

    def _add_clicked(self) -> None:
        self._add("").url.setFocus()

    def _remove(self, row: IceServerRow) -> None:
        index = self.rows.index(row)
        self._drop(row)
        if self.rows:
            self.rows[min(index, len(self.rows) - 1)].remove_button.setFocus()
        else:
            self.add_button.setFocus()
        self.edited.emit()


def _split(server: str) -> tuple[str, str, str]:
    url, _, rest = server.partition(",")
    user, _, secret = rest.partition(",")
    return url, user, secret
