"""The editors of the settings dialog, one for each kind of option.

A field shows a value and tells when a person changed it; whether the value is allowed is not its business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSpinBox, QWidget

from . import theme
from .switch_box import SwitchBox

if TYPE_CHECKING:
    from desktop_app.settings.kinds import Choice, Integer, Text

_MAX_TYPED_CHARS = 2000
_MAX_TYPED_NUMBER = 9999


class Field(QWidget):
    """The base of all editors."""

    edited = Signal()
    """The person changed the value, maybe to one that is not allowed."""

    is_typed = False
    """The value passes through others on its way to the one that is meant, so it is applied after a pause."""

    def value(self) -> Any:
        """What the person has chosen or typed so far."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show `value`; `edited` is not emitted."""
        raise NotImplementedError

    def problem(self) -> str | None:
        """A problem that the field itself shows beside the part that is wrong; the value is not to be used."""
        return None

    def focus_target(self) -> QWidget:
        """What gets the keyboard when the label's mnemonic is pressed."""
        raise NotImplementedError

    def mark_invalid(self, invalid: bool) -> None:
        """Give the edge the colour of an error, or take it away."""
        theme.set_style(self.focus_target(), invalid=invalid)


class TextField(Field):
    """One line of text."""

    is_typed = True

    def __init__(self, kind: Text) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setMaxLength(_MAX_TYPED_CHARS)
        self.edit.setPlaceholderText(kind.placeholder)
        self.edit.textEdited.connect(lambda: self.edited.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit)

    def value(self) -> str:
        """What is typed."""
        return self.edit.text()

    def set_value(self, value: str) -> None:
        """Show `value`, unless it is what is typed but for spaces around it."""
        if value != self.edit.text().strip():
            self.edit.setText(value)

    def focus_target(self) -> QLineEdit:
        """The line."""
        return self.edit


class ChoiceField(Field):
    """One of a few words."""

    def __init__(self, kind: Choice) -> None:
        super().__init__()
        self.box = QComboBox()
        for word, label in kind.labels.items():
            self.box.addItem(label, word)
        self.box.currentIndexChanged.connect(lambda: self.edited.emit())
        ignore_wheel(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addStretch(1)

    def value(self) -> str:
        """The chosen word."""
        return str(self.box.currentData())

    def set_value(self, value: str) -> None:
        """Choose `value`."""
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(value))

    def focus_target(self) -> QComboBox:
        """The list."""
        return self.box


class _NumberBox(QSpinBox):
    """Its arrows stay within the bounds; what is typed may leave them, so that the dialog can say why not."""

    def __init__(self, kind: Integer) -> None:
        super().__init__()
        self._kind = kind
        self.setRange(0, _MAX_TYPED_NUMBER)
        self.lineEdit().setTextMargins(
            theme.Spacing.S, 0, 0, 0
        )  # the style sheet's padding does not reach it

    def stepBy(self, steps: int) -> None:
        """Step within the bounds."""
        wanted = self.value() + steps * self.singleStep()
        self.setValue(min(self._kind.maximum, max(self._kind.minimum, wanted)))


class NumberField(Field):
    """A whole number with its unit."""

    is_typed = True

    def __init__(self, kind: Integer) -> None:
        super().__init__()
        self.box = _NumberBox(kind)
        self.box.valueChanged.connect(lambda: self.edited.emit())
        self.box.setMinimumWidth(96)
        ignore_wheel(self.box)
        unit = QLabel(kind.unit)
        theme.set_style(unit, role="muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.Spacing.S)
        row.addWidget(self.box)
        row.addWidget(unit)
        row.addStretch(1)

    def value(self) -> int:
        """The number."""
        return self.box.value()

    def set_value(self, value: int) -> None:
        """Show `value`."""
        with QSignalBlocker(self.box):
            self.box.setValue(value)

    def focus_target(self) -> QSpinBox:
        """The box."""
        return self.box


class SwitchField(Field):
    """On or off; the title stands in the switch itself."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.box = SwitchBox(title)
        self.box.toggled.connect(lambda: self.edited.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)

    def value(self) -> bool:
        """Whether it is on."""
        return self.box.isChecked()

    def set_value(self, value: bool) -> None:
        """Switch it."""
        with QSignalBlocker(self.box):
            self.box.setChecked(value)
        self.box.update()

    def focus_target(self) -> SwitchBox:
        """The switch."""
        return self.box


class _WheelGuard(QObject):
    """Lets the page scroll when the pointer happens to be over a list or number that has no focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass wheel turns on to the page."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def ignore_wheel(widget: QWidget) -> None:
    """Change `widget` by the wheel only after it was given the keyboard on purpose."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))
