"""Writes down where the window is in a call, and offers to return there after a crash."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from desktop_app.protocol.invite import parse_invite
from desktop_app.settings.return_point import (
    find_point,
    key_name,
    new_path,
    remove_point,
    touch_point,
    write_point,
)

from .async_slots import run_coroutine
from .names import clean_name

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from desktop_app.protocol.invite import Invite
    from desktop_app.settings.return_point import ReturnPoint
    from desktop_app.settings.vault import Vault

    from .call_controller import CallController
    from .lobby import Lobby

logger = logging.getLogger(__name__)

TOUCH_MS = 60_000
_STOP_LIMIT_S = 3.0


class Returning(QObject):
    """One for a window; everything that touches the disk is on worker threads, in order."""

    def __init__(
        self, folder: Path, vault: Vault, controller: CallController, lobby: Lobby, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._vault = vault
        self._controller = controller
        self._card = lobby.return_card
        self._form = lobby.form
        self._order = asyncio.Lock()
        self._path: Path | None = None
        self._offered: ReturnPoint | None = None
        self._offered_key = ""
        self._timer = QTimer(self)
        self._timer.setInterval(TOUCH_MS)
        self._timer.timeout.connect(self._touch)
        self._card.return_requested.connect(self.go_back)
        self._card.dismissed.connect(self.forget_offer)

    def look(self) -> None:
        """Look for a call to return to; needs the running loop."""
        self._run(self._look())

    async def _look(self) -> None:
        point, useless = await asyncio.to_thread(find_point, self._folder)
        await self._vault.remove([key_name(path) for path in useless])
        if point is None or self._path is not None:
            return
        found = await self._vault.load([point.key_name]) if point.needs_key else {}
        self._offered, self._offered_key = point, found.get(point.key_name, "")
        self._card.offer(clean_name(point.room), possible=bool(self._offered_key) or not point.needs_key)

    def go_back(self) -> None:
        """Join the call that was offered, under the name in the form."""
        point = self._offered
        if point is None:
            return
        try:
            invite = parse_invite(point.whole_link(self._offered_key))
        except ValueError:
            logger.warning("the call to return to has no valid link")
            self.forget_offer()
            return
        name = self._form.name_field.text
        if point.user_id:
            self._controller.be_again(point.user_id)
        if point.hosted:
            self._controller.start_call(name, invite)
        else:
            self._controller.join(invite, name)

    def forget_offer(self) -> None:
        """It is not wanted, or there is a call now."""
        self._card.hide()
        point, self._offered = self._offered, None
        if point is not None:
            self._run(self._remove(point.path))

    # The call of now

    def entered(self, invite: Invite, *, hosted: bool) -> None:
        """We are in a call."""
        self.forget_offer()
        if self._path is not None:
            return
        self._path = new_path(self._folder)
        self._timer.start()
        self._run(self._write(self._path, invite, hosted=hosted))

    def left(self) -> None:
        """We are in no call, and that is meant."""
        self._timer.stop()
        path, self._path = self._path, None
        if path is not None:
            self._run(self._remove(path))

    async def close(self) -> None:
        """As `left`, and done within seconds."""
        self._timer.stop()
        path, self._path = self._path, None
        if path is not None:
            await asyncio.wait_for(self._remove(path), _STOP_LIMIT_S)

    def _touch(self) -> None:
        if self._path is not None:
            self._run(asyncio.to_thread(touch_point, self._path))

    async def _write(self, path: Path, invite: Invite, *, hosted: bool) -> None:
        async with self._order:
            if path != self._path:
                return  # left meanwhile
            if invite.key is not None:
                await self._vault.save({key_name(path): invite.key})
            try:
                await asyncio.to_thread(
                    write_point,
                    path,
                    invite.link(),
                    invite.room_id,
                    hosted=hosted,
                    user_id=self._controller.user_id,
                )
            except OSError as error:
                logger.warning("the call cannot be written down: %s", error.strerror)

    async def _remove(self, path: Path) -> None:
        async with self._order:
            await asyncio.to_thread(remove_point, path)
            await self._vault.remove([key_name(path)])

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        run_coroutine(self, work, lambda _sentence: None)  # nobody can do anything about it; the log has it
