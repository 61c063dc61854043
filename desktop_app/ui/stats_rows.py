"""What the table of statistics shows: one row a figure, received beside sent, with the W3C's names.

The names are those of "Identifiers for WebRTC's Statistics API" (webrtc-stats), "report: member"; "rate of"
marks figures of the last second that are derived from a counter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from . import units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from desktop_app.stats.model import (
        InboundAudioStats,
        InboundVideoStats,
        LocalStats,
        OutboundAudioStats,
        OutboundVideoStats,
        PeerStats,
        TransportStats,
    )

I = TypeVar("I")  # noqa: E741 - inbound
O = TypeVar("O")  # noqa: E741 - outbound


class Figure(NamedTuple):
    """One cell: its text, and the W3C's name for the tooltip."""

    text: str = ""
    w3c: str = ""


class Row(NamedTuple):
    """One line of the table. A figure that has no direction stands in `received` alone."""

    label: str
    received: Figure = Figure()
    sent: Figure = Figure()


class Section(NamedTuple):
    """A group of rows."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Line(Generic[I, O]):
    """How a row is made from the two directions' statistics."""

    label: str
    received: Callable[[I], str] | None = None
    received_w3c: str = ""
    sent: Callable[[O], str] | None = None
    sent_w3c: str = ""

    def row(self, inbound: I | None, outbound: O | None) -> Row:
        received, sent = Figure(), Figure()
        if self.received is not None:
            received = Figure(units.UNKNOWN if inbound is None else self.received(inbound), self.received_w3c)
        if self.sent is not None:
            sent = Figure(units.UNKNOWN if outbound is None else self.sent(outbound), self.sent_w3c)
        return Row(self.label, received, sent)


_TRANSPORT: tuple[_Line[TransportStats, TransportStats], ...] = (
    _Line(
        "Round-trip time",
        lambda s: units.milliseconds(s.round_trip_time_ms),
        "candidate-pair: currentRoundTripTime",
    ),
    _Line("Protocol", lambda s: units.word(s.protocol), "local-candidate: protocol"),
    _Line(
        "Candidate (theirs, ours)",
        lambda s: units.word(s.remote_candidate_type),
        "remote-candidate: candidateType",
        lambda s: units.word(s.local_candidate_type),
        "local-candidate: candidateType",
    ),
    _Line(
        "Address (theirs, ours)",
        lambda s: units.word(s.remote_address),
        "remote-candidate: address, port",
        lambda s: units.word(s.local_address),
        "local-candidate: address, port",
    ),
    _Line(
        "Data in all",
        lambda s: units.byte_size(s.bytes_received),
        "transport: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "transport: bytesSent",
    ),
)

_VIDEO: tuple[_Line[InboundVideoStats, OutboundVideoStats], ...] = (
    _Line(
        "Codec",
        lambda s: units.word(s.codec),
        "inbound-rtp: codecId",
        lambda s: units.word(s.codec),
        "outbound-rtp: codecId",
    ),
    _Line(
        "Bit rate",
        lambda s: units.bit_rate(s.kbps),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.kbps),
        "outbound-rtp: rate of bytesSent",
    ),
    _Line(
        "Target bit rate",
        sent=lambda s: units.bit_rate(s.target_kbps),
        sent_w3c="outbound-rtp: targetBitrate",
    ),
    _Line(
        "Frame size",
        lambda s: units.frame_size(s.frame_width, s.frame_height),
        "inbound-rtp: frameWidth, frameHeight",
        lambda s: units.frame_size(s.frame_width, s.frame_height),
        "outbound-rtp: frameWidth, frameHeight",
    ),
    _Line(
        "Frame rate",
        lambda s: units.frame_rate(s.frames_per_second),
        "inbound-rtp: framesPerSecond",
        lambda s: units.frame_rate(s.frames_per_second),
        "outbound-rtp: framesPerSecond",
    ),
    _Line(
        "Loss",
        lambda s: units.percent(s.loss_pct),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.remote_loss_pct),
        "remote-inbound-rtp: fractionLost",
    ),
    _Line(
        "Jitter",
        lambda s: units.milliseconds(s.jitter_ms),
        "inbound-rtp: jitter",
        lambda s: units.milliseconds(s.remote_jitter_ms),
        "remote-inbound-rtp: jitter",
    ),
    _Line(
        "Freezes",
        lambda s: f"{units.count(s.freeze_count)} ({s.total_freezes_duration_s:.1f} s)",
        "inbound-rtp: freezeCount, totalFreezesDuration",
    ),
    _Line(
        "Delay to display",
        lambda s: units.milliseconds(s.delay_ms),
        "inbound-rtp: rate of totalProcessingDelay / framesDecoded",
    ),
    _Line(
        "Decoding, encoding",
        lambda s: units.milliseconds(s.decode_ms),
        "inbound-rtp: rate of totalDecodeTime / framesDecoded",
        lambda s: units.milliseconds(s.encode_ms),
        "outbound-rtp: rate of totalEncodeTime / framesEncoded",
    ),
    _Line(
        "Frames",
        lambda s: units.count(s.frames_received),
        "inbound-rtp: framesReceived",
        lambda s: units.count(s.frames_encoded),
        "outbound-rtp: framesEncoded",
    ),
    _Line("Frames decoded", lambda s: units.count(s.frames_decoded), "inbound-rtp: framesDecoded"),
    _Line("Frames dropped", lambda s: units.count(s.frames_dropped), "inbound-rtp: framesDropped"),
    _Line(
        "Key frames",
        lambda s: units.count(s.key_frames_decoded),
        "inbound-rtp: keyFramesDecoded",
        lambda s: units.count(s.key_frames_encoded),
        "outbound-rtp: keyFramesEncoded",
    ),
    _Line(
        "Packets",
        lambda s: units.count(s.packets_received),
        "inbound-rtp: packetsReceived",
        lambda s: units.count(s.packets_sent),
        "outbound-rtp: packetsSent",
    ),
    _Line("Packets lost", lambda s: units.count(s.packets_lost), "inbound-rtp: packetsLost"),
    _Line(
        "Packets sent again",
        sent=lambda s: units.count(s.retransmitted_packets_sent),
        sent_w3c="outbound-rtp: retransmittedPacketsSent",
    ),
    _Line(
        "Packets asked for (NACK)",
        lambda s: units.count(s.nack_count),
        "inbound-rtp: nackCount",
        lambda s: units.count(s.nack_count),
        "outbound-rtp: nackCount",
    ),
    _Line(
        "Key frames asked for (PLI)",
        lambda s: units.count(s.pli_count),
        "inbound-rtp: pliCount",
        lambda s: units.count(s.pli_count),
        "outbound-rtp: pliCount",
    ),
    _Line(
        "Data",
        lambda s: units.byte_size(s.bytes_received),
        "inbound-rtp: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "outbound-rtp: bytesSent",
    ),
)

_SOUND: tuple[_Line[InboundAudioStats, OutboundAudioStats], ...] = (
    _Line(
        "Codec",
        lambda s: units.word(s.codec),
        "inbound-rtp: codecId",
        lambda s: units.word(s.codec),
        "outbound-rtp: codecId",
    ),
    _Line(
        "Bit rate",
        lambda s: units.bit_rate(s.kbps),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.kbps),
        "outbound-rtp: rate of bytesSent",
    ),
    _Line(
        "Level",
        lambda s: units.level(s.audio_level),
        "inbound-rtp: audioLevel",
        lambda s: units.level(s.audio_level),
        "media-source: audioLevel",
    ),
    _Line(
        "Loss",
        lambda s: units.percent(s.loss_pct),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.remote_loss_pct),
        "remote-inbound-rtp: fractionLost",
    ),
    _Line(
        "Jitter",
        lambda s: units.milliseconds(s.jitter_ms),
        "inbound-rtp: jitter",
        lambda s: units.milliseconds(s.remote_jitter_ms),
        "remote-inbound-rtp: jitter",
    ),
    _Line(
        "Concealed",
        lambda s: units.percent(s.concealed_pct),
        "inbound-rtp: rate of concealedSamples / totalSamplesReceived",
    ),
    _Line("Samples concealed", lambda s: units.count(s.concealed_samples), "inbound-rtp: concealedSamples"),
    _Line("Samples", lambda s: units.count(s.total_samples_received), "inbound-rtp: totalSamplesReceived"),
    _Line(
        "Delay to playout",
        lambda s: units.milliseconds(s.delay_ms),
        "inbound-rtp: rate of totalProcessingDelay",
    ),
    _Line(
        "Packets",
        lambda s: units.count(s.packets_received),
        "inbound-rtp: packetsReceived",
        lambda s: units.count(s.packets_sent),
        "outbound-rtp: packetsSent",
    ),
    _Line("Packets lost", lambda s: units.count(s.packets_lost), "inbound-rtp: packetsLost"),
    _Line(
        "Data",
        lambda s: units.byte_size(s.bytes_received),
        "inbound-rtp: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "outbound-rtp: bytesSent",
    ),
)

_COMPUTER: tuple[_Line[LocalStats, LocalStats], ...] = (
    _Line("Camera", lambda s: units.frame_rate(s.camera_fps), "media-source: framesPerSecond"),
    _Line("Microphone level", lambda s: units.level(s.microphone_level), "media-source: audioLevel"),
    _Line("Processor", lambda s: units.percent(s.cpu_pct), "this process; 100 % is one core"),
    _Line("Memory", lambda s: units.byte_size(round(s.rss_mb * 1e6)), "this process; resident set size"),
)


def _rows(lines: Iterable[_Line[I, O]], inbound: I | None, outbound: O | None) -> tuple[Row, ...]:
    return tuple(line.row(inbound, outbound) for line in lines)


def sections_for(peer: PeerStats | None, local: LocalStats | None) -> tuple[Section, ...]:
    """The whole table; its shape is always the same, unknown figures are dashes."""
    state = Row(
        "State",
        Figure(units.word(peer.state.capitalize() if peer else None), "RTCPeerConnection.connectionState"),
    )
    transport = peer.transport if peer else None
    return (
        Section("Connection", (state, *_rows(_TRANSPORT, transport, transport))),
        Section(
            "Picture",
            _rows(_VIDEO, peer.inbound_video if peer else None, peer.outbound_video if peer else None),
        ),
        Section(
            "Sound",
            _rows(_SOUND, peer.inbound_audio if peer else None, peer.outbound_audio if peer else None),
        ),
        Section("This computer", _rows(_COMPUTER, local, None)),
    )


_OVERVIEW: tuple[_Line[PeerStats, PeerStats], ...] = (
    _Line("State", lambda s: units.word(s.state.capitalize()), "RTCPeerConnection.connectionState"),
    _Line(
        "Round-trip time",
        lambda s: units.milliseconds(s.transport.round_trip_time_ms),
        "candidate-pair: currentRoundTripTime",
    ),
    _Line(
        "Picture",
        lambda s: units.bit_rate(s.inbound_video.kbps if s.inbound_video else None),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.outbound_video.kbps if s.outbound_video else None),
        "outbound-rtp: rate of bytesSent",
    ),
    _Line(
        "Picture loss",
        lambda s: units.percent(s.inbound_video.loss_pct if s.inbound_video else None),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.outbound_video.remote_loss_pct if s.outbound_video else None),
        "remote-inbound-rtp: fractionLost",
    ),
    _Line(
        "Frame rate",
        lambda s: units.frame_rate(s.inbound_video.frames_per_second if s.inbound_video else None),
        "inbound-rtp: framesPerSecond",
        lambda s: units.frame_rate(s.outbound_video.frames_per_second if s.outbound_video else None),
        "outbound-rtp: framesPerSecond",
    ),
    _Line(
        "Sound",
        lambda s: units.bit_rate(s.inbound_audio.kbps if s.inbound_audio else None),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.outbound_audio.kbps if s.outbound_audio else None),
        "outbound-rtp: rate of bytesSent",
    ),
    _Line(
        "Sound loss",
        lambda s: units.percent(s.inbound_audio.loss_pct if s.inbound_audio else None),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.outbound_audio.remote_loss_pct if s.outbound_audio else None),
        "remote-inbound-rtp: fractionLost",
    ),
)


def overview_sections(
    people: Iterable[tuple[str, PeerStats | None]], local: LocalStats | None
) -> tuple[Section, ...]:
    """Everybody in short: (name, statistics) pairs."""
    sections = [Section(name, _rows(_OVERVIEW, peer, peer)) for name, peer in people]
    return (*sections, Section("This computer", _rows(_COMPUTER, local, None)))
