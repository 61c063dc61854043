"""What servers tell each other by way of Redis, checked on arrival."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from desktop_app.protocol import limits, rights, topology
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.fields import field, id_field, load, optional, text_field
from desktop_app.protocol.messages import ParticipantInfo

_DIGEST_CHARS = 32


@functools.lru_cache(maxsize=4096)
def room_digest(room_id: str) -> str:
    """What stands for a room in Redis and in logs: who knows the name may enter, so it is a secret."""
    return hashlib.sha256(room_id.encode()).hexdigest()[:_DIGEST_CHARS]


@dataclass(frozen=True, slots=True)
class Record:
    """One member as Redis has it."""

    number: int
    server: str
    info: ParticipantInfo
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """Something that happened in a room: join, joined (one of ours), left, update, snap (the whole room)."""

    kind: str
    digest: str
    records: tuple[Record, ...]
    numbers: tuple[int, ...]
    leader: str
    stored: str | None
    token: str
    final: bool
    host: str = ""
    doors: str | None = None


def info_text(info: ParticipantInfo, capabilities: tuple[str, ...]) -> str:
    """A participant's record as text, in ASCII, which Redis takes as it is."""
    values: dict[str, Any] = {"userId": info.user_id}
    if info.display_name:
        values["displayName"] = info.display_name
    if info.audio_muted:
        values["audioMuted"] = True
    if info.video_muted:
        values["videoMuted"] = True
    if info.instance:
        values["instance"] = info.instance
    if capabilities:
        values["capabilities"] = list(capabilities)
    return json.dumps(values, separators=(",", ":"))


def _number(value: object) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 16:
        raise ProtocolError(ErrorCode.BAD_FIELD, "A member's number is none.")
    return int(value)


def _record(number: object, server: object, info: object) -> Record:
    if not isinstance(server, str) or not isinstance(info, str):
        raise ProtocolError(ErrorCode.BAD_FIELD, "A member's record has the wrong type.")
    values = load(info)
    named: list[Any] = field(values, "capabilities", list, [])
    participant = ParticipantInfo(
        user_id=id_field(values, "userId"),
        display_name=text_field(values, "displayName", limits.MAX_NAME_CHARS, ""),
        audio_muted=field(values, "audioMuted", bool, False),
        video_muted=field(values, "videoMuted", bool, False),
        instance=text_field(values, "instance", rights.MAX_INSTANCE_CHARS, ""),
    )
    able = tuple(each for each in (topology.SFU_CAPABILITY, rights.RESUME_CAPABILITY) if each in named)
    return Record(_number(number), server, participant, able)


def parse_event(text: str) -> RoomEvent:
    """Read an event of a room.

    Raises:
        ProtocolError: it is none.
    """
    message = load(text)
    records: list[Record] = []
    if "i" in message:
        records.append(_record(message.get("n"), message.get("s", ""), message["i"]))
    for item in field(message, "m", list, []):
        if not isinstance(item, list) or len(item) != 3:
            raise ProtocolError(ErrorCode.BAD_FIELD, "A list of members is none.")
        records.append(_record(*item))
    numbers = message.get("n", [])
    return RoomEvent(
        kind=field(message, "t", str),
        digest=field(message, "r", str),
        records=tuple(records),
        numbers=tuple(_number(each) for each in (numbers if isinstance(numbers, list) else [numbers])),
        leader=field(message, "l", str, ""),
        stored=optional(message, "d", str),
        token=field(message, "k", str, ""),
        final=field(message, "f", str, "") == "1",
        host=field(message, "h", str, ""),
        doors=optional(message, "w", str),
    )
