"""The settings dialog: made from the schema, applied live, and it says why a value is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.ui.settings_device_field import DeviceField
from desktop_app.ui.settings_fields import NumberField, SwitchField, TextField
from desktop_app.ui.settings_ice_field import IceServersField

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QUrl
    from PySide6.QtWidgets import QLineEdit

    from desktop_app.settings.schema import Settings
    from desktop_app.ui.settings_dialog import SettingsDialog
    from desktop_app.ui.switch_box import SwitchBox


class Opened:
    """A dialog on the screen and everything that it emitted."""

    def __init__(self, dialog: SettingsDialog) -> None:
        self.dialog = dialog
        self.emitted: list[Settings] = []
        dialog.settings_changed.connect(self.emitted.append)

    def text(self, name: str) -> QLineEdit:
        field = self.dialog.rows[name].field
        assert isinstance(field, TextField)
        return field.edit

    def switch(self, name: str) -> SwitchBox:
        field = self.dialog.rows[name].field
        assert isinstance(field, SwitchField)
        return field.box

    def number(self, name: str) -> NumberField:
        field = self.dialog.rows[name].field
        assert isinstance(field, NumberField)
        return field

    def device(self, name: str) -> DeviceField:
        field = self.dialog.rows[name].field
        assert isinstance(field, DeviceField)
        return field

    def labels(self, name: str) -> list[str]:
        choice = self.device(name).choice
        return [choice.itemText(index) for index in range(choice.count()) if choice.itemText(index)]

    def pick(self, name: str, label: str) -> None:
        choice = self.device(name).choice
        index = choice.findText(label)
        assert index >= 0, self.labels(name)
        choice.setCurrentIndex(index)
        choice.activated.emit(index)

    @property
    def ice(self) -> IceServersField:
        field = self.dialog.rows["ice_servers"].field
        assert isinstance(field, IceServersField)
        return field


def type_into(edit: QLineEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClicks(edit, text)


def opening(pages: list[QUrl]) -> Callable[[QUrl], bool]:
    """In place of QDesktopServices.openUrl: keeps the page."""

    def keep(url: QUrl) -> bool:
        pages.append(url)
        return True

    return keep
