"""JSON text to message dataclasses and back. Everything that comes from the network passes here first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import limits, rights, rights_codec, topology, topology_codec
from .errors import ErrorCode, ProtocolError
from .fields import dump, field, id_field, load, objects, optional, text_field
from .messages import (
    ClientMessage,
    ErrorMessage,
    IceServer,
    JoinRoom,
    LeaveRoom,
    Limits,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    SessionTicket,
    Signal,
    UpdateParticipant,
    Welcome,
)

if TYPE_CHECKING:
    from .json_value import JsonValue

# --- client to server ---------------------------------------------------------------------------


def decode_client_message(text: str) -> ClientMessage:
    """Parse what a client sent.

    Raises:
        ProtocolError: with the code and sentence that the client gets back.
    """
    message = load(text)
    kind = field(message, "type", str)
    if kind == "join-room":
        return JoinRoom(
            room_id=id_field(message, "roomId"),
            user_id=id_field(message, "userId"),
            display_name=text_field(message, "displayName", limits.MAX_NAME_CHARS, ""),
            audio_muted=field(message, "audioMuted", bool, False),
            video_muted=field(message, "videoMuted", bool, False),
            capabilities=_capabilities(message),
            instance=text_field(message, "instance", rights.MAX_INSTANCE_CHARS, ""),
            resume=text_field(message, "resume", limits.MAX_ID_CHARS, ""),
            access=text_field(message, "access", rights.ACCESS_CHARS, ""),
            password=text_field(message, "password", rights.MAX_PASSWORD_CHARS, ""),
            screen=field(message, "screen", bool, False),
        )
    if kind == "signal":
        if "data" not in message:
            raise ProtocolError(ErrorCode.MISSING_FIELD, "The field 'data' is missing.")
        return Signal(target_user_id=id_field(message, "targetUserId"), data=message["data"])
    if kind == "leave-room":
        return LeaveRoom()
    if kind == "update-participant":
        renamed = message.get("displayName") is not None
        return UpdateParticipant(
            display_name=text_field(message, "displayName", limits.MAX_NAME_CHARS) if renamed else None,
            audio_muted=optional(message, "audioMuted", bool),
            video_muted=optional(message, "videoMuted", bool),
            screen=optional(message, "screen", bool),
        )
    decoded = topology_codec.decode_client_message(kind, message) or rights_codec.decode_client_message(
        kind, message
    )
    if decoded is None:
        raise ProtocolError(ErrorCode.UNKNOWN_TYPE, "The message type is not known.")
    return decoded


def _capabilities(message: dict[str, Any]) -> tuple[str, ...]:
    """What a client says that it can do; what is not known, or no text, is of no interest."""
    named: list[Any] = field(message, "capabilities", list, [])
    return tuple(each for each in (topology.SFU_CAPABILITY, rights.RESUME_CAPABILITY) if each in named)


def encode_client_message(message: ClientMessage) -> str:
    """The JSON text of `message`."""
    match message:
        case JoinRoom():
            return dump(
                {
                    "type": "join-room",
                    "roomId": message.room_id,
                    "userId": message.user_id,
                    **_state(message.display_name, message.audio_muted, message.video_muted),
                    **({"capabilities": list(message.capabilities)} if message.capabilities else {}),
                    **_said("instance", message.instance),
                    **_said("resume", message.resume),
                    **_said("access", message.access),
                    **_said("password", message.password),
                    **_said("screen", message.screen),
                }
            )
        case Signal():
            return dump({"type": "signal", "targetUserId": message.target_user_id, "data": message.data})
        case LeaveRoom():
            return dump({"type": "leave-room"})
        case UpdateParticipant():
            values: dict[str, JsonValue] = {"type": "update-participant"}
            if message.display_name is not None:
                values["displayName"] = message.display_name
            if message.audio_muted is not None:
                values["audioMuted"] = message.audio_muted
            if message.video_muted is not None:
                values["videoMuted"] = message.video_muted
            if message.screen is not None:
                values["screen"] = message.screen
            return dump(values)
        case (
            rights.SetRoom()
            | rights.Admit()
            | rights.Refuse()
            | rights.Kick()
            | rights.AskMute()
            | rights.GiveHost()
        ):
            return dump(rights_codec.client_values(message))
        case _:
            return dump(topology_codec.client_values(message))


# --- server to client ---------------------------------------------------------------------------


def _participant(message: dict[str, Any]) -> ParticipantInfo:
    return ParticipantInfo(
        user_id=id_field(message, "userId"),
        display_name=text_field(message, "displayName", limits.MAX_NAME_CHARS, ""),
        audio_muted=field(message, "audioMuted", bool, False),
        video_muted=field(message, "videoMuted", bool, False),
        instance=text_field(message, "instance", rights.MAX_INSTANCE_CHARS, ""),
        screen=field(message, "screen", bool, False),
    )


def _ice_server(message: dict[str, Any]) -> IceServer:
    urls = message.get("urls")
    if isinstance(urls, str):
        urls = [urls]
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ProtocolError(ErrorCode.BAD_FIELD, "The field 'urls' has the wrong type.")
    return IceServer(
        urls=tuple(urls),
        username=optional(message, "username", str),
        credential=optional(message, "credential", str),
    )


def decode_server_message(text: str) -> ServerMessage | None:
    """Parse what a server sent; None for a type that a newer server may know.

    Raises:
        ProtocolError: when the text is not a message of this protocol.
    """
    message = load(text)
    kind = field(message, "type", str)
    match kind:
        case "welcome":
            bounds: dict[str, Any] = field(message, "limits", dict, {})
            return Welcome(
                protocol_version=field(message, "protocolVersion", int, limits.PROTOCOL_VERSION),
                room_id=id_field(message, "roomId"),
                user_id=id_field(message, "userId"),
                participants=tuple(_participant(item) for item in objects(message, "participants")),
                ice_servers=tuple(_ice_server(item) for item in objects(message, "iceServers")),
                limits=Limits(
                    frame_bytes=field(bounds, "frameBytes", int, limits.MAX_FRAME_BYTES),
                    id_chars=field(bounds, "idChars", int, limits.MAX_ID_CHARS),
                    name_chars=field(bounds, "nameChars", int, limits.MAX_NAME_CHARS),
                    participants=field(bounds, "participants", int, limits.MAX_PARTICIPANTS),
                ),
                topology=topology_codec.topology(field(message, "topology", dict, {})),
                active_speaker=_optional_id(message, "activeSpeaker"),
                room=rights_codec.room_rules(field(message, "room", dict, {})),
                session=_ticket(field(message, "session", dict, {})),
                resumed=field(message, "resumed", bool, False),
            )
        case "new-peer":
            return NewPeer(_participant(message))
        case "signal":
            return PeerSignal(from_user_id=id_field(message, "from"), data=message.get("data"))
        case "peer-left":
            return PeerLeft(user_id=id_field(message, "userId"))
        case "participant-updated":
            return ParticipantUpdated(_participant(message))
        case "error":
            return ErrorMessage(
                code=text_field(message, "code", limits.MAX_ID_CHARS, ErrorCode.INTERNAL.value),
                message=text_field(message, "message", 1000, ""),
            )
    return topology_codec.decode_server_message(kind, message) or rights_codec.decode_server_message(
        kind, message
    )


def _ticket(message: dict[str, Any]) -> SessionTicket | None:
    token = text_field(message, "token", limits.MAX_ID_CHARS, "")
    return SessionTicket(token, float(field(message, "graceSeconds", int, 0))) if token else None


def _optional_id(message: dict[str, Any], key: str) -> str | None:
    return None if message.get(key) is None else id_field(message, key)


def encode_server_message(message: ServerMessage) -> str:
    """The JSON text of `message`; additions to the six basic messages appear only when they say something."""
    match message:
        case Welcome():
            return dump(
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
                            **_said("instance", item.instance),
                            **_said("screen", item.screen),
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
                    "topology": topology_codec.topology_values(message.topology),
                    **({} if message.active_speaker is None else {"activeSpeaker": message.active_speaker}),
                    **(
                        {}
                        if message.room == rights.OPEN
                        else {"room": rights_codec.room_values(message.room)}
                    ),
                    **({} if message.session is None else {"session": _ticket_values(message.session)}),
                    **_said("resumed", message.resumed),
                }
            )
        case NewPeer(participant=one):
            return dump(
                {
                    "type": "new-peer",
                    "userId": one.user_id,
                    **_state(one.display_name, one.audio_muted, one.video_muted),
                    **_said("instance", one.instance),
                    **_said("screen", one.screen),
                }
            )
        case PeerSignal():
            return dump({"type": "signal", "from": message.from_user_id, "data": message.data})
        case PeerLeft():
            return dump({"type": "peer-left", "userId": message.user_id})
        case ParticipantUpdated(participant=one):
            return dump(
                {
                    "type": "participant-updated",
                    "userId": one.user_id,
                    "displayName": one.display_name,
                    "audioMuted": one.audio_muted,
                    "videoMuted": one.video_muted,
                    **_said("instance", one.instance),
                    **_said("screen", one.screen),
                }
            )
        case ErrorMessage():
            return dump({"type": "error", "code": message.code, "message": message.message})
        case (
            rights.Waiting()
            | rights.RoomUpdated()
            | rights.Knock()
            | rights.KnockEnded()
            | rights.MuteAsked()
        ):
            return dump(rights_codec.server_values(message))
        case _:
            return dump(topology_codec.server_values(message))


def _said(key: str, value: str | bool) -> dict[str, JsonValue]:
    """An addition that says something; nothing for an empty one."""
    return {key: value} if value else {}


def _ticket_values(ticket: SessionTicket) -> dict[str, JsonValue]:
    return {"token": ticket.token, "graceSeconds": int(ticket.grace_s)}


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
