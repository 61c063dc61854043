"""The messages about who may enter a room and who decides (docs/rights.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MutedKind: TypeAlias = Literal["audio", "video"]

RESUME_CAPABILITY = "resume"
MAX_PASSWORD_CHARS = 128
ACCESS_CHARS = 43
MAX_INSTANCE_CHARS = 64


@dataclass(frozen=True, slots=True)
class RoomRules:
    """What everybody in a room knows of its host and its doors."""

    host: str = ""
    """A user id; empty where the server knows no hosts."""
    locked: bool = False
    lobby: bool = False
    password: bool = False
    """Whether there is one."""


OPEN = RoomRules()
"""A room without a host and with open doors: what a server without rights says."""


# --- client to server: the host's ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetRoom:
    """Change the doors of the room; None leaves a value as it is."""

    locked: bool | None = None
    lobby: bool | None = None
    password: str | None = field(default=None, repr=False)
    """Empty takes it away."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Let somebody in who waits."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not let somebody in who waits."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Kick:
    """Take somebody out of the room; `ban` keeps them out."""

    user_id: str
    ban: bool = False


@dataclass(frozen=True, slots=True)
class AskMute:
    """Ask somebody to switch their microphone or camera off."""

    user_id: str
    kind: MutedKind


@dataclass(frozen=True, slots=True)
class GiveHost:
    """Make somebody else the host."""

    user_id: str


RightsClientMessage: TypeAlias = SetRoom | Admit | Refuse | Kick | AskMute | GiveHost

# --- server to client ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """The host decides whether we may enter; a welcome or an error follows."""

    room_id: str


@dataclass(frozen=True, slots=True)
class RoomUpdated:
    """The host or the doors of the room changed."""

    room: RoomRules


@dataclass(frozen=True, slots=True)
class Knock:
    """To the host: somebody waits to be let in."""

    user_id: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class KnockEnded:
    """To the host: they wait no longer."""

    user_id: str


@dataclass(frozen=True, slots=True)
class MuteAsked:
    """The host asks us to switch our microphone or camera off."""

    kind: MutedKind


RightsServerMessage: TypeAlias = Waiting | RoomUpdated | Knock | KnockEnded | MuteAsked
