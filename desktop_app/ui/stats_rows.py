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
from .stats_media_lines import SCREEN, SOUND, VIDEO
from .topology_words import route_sentences, route_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.call.events import TopologyChanged
    from desktop_app.stats.model import (
        InboundVideoStats,
        LocalStats,
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

SHARED_SCREEN = "Shared screen"
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
    """The whole table; its shape changes with shared screens alone, unknown figures are dashes."""
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
            make_rows(
                VIDEO,
                peer.inbound_video if peer and not peer.video_is_screen else None,
                peer.outbound_video if peer else None,
            ),
        ),
        *_screen_sections(peer, once),
        Section(
            f"Sound{once}",
            make_rows(SOUND, peer.inbound_audio if peer else None, peer.outbound_audio if peer else None),
        ),
        *data_sections(peer),
        Section("This computer", make_rows(_COMPUTER, local, None)),
    )


def _screen_sections(peer: PeerStats | None, once: str) -> tuple[Section, ...]:
    if peer is None or (peer.screen is None and peer.outbound_screen is None):
        return ()
    return (Section(f"{SHARED_SCREEN}{once}", make_rows(SCREEN, peer.screen, peer.outbound_screen)),)


_OVERVIEW_PATH: tuple[Line[PeerStats, PeerStats], ...] = (
    Line("State", lambda s: units.word(s.state.capitalize()), "RTCPeerConnection.connectionState"),
    Line("Quality", _connection_quality, QUALITY_HELP),
    Line(
        "Round-trip time",
        lambda s: units.milliseconds(s.transport.round_trip_time_ms),
        "candidate-pair: currentRoundTripTime",
    ),
)


def _camera(peer: PeerStats) -> InboundVideoStats | None:
    return None if peer.video_is_screen else peer.inbound_video


_OVERVIEW_MEDIA: tuple[Line[PeerStats, PeerStats], ...] = (
    Line(
        "Picture",
        lambda s: units.bit_rate(each.kbps if (each := _camera(s)) else None),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.outbound_video.kbps if s.outbound_video else None),
        "outbound-rtp: rate of bytesSent",
    ),
    Line(
        "Picture loss",
        lambda s: units.percent(each.loss_pct if (each := _camera(s)) else None),
        "inbound-rtp: rate of packetsLost",
        lambda s: units.percent(s.outbound_video.remote_loss_pct if s.outbound_video else None),
        "remote-inbound-rtp: fractionLost",
    ),
    Line(
        "Frame rate",
        lambda s: units.frame_rate(each.frames_per_second if (each := _camera(s)) else None),
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

_OVERVIEW_SCREEN: tuple[Line[PeerStats, PeerStats], ...] = (
    Line(
        SHARED_SCREEN,
        lambda s: units.bit_rate(s.screen.kbps if s.screen else None),
        "inbound-rtp: rate of bytesReceived",
        lambda s: units.bit_rate(s.outbound_screen.kbps if s.outbound_screen else None),
        "outbound-rtp: rate of bytesSent",
    ),
    Line(
        "Screen size",
        lambda s: units.frame_size(
            s.screen.frame_width if s.screen else 0, s.screen.frame_height if s.screen else 0
        ),
        "inbound-rtp: frameWidth, frameHeight",
        lambda s: units.frame_size(
            s.outbound_screen.frame_width if s.outbound_screen else 0,
            s.outbound_screen.frame_height if s.outbound_screen else 0,
        ),
        "outbound-rtp: frameWidth, frameHeight",
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
    sections = []
    for name, peer in everybody:
        screen = _OVERVIEW_SCREEN if peer is not None and (peer.screen or peer.outbound_screen) else ()
        media = (*_OVERVIEW_MEDIA, *screen)
        if sent_once:
            shown = _OVERVIEW_SCREEN if peer is not None and peer.screen else ()
            media = tuple(replace(line, sent=None) for line in (*_OVERVIEW_MEDIA, *shown))
        sections.append(Section(name, make_rows((*_OVERVIEW_PATH, *media, *_OVERVIEW_DATA), peer, peer)))
    if sent_once:
        sender = next((peer for _, peer in everybody if peer is not None and peer.outbound_audio), None)
        shown = _OVERVIEW_SCREEN if sender is not None and sender.outbound_screen else ()
        to_server = tuple(replace(line, received=None) for line in (*_OVERVIEW_MEDIA, *shown))
        sections.insert(0, Section(SENT_ONCE, make_rows(to_server, None, sender)))
    return (*sections, Section("This computer", (_route(topology), *make_rows(_COMPUTER, local, None))))
