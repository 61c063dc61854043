"""The messages about who may enter a room and who decides as JSON objects (docs/rights.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import limits
from .errors import ErrorCode, ProtocolError
from .fields import field, id_field, optional, text_field
from .rights import (
    MAX_PASSWORD_CHARS,
    Admit,
    AskMute,
    GiveHost,
    Kick,
    Knock,
    KnockEnded,
    MuteAsked,
    Refuse,
    RoomRules,
    RoomUpdated,
    SetRoom,
    Waiting,
)

if TYPE_CHECKING:
    from .json_value import JsonValue
    from .rights import MutedKind, RightsClientMessage, RightsServerMessage


def _kind(message: dict[str, Any]) -> MutedKind:
    value = field(message, "kind", str)
    if value == "audio":
        return "audio"
    if value == "video":
        return "video"
    raise ProtocolError(ErrorCode.BAD_FIELD, "The field 'kind' is neither audio nor video.")


def decode_client_message(kind: str, message: dict[str, Any]) -> RightsClientMessage | None:
    """One of these messages; None when `kind` is none of them.

    Raises:
        ProtocolError: with the code and sentence that the client gets back.
    """
    match kind:
        case "set-room":
            has_password = message.get("password") is not None
            return SetRoom(
                locked=optional(message, "locked", bool),
                lobby=optional(message, "lobby", bool),
                password=text_field(message, "password", MAX_PASSWORD_CHARS) if has_password else None,
            )
        case "admit":
            return Admit(id_field(message, "userId"))
        case "refuse":
            return Refuse(id_field(message, "userId"))
        case "kick":
            return Kick(id_field(message, "userId"), field(message, "ban", bool, False))
        case "ask-mute":
            return AskMute(id_field(message, "userId"), _kind(message))
        case "give-host":
            return GiveHost(id_field(message, "userId"))
    return None


def client_values(message: RightsClientMessage) -> dict[str, JsonValue]:
    """As it is sent."""
    match message:
        case SetRoom():
            values: dict[str, JsonValue] = {"type": "set-room"}
            for key, value in (
                ("locked", message.locked),
                ("lobby", message.lobby),
                ("password", message.password),
            ):
                if value is not None:
                    values[key] = value
            return values
        case Admit():
            return {"type": "admit", "userId": message.user_id}
        case Refuse():
            return {"type": "refuse", "userId": message.user_id}
        case Kick():
            return {"type": "kick", "userId": message.user_id, "ban": message.ban}
        case AskMute():
            return {"type": "ask-mute", "userId": message.user_id, "kind": message.kind}
        case GiveHost():
            return {"type": "give-host", "userId": message.user_id}


def room_rules(message: dict[str, Any]) -> RoomRules:
    """The host and the doors in a message; an empty one knows no host.

    Raises:
        ProtocolError: it is malformed.
    """
    return RoomRules(
        host=text_field(message, "host", limits.MAX_ID_CHARS, ""),
        locked=field(message, "locked", bool, False),
        lobby=field(message, "lobby", bool, False),
        password=field(message, "password", bool, False),
    )


def room_values(room: RoomRules) -> dict[str, JsonValue]:
    """As they are sent."""
    return {"host": room.host, "locked": room.locked, "lobby": room.lobby, "password": room.password}


def decode_server_message(kind: str, message: dict[str, Any]) -> RightsServerMessage | None:
    """One of these messages; None when `kind` is none of them.

    Raises:
        ProtocolError: it is malformed.
    """
    match kind:
        case "waiting":
            return Waiting(id_field(message, "roomId"))
        case "room-updated":
            return RoomUpdated(room_rules(field(message, "room", dict)))
        case "knock":
            return Knock(
                id_field(message, "userId"), text_field(message, "displayName", limits.MAX_NAME_CHARS, "")
            )
        case "knock-ended":
            return KnockEnded(id_field(message, "userId"))
        case "mute-asked":
            return MuteAsked(_kind(message))
    return None


def server_values(message: RightsServerMessage) -> dict[str, JsonValue]:
    """As it is sent."""
    match message:
        case Waiting():
            return {"type": "waiting", "roomId": message.room_id}
        case RoomUpdated():
            return {"type": "room-updated", "room": room_values(message.room)}
        case Knock():
            return {"type": "knock", "userId": message.user_id, "displayName": message.display_name}
        case KnockEnded():
            return {"type": "knock-ended", "userId": message.user_id}
        case MuteAsked():
            return {"type": "mute-asked", "kind": message.kind}
