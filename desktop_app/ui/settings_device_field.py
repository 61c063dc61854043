"""The choice of a camera, microphone or speaker, with the test sources and files that the settings allow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton

from desktop_app.settings.kinds import TEST_DEVICE

from . import theme
from .device_choice import DeviceChoice
from .settings_fields import Field, ignore_wheel

if TYPE_CHECKING:
    from desktop_app.media.devices import Devices
    from desktop_app.settings.kinds import Device, DeviceKind

_FILE_ITEM = "\0file"  # no settings value: control characters are refused
_TEST_LABELS: dict[DeviceKind, str] = {"camera": "Moving test pattern", "microphone": "Test tone"}
_FILTERS: dict[DeviceKind, str] = {
    "camera": "Videos (*.mp4 *.mkv *.webm *.mov *.avi);;All files (*)",
    "microphone": "Sounds (*.wav);;All files (*)",
}


class FullDeviceChoice(DeviceChoice):
    """The lobby's choice of devices, and below it the test source and "Choose a file…"."""

    def _fill(self) -> None:
        super()._fill()
        label = _TEST_LABELS.get(self._kind)
        if label is None:
            return  # a speaker is a device or nothing
        if self.findData(TEST_DEVICE) < 0:
            self.addItem(label, TEST_DEVICE)
        self.insertSeparator(self.count())
        self.addItem("Choose a file…", _FILE_ITEM)

    def _activated(self, index: int) -> None:
        if self.itemData(index) == _FILE_ITEM:
            self.setCurrentIndex(self.findData(self._value))  # until a file is chosen
            self._ask_for_file()
        else:
            super()._activated(index)

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, f"Choose a file as {self._kind}")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(_FILTERS[self._kind])
        current = Path(self._value)
        if current.is_absolute():
            dialog.setDirectory(str(current.parent))
        dialog.fileSelected.connect(self.choose_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_file(self, path: str) -> None:
        """Use the file at `path` in place of a device."""
        self.set_value(path)
        self.chosen.emit(path)


class DeviceField(Field):
    """A device, and a button that looks for devices again."""

    refresh_requested = Signal()

    def __init__(self, kind: Device) -> None:
        super().__init__()
        self._kind = kind.device
        self.choice = FullDeviceChoice(kind.device, "")
        self.choice.chosen.connect(lambda: self.edited.emit())
        ignore_wheel(self.choice)
        self.refresh_button = QToolButton()
        self.refresh_button.setIcon(theme.icon("refresh"))
        self.refresh_button.setToolTip("Look for devices again")
        self.refresh_button.setAccessibleName(f"Look for devices again: {kind.device}")
        self.refresh_button.clicked.connect(lambda: self.refresh_requested.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.Spacing.XS)
        row.addWidget(self.choice, 1)
        row.addWidget(self.refresh_button)

    def show_devices(self, devices: Devices) -> None:
        """Offer what is connected now."""
        found = {"camera": devices.cameras, "microphone": devices.microphones, "speaker": devices.speakers}
        self.choice.set_devices(found[self._kind])

    def value(self) -> str:
        """The settings' value that is chosen."""
        return self.choice.value

    def set_value(self, value: str) -> None:
        """Show `value`, also when no such device is connected."""
        self.choice.set_value(value)

    def focus_target(self) -> FullDeviceChoice:
        """The list."""
        return self.choice
