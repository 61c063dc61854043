"""One option in the settings dialog: its title, its field, its help, and why a value is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktop_app.settings.kinds import Choice, Device, Folder, IceServers, Integer, Switch, Text
from desktop_app.settings.schema import Option, SettingsError

from . import theme
from .settings_device_field import DeviceField
from .settings_fields import ChoiceField, Field, NumberField, SwitchField, TextField
from .settings_folder_field import FolderField
from .settings_ice_field import IceServersField

if TYPE_CHECKING:
    from desktop_app.settings.kinds import Kind


def make_field(kind: Kind, title: str) -> Field:
    """The editor for a kind of option; `title` is for those that show it themselves, with its mnemonic."""
    match kind:
        case Text():
            return TextField(kind)
        case Choice():
            return ChoiceField(kind)
        case Integer():
            return NumberField(kind)
        case Switch():
            return SwitchField(title)
        case Device():
            return DeviceField(kind)
        case Folder():
            return FolderField()
        case IceServers():
            return IceServersField(kind)


class OptionRow(QWidget):
    """Checks each edit against the schema; emits only what is allowed."""

    accepted = Signal(str, object)
    """The option's name and its new value."""
    refused = Signal(str)
    """The option's name: what is typed now must not be used."""

    def __init__(self, option: Option, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.option = option
        self.field = make_field(option.kind, title)
        self.field.edited.connect(self._edited)
        self._help = _wrapping_label("caption", option.help)
        self._problem = _wrapping_label("error")
        self._notice = _wrapping_label("warning")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.Spacing.XS)
        if not isinstance(self.field, SwitchField):
            label = QLabel(title)
            label.setBuddy(self.field.focus_target())
            theme.set_style(label, role="label")
            self._column.addWidget(label)
        for widget in (self.field, self._problem, self._notice, self._help):
            self._column.addWidget(widget)
        target = self.field.focus_target()
        if not isinstance(self.field, IceServersField | SwitchField):
            target.setAccessibleName(option.title)
        target.setAccessibleDescription(option.help)

    @property
    def problem(self) -> str:
        """Why the value is refused; empty when it is not, or when the field says it itself."""
        return self._problem.text()

    @property
    def notice(self) -> str:
        """What is wrong with the device or its test, in one sentence."""
        return self._notice.text()

    def set_value(self, value: Any) -> None:
        """Show an allowed value."""
        self.field.set_value(value)
        self._show_problem("")

    def show_notice(self, sentence: str) -> None:
        """Say what is wrong with what was chosen, or with an empty sentence that all is well."""
        self._notice.setText(sentence)
        self._notice.setVisible(bool(sentence))

    def add_below(self, widget: QWidget) -> None:
        """Put `widget` between the field and its help."""
        self._column.insertWidget(self._column.indexOf(self.field) + 1, widget)

    def add_last(self, widget: QWidget) -> None:
        """Put `widget` under the help."""
        self._column.addWidget(widget)

    def _edited(self) -> None:
        if self.field.problem():
            self.refused.emit(self.option.name)
            return
        try:
            value = self.option.checked(self.field.value())
        except SettingsError as error:
            self._show_problem(str(error))
            self.refused.emit(self.option.name)
            return
        self._show_problem("")
        self.accepted.emit(self.option.name, value)

    def _show_problem(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self.field.mark_invalid(bool(sentence))
        self.field.focus_target().setAccessibleDescription(sentence or self.option.help)


def _wrapping_label(role: str, text: str = "") -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setVisible(bool(text))
    theme.set_style(label, role=role)
    return label
