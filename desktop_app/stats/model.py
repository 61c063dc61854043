"""CallStats: what is known of a call, once a second.

Names follow the W3C's "Identifiers for WebRTC's Statistics API" (webrtc-stats) where it has one, with units in
the name. Counters (`*_received`, `*_count`, ...) count from the start of the peer's connection; rates (`kbps`,
`loss_pct`, `frames_per_second`, `concealed_pct`, `audio_level`) are of the last second. None means "not known".
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InboundVideoStats:
    """One participant's picture as it arrives here (RTCInboundRtpStreamStats)."""

    codec: str | None = None
    bytes_received: int = 0
    kbps: float = 0.0
    packets_received: int = 0
    packets_lost: int = 0
    loss_pct: float = 0.0
    jitter_ms: float = 0.0
    frames_received: int = 0
    frames_decoded: int = 0
    frames_dropped: int = 0
    key_frames_decoded: int = 0
    frames_per_second: float = 0.0
    frame_width: int = 0
    frame_height: int = 0
    freeze_count: int = 0
    total_freezes_duration_s: float = 0.0
    nack_count: int = 0
    pli_count: int = 0
    decode_ms: float = 0.0
    """Mean decoding time a frame, of the last second."""
    delay_ms: float = 0.0
    """Mean time from a frame's first packet to its hand-over for display, of the last second."""


@dataclass(frozen=True, slots=True)
class InboundAudioStats:
    """One participant's sound as it arrives here (RTCInboundRtpStreamStats)."""

    codec: str | None = None
    bytes_received: int = 0
    kbps: float = 0.0
    packets_received: int = 0
    packets_lost: int = 0
    loss_pct: float = 0.0
    jitter_ms: float = 0.0
    audio_level: float = 0.0
    """RMS of what was played in the last second, 0 to 1 (full scale)."""
    total_samples_received: int = 0
    concealed_samples: int = 0
    concealed_pct: float = 0.0
    delay_ms: float = 0.0
    """Mean time from a packet's arrival to its playout, of the last second."""


@dataclass(frozen=True, slots=True)
class OutboundVideoStats:
    """Our picture on its way to one participant (RTCOutboundRtpStreamStats, RTCRemoteInboundRtpStreamStats)."""

    codec: str | None = None
    bytes_sent: int = 0
    kbps: float = 0.0
    target_kbps: float = 0.0
    packets_sent: int = 0
    retransmitted_packets_sent: int = 0
    frames_encoded: int = 0
    key_frames_encoded: int = 0
    frames_per_second: float = 0.0
    frame_width: int = 0
    frame_height: int = 0
    encode_ms: float = 0.0
    """Mean encoding time a frame, of the last second, by the encoder that serves this participant."""
    nack_count: int = 0
    pli_count: int = 0
    remote_loss_pct: float = 0.0
    remote_jitter_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class OutboundAudioStats:
    """Our sound on its way to one participant."""

    codec: str | None = None
    bytes_sent: int = 0
    kbps: float = 0.0
    packets_sent: int = 0
    audio_level: float = 0.0
    remote_loss_pct: float = 0.0
    remote_jitter_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class TransportStats:
    """The path to one participant (RTCIceCandidatePairStats, RTCIceCandidateStats)."""

    round_trip_time_ms: float | None = None
    local_candidate_type: str | None = None
    """host, srflx, prflx or relay (RFC 8445)."""
    remote_candidate_type: str | None = None
    protocol: str | None = None
    local_address: str | None = None
    remote_address: str | None = None
    bytes_sent: int = 0
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class ChannelStats:
    """One data channel to one participant (RTCDataChannelStats), counted over all connections to them."""

    label: str = ""
    state: str = "closed"
    """open or closed."""
    bytes_received: int = 0
    """Of messages, without what carries them."""
    bytes_sent: int = 0
    kbps_received: float = 0.0
    kbps_sent: float = 0.0
    messages_received: int = 0
    messages_sent: int = 0
    messages_queued: int = 0
    """They wait for the channel."""
    buffered_bytes: int = 0
    """On their way out (bufferedAmount)."""
    messages_dropped: dict[str, int] = field(default_factory=dict)
    """Of either direction, by reason (docs/data-channels.md)."""


@dataclass(frozen=True, slots=True)
class PeerStats:
    """Everything of one participant."""

    user_id: str
    state: str
    transport: TransportStats = field(default_factory=TransportStats)
    inbound_video: InboundVideoStats | None = None
    inbound_audio: InboundAudioStats | None = None
    outbound_video: OutboundVideoStats | None = None
    outbound_audio: OutboundAudioStats | None = None
    channels: tuple[ChannelStats, ...] = ()
    """None of a participant who has no data channels is open."""
    av_offset_ms: float | None = None
    """How far the sound is behind the picture here (lip sync); negative: ahead of it."""
    quality: str = "unknown"
    """How good the connection is, in a word: excellent, good, poor, lost or unknown (quality/score.py)."""
    inbound_screen: InboundVideoStats | None = None
    """A shared screen that has a line of its own, as it has in a room with an SFU; in a mesh it is in place of the
    camera's picture, in `inbound_video`."""
    outbound_screen: OutboundVideoStats | None = None
    video_is_screen: bool = False
    """Whether `inbound_video` is of a shared screen."""

    @property
    def screen(self) -> InboundVideoStats | None:
        """Their shared screen as it arrives here, by whichever line; None while they show none."""
        return self.inbound_video if self.video_is_screen else self.inbound_screen


@dataclass(frozen=True, slots=True)
class LocalStats:
    """What is true once, whoever is in the call."""

    camera_fps: float = 0.0
    """The rate that the camera really delivers."""
    microphone_level: float = 0.0
    cpu_pct: float = 0.0
    """CPU of this process; 100 is one core."""
    rss_mb: float = 0.0
    short_of_time: bool = False
    """Whether something is done without because the computer is short of time."""
    quality_step: str = ""
    """What we send, for people; empty before there is a path to send over."""
    quality_reason: str = ""
    """Why it is so: network, cpu, setting, recovered, or empty when it was so from the beginning."""
    quality_exceptions: dict[str, int] = field(default_factory=dict)
    """What some participants get instead, their paths being much narrower than the others': how many get what."""


@dataclass(frozen=True, slots=True)
class CallStats:
    """One second of a call."""

    time_s: float
    """Unix time."""
    peers: dict[str, PeerStats]
    local: LocalStats = field(default_factory=LocalStats)
