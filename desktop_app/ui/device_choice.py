"""A list of devices of one kind, with the settings' value always in it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from desktop_app.settings.kinds import DEFAULT_DEVICE, NO_DEVICE, TEST_DEVICE

from .names import clean_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.call.events import DeviceKind
    from desktop_app.media.devices import Device

_TEST_WORDS = {"camera": "Moving test pattern", "microphone": "Test tone"}


class DeviceChoice(QComboBox):
    """Emits `chosen` with the settings' value when the person picks another device."""

    chosen = Signal(str)

    def __init__(self, kind: DeviceKind, value: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._value = value
        self._devices: Sequence[Device] | None = None
        self.setAccessibleName(kind.capitalize())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self._fill()
        self.activated.connect(self._activated)

    @property
    def value(self) -> str:
        """The settings' value that is chosen."""
        return self._value

    def set_value(self, value: str) -> None:
        """Show another value; `chosen` is not emitted."""
        if value != self._value:
            self._value = value
            self._fill()

    def set_devices(self, devices: Sequence[Device]) -> None:
        """Offer what is connected now."""
        if self._devices is None or tuple(devices) != tuple(self._devices):
            self._devices = devices
            self._fill()

    def _fill(self) -> None:
        names = list(dict.fromkeys(device.name for device in self._devices or ()))
        items = [("System default", DEFAULT_DEVICE), *((clean_name(name) or name, name) for name in names)]
        items.append((f"No {self._kind}", NO_DEVICE))
        if self._value not in [value for _, value in items]:
            items.append((self._word_for_other(), self._value))
        self.clear()
        for text, value in items:
            self.addItem(text, value)
        self.setCurrentIndex(self.findData(self._value))

    def _word_for_other(self) -> str:
        if self._value == TEST_DEVICE and self._kind in _TEST_WORDS:
            return _TEST_WORDS[self._kind]
        path = PurePath(self._value)
        if path.is_absolute():
            return f"File: {clean_name(path.name)}"
        name = clean_name(self._value)
        return name if self._devices is None else f"{name} (not connected)"

    def _activated(self, index: int) -> None:
        value = self.itemData(index)
        if value != self._value:
            self._value = value
            self.chosen.emit(value)
