"""JSON text to message dataclasses and back. Everything that comes from the network passes here first."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn, TypeVar

from . import limits
from .errors import ErrorCode, ProtocolError
from .messages import (
    ClientMessage,
    ErrorMessage,
    IceServer,
    JoinRoom,
    JsonValue,
    LeaveRoom,
    Limits,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    Signal,
    UpdateParticipant,
    Welcome,
)
from .text import has_forbidden_characters

T = TypeVar("T")
_ABSENT: Any = object()

_SURROGATE = re.compile("[\ud800-\udfff]")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    # 1e999 is valid JSON, but Python reads it as infinity and would pass it on as "Infinity", which is not.
    value = float(text)
    if math.isinf(value):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "A number in the message is too large.")
    return value


def _nests_within(value: object, allowed: int) -> bool:
    """True when `value` nests no deeper than `allowed`; iterative, since the input is hostile."""
    level: list[object] = [value]
    for _ in range(allowed + 1):
        nested: list[object] = []
        for item in level:
            if isinstance(item, dict):
                nested.extend(item.values())
            elif isinstance(item, list):
                nested.extend(item)
        if not nested:
            return True
        level = nested
    return False


def _load(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise ProtocolError(ErrorCode.BAD_JSON, "The message is not valid JSON.") from None
    if not isinstance(message, dict):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "A message must be a JSON object.")
    if not _nests_within(message, limits.MAX_JSON_DEPTH):
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "The message is nested too deeply.")
    return message


def _field(message: dict[str, Any], key: str, kind: type[T], default: T = _ABSENT) -> T:
    value = message.get(key, default)
    if value is None and default is not _ABSENT:
        return default  # null where a field may be left out means the same as leaving it out
    if value is _ABSENT:
        raise ProtocolError(ErrorCode.MISSING_FIELD, f"The field '{key}' is missing.")
    # bool is an int in Python; JSON keeps them apart.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has the wrong type.")
    return value


def _text(
    message: dict[str, Any], key: str, max_chars: int, default: str = _ABSENT, *, empty: bool = True
) -> str:
    value = _field(message, key, str, default)
    if len(value) > max_chars:
        raise ProtocolError(ErrorCode.FIELD_TOO_LONG, f"The field '{key}' has over {max_chars} characters.")
    if not value and not empty:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' must not be empty.")
    if has_forbidden_characters(value):
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has characters that are not allowed.")
    return value


def _id(message: dict[str, Any], key: str) -> str:
    return _text(message, key, limits.MAX_ID_CHARS, empty=False)


def _optional(message: dict[str, Any], key: str, kind: type[T]) -> T | None:
    return None if message.get(key) is None else _field(message, key, kind)


# --- client to server ---------------------------------------------------------------------------


def decode_client_message(text: str) -> ClientMessage:
    """Parse what a client sent.

    Raises:
        ProtocolError: with the code and sentence that the client gets back.
    """
    message = _load(text)
    kind = _field(message, "type", str)
    if kind == "join-room":
        return JoinRoom(
            room_id=_id(message, "roomId"),
            user_id=_id(message, "userId"),
            display_name=_text(message, "displayName", limits.MAX_NAME_CHARS, ""),
            audio_muted=_field(message, "audioMuted", bool, False),
            video_muted=_field(message, "videoMuted", bool, False),
        )
    if kind == "signal":
        if "data" not in message:
            raise ProtocolError(ErrorCode.MISSING_FIELD, "The field 'data' is missing.")
        return Signal(target_user_id=_id(message, "targetUserId"), data=message["data"])
    if kind == "leave-room":
        return LeaveRoom()
    if kind == "update-participant":
        renamed = message.get("displayName") is not None
        return UpdateParticipant(
            display_name=_text(message, "displayName", limits.MAX_NAME_CHARS) if renamed else None,
            audio_muted=_optional(message, "audioMuted", bool),
            video_muted=_optional(message, "videoMuted", bool),
        )
    raise ProtocolError(ErrorCode.UNKNOWN_TYPE, "The message type is not known.")


def encode_client_message(message: ClientMessage) -> str:
    """The JSON text of `message`."""
    match message:
        case JoinRoom():
            return _dump(
                {
                    "type": "join-room",
                    "roomId": message.room_id,
                    "userId": message.user_id,
                    **_state(message.display_name, message.audio_muted, message.video_muted),
                }
            )
        case Signal():
            return _dump({"type": "signal", "targetUserId": message.target_user_id, "data": message.data})
        case LeaveRoom():
            return _dump({"type": "leave-room"})
        case UpdateParticipant():
            values: dict[str, JsonValue] = {"type": "update-participant"}
            if message.display_name is not None:
                values["displayName"] = message.display_name
            if message.audio_muted is not None:
                values["audioMuted"] = message.audio_muted
            if message.video_muted is not None:
                values["videoMuted"] = message.video_muted
            return _dump(values)


# --- server to client ---------------------------------------------------------------------------


def _participant(message: dict[str, Any]) -> ParticipantInfo:
    return ParticipantInfo(
        user_id=_id(message, "userId"),
        display_name=_text(message, "displayName", limits.MAX_NAME_CHARS, ""),
        audio_muted=_field(message, "audioMuted", bool, False),
        video_muted=_field(message, "videoMuted", bool, False),
    )


def _objects(message: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items: list[Any] = _field(message, key, list, [])
    if not all(isinstance(item, dict) for item in items):
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has the wrong type.")
    return items


def _ice_server(message: dict[str, Any]) -> IceServer:
    urls = message.get("urls")
    if isinstance(urls, str):
        urls = [urls]
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ProtocolError(ErrorCode.BAD_FIELD, "The field 'urls' has the wrong type.")
    return IceServer(
        urls=tuple(urls),
        username=_optional(message, "username", str),
        credential=_optional(message, "credential", str),
    )


def decode_server_message(text: str) -> ServerMessage | None:
    """Parse what a server sent; None for a type that a newer server may know.

    Raises:
        ProtocolError: when the text is not a message of this protocol.
    """
    message = _load(text)
    kind = _field(message, "type", str)
    match kind:
        case "welcome":
            bounds: dict[str, Any] = _field(message, "limits", dict, {})
            return Welcome(
                protocol_version=_field(message, "protocolVersion", int, limits.PROTOCOL_VERSION),
                room_id=_id(message, "roomId"),
                user_id=_id(message, "userId"),
                participants=tuple(_participant(item) for item in _objects(message, "participants")),
                ice_servers=tuple(_ice_server(item) for item in _objects(message, "iceServers")),
                limits=Limits(
                    frame_bytes=_field(bounds, "frameBytes", int, limits.MAX_FRAME_BYTES),
                    id_chars=_field(bounds, "idChars", int, limits.MAX_ID_CHARS),
                    name_chars=_field(bounds, "nameChars", int, limits.MAX_NAME_CHARS),
                    participants=_field(bounds, "participants", int, limits.MAX_PARTICIPANTS),
                ),
            )
        case "new-peer":
            return NewPeer(_participant(message))
        case "signal":
            return PeerSignal(from_user_id=_id(message, "from"), data=message.get("data"))
        case "peer-left":
            return PeerLeft(user_id=_id(message, "userId"))
        case "participant-updated":
            return ParticipantUpdated(_participant(message))
        case "error":
            return ErrorMessage(
                code=_text(message, "code", limits.MAX_ID_CHARS, ErrorCode.INTERNAL.value),
                message=_text(message, "message", 1000, ""),
            )
    return None


def encode_server_message(message: ServerMessage) -> str:
    """The JSON text of `message`; additions to the six basic messages appear only when they say something."""
    match message:
        case Welcome():
            return _dump(
                {
                    "type": "welcome",
                    "protocolVersion": message.protocol_version,
                    "roomId": message.room_id,
                    "userId": message.user_id,
                    "participants": [
                        {
                            "userId": item.user_id,
                            "displayName": item.display_name,
                            "audioMuted": item.audio_muted,
                            "videoMuted": item.video_muted,
                        }
                        for item in message.participants
                    ],
                    "iceServers": [_ice_server_json(item) for item in message.ice_servers],
                    "limits": {
                        "frameBytes": message.limits.frame_bytes,
                        "idChars": message.limits.id_chars,
                        "nameChars": message.limits.name_chars,
                        "participants": message.limits.participants,
                    },
                }
            )
        case NewPeer(participant=one):
            return _dump(
                {
                    "type": "new-peer",
                    "userId": one.user_id,
                    **_state(one.display_name, one.audio_muted, one.video_muted),
                }
            )
        case PeerSignal():
            return _dump({"type": "signal", "from": message.from_user_id, "data": message.data})
        case PeerLeft():
            return _dump({"type": "peer-left", "userId": message.user_id})
        case ParticipantUpdated(participant=one):
            return _dump(
                {
                    "type": "participant-updated",
                    "userId": one.user_id,
                    "displayName": one.display_name,
                    "audioMuted": one.audio_muted,
                    "videoMuted": one.video_muted,
                }
            )
        case ErrorMessage():
            return _dump({"type": "error", "code": message.code, "message": message.message})


def _state(display_name: str, audio_muted: bool, video_muted: bool) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {}
    if display_name:
        values["displayName"] = display_name
    if audio_muted:
        values["audioMuted"] = True
    if video_muted:
        values["videoMuted"] = True
    return values


def _ice_server_json(server: IceServer) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {"urls": list(server.urls)}
    if server.username is not None:
        values["username"] = server.username
    if server.credential is not None:
        values["credential"] = server.credential
    return values


def _dump(values: dict[str, JsonValue]) -> str:
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # `data` of a signal may hold lone surrogates, written as escapes; they must leave as escapes again.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
