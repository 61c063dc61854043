"""The wire messages as dataclasses (docs/protocol.md).

Client to server: JoinRoom, Signal, LeaveRoom, UpdateParticipant, and those of topology.py and rights.py.
Server to client: Welcome, NewPeer, PeerSignal, PeerLeft, ParticipantUpdated, ErrorMessage, and those of topology.py
and rights.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from .limits import MAX_PARTICIPANTS
from .rights import OPEN, RightsClientMessage, RightsServerMessage, RoomRules
from .topology import MESH, Topology, TopologyClientMessage, TopologyServerMessage

if TYPE_CHECKING:
    from .json_value import JsonValue


@dataclass(frozen=True, slots=True)
class ParticipantInfo:
    """What everybody in a room knows of one participant."""

    user_id: str
    display_name: str = ""
    audio_muted: bool = False
    video_muted: bool = False
    instance: str = ""
    """Made up by a client for one call (docs/recovery.md); empty for clients that do not."""
    screen: bool = False
    """Whether they show their screen."""


@dataclass(frozen=True, slots=True)
class SessionTicket:
    """What a client comes back with after it lost the connection to the server (docs/recovery.md)."""

    token: str = field(repr=False)
    grace_s: float


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server (W3C WebRTC 4.2.4, RTCIceServer)."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """The server's bounds."""

    frame_bytes: int
    id_chars: int
    name_chars: int
    participants: int = MAX_PARTICIPANTS


# --- client to server ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Enter a room. A client that knows only roomId and userId leaves the rest out."""

    room_id: str
    user_id: str
    display_name: str = ""
    audio_muted: bool = False
    video_muted: bool = False
    capabilities: tuple[str, ...] = ()
    """Of which protocol/topology.py and rights.py have the names."""
    instance: str = ""
    resume: str = field(default="", repr=False)
    """The token of the membership to go on with."""
    access: str = field(default="", repr=False)
    """Made from the link's secret (docs/rights.md)."""
    password: str = field(default="", repr=False)
    screen: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Pass `data` to one participant of the same room."""

    target_user_id: str
    data: JsonValue


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Leave the room; the connection stays."""


@dataclass(frozen=True, slots=True)
class UpdateParticipant:
    """Change one's own name or states; None leaves a value as it is."""

    display_name: str | None = None
    audio_muted: bool | None = None
    video_muted: bool | None = None
    screen: bool | None = None


ClientMessage: TypeAlias = (
    JoinRoom | Signal | LeaveRoom | UpdateParticipant | TopologyClientMessage | RightsClientMessage
)

# --- server to client ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to JoinRoom; `participants` are those who were there before, in the order of joining."""

    protocol_version: int
    room_id: str
    user_id: str
    participants: tuple[ParticipantInfo, ...]
    ice_servers: tuple[IceServer, ...]
    limits: Limits
    topology: Topology = MESH
    active_speaker: str | None = None
    room: RoomRules = OPEN
    session: SessionTicket | None = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class NewPeer:
    """Somebody joined; whoever was there before offers to them."""

    participant: ParticipantInfo


@dataclass(frozen=True, slots=True)
class PeerSignal:
    """`data` from another participant of the room."""

    from_user_id: str
    data: JsonValue


@dataclass(frozen=True, slots=True)
class PeerLeft:
    """Somebody left or lost the connection."""

    user_id: str


@dataclass(frozen=True, slots=True)
class ParticipantUpdated:
    """Somebody's name or states changed; the whole new record."""

    participant: ParticipantInfo


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """The last message was refused, or the server has to end the session. `code` is an ErrorCode or newer."""

    code: str
    message: str


ServerMessage: TypeAlias = (
    Welcome
    | NewPeer
    | PeerSignal
    | PeerLeft
    | ParticipantUpdated
    | ErrorMessage
    | TopologyServerMessage
    | RightsServerMessage
)
