"""What the window asks of the engine, one command after the other, each error as one sentence."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QObject, Signal

from desktop_app.core.errors import UserFacingError

from .async_slots import run_coroutine
from .invite_dialog import copy_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from desktop_app.call.events import LocalMuteChanged, MediaKind
    from desktop_app.engine.port import EnginePort
    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.schema import Settings

logger = logging.getLogger(__name__)

PASSWORD_CODES = ("password-required", "wrong-password")
"""Of docs/rights.md: the person may try (again)."""
CLOSE_LIMIT_S = 6.0
"""How long the engine may take to leave and close before the window gives up waiting."""


class CallController(QObject):
    """Runs the commands and keeps the settings; the engine's events go to the window directly."""

    busy_changed = Signal(str)
    """What is under way ("Joining…"), empty when nothing is."""
    failed = Signal(str)
    """Why starting, joining or leaving did not work."""
    notice = Signal(str, str, str)
    """Level, sentence, code."""
    invite_changed = Signal(object)
    """The Invite of the room, or None."""
    devices_listed = Signal(object)
    settings_changed = Signal(object)
    password_wanted = Signal(str)
    """The room has a password: `take_password` or `cancel` shall follow. With the sentence about a wrong one."""
    own_id_changed = Signal(str)
    """We are who we were before a crash."""
    closed = Signal()

    def __init__(
        self,
        engine: EnginePort,
        settings: Settings,
        save_settings: Callable[[Settings], Coroutine[Any, Any, None]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._settings = settings
        self._save_settings = save_settings
        self._attempt: asyncio.Task[None] | None = None
        self._leaving = False
        self._closing = False
        self._listing = False
        self._password: asyncio.Future[str] | None = None
        self._wanted_muted: dict[MediaKind, bool] = {}
        self.invite: Invite | None = None
        self.is_hosting = False
        """Whether the server of this invite runs in this program."""
        self.before_close: list[Callable[[], Coroutine[Any, Any, None]]] = []
        """What has to be done after the call is left and before `closed`."""

    @property
    def settings(self) -> Settings:
        """The settings of now."""
        return self._settings

    @property
    def busy(self) -> bool:
        """Whether an attempt to start, join or cancel is under way."""
        return self._attempt is not None

    # Calls

    @property
    def user_id(self) -> str:
        """Our own id in rooms."""
        return self._engine.user_id

    def be_again(self, user_id: str) -> None:
        """Return as who we were before a crash; not while a call is entered."""
        if self._attempt is None and not self._closing:
            self._engine.be_again(user_id)
            self.own_id_changed.emit(user_id)

    def start_call(self, display_name: str, again: Invite | None = None) -> None:
        """Host a new room, or again the one of before a crash."""
        self._remember(display_name=display_name)
        self._begin(self._host(display_name, again), "Starting the call…")

    def join(self, invite: Invite, display_name: str, **typed: str) -> None:
        """Join a room; `typed` are settings to keep for the next time."""
        self._remember(display_name=display_name, **typed)
        self._begin(self._join(invite, display_name), "Joining…")

    def cancel(self) -> None:
        """Give up the attempt under way."""
        if self._attempt is not None:
            self._attempt.cancel()

    def leave(self) -> None:
        """Leave the call."""
        if not self._leaving:
            self._leaving = True
            run_coroutine(self, self._leave(), self.failed.emit)

    def _begin(self, attempt: Coroutine[Any, Any, None], text: str) -> None:
        if self._attempt is not None or self._closing:
            attempt.close()
            return
        self.busy_changed.emit(text)
        self._attempt = run_coroutine(self, self._guarded(attempt), self.failed.emit)

    async def _guarded(self, attempt: Coroutine[Any, Any, None]) -> None:
        try:
            await attempt
        except asyncio.CancelledError:
            if self._closing or not shiboken6.isValid(self):
                raise
            # Wherever the engine was on its way in: this takes it back to the lobby.
            self.busy_changed.emit("Cancelling…")
            self._set_invite(None)
            await self._engine.leave()
        finally:
            self._attempt = None
            if shiboken6.isValid(self):
                self.busy_changed.emit("")

    async def _host(self, display_name: str, again: Invite | None) -> None:
        room = await self._engine.host(display_name, again)
        self.is_hosting = True
        self._set_invite(room.invite)

    async def _join(self, invite: Invite, display_name: str) -> None:
        self.is_hosting = False
        self._set_invite(invite)
        password = ""
        try:
            while True:
                try:
                    await self._engine.join(invite, display_name, password)
                    return
                except UserFacingError as error:
                    if error.code not in PASSWORD_CODES:
                        raise
                    sentence = "" if error.code == "password-required" else str(error)
                password = await self._ask_password(sentence)
        except Exception:
            self._set_invite(None)
            raise

    async def _ask_password(self, sentence: str) -> str:
        self._password = asyncio.get_running_loop().create_future()
        self.password_wanted.emit(sentence)
        try:
            return await self._password
        finally:
            self._password = None

    def take_password(self, password: str) -> None:
        """The password that was asked for."""
        if self._password is not None and not self._password.done():
            self._password.set_result(password)

    async def _leave(self) -> None:
        try:
            await self._engine.leave()
        finally:
            self._leaving = False

    def forget_invite(self) -> None:
        """The call is over."""
        self._set_invite(None)

    def _set_invite(self, invite: Invite | None) -> None:
        self.invite = invite
        self.invite_changed.emit(invite)

    # Microphone and camera

    def toggle_mute(self, kind: MediaKind, muted_now: bool) -> None:
        """Switch to the other state; quick presses count each, though the engine answers later."""
        wanted = not self._wanted_muted.get(kind, muted_now)
        self._wanted_muted[kind] = wanted
        run_coroutine(self, self._set_muted(kind, wanted), self._tell_error)

    async def _set_muted(self, kind: MediaKind, muted: bool) -> None:
        try:
            await self._engine.set_muted(kind, muted)
        except Exception:
            self._wanted_muted.pop(kind, None)
            raise

    def mute_changed(self, event: LocalMuteChanged) -> None:
        """The engine did what was asked (or somebody else's bidding)."""
        if self._wanted_muted.get(event.kind) == event.muted:
            del self._wanted_muted[event.kind]

    # Settings and devices

    def open_devices(self) -> None:
        """Give the engine the settings, and list what is connected."""
        run_coroutine(self, self._engine.apply_settings(self._settings), self._tell_error)
        self.list_devices()

    def list_devices(self) -> None:
        """Look what is connected now; the answer comes as `devices_listed`."""
        if not self._listing:
            self._listing = True
            run_coroutine(self, self._list_devices(), self._tell_error)

    async def _list_devices(self) -> None:
        try:
            self.devices_listed.emit(await self._engine.list_devices())
        finally:
            self._listing = False

    def change_settings(self, settings: Settings) -> None:
        """Use and keep other settings."""
        if settings == self._settings:
            return
        self._settings = settings
        self.settings_changed.emit(settings)
        run_coroutine(self, self._engine.apply_settings(settings), self._tell_error)
        self._save()

    def _remember(self, **changes: str) -> None:
        """Keep what was typed; nothing in it concerns the engine."""
        settings = self._settings.replace(**changes)
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit(settings)
            self._save()

    def _save(self) -> None:
        run_coroutine(self, self._save_settings(self._settings), self._tell_error)

    # Help, and the end

    def copy_diagnostics(self) -> None:
        """Put the engine's text on the clipboard."""
        run_coroutine(self, self._copy_diagnostics(), self._tell_error)

    async def _copy_diagnostics(self) -> None:
        copy_text(await self._engine.diagnostics())
        self.notice.emit("info", "The diagnostics are on the clipboard.", "diagnostics")

    def close(self, window_geometry: str) -> None:
        """Leave, close the engine, keep the window's place; `closed` follows within seconds in any case."""
        if not self._closing:
            self._closing = True
            if self._attempt is not None:
                self._attempt.cancel()
            run_coroutine(self, self._close(window_geometry), lambda _sentence: None)

    async def _close(self, window_geometry: str) -> None:
        settings = self._settings.replace(window_geometry=window_geometry)
        try:
            for what, work in (
                ("keeping the window's place", self._save_settings(settings)),
                ("closing the engine", self._engine.close()),
                *(("ending", work()) for work in self.before_close),
            ):
                try:
                    await asyncio.wait_for(work, CLOSE_LIMIT_S)
                except TimeoutError:
                    logger.error("%s took more than %.0f s", what, CLOSE_LIMIT_S)
                except Exception:
                    logger.exception("%s failed", what)
        finally:
            self.closed.emit()

    def _tell_error(self, sentence: str) -> None:
        self.notice.emit("error", sentence, "")
