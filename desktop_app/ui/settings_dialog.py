"""The settings dialog, generated from the schema: a page for each group, a row for each option."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop_app.call.events import DeviceState, DeviceStatus, MicrophoneLevel
from desktop_app.core import paths
from desktop_app.settings.folder_check import folder_problem
from desktop_app.settings.kinds import Device
from desktop_app.settings.schema import OPTIONS, Group
from desktop_app.updates.memory import UpdateMemory

from . import theme
from .async_slots import run_coroutine
from .connection_test_dialog import ConnectionTestDialog
from .level_meter import LevelMeter
from .settings_device_field import DeviceField
from .settings_page import SettingsPage
from .settings_updates import CheckNow

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QShowEvent

    from desktop_app.call.events import CallEvent, DeviceKind
    from desktop_app.engine.port import EnginePort
    from desktop_app.settings.schema import Settings

    from .settings_row import OptionRow

TYPING_PAUSE_MS = 500
"""What is typed is applied after this pause: not every letter of a server's name is worth a try."""
_PAGE_ICONS = {
    Group.GENERAL: "person",
    Group.CAMERA: "camera",
    Group.SOUND: "speaker",
    Group.FILES: "folder",
    Group.NETWORK: "network",
    Group.APPEARANCE: "appearance",
    Group.UPDATES: "refresh",
}
_NAVIGATION_WIDTH_PX = 172
_FOOTER_MNEMONICS = "crt"


class SettingsDialog(QDialog):
    """Applies live: every value that becomes allowed is emitted, one that is not says why and is not used."""

    settings_changed = Signal(object)
    """The new Settings; the application saves them and gives them to the engine."""

    def __init__(self, engine: EnginePort, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._settings = settings
        self._pending: dict[str, Any] = {}
        self._listing_problem = ""
        self._unsubscribe: Callable[[], None] | None = None
        self.test_dialog: ConnectionTestDialog | None = None
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_PAUSE_MS)
        self._typing.timeout.connect(self.apply_pending)
        self.setWindowTitle("Settings")
        self.setWindowIcon(theme.icon("app"))
        self._build()
        self._show_settings()

    def _build(self) -> None:
        self.navigation = QListWidget(self)
        theme.set_style(self.navigation, role="navigation")
        self.navigation.setAccessibleName("Pages")
        self.navigation.setFixedWidth(_NAVIGATION_WIDTH_PX)
        self.navigation.setIconSize(QSize(theme.Spacing.ICON, theme.Spacing.ICON))
        self._stack = QStackedWidget(self)
        self.reset_button = QPushButton("&Reset to defaults", self)
        theme.set_style(self.reset_button, kind="flat")
        self.reset_button.setAutoDefault(False)
        self.reset_button.clicked.connect(self._ask_to_reset)
        self.test_button = QPushButton("&Test connection", self)
        theme.set_style(self.test_button, kind="flat")
        self.test_button.setAutoDefault(False)
        self.test_button.clicked.connect(self._test_connection)
        self.close_button = QPushButton("&Close", self)
        self.close_button.setAutoDefault(False)  # Return in a field must not close the dialog
        self.close_button.clicked.connect(self.close)
        self._build_pages()
        self._add_tests()
        upper = QHBoxLayout()
        upper.setSpacing(theme.Spacing.L)
        upper.addWidget(self.navigation)
        upper.addWidget(self._stack, 1)
        lower = QHBoxLayout()
        lower.addWidget(self.reset_button)
        lower.addWidget(self.test_button)
        lower.addStretch(1)
        lower.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.Spacing.L,) * 4)
        column.setSpacing(theme.Spacing.M)
        column.addLayout(upper, 1)
        column.addLayout(lower)
        self.resize(820, 600)

    def _build_pages(self) -> None:
        self.pages: dict[Group, SettingsPage] = {}
        self.rows: dict[str, OptionRow] = {}
        for group in Group:
            options = [option for option in OPTIONS if option.group is group]
            page = SettingsPage(group, options, _FOOTER_MNEMONICS, self._stack)
            self.pages[group] = page
            self.rows |= page.rows
            self._stack.addWidget(page)
            self.navigation.addItem(QListWidgetItem(group.value))
        self.navigation.currentRowChanged.connect(self._turn_to)
        self.navigation.setCurrentRow(0)
        for row in self.rows.values():
            row.accepted.connect(self._accepted)
            row.refused.connect(self._refused)
            if isinstance(row.field, DeviceField):
                row.field.refresh_requested.connect(self.refresh_devices)

    def _add_tests(self) -> None:
        """The level under the microphone, the test tone under the speaker."""
        self.level_meter = LevelMeter()
        self.tone_button = QPushButton("Play a test tone")
        self.tone_button.setIcon(theme.icon("play"))
        self.tone_button.setAutoDefault(False)
        self.tone_button.clicked.connect(self._play_tone)
        self._device_rows: dict[DeviceKind, OptionRow] = {}
        for row in self.rows.values():
            if not isinstance(row.option.kind, Device):
                continue
            self._device_rows[row.option.kind.device] = row
            if row.option.kind.device == "microphone":
                row.add_below(self.level_meter)
            elif row.option.kind.device == "speaker":
                holder = QWidget()
                line = QHBoxLayout(holder)
                line.setContentsMargins(0, theme.Spacing.XS, 0, 0)
                line.addWidget(self.tone_button)
                line.addStretch(1)
                row.add_below(holder)
        address = self.rows["updates_url"]
        self.check_now = CheckNow(
            self._engine,
            UpdateMemory(paths.updates_file()),
            lambda: self._settings.updates_url,
            lambda: address.problem,
        )
        self.check_now.button.pressed.connect(self.apply_pending)
        address.accepted.connect(lambda _name, _value: self.check_now.forget())
        address.refused.connect(lambda _name: self.check_now.forget())
        address.add_last(self.check_now)

    @property
    def settings(self) -> Settings:
        """The settings with everything that was applied so far."""
        return self._settings

    def show_page(self, group: Group) -> None:
        """Bring the page of `group` to the front."""
        self.navigation.setCurrentRow(list(self.pages).index(group))

    def _turn_to(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        for row, group in enumerate(self.pages):
            colour = "accent_text" if row == index else "text"
            self.navigation.item(row).setIcon(theme.icon(_PAGE_ICONS[group], color=colour))

    def take_settings(self, settings: Settings) -> None:
        """Follow a change that was made elsewhere; what is just being typed here stays."""
        changed = [name for name in self.rows if getattr(settings, name) != getattr(self._settings, name)]
        self._settings = settings
        for name in changed:
            if name not in self._pending:
                self.rows[name].set_value(getattr(settings, name))

    def apply_pending(self) -> None:
        """Emit what was accepted and not emitted yet."""
        self._typing.stop()
        pending, self._pending = self._pending, {}
        changed = self._settings.replace(**pending)
        if changed != self._settings:
            self._settings = changed
            self.settings_changed.emit(changed)
            if "download_folder" in pending:
                self._check_folder()

    def _check_folder(self) -> None:
        """Say when nothing can be saved in the folder that was chosen; it may be a drive that is not there yet."""
        run_coroutine(self, self._try_folder(), self.rows["download_folder"].show_notice)

    async def _try_folder(self) -> None:
        path = self._settings.download_folder
        sentence = await asyncio.to_thread(folder_problem, path) if path else ""
        if path == self._settings.download_folder:
            self.rows["download_folder"].show_notice(sentence)

    def refresh_devices(self) -> None:
        """Look for devices; the lists are filled when the answer is there."""
        run_coroutine(self, self._list_devices(), self._listing_failed)

    async def _list_devices(self) -> None:
        devices = await self._engine.list_devices()
        for row in self._device_rows.values():
            if isinstance(row.field, DeviceField):
                row.field.show_devices(devices)
            if row.notice == self._listing_problem:
                row.show_notice("")

    def _listing_failed(self, sentence: str) -> None:
        self._listing_problem = sentence
        for row in self._device_rows.values():
            row.show_notice(sentence)

    def _show_settings(self) -> None:
        for name, row in self.rows.items():
            row.set_value(getattr(self._settings, name))

    def _accepted(self, name: str, value: object) -> None:
        self._pending[name] = value
        if self.rows[name].field.is_typed:
            self._typing.start()
        else:
            self.apply_pending()

    def _refused(self, name: str) -> None:
        self._pending.pop(name, None)

    def _play_tone(self) -> None:
        self.apply_pending()
        run_coroutine(self, self._tone(), self._device_rows["speaker"].show_notice)

    async def _tone(self) -> None:
        self.tone_button.setEnabled(False)
        self._device_rows["speaker"].show_notice("")
        try:
            await self._engine.play_test_tone()
        finally:
            if shiboken6.isValid(self.tone_button):  # not when the dialog's end cancelled the tone
                self.tone_button.setEnabled(True)

    def _test_connection(self) -> None:
        self.apply_pending()
        if self.test_dialog is None:
            self.test_dialog = ConnectionTestDialog(self._engine, lambda: self._settings, self)
        self.test_dialog.show()
        self.test_dialog.raise_()
        self.test_dialog.activateWindow()

    def _ask_to_reset(self) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Reset to defaults",
            "Put every setting in this window back to its default? "
            "Your name and your own STUN and TURN servers are forgotten, too.",
            QMessageBox.StandardButton.Reset | QMessageBox.StandardButton.Cancel,
            self,
        )
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.button(QMessageBox.StandardButton.Reset).clicked.connect(self.reset)
        box.open()

    def reset(self) -> None:
        """Put every option of the dialog back to its default."""
        self._pending = {name: row.option.default for name, row in self.rows.items()}
        for name, row in self.rows.items():
            row.set_value(self._pending[name])
            row.show_notice("")
        self.apply_pending()

    def _on_event(self, event: CallEvent) -> None:
        if isinstance(event, MicrophoneLevel):
            self.level_meter.show_level(event.level)
        elif isinstance(event, DeviceStatus):
            failed = event.state is DeviceState.FAILED
            self._device_rows[event.device].show_notice(event.message if failed else "")

    def showEvent(self, event: QShowEvent) -> None:
        """Listen to the engine and look for devices."""
        super().showEvent(event)
        if self._unsubscribe is None:
            self._show_settings()  # a wrong value that was left here the last time is not shown again
            unsubscribe = self._engine.subscribe(self._on_event)
            self._unsubscribe = unsubscribe
            self.destroyed.connect(lambda: unsubscribe())
            self.refresh_devices()
            self._check_folder()

    def hideEvent(self, event: QHideEvent) -> None:
        """Apply what was typed last, and stop listening; a minimised window goes on."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.apply_pending()
            if self.test_dialog is not None:
                self.test_dialog.close()
            if self._unsubscribe is not None:
                self._unsubscribe()
                self._unsubscribe = None
