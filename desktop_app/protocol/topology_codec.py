"""The messages about mesh and SFU as JSON objects (docs/sfu.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from . import limits
from .errors import ErrorCode, ProtocolError
from .fields import field, id_field, objects, text_field
from .topology import (
    FEEDS,
    MAX_FEEDS,
    MAX_PUBLISHED_LINES,
    MAX_SDP_CHARS,
    SILENCE_DBOV,
    ActiveSpeaker,
    AudioLevel,
    SfuAnswer,
    SfuCandidate,
    SfuFailed,
    SfuOffer,
    SfuPublish,
    SfuPublished,
    SfuStreams,
    SfuSubscribe,
    SfuWatched,
    Stream,
    Topology,
    TopologyReady,
    Track,
    WantedFeed,
)

if TYPE_CHECKING:
    from .json_value import JsonValue
    from .topology import Feed, Mode, Phase, SfuConnection, TopologyClientMessage, TopologyServerMessage

T = TypeVar("T", bound=str)

MAX_REASON_CHARS = 200
MAX_NUMBER = 1 << 31
_MODES: tuple[Mode, ...] = ("mesh", "sfu")
_PHASES: tuple[Phase, ...] = ("prepare", "commit", "abort")
_CONNECTIONS: tuple[SfuConnection, ...] = ("publish", "subscribe")


def _choice(message: dict[str, Any], key: str, among: tuple[T, ...]) -> T:
    value = field(message, key, str)
    for each in among:
        if value == each:
            return each
    raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' has a value that is not known.")


def _number(message: dict[str, Any], key: str) -> int:
    value = field(message, key, int)
    if not 0 <= value < MAX_NUMBER:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"The field '{key}' is out of range.")
    return value


def _optional_number(message: dict[str, Any], key: str) -> int:
    return _number(message, key) if key in message else 0


def _few_lines(sdp: str) -> str:
    """Of a publication: there is no use for more, and each costs the SFU something."""
    if sum(line.startswith("m=") for line in sdp.splitlines()) > MAX_PUBLISHED_LINES:
        raise ProtocolError(
            ErrorCode.BAD_FIELD, f"What is published has more than {MAX_PUBLISHED_LINES} m-lines."
        )
    return sdp


def _sdp(message: dict[str, Any]) -> str:
    value = field(message, "sdp", str)
    if len(value) > MAX_SDP_CHARS:
        raise ProtocolError(ErrorCode.FIELD_TOO_LONG, "The session description is too long.")
    return value


def _list(message: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = objects(message, key)
    if len(items) > MAX_FEEDS:
        raise ProtocolError(ErrorCode.FIELD_TOO_LONG, f"The field '{key}' has too many entries.")
    return items


def _streams(message: dict[str, Any]) -> tuple[Stream, ...]:
    return tuple(
        Stream(
            mid=id_field(item, "mid"),
            user_id=id_field(item, "userId"),
            kind=_choice(item, "kind", FEEDS),
            active=field(item, "active", bool, True),
        )
        for item in _list(message, "streams")
    )


def decode_client_message(kind: str, message: dict[str, Any]) -> TopologyClientMessage | None:
    """One of these messages; None when `kind` is none of them.

    Raises:
        ProtocolError: with the code and sentence that the client gets back.
    """
    match kind:
        case "topology-ready":
            return TopologyReady(
                epoch=_number(message, "epoch"),
                ok=field(message, "ok", bool),
                reason=text_field(message, "reason", MAX_REASON_CHARS, ""),
            )
        case "sfu-publish":
            return SfuPublish(
                epoch=_number(message, "epoch"),
                sdp=_few_lines(_sdp(message)),
                tracks=tuple(
                    Track(id_field(item, "mid"), _choice(item, "kind", FEEDS))
                    for item in _list(message, "tracks")
                ),
                number=_optional_number(message, "number"),
            )
        case "sfu-subscribe":
            return SfuSubscribe(
                epoch=_number(message, "epoch"),
                feeds=tuple(
                    WantedFeed(id_field(item, "userId"), _choice(item, "kind", FEEDS))
                    for item in _list(message, "feeds")
                ),
                restart=field(message, "restart", bool, False),
            )
        case "sfu-answer":
            return SfuAnswer(_number(message, "epoch"), _number(message, "number"), _sdp(message))
        case "sfu-candidate":
            return SfuCandidate(
                epoch=_number(message, "epoch"),
                connection=_choice(message, "connection", _CONNECTIONS),
                candidate=message.get("candidate"),
            )
        case "audio-level":
            return AudioLevel(min(0, max(SILENCE_DBOV, field(message, "dbov", int))))
    return None


def client_values(message: TopologyClientMessage) -> dict[str, JsonValue]:
    """As it is sent."""
    match message:
        case TopologyReady():
            return {
                "type": "topology-ready",
                "epoch": message.epoch,
                "ok": message.ok,
                **({"reason": message.reason[:MAX_REASON_CHARS]} if message.reason else {}),
            }
        case SfuPublish():
            return {
                "type": "sfu-publish",
                "epoch": message.epoch,
                "sdp": message.sdp,
                "tracks": [{"mid": track.mid, "kind": track.kind} for track in message.tracks],
                **({"number": message.number} if message.number else {}),
            }
        case SfuSubscribe():
            return {
                "type": "sfu-subscribe",
                "epoch": message.epoch,
                "feeds": [{"userId": feed.user_id, "kind": feed.kind} for feed in message.feeds],
                "restart": message.restart,
            }
        case SfuAnswer():
            return {
                "type": "sfu-answer",
                "epoch": message.epoch,
                "number": message.number,
                "sdp": message.sdp,
            }
        case SfuCandidate():
            return {
                "type": "sfu-candidate",
                "epoch": message.epoch,
                "connection": message.connection,
                "candidate": message.candidate,
            }
        case AudioLevel():
            return {"type": "audio-level", "dbov": message.dbov}


def topology(message: dict[str, Any]) -> Topology:
    """The topology in a message; an empty one is a mesh.

    Raises:
        ProtocolError: it is malformed.
    """
    if not message:
        return Topology()
    return Topology(
        epoch=_number(message, "epoch"),
        mode=_choice(message, "mode", _MODES),
        phase=_choice(message, "phase", _PHASES),
        reason=text_field(message, "reason", MAX_REASON_CHARS, ""),
        mesh_limit=field(message, "meshLimit", int, limits.MAX_PARTICIPANTS),
    )


def topology_values(message: Topology) -> dict[str, JsonValue]:
    """As it is sent, without a type."""
    return {
        "epoch": message.epoch,
        "mode": message.mode,
        "phase": message.phase,
        "reason": message.reason,
        "meshLimit": message.mesh_limit,
    }


def decode_server_message(kind: str, message: dict[str, Any]) -> TopologyServerMessage | None:
    """One of these messages; None when `kind` is none of them.

    Raises:
        ProtocolError: it is malformed.
    """
    match kind:
        case "topology":
            return topology(message)
        case "sfu-published":
            number = _optional_number(message, "number")
            return SfuPublished(_number(message, "epoch"), _sdp(message), number)
        case "sfu-offer":
            return SfuOffer(
                epoch=_number(message, "epoch"),
                number=_number(message, "number"),
                sdp=_sdp(message),
                streams=_streams(message),
            )
        case "sfu-streams":
            return SfuStreams(_number(message, "epoch"), _streams(message))
        case "sfu-watched":
            kinds: list[Any] = field(message, "kinds", list, [])
            return SfuWatched(_number(message, "epoch"), tuple(each for each in FEEDS if each in kinds))
        case "sfu-failed":
            return SfuFailed(
                epoch=_number(message, "epoch"),
                connection=_choice(message, "connection", _CONNECTIONS),
                code=text_field(message, "code", limits.MAX_ID_CHARS, ""),
                message=text_field(message, "message", 1000, ""),
            )
        case "active-speaker":
            user_id = message.get("userId")
            return ActiveSpeaker(None if user_id is None else id_field(message, "userId"))
    return None


def server_values(message: TopologyServerMessage) -> dict[str, JsonValue]:
    """As it is sent."""
    match message:
        case Topology():
            return {"type": "topology", **topology_values(message)}
        case SfuPublished():
            return {
                "type": "sfu-published",
                "epoch": message.epoch,
                "sdp": message.sdp,
                **({"number": message.number} if message.number else {}),
            }
        case SfuOffer():
            return {
                "type": "sfu-offer",
                "epoch": message.epoch,
                "number": message.number,
                "sdp": message.sdp,
                "streams": _stream_values(message.streams),
            }
        case SfuStreams():
            return {
                "type": "sfu-streams",
                "epoch": message.epoch,
                "streams": _stream_values(message.streams),
            }
        case SfuWatched():
            kinds: list[Feed] = list(message.kinds)
            return {"type": "sfu-watched", "epoch": message.epoch, "kinds": [*kinds]}
        case SfuFailed():
            return {
                "type": "sfu-failed",
                "epoch": message.epoch,
                "connection": message.connection,
                "code": message.code,
                "message": message.message,
            }
        case ActiveSpeaker():
            return {"type": "active-speaker", "userId": message.user_id}


def _stream_values(streams: tuple[Stream, ...]) -> list[JsonValue]:
    return [
        {"mid": stream.mid, "userId": stream.user_id, "kind": stream.kind, "active": stream.active}
        for stream in streams
    ]
