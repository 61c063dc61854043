"""Who decides in the room that we are in, who may enter it, and what the host wants of us (docs/rights.md)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desktop_app.core.errors import UserFacingError
from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.rights import (
    MAX_PASSWORD_CHARS,
    OPEN,
    Admit,
    AskMute,
    GiveHost,
    Kick,
    Knock,
    KnockEnded,
    Refuse,
    RoomUpdated,
    SetRoom,
)
from desktop_app.protocol.text import has_forbidden_characters

from .events import Knocked, KnockGone, RoomChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from desktop_app.protocol.messages import ParticipantInfo, Welcome
    from desktop_app.protocol.rights import RightsClientMessage, RoomRules

    from .events import CallEvent, MediaKind

logger = logging.getLogger(__name__)

FINAL_CODES = frozenset(
    {
        "wrong-link",
        "password-required",
        "wrong-password",
        "room-locked",
        "refused",
        "banned",
    }
)
"""Refusals of a server that is there again after which trying on would be wrong: the person has to do something. After
too many attempts (perhaps of somebody else at the same address) the same password is right a little later."""

RESTORE_S = 20.0
"""So long the others may need to come back to a room that was made anew, before its doors are closed again."""
LOOK_S = 0.25


class NotHostError(UserFacingError):
    """Something that only the host may do."""

    code = "not-host"


class RoomDoors:
    """The room's rules as we know them, and our part as its host.

    Args:
        me: our user id.
        say: sends to the server.
        others: everybody else in the room now, by user id.
    """

    def __init__(
        self,
        me: str,
        *,
        say: Callable[[RightsClientMessage], None],
        emit: Callable[[CallEvent], None],
        others: Callable[[], dict[str, ParticipantInfo]],
    ) -> None:
        self._me = me
        self._say = say
        self._emit = emit
        self._others = others
        self.rules: RoomRules = OPEN
        self._knocks: dict[str, str] = {}
        self._password: str | None = None
        """That we have set as the host; None when we have not."""
        self._wanted: tuple[RoomRules, dict[str, ParticipantInfo]] | None = None
        """Of the room that is being put in order."""
        self._tasks = TaskOwner("doors")

    @property
    def is_host(self) -> bool:
        """Whether we decide."""
        return self.rules.host == self._me

    # --- what the server says -----------------------------------------------------------------------

    def entered(self, welcome: Welcome) -> None:
        """We are in the room."""
        self._change(welcome.room)

    def entered_again(self, welcome: Welcome, before: dict[str, ParticipantInfo]) -> None:
        """We are in the room again after a break; `before` are those who were there when it began.

        A room that has ended meanwhile was made anew by whoever came back first: its place goes back to the host of
        before, and the doors are closed again when everybody is back or has had the time for it.
        """
        # Another break meanwhile must not have us take the answer of the new server for the order of before.
        wanted = self._wanted or (None if welcome.resumed else (self.rules, before))
        self._end_knocks()
        self._change(welcome.room)
        self._tasks.cancel()
        if wanted is not None and wanted[0].host:
            self._wanted = wanted
            self._tasks.spawn(self._restore(*wanted), name="restore")

    def received(self, message: RoomUpdated | Knock | KnockEnded) -> None:
        """A message about the room."""
        match message:
            case RoomUpdated(room=rules):
                self._change(rules)
            case Knock(user_id=user_id, display_name=name):
                self._knocks[user_id] = name
                self._emit(Knocked(user_id, name))
            case KnockEnded(user_id=user_id):
                if self._knocks.pop(user_id, None) is not None:
                    self._emit(KnockGone(user_id))

    async def close(self) -> None:
        """The call ends."""
        await self._tasks.close()
        self._end_knocks()

    def _change(self, rules: RoomRules) -> None:
        if rules != self.rules:
            self.rules = rules
            self._emit(RoomChanged(rules))
        if not self.is_host:
            self._end_knocks()

    def _end_knocks(self) -> None:
        gone, self._knocks = tuple(self._knocks), {}
        for user_id in gone:
            self._emit(KnockGone(user_id))

    async def _restore(self, wanted: RoomRules, before: dict[str, ParticipantInfo]) -> None:
        await self._put_in_order(wanted, before)
        self._wanted = None

    async def _put_in_order(self, wanted: RoomRules, before: dict[str, ParticipantInfo]) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + RESTORE_S
        while loop.time() < until_s:
            others = self._others()
            if self.is_host and wanted.host != self._me and _is_same(before, others, wanted.host):
                self._say(GiveHost(wanted.host))
                return  # from here on it is the host's
            if self.is_host and _are_in(before, others):
                break
            await asyncio.sleep(LOOK_S)
        if not self.is_host:
            return
        password = self._password if wanted.host == self._me else None
        if (wanted.locked, wanted.lobby) != (self.rules.locked, self.rules.lobby) or password is not None:
            self._say(SetRoom(wanted.locked, wanted.lobby, password))

    # --- what we want as the host ---------------------------------------------------------------------

    def change(self, *, locked: bool | None, lobby: bool | None, password: str | None) -> None:
        """Change the doors; None leaves one as it is.

        Raises:
            NotHostError: we are not the host.
            UserFacingError: this cannot be a password.
        """
        self._need_host()
        if password is not None:
            check_password(password)
            self._password = password
        self._say(SetRoom(locked, lobby, password))

    def answer(self, user_id: str, *, let_in: bool) -> None:
        """Let somebody in who waits, or not.

        Raises:
            NotHostError: we are not the host.
        """
        self._need_host()
        self._say(Admit(user_id) if let_in else Refuse(user_id))

    def kick(self, user_id: str, *, ban: bool) -> None:
        """Take somebody out of the room.

        Raises:
            NotHostError: we are not the host.
        """
        self._need_host()
        self._say(Kick(user_id, ban))

    def ask_mute(self, user_id: str, kind: MediaKind) -> None:
        """Ask somebody to switch their microphone or camera off.

        Raises:
            NotHostError: we are not the host.
        """
        self._need_host()
        self._say(AskMute(user_id, kind))

    def give_host(self, user_id: str) -> None:
        """Make somebody else the host.

        Raises:
            NotHostError: we are not the host.
        """
        self._need_host()
        self._say(GiveHost(user_id))

    def _need_host(self) -> None:
        if not self.is_host:
            raise NotHostError("Only the host of the room can do that.")


def check_password(password: str) -> None:
    """Whether this can be a room's password.

    Raises:
        UserFacingError: it cannot.
    """
    if len(password) > MAX_PASSWORD_CHARS:
        raise UserFacingError(f"A password has at most {MAX_PASSWORD_CHARS} characters.", code="bad-password")
    if has_forbidden_characters(password):
        raise UserFacingError("The password has characters that are not allowed.", code="bad-password")


def _are_in(before: Collection[str], now: Collection[str]) -> bool:
    return all(user_id in now for user_id in before)


def _is_same(before: dict[str, ParticipantInfo], now: dict[str, ParticipantInfo], user_id: str) -> bool:
    """Whether somebody of before is back, and not just somebody of the same name."""
    old, new = before.get(user_id), now.get(user_id)
    return old is not None and new is not None and new.instance != "" and old.instance == new.instance
