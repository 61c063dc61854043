"""What the engine tells the window and the bot. Immutable, so that they may cross threads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.data.events import DataEvent

if TYPE_CHECKING:
    from desktop_app.protocol.messages import ParticipantInfo
    from desktop_app.protocol.rights import RoomRules
    from desktop_app.protocol.topology import Mode, Phase
    from desktop_app.rtc.state import PeerState
    from desktop_app.stats.model import CallStats

MediaKind: TypeAlias = Literal["audio", "video"]
DeviceKind: TypeAlias = Literal["camera", "microphone", "speaker"]


class CallState(StrEnum):
    """Where this participant is: no call, on the way in, at a door that the host opens, in a room, or in a room
    without its server.
    """

    IDLE = "idle"
    JOINING = "joining"
    WAITING = "waiting"
    IN_CALL = "in-call"
    SERVER_LOST = "server-lost"


class DeviceState(StrEnum):
    """What a camera, microphone or speaker does."""

    OFF = "off"
    OPENING = "opening"
    LIVE = "live"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CallStateChanged:
    """`reason` is a sentence for the person, empty when they asked for the change themselves."""

    state: CallState
    room_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """A participant is in the room: one who was there before us, or a newcomer."""

    participant: ParticipantInfo


@dataclass(frozen=True, slots=True)
class ParticipantChanged:
    """A participant's name or mute states changed."""

    participant: ParticipantInfo


@dataclass(frozen=True, slots=True)
class ParticipantGone:
    """A participant left; the tile goes."""

    user_id: str


@dataclass(frozen=True, slots=True)
class PeerStateChanged:
    """The connection to one participant changed its state."""

    user_id: str
    state: PeerState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """The first picture or sound of a participant arrived, `since_join_ms` after our join was sent."""

    user_id: str
    kind: MediaKind
    since_join_ms: float


@dataclass(frozen=True, slots=True)
class LocalMuteChanged:
    """Our own microphone or camera was switched."""

    kind: MediaKind
    muted: bool


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A local device changed its state; `message` is one sentence when it failed."""

    device: DeviceKind
    state: DeviceState
    message: str = ""


@dataclass(frozen=True, slots=True)
class MicrophoneLevel:
    """RMS of the microphone after processing, 0 to 1, ten times a second."""

    level: float


@dataclass(frozen=True, slots=True)
class StatsUpdated:
    """Once a second during a call."""

    stats: CallStats


@dataclass(frozen=True, slots=True)
class QualityChanged:
    """What we send was stepped down or up, or a setting changed it: to everybody, or to one participant."""

    step: str
    """Size and frame rate or "Sound only", for people."""
    width_px: int
    height_px: int
    frame_rate: float
    video_kbps: float
    video_enabled: bool
    reason: Literal["network", "cpu", "setting", "recovered", ""]
    user_id: str = ""
    """Whom it concerns alone, their path being much narrower than the others', or no longer; empty: everybody else."""


@dataclass(frozen=True, slots=True)
class TopologyChanged:
    """How media travels in the room, or shall: told when we join, and at each step of a change (docs/sfu.md)."""

    mode: Mode
    reason: str
    """Of docs/sfu.md's table."""
    phase: Phase = "commit"
    """A `commit` holds; `prepare` is on the way to `mode`, and `abort` has given it up."""
    mesh_limit: int = 8
    """People in a room without an SFU."""


@dataclass(frozen=True, slots=True)
class ActiveSpeakerChanged:
    """Who speaks, the same on all ends; may be ourselves. None: nobody does."""

    user_id: str | None


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """The host or the doors of the room: told when we join, and at each change (docs/rights.md)."""

    rules: RoomRules


@dataclass(frozen=True, slots=True)
class Knocked:
    """We are the host, and somebody waits to be let in."""

    user_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class KnockGone:
    """They wait no longer: let in, refused, or gone; or we are no longer the host."""

    user_id: str


@dataclass(frozen=True, slots=True)
class MuteRequested:
    """The host asked us to switch this off, which was done."""

    kind: MediaKind


@dataclass(frozen=True, slots=True)
class SafetyCodeChanged:
    """The four words that both ends of a direct connection can compare (docs/rights.md)."""

    user_id: str
    words: tuple[str, ...]
    """Empty while they are not known."""
    is_other: bool = False
    """Whether the far end's certificate changed although they did not leave: somebody may be in between."""


@dataclass(frozen=True, slots=True)
class LocalScreenChanged:
    """We show our screen, or no longer; `message` is a sentence when it ended by itself."""

    shown: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person. `code` is stable, the text is not."""

    level: Literal["info", "warning", "error"]
    message: str
    code: str = ""


CallEvent: TypeAlias = (
    CallStateChanged
    | ParticipantJoined
    | ParticipantChanged
    | ParticipantGone
    | PeerStateChanged
    | FirstFrame
    | LocalMuteChanged
    | DeviceStatus
    | MicrophoneLevel
    | StatsUpdated
    | QualityChanged
    | TopologyChanged
    | ActiveSpeakerChanged
    | RoomChanged
    | Knocked
    | KnockGone
    | MuteRequested
    | SafetyCodeChanged
    | LocalScreenChanged
    | Notice
    | DataEvent
)
