"""The messages about mesh and SFU (docs/sfu.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .json_value import JsonValue

SFU_CAPABILITY = "sfu"

Mode: TypeAlias = Literal["mesh", "sfu"]
Phase: TypeAlias = Literal["prepare", "commit", "abort"]
Feed: TypeAlias = Literal["audio", "camera", "thumbnail", "screen"]
SfuConnection: TypeAlias = Literal["publish", "subscribe"]

FEEDS: tuple[Feed, ...] = ("audio", "camera", "thumbnail", "screen")
LARGE_FEEDS: tuple[Feed, ...] = ("camera", "screen")
MAX_LARGE_FEEDS = 3
"""That one participant may watch at a time."""
MAX_FEEDS = 256
"""In one message."""
MAX_SDP_CHARS = 60_000
MAX_PUBLISHED_LINES = 8
"""M-lines of what one participant publishes."""
SILENCE_DBOV = -127


@dataclass(frozen=True, slots=True)
class Track:
    """One m-line of a publisher's offer."""

    mid: str
    kind: Feed


@dataclass(frozen=True, slots=True)
class WantedFeed:
    """Something of somebody."""

    user_id: str
    kind: Feed


@dataclass(frozen=True, slots=True)
class Stream:
    """Whose an m-line of the subscriber connection is."""

    mid: str
    user_id: str
    kind: Feed
    active: bool = True


# --- client to server ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TopologyReady:
    """The new path is up, or will not come up, which `reason` explains for the log."""

    epoch: int
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SfuPublish:
    """Publish, in place of an older publication."""

    epoch: int
    sdp: str
    tracks: tuple[Track, ...]
    number: int = 0
    """Which one of this client's publications; 0 when it does not count them."""


@dataclass(frozen=True, slots=True)
class SfuSubscribe:
    """The whole of what is wanted from now on."""

    epoch: int
    feeds: tuple[WantedFeed, ...]
    restart: bool = False


@dataclass(frozen=True, slots=True)
class SfuAnswer:
    """To the subscriber's offer `number`."""

    epoch: int
    number: int
    sdp: str


@dataclass(frozen=True, slots=True)
class SfuCandidate:
    """A trickled candidate (W3C RTCIceCandidateInit); None is the end of them."""

    epoch: int
    connection: SfuConnection
    candidate: JsonValue


@dataclass(frozen=True, slots=True)
class AudioLevel:
    """How loud our own microphone is, in dBov (RFC 6464): -127 to 0."""

    dbov: int


TopologyClientMessage: TypeAlias = (
    TopologyReady | SfuPublish | SfuSubscribe | SfuAnswer | SfuCandidate | AudioLevel
)

# --- server to client ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Topology:
    """How media travels in the room from now on, or shall."""

    epoch: int = 0
    mode: Mode = "mesh"
    phase: Phase = "commit"
    reason: str = "joined"
    mesh_limit: int = 8


MESH = Topology()
"""Of a server that says nothing about it."""


@dataclass(frozen=True, slots=True)
class SfuPublished:
    """The answer to SfuPublish."""

    epoch: int
    sdp: str
    number: int = 0
    """Of the SfuPublish that it answers; 0 when that had none."""


@dataclass(frozen=True, slots=True)
class SfuOffer:
    """Of the subscriber connection."""

    epoch: int
    number: int
    sdp: str
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class SfuStreams:
    """Whose the m-lines are, without a negotiation."""

    epoch: int
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class SfuWatched:
    """Which of one's own pictures somebody wants."""

    epoch: int
    kinds: tuple[Feed, ...]


@dataclass(frozen=True, slots=True)
class SfuFailed:
    """One of the two connections was lost or refused."""

    epoch: int
    connection: SfuConnection
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ActiveSpeaker:
    """Who speaks; None: nobody."""

    user_id: str | None


TopologyServerMessage: TypeAlias = (
    Topology | SfuPublished | SfuOffer | SfuStreams | SfuWatched | SfuFailed | ActiveSpeaker
)
