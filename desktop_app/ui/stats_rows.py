"""What the table of statistics shows: one row a figure, received beside sent, with the W3C's names.

The names are those of "Identifiers for WebRTC's Statistics API" (webrtc-stats), "report: member"; "rate of"
marks figures of the last second that are derived from a counter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import units
from .stats_data_rows import data_sections, kbps_received, kbps_sent
from .stats_line import Figure, Line, Row, Section, make_rows
from .topology_words import route_sentences, route_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.call.events import TopologyChanged
    from desktop_app.stats.model import (
        InboundAudioStats,
        InboundVideoStats,
        LocalStats,
        OutboundAudioStats,
        OutboundVideoStats,
        PeerStats,
        TransportStats,
    )

_TRANSPORT: tuple[Line[TransportStats, TransportStats], ...] = (
    Line(
        "Round-trip time",
        lambda s: units.milliseconds(s.round_trip_time_ms),
        "candidate-pair: currentRoundTripTime",
    ),
    Line("Protocol", lambda s: units.word(s.protocol), "local-candidate: protocol"),
    Line(
        "Candidate (theirs, ours)",
        lambda s: units.word(s.remote_candidate_type),
        "remote-candidate: candidateType",
        lambda s: units.word(s.local_candidate_type),
        "local-candidate: candidateType",
    ),
    Line(
        "Address (theirs, ours)",
        lambda s: units.word(s.remote_address),
        "remote-candidate: address, port",
        lambda s: units.word(s.local_address),
        "local-candidate: address, port",
    ),
    Line(
        "Data in all",
        lambda s: units.byte_size(s.bytes_received),
        "transport: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "transport: bytesSent",
    ),
)

_VIDEO: tuple[Line[InboundVideoStats, OutboundVideoStats], ...] = (
    Line(
        "Codec",
        lambda s: units.word(s.codec),
        "inbound-rtp: codecId",
        lambda s: units.word(s.codec),
        "outbound-rtp: codecId",
    ),
    Line(
        "Bit rate",
        lambda s: units.bit_rate(s.kbps),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.kbps),
        "outbound-rtp: rate of bytesSent",
    ),
    Line(
        "Target bit rate",
        sent=lambda s: units.bit_rate(s.target_kbps),
        sent_w3c="outbound-rtp: targetBitrate",
    ),
    Line(
        "Frame size",
        lambda s: units.frame_size(s.frame_width, s.frame_height),
        "inbound-rtp: frameWidth, frameHeight",
        lambda s: units.frame_size(s.frame_width, s.frame_height),
        "outbound-rtp: frameWidth, frameHeight",
    ),
    Line(
        "Frame rate",
        lambda s: units.frame_rate(s.frames_per_second),
        "inbound-rtp: framesPerSecond",
        lambda s: units.frame_rate(s.frames_per_second),
        "outbound-rtp: framesPerSecond",
    ),
    Line(
        "Loss",
        lambda s: units.percent(s.loss_pct),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.remote_loss_pct),
        "remote-inbound-rtp: fractionLost",
    ),
    Line(
        "Jitter",
        lambda s: units.milliseconds(s.jitter_ms),
        "inbound-rtp: jitter",
        lambda s: units.milliseconds(s.remote_jitter_ms),
        "remote-inbound-rtp: jitter",
    ),
    Line(
        "Freezes",
        lambda s: f"{units.count(s.freeze_count)} ({s.total_freezes_duration_s:.1f} s)",
        "inbound-rtp: freezeCount, totalFreezesDuration",
    ),
    Line(
        "Delay to display",
        lambda s: units.milliseconds(s.delay_ms),
        "inbound-rtp: rate of totalProcessingDelay / framesDecoded",
    ),
    Line(
        "Decoding, encoding",
        lambda s: units.milliseconds(s.decode_ms),
        "inbound-rtp: rate of totalDecodeTime / framesDecoded",
        lambda s: units.milliseconds(s.encode_ms),
        "outbound-rtp: rate of totalEncodeTime / framesEncoded",
    ),
    Line(
        "Frames",
        lambda s: units.count(s.frames_received),
        "inbound-rtp: framesReceived",
        lambda s: units.count(s.frames_encoded),
        "outbound-rtp: framesEncoded",
    ),
    Line("Frames decoded", lambda s: units.count(s.frames_decoded), "inbound-rtp: framesDecoded"),
    Line("Frames dropped", lambda s: units.count(s.frames_dropped), "inbound-rtp: framesDropped"),
    Line(
        "Key frames",
        lambda s: units.count(s.key_frames_decoded),
        "inbound-rtp: keyFramesDecoded",
        lambda s: units.count(s.key_frames_encoded),
        "outbound-rtp: keyFramesEncoded",
    ),
    Line(
        "Packets",
        lambda s: units.count(s.packets_received),
        "inbound-rtp: packetsReceived",
        lambda s: units.count(s.packets_sent),
        "outbound-rtp: packetsSent",
    ),
    Line("Packets lost", lambda s: units.count(s.packets_lost), "inbound-rtp: packetsLost"),
    Line(
        "Packets sent again",
        sent=lambda s: units.count(s.retransmitted_packets_sent),
        sent_w3c="outbound-rtp: retransmittedPacketsSent",
    ),
    Line(
        "Packets asked for (NACK)",
        lambda s: units.count(s.nack_count),
        "inbound-rtp: nackCount",
        lambda s: units.count(s.nack_count),
        "outbound-rtp: nackCount",
    ),
    Line(
        "Key frames asked for (PLI)",
        lambda s: units.count(s.pli_count),
        "inbound-rtp: pliCount",
        lambda s: units.count(s.pli_count),
        "outbound-rtp: pliCount",
    ),
    Line(
        "Data",
        lambda s: units.byte_size(s.bytes_received),
        "inbound-rtp: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "outbound-rtp: bytesSent",
    ),
)

_SOUND: tuple[Line[InboundAudioStats, OutboundAudioStats], ...] = (
    Line(
        "Codec",
        lambda s: units.word(s.codec),
        "inbound-rtp: codecId",
        lambda s: units.word(s.codec),
        "outbound-rtp: codecId",
    ),
    Line(
        "Bit rate",
        lambda s: units.bit_rate(s.kbps),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.kbps),
        "outbound-rtp: rate of bytesSent",
    ),
    Line(
        "Level",
        lambda s: units.level(s.audio_level),
        "inbound-rtp: audioLevel",
        lambda s: units.level(s.audio_level),
        "media-source: audioLevel",
    ),
    Line(
        "Loss",
        lambda s: units.percent(s.loss_pct),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.remote_loss_pct),
        "remote-inbound-rtp: fractionLost",
    ),
    Line(
        "Jitter",
        lambda s: units.milliseconds(s.jitter_ms),
        "inbound-rtp: jitter",
        lambda s: units.milliseconds(s.remote_jitter_ms),
        "remote-inbound-rtp: jitter",
    ),
    Line(
        "Concealed",
        lambda s: units.percent(s.concealed_pct),
        "inbound-rtp: rate of concealedSamples / totalSamplesReceived",
    ),
    Line("Samples concealed", lambda s: units.count(s.concealed_samples), "inbound-rtp: concealedSamples"),
    Line("Samples", lambda s: units.count(s.total_samples_received), "inbound-rtp: totalSamplesReceived"),
    Line(
        "Delay to playout",
        lambda s: units.milliseconds(s.delay_ms),
        "inbound-rtp: rate of totalProcessingDelay",
    ),
    Line(
        "Packets",
        lambda s: units.count(s.packets_received),
        "inbound-rtp: packetsReceived",
        lambda s: units.count(s.packets_sent),
        "outbound-rtp: packetsSent",
    ),
    Line("Packets lost", lambda s: units.count(s.packets_lost), "inbound-rtp: packetsLost"),
    Line(
        "Data",
        lambda s: units.byte_size(s.bytes_received),
        "inbound-rtp: bytesReceived",
        lambda s: units.byte_size(s.bytes_sent),
        "outbound-rtp: bytesSent",
    ),
)

SENT_ONCE = "To the server, for everybody"
QUALITY_REASONS = {
    "network": "for the network",
    "cpu": "for the processor",
    "setting": "as set",
    "recovered": "recovered",
}


def _quality(local: LocalStats) -> str:
    reason = QUALITY_REASONS.get(local.quality_reason)
    return units.word(f"{local.quality_step} ({reason})" if reason else local.quality_step)


def _exceptions(local: LocalStats) -> str:
    return units.word(
        "; ".join(
            f"{step} ({count} {'person' if count == 1 else 'people'})"
            for step, count in local.quality_exceptions.items()
        )
    )


_COMPUTER: tuple[Line[LocalStats, LocalStats], ...] = (
    Line("Quality sent", _quality, "outbound-rtp: qualityLimitationReason, with the step"),
    Line("To slower connections", _exceptions, "the same, for those whose paths are much narrower"),
    Line("Camera", lambda s: units.frame_rate(s.camera_fps), "media-source: framesPerSecond"),
    Line("Microphone level", lambda s: units.level(s.microphone_level), "media-source: audioLevel"),
    Line("Processor", lambda s: units.percent(s.cpu_pct), "this process; 100 % is one core"),
    Line("Memory", lambda s: units.byte_size(round(s.rss_mb * 1e6)), "this process; resident set size"),
)


QUALITY_HELP = "from loss, delay, concealed sound and freezes; falls at once and rises slowly"


def _connection_quality(peer: PeerStats | None) -> str:
    return units.word(peer.quality.capitalize() if peer and peer.quality != "unknown" else None)


def _route(topology: TopologyChanged | None) -> Row:
    if topology is None:
        return Row("Path", Figure(units.UNKNOWN))
    return Row("Path", Figure(route_text(topology), route_sentences(topology)))


def sections_for(
    peer: PeerStats | None, local: LocalStats | None, topology: TopologyChanged | None = None
) -> tuple[Section, ...]:
    """The whole table; its shape is always the same, unknown figures are dashes."""
    state = Row(
        "State",
        Figure(units.word(peer.state.capitalize() if peer else None), "RTCPeerConnection.connectionState"),
    )
    quality = Row("Quality", Figure(_connection_quality(peer), QUALITY_HELP))
    transport = peer.transport if peer else None
    once = " (sent once, for everybody)" if topology is not None and topology.mode == "sfu" else ""
    lip_sync = Row(
        "Sound behind picture",
        Figure(
            units.milliseconds(peer.av_offset_ms if peer else None),
            "difference of both streams' inbound-rtp: estimatedPlayoutTimestamp; negative: ahead of it",
        ),
    )
    return (
        Section(
            "Connection",
            (state, _route(topology), quality, *make_rows(_TRANSPORT, transport, transport), lip_sync),
        ),
        Section(
            f"Picture{once}",
            make_rows(_VIDEO, peer.inbound_video if peer else None, peer.outbound_video if peer else None),
        ),
        Section(
            f"Sound{once}",
            make_rows(_SOUND, peer.inbound_audio if peer else None, peer.outbound_audio if peer else None),
        ),
        *data_sections(peer),
        Section("This computer", make_rows(_COMPUTER, local, None)),
    )


_OVERVIEW_PATH: tuple[Line[PeerStats, PeerStats], ...] = (
    Line("State", lambda s: units.word(s.state.capitalize()), "RTCPeerConnection.connectionState"),
    Line("Quality", _connection_quality, QUALITY_HELP),
    Line(
        "Round-trip time",
        lambda s: units.milliseconds(s.transport.round_trip_time_ms),
        "candidate-pair: currentRoundTripTime",
    ),
)

_OVERVIEW_MEDIA: tuple[Line[PeerStats, PeerStats], ...] = (
    Line(
        "Picture",
        lambda s: units.bit_rate(s.inbound_video.kbps if s.inbound_video else None),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.outbound_video.kbps if s.outbound_video else None),
        "outbound-rtp: rate of bytesSent",
    ),
    Line(
        "Picture loss",
        lambda s: units.percent(s.inbound_video.loss_pct if s.inbound_video else None),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.outbound_video.remote_loss_pct if s.outbound_video else None),
        "remote-inbound-rtp: fractionLost",
    ),
    Line(
        "Frame rate",
        lambda s: units.frame_rate(s.inbound_video.frames_per_second if s.inbound_video else None),
        "inbound-rtp: framesPerSecond",
        lambda s: units.frame_rate(s.outbound_video.frames_per_second if s.outbound_video else None),
        "outbound-rtp: framesPerSecond",
    ),
    Line(
        "Sound",
        lambda s: units.bit_rate(s.inbound_audio.kbps if s.inbound_audio else None),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.outbound_audio.kbps if s.outbound_audio else None),
        "outbound-rtp: rate of bytesSent",
    ),
    Line(
        "Sound loss",
        lambda s: units.percent(s.inbound_audio.loss_pct if s.inbound_audio else None),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.outbound_audio.remote_loss_pct if s.outbound_audio else None),
        "remote-inbound-rtp: fractionLost",
    ),
)

_OVERVIEW_DATA: tuple[Line[PeerStats, PeerStats], ...] = (
    Line(
        "Messages and files",
        lambda s: units.bit_rate(kbps_received(s)),
        "data-channel: rate of bytesReceived, of all channels",
        lambda s: units.bit_rate(kbps_sent(s)),
        "data-channel: rate of bytesSent, of all channels",
    ),
)


def overview_sections(
    people: Iterable[tuple[str, PeerStats | None]],
    local: LocalStats | None,
    topology: TopologyChanged | None = None,
) -> tuple[Section, ...]:
    """Everybody in short: (name, statistics) pairs. What goes to an SFU goes once, and stands there once."""
    everybody = list(people)
    sent_once = topology is not None and topology.mode == "sfu"
    media = tuple(replace(line, sent=None) for line in _OVERVIEW_MEDIA) if sent_once else _OVERVIEW_MEDIA
    lines = (*_OVERVIEW_PATH, *media, *_OVERVIEW_DATA)
    sections = [Section(name, make_rows(lines, peer, peer)) for name, peer in everybody]
    if sent_once:
        to_server = tuple(replace(line, received=None) for line in _OVERVIEW_MEDIA)
        sender = next((peer for _, peer in everybody if peer is not None and peer.outbound_audio), None)
        sections.insert(0, Section(SENT_ONCE, make_rows(to_server, None, sender)))
    return (*sections, Section("This computer", (_route(topology), *make_rows(_COMPUTER, local, None))))
