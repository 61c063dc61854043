"""The room's host and doors: events out and commands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from desktop_app.call.events import (
    CallEvent,
    CallState,
    CallStateChanged,
    Knocked,
    KnockGone,
    MuteRequested,
    RoomChanged,
)
from desktop_app.core.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.call.session import Session


class RoomReport:
    """Writes what happens in the room, and passes on what the bot is to do as its host.

    Args:
        session: of the bot.
        write: one event with its values.
    """

    def __init__(self, session: Session, write: Callable[..., None]) -> None:
        self._session = session
        self._write = write
        session.events.subscribe(self._report)

    def _report(self, event: CallEvent) -> None:
        match event:
            case CallStateChanged(state=CallState.WAITING):
                self._write("waiting")
            case RoomChanged(rules=rules):
                self._write(
                    "room", host=rules.host, locked=rules.locked, lobby=rules.lobby, password=rules.password
                )
            case Knocked(user_id=user_id, display_name=name):
                self._write("knock", user=user_id, name=name)
            case KnockGone(user_id=user_id):
                self._write("knock-ended", user=user_id)
            case MuteRequested(kind=kind):
                self._write("mute-asked", kind=kind)

    def command(self, command: Any) -> bool:
        """Do what a command says; False when it is none of these."""
        try:
            return self._do(command)
        except UserFacingError as error:
            self._write("error", code=error.code, message=str(error))
            return True

    def _do(self, command: Any) -> bool:
        match command:
            case {"cmd": "room", **values} if (wanted := _doors(values)) is not None:
                self._session.doors.change(**wanted)
            case {"cmd": "admit" | "refuse" as word, "user": str() as user}:
                self._session.doors.answer(user, let_in=word == "admit")
            case {"cmd": "kick", "user": str() as user, "ban": bool() as ban}:
                self._session.doors.kick(user, ban=ban)
            case {"cmd": "kick", "user": str() as user, **rest} if "ban" not in rest:
                self._session.doors.kick(user, ban=False)
            case {"cmd": "ask-mute", "user": str() as user, "kind": "audio" | "video" as kind}:
                self._session.doors.ask_mute(user, kind)
            case {"cmd": "give-host", "user": str() as user}:
                self._session.doors.give_host(user)
            case _:
                return False
        return True


class _Wanted(TypedDict):
    locked: bool | None
    lobby: bool | None
    password: str | None


def _doors(values: dict[object, object]) -> _Wanted | None:
    """What a command wants of the doors; None when it is malformed."""
    locked, lobby, password = values.get("locked"), values.get("lobby"), values.get("password")
    if not values or not values.keys() <= {"locked", "lobby", "password"}:
        return None
    if not isinstance(locked, bool | None) or not isinstance(lobby, bool | None):
        return None
    return (
        {"locked": locked, "lobby": lobby, "password": password} if isinstance(password, str | None) else None
    )
