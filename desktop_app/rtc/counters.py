"""A snapshot of everything that one peer has counted; stats/ turns two of them into rates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

_serials = itertools.count(1)


def next_serial() -> int:
    """Of something that begins to count from zero (`PeerCounters.connection`)."""
    return next(_serials)


@dataclass(frozen=True, slots=True)
class SelectedPair:
    """The candidate pair in use (W3C RTCIceCandidatePairStats)."""

    local_type: str
    remote_type: str
    protocol: str
    local_address: str
    remote_address: str


@dataclass(frozen=True, slots=True)
class InboundCounters:
    """One received stream; the fields of the other kind stay 0."""

    codec: str | None
    bytes_received: int
    packets_received: int
    packets_lost: int
    packets_expected: int
    packets_missed: int
    jitter_ms: float
    frames_received: int = 0
    frames_decoded: int = 0
    frames_dropped: int = 0
    key_frames_decoded: int = 0
    width_px: int = 0
    height_px: int = 0
    freeze_count: int = 0
    total_freezes_duration_s: float = 0.0
    nack_count: int = 0
    pli_count: int = 0
    total_decode_s: float = 0.0
    total_samples: int = 0
    concealed_samples: int = 0
    energy: float = 0.0
    """Sum of squares of the samples played, full scale 1."""
    total_delay_s: float = 0.0
    delay_count: int = 0


@dataclass(frozen=True, slots=True)
class OutboundCounters:
    """One sent stream."""

    codec: str
    bytes_sent: int
    packets_sent: int
    retransmitted_packets: int
    frames_sent: int
    key_frames_sent: int
    nack_count: int
    pli_count: int
    remote_loss: float
    """0 to 1."""
    remote_jitter_ms: float
    estimate_kbps: float | None


@dataclass(frozen=True, slots=True)
class PeerCounters:
    """One peer at one moment of the monotonic clock."""

    connection: int
    """Grows with every connection of the process: another one counts from 0, all but what was played."""
    at_s: float
    round_trip_s: float | None
    av_offset_s: float | None
    """How far the sound is behind the picture; None while it is not known."""
    pair: SelectedPair | None
    transport_bytes_sent: int
    transport_bytes_received: int
    inbound_video: InboundCounters | None
    inbound_audio: InboundCounters | None
    outbound_video: OutboundCounters | None
    outbound_audio: OutboundCounters | None
    inbound_screen: InboundCounters | None = None
    """A shared screen that has a line of its own; elsewhere it is in place of the video."""
    outbound_screen: OutboundCounters | None = None


@dataclass(frozen=True, slots=True)
class ChannelCounters:
    """One data channel to one participant, over all connections; bytes are those of the messages."""

    label: str
    is_open: bool
    bytes_sent: int
    bytes_received: int
    messages_sent: int
    messages_received: int
    queued: int
    """Messages that wait for the channel."""
    buffered_bytes: int
    """Handed over and still on their way out."""
    dropped: dict[str, int]
    """Messages of either direction, by reason."""
