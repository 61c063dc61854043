"""The window: lobby and call page, menus, notices, state line; events in, commands out."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QByteArray, QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.call.events import (
    CallState,
    CallStateChanged,
    DeviceStatus,
    LocalMuteChanged,
    LocalScreenChanged,
    MicrophoneLevel,
    Notice,
    StatsUpdated,
    TopologyChanged,
)
from desktop_app.core import paths
from desktop_app.data.events import DataEvent

from . import theme
from .actions import Actions
from .board.coordinator import BoardCoordinator
from .call_controller import CallController
from .call_page import CallPage
from .chat.coordinator import ChatCoordinator
from .connection_watch import ConnectionWatch
from .device_watch import DeviceWatch
from .event_sounds import EventSounds
from .files.coordinator import FilesCoordinator
from .frame_converter import ConversionPool
from .invite_dialog import InviteDialog, copy_text
from .layout.coordinator import LayoutCoordinator
from .lobby import Lobby
from .menus import fill_menu_bar, open_about
from .names import clean_name
from .notice_bar import NoticeBar
from .people.coordinator import PeopleCoordinator
from .people.password_dialog import ASK_TEXT, ASK_TITLE, PasswordDialog
from .reactions.coordinator import SignsCoordinator
from .returning import Returning
from .room_model import RoomModel
from .screens.coordinator import ScreensCoordinator
from .state_line import StateLine
from .waiting_page import WaitingPage

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent

    from desktop_app.call.events import CallEvent
    from desktop_app.engine.port import EnginePort
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings
    from desktop_app.settings.vault import Vault

    from .settings_dialog import SettingsDialog


class MainWindow(QMainWindow):
    """Everything that the person sees.

    Construct it after `theme.apply_theme`, then `start()` with the loop running. Closing the window leaves the
    call and closes the engine without blocking; `closed` is emitted when that is done, then the application may
    quit.
    """

    closed = Signal()

    def __init__(
        self,
        engine: EnginePort,
        settings: Settings,
        save_settings: Callable[[Settings], Coroutine[Any, Any, None]],
        initial_invite: Invite | None = None,
        notice: str | None = None,
        calls_folder: Path | None = None,
        vault: Vault | None = None,
    ) -> None:
        """With `calls_folder` and `vault` the window writes down where it is in a call, to return after a crash."""
        super().__init__()
        self._engine = engine
        self._model = RoomModel(engine.user_id)
        self._pool = ConversionPool(self)
        self.controller = CallController(engine, settings, save_settings, self)
        self.actions_ = Actions(self)
        self.notices = NoticeBar()
        self.state_line = StateLine()
        self.lobby = Lobby(
            self._pool,
            engine.local_video,
            settings,
            initial_invite,
            (self.actions_.microphone, self.actions_.camera),
        )
        self.call_page = CallPage(
            self._pool, engine.local_video, engine.remote_video, engine.remote_screen, self.actions_
        )
        self.board = BoardCoordinator(engine, self.call_page, self.actions_, self)
        self.chat = ChatCoordinator(engine, self.call_page, self.actions_, self)
        self.files = FilesCoordinator(engine, self.call_page, self)
        self.signs = SignsCoordinator(engine, self.call_page, self.actions_, self)
        self.layout_ = LayoutCoordinator(engine, self.call_page, self.actions_, self.controller, self)
        self.screens = ScreensCoordinator(engine, self.call_page, self.actions_, self)
        sounds = EventSounds(engine, lambda: self.controller.settings.event_sounds)
        self.people = PeopleCoordinator(
            engine, self.call_page, self.actions_, self._model, self.notices, sounds, self
        )
        self._devices = DeviceWatch(self._model, self.notices)
        self._connections = ConnectionWatch(self._model, self.notices, sounds)
        self.waiting_page = WaitingPage()
        self._returning: Returning | None = None
        if calls_folder is not None and vault is not None:
            self._returning = Returning(calls_folder, vault, self.controller, self.lobby, self)
            self.controller.before_close.append(self._returning.close)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.lobby)
        self.pages.addWidget(self.call_page)
        self.pages.addWidget(self.waiting_page)
        self._appearance = settings.appearance
        self._settings_dialog: SettingsDialog | None = None
        self._secrets_notice = ""
        self._shutting_down = False
        self._done = False
        self._build()
        self._connect()
        self._use_settings(settings)
        self._unsubscribe = engine.subscribe(self._take_event)
        self._show_model()
        self._restore_geometry(settings.window_geometry)
        if notice:
            self.notices.show_notice("warning", notice, "settings")

    def _build(self) -> None:
        self.setWindowTitle("Bridgecall")
        self.setAttribute(
            Qt.WidgetAttribute.WA_QuitOnClose, False
        )  # hiding comes before the end, see closeEvent
        self.setMinimumSize(420, 420)
        self.resize(1080, 700)
        fill_menu_bar(self.menuBar(), self.actions_)
        self.addActions(self.actions_.all())  # shortcuts work though the menu bar may be hidden (full screen)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        notice_box = QVBoxLayout()
        notice_box.setContentsMargins(theme.Spacing.S, theme.Spacing.XS, theme.Spacing.S, 0)
        notice_box.addWidget(self.notices)
        layout.addLayout(notice_box)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.state_line)
        self.setCentralWidget(body)

    def _connect(self) -> None:
        actions, controller, form = self.actions_, self.controller, self.lobby.form
        actions.microphone.triggered.connect(lambda: controller.toggle_mute("audio", self._model.audio_muted))
        actions.camera.triggered.connect(lambda: controller.toggle_mute("video", self._model.video_muted))
        actions.settings.triggered.connect(self.open_settings)
        actions.invite.triggered.connect(self.open_invite)
        actions.copy_link.triggered.connect(self._copy_link)
        actions.leave.triggered.connect(controller.leave)
        actions.full_screen.toggled.connect(self._show_full_screen)
        actions.quit.triggered.connect(self.close)
        actions.diagnostics.triggered.connect(controller.copy_diagnostics)
        actions.open_log.triggered.connect(self._open_log_folder)
        actions.about.triggered.connect(lambda: open_about(self))
        actions.send_files.triggered.connect(lambda: self.files.choose(self.call_page.chat.composer.to))
        for part in (self.chat, self.files, self.signs, self.layout_, self.screens):
            part.notice.connect(self.notices.show_notice)
        for part_with_end in (self.files, self.signs, self.layout_, self.screens):
            part_with_end.notice_over.connect(self.notices.remove)
        self.board.notice.connect(self.notices.show_notice)
        self.board.notice_over.connect(self.notices.remove)
        self.call_page.copy_link_requested.connect(self._copy_link)
        self.call_page.invite_requested.connect(self.open_invite)
        form.start_requested.connect(self.start_call)
        form.join_requested.connect(self.join)
        form.cancel_requested.connect(controller.cancel)
        self.waiting_page.cancel_requested.connect(controller.cancel)
        controller.password_wanted.connect(self._ask_password)
        self.lobby.device_chosen.connect(
            lambda kind, value: controller.change_settings(controller.settings.replace(**{kind: value}))
        )
        self.lobby.refresh_requested.connect(controller.list_devices)
        controller.busy_changed.connect(form.show_busy)
        controller.failed.connect(self._show_failure)
        controller.notice.connect(self.notices.show_notice)
        controller.invite_changed.connect(lambda _invite: self._show_model())
        controller.invite_changed.connect(lambda _invite: self._note_call())
        controller.devices_listed.connect(self.lobby.show_devices)
        controller.settings_changed.connect(self._use_settings)
        controller.own_id_changed.connect(self._model.be_again)
        controller.closed.connect(self._finish)

    # What others may ask of the window

    @property
    def is_closed(self) -> bool:
        """Whether the call is left and the engine closed."""
        return self._done

    @property
    def conversions(self) -> int:
        """How many frames were converted for the tiles of this window."""
        return self._pool.conversions

    def start(self) -> None:
        """Open the devices and show the window; needs the running loop."""
        self.show()
        self.lobby.form.focus_first()
        self.controller.open_devices()
        if self._returning is not None:
            self._returning.look()

    def start_call(self) -> None:
        """Host a call under the name in the form."""
        self.controller.start_call(self.lobby.form.name_field.text)

    def join(self, invite: Invite) -> None:
        """Join a call under the name in the form, and keep what was typed."""
        form = self.lobby.form
        self.controller.join(
            invite, form.name_field.text, last_target=form.target_field.text, server=form.server_field.text
        )

    def open_invite(self) -> None:
        """Show the invitation of the room."""
        if self.controller.invite is not None:
            InviteDialog(self.controller.invite, self).show()

    def open_settings(self) -> None:
        """Show the settings; the window stays usable beside them."""
        if self._settings_dialog is None:
            from .settings_dialog import SettingsDialog  # most people open it rarely

            self._settings_dialog = SettingsDialog(self._engine, self.controller.settings, self)
            self._settings_dialog.rows["ice_servers"].show_notice(self._secrets_notice)
            self._settings_dialog.settings_changed.connect(self.controller.change_settings)
            self.controller.settings_changed.connect(self._settings_dialog.take_settings)
        self._settings_dialog.show()
        self._settings_dialog.raise_()
        self._settings_dialog.activateWindow()

    # Events of the engine

    def _take_event(self, event: CallEvent) -> None:
        match event:
            case MicrophoneLevel(level):
                self.lobby.show_microphone_level(level)
                return
            case StatsUpdated(stats):
                self.call_page.take_stats(stats)
                if self._model.apply_qualities({each: peer.quality for each, peer in stats.peers.items()}):
                    self.call_page.show_qualities(self._model)
                    self.people.show_model()
                return
            case Notice(code="kicked"):
                return  # the end of the call says why
            case Notice(level, message, code):
                self.notices.show_notice(level, message, code)
                return
        self._model.apply(event)
        self._connections.take_event(event)
        if isinstance(event, DataEvent):
            for part in (self.chat, self.files, self.signs):
                part.take_event(event)
            self.board.take_event(event)
            return
        match event:
            case CallStateChanged():
                self._take_call_state(event)
            case DeviceStatus():
                self._devices.take_status(event)
            case LocalMuteChanged():
                self.controller.mute_changed(event)
            case LocalScreenChanged():
                self.screens.take_event(event)
            case TopologyChanged():
                self.layout_.take_topology(event)
            case _:
                self.people.take_event(event)
        self._show_model()

    def _note_call(self) -> None:
        """Write down that we are in a call, once it is known where, or that we have left it."""
        if self._returning is None or self._shutting_down:
            return
        invite = self.controller.invite
        if self._model.in_call and invite is not None:
            self._returning.entered(invite, hosted=self.controller.is_hosting)
        elif not self._model.in_call:
            self._returning.left()

    def take_secrets(self, before: Settings, now: Settings, notice: str) -> None:
        """The secrets that `before` lacks are known, or with a `notice` it is known that they cannot be kept."""
        self._secrets_notice = notice
        self.lobby.form.take_target(before.last_target, now.last_target)
        current = self.controller.settings
        changes = {
            name: getattr(now, name)
            for name in ("last_target", "ice_servers")
            if getattr(current, name) == getattr(before, name)  # what was changed meanwhile stays
        }
        self.controller.change_settings(current.replace(**changes))
        if self._settings_dialog is not None:
            self._settings_dialog.rows["ice_servers"].show_notice(notice)

    def _take_call_state(self, event: CallStateChanged) -> None:
        self._note_call()
        if event.state is CallState.IDLE:
            if self.pages.currentWidget() is self.call_page:
                self.controller.forget_invite()
            self._show_page(self.lobby)
            self.call_page.reset()
            if event.reason:
                self.lobby.form.show_error(event.reason)
        elif event.state is CallState.WAITING:
            self.waiting_page.show_room(clean_name(event.room_id))
            self._show_page(self.waiting_page)
        elif event.state is CallState.IN_CALL:
            self.lobby.form.show_error("")
            self._show_page(self.call_page)

    def _show_page(self, page: QWidget) -> None:
        if self.pages.currentWidget() is page:
            return
        for dialog in self.findChildren(InviteDialog):
            dialog.close()
        self.pages.setCurrentWidget(page)
        if page is self.lobby and not self._shutting_down:
            self.controller.list_devices()
        for status in self._model.devices.values():
            self._devices.take_status(status)

    def _show_model(self) -> None:
        model = self._model
        self.actions_.show_muted("audio", model.audio_muted)
        self.actions_.show_muted("video", model.video_muted)
        self.actions_.show_in_call(model.in_call, has_link=self.controller.invite is not None)
        if not model.in_call:
            self.actions_.statistics.setChecked(False)
            self.actions_.chat.setChecked(False)
            self.actions_.whiteboard.setChecked(False)
            self.actions_.pointer.setChecked(False)
        self.lobby.show_model(model)
        self.call_page.show_model(model)
        self.people.show_model()
        self.board.show_model(model)
        self.layout_.show_model(model)
        self.screens.show_model(model)
        self.files.set_in_call(model.in_call)
        self.signs.show_model(model)
        self.state_line.show_model(model)
        title = f"{clean_name(model.room_id)} — Bridgecall" if model.in_call else "Bridgecall"
        self.setWindowTitle(title)

    def _show_failure(self, sentence: str) -> None:
        if self.pages.currentWidget() is self.lobby:
            self.lobby.form.show_error(sentence)
        else:
            self.notices.show_notice("error", sentence)

    def _ask_password(self, sentence: str) -> None:
        dialog = PasswordDialog(ASK_TITLE, ASK_TEXT, "Join", sentence, self)
        dialog.entered.connect(self.controller.take_password)
        dialog.rejected.connect(self.controller.cancel)
        dialog.open()

    # Commands that concern the window alone

    def _use_settings(self, settings: Settings) -> None:
        self.lobby.take_settings(settings)
        own = self.call_page.grid.own
        own.set_mirrored(settings.mirror_self_view)
        name = clean_name(settings.display_name)
        own.set_name(f"{name} (you)" if name else "You", initials_of=name)
        self.call_page.people.set_own_name(settings.display_name)
        app = QApplication.instance()
        if settings.appearance != self._appearance and isinstance(app, QApplication):
            self._appearance = settings.appearance
            theme.apply_theme(app, cast("theme.Appearance", settings.appearance))

    def _copy_link(self) -> None:
        if self.controller.invite is not None:
            copy_text(self.controller.invite.link())
            self.notices.show_notice("info", "The invite link is on the clipboard.", "link-copied")

    def _open_log_folder(self) -> None:
        folder = paths.log_file().parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.notices.show_notice("info", f"The log files are in {folder}.", "log-folder")

    def _show_full_screen(self, full: bool) -> None:
        # Not showNormal(): a maximised window shall be maximised again afterwards.
        state = self.windowState() & ~Qt.WindowState.WindowFullScreen
        self.setWindowState(state | Qt.WindowState.WindowFullScreen if full else state)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a full screen that the window manager began or ended."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_.full_screen.setChecked(self.isFullScreen())

    # The window's place, and its end

    def _restore_geometry(self, text: str) -> None:
        if not text:
            return
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return  # written by hand or damaged: the default place will do
        self.restoreGeometry(QByteArray(data))

    def _geometry_text(self) -> str:
        return base64.b64encode(self.saveGeometry().data()).decode("ascii")

    def closeEvent(self, event: QCloseEvent) -> None:
        """Disappear at once, then leave and close the engine in the background."""
        if self._done:
            event.accept()
            return
        event.ignore()
        if self._shutting_down:
            return
        self._shutting_down = True
        geometry = self._geometry_text()
        if self._settings_dialog is not None:
            self._settings_dialog.close()  # what was typed last is applied and kept
        self.hide()
        self.controller.close(geometry)

    def _finish(self) -> None:
        self._unsubscribe()
        self._pool.close()
        self.files.close()
        self._done = True
        self.close()
        self.closed.emit()
