"""The doors of a room, and what they say to somebody who comes: pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.fields import dump, load
from desktop_app.protocol.fields import field as get
from desktop_app.protocol.rights import RoomRules

if TYPE_CHECKING:
    from desktop_app.protocol.messages import JoinRoom

_SENTENCES = {
    ErrorCode.BANNED: "The host has banned you from this room.",
    ErrorCode.WRONG_LINK: "This room needs its whole invitation link; ask for it again.",
    ErrorCode.PASSWORD_REQUIRED: "This room needs a password.",
    ErrorCode.WRONG_PASSWORD: "This is not the room's password.",
    ErrorCode.ROOM_LOCKED: "The host has locked the room.",
    ErrorCode.REFUSED: "The host did not let you in.",
    ErrorCode.KICKED: "The host has removed you from the room.",
    ErrorCode.NOT_HOST: "Only the host of the room can do that.",
}


def refused(code: ErrorCode) -> ProtocolError:
    """One of the refusals of docs/rights.md."""
    return ProtocolError(code, _SENTENCES[code])


def access_digest(access: str) -> str:
    """What a room's access is kept as; empty for none."""
    return hashlib.sha256(access.encode("utf-8", "surrogatepass")).hexdigest() if access else ""


@dataclass(frozen=True, slots=True)
class Doors:
    """What a room asks of those who come."""

    locked: bool = False
    lobby: bool = False
    access: str = field(default="", repr=False)
    """SHA-256 of it, in hexadecimal; empty for none."""
    password: str = field(default="", repr=False)
    """As of passwords.make_hash; empty for none."""

    def rules(self, host: str) -> RoomRules:
        """What everybody may know of them."""
        return RoomRules(host, self.locked, self.lobby, bool(self.password))

    def text(self) -> str:
        """For the other servers."""
        return dump(
            {"locked": self.locked, "lobby": self.lobby, "access": self.access, "password": self.password}
        )


def parse_doors(text: str) -> Doors:
    """Read Doors.text.

    Raises:
        ProtocolError: it is none.
    """
    values = load(text)
    return Doors(
        get(values, "locked", bool),
        get(values, "lobby", bool),
        get(values, "access", str),
        get(values, "password", str),
    )


class Step(Enum):
    """What comes next on the way in."""

    HASH = auto()
    """The room is to be made, and the password hashed for it."""
    CHECK = auto()
    """The password is to be compared."""
    MAKE = auto()
    KNOCK = auto()
    ENTER = auto()


@dataclass(slots=True)
class Proof:
    """What was found out about the password that somebody gives."""

    made: str = field(default="", repr=False)
    """Hashed, for a room of their own."""
    right_for: str = field(default="", repr=False)
    wrong_for: str = field(default="", repr=False)
    """The hash that it was compared with."""
    tried: bool = False


def judge(
    doors: Doors | None,
    message: JoinRoom,
    proof: Proof,
    *,
    banned: bool = False,
    kicked: bool = False,
    suspect: bool = False,
) -> Step:
    """The next step for whoever sent `message`; `doors` is None for a room that does not exist.

    `banned`, `kicked` and `suspect` are those of store.Seen; the host decides about a suspect, as with a lobby.

    Raises:
        ProtocolError: they may not enter.
    """
    if doors is None:
        return Step.HASH if message.password and not proof.made else Step.MAKE
    if banned or kicked:
        raise refused(ErrorCode.BANNED if banned else ErrorCode.KICKED)
    if doors.access and not hmac.compare_digest(access_digest(message.access), doors.access):
        raise refused(ErrorCode.WRONG_LINK)
    if doors.password and proof.right_for != doors.password:
        if not message.password:
            raise refused(ErrorCode.PASSWORD_REQUIRED)
        if proof.wrong_for == doors.password:
            raise refused(ErrorCode.WRONG_PASSWORD)
        return Step.CHECK
    if doors.locked:
        raise refused(ErrorCode.ROOM_LOCKED)
    return Step.KNOCK if doors.lobby or suspect else Step.ENTER


def made_doors(message: JoinRoom, proof: Proof) -> Doors:
    """The doors of the room that whoever sent `message` makes."""
    return Doors(access=access_digest(message.access), password=proof.made)
