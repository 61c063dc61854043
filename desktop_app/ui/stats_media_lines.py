"""The rows of pictures and sound in the table of statistics, with the W3C's names (see stats_rows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import units
from .stats_line import Line

if TYPE_CHECKING:
    from desktop_app.stats.model import (
        InboundAudioStats,
        InboundVideoStats,
        OutboundAudioStats,
        OutboundVideoStats,
    )

_FREEZES = "Freezes"

VIDEO: tuple[Line[InboundVideoStats, OutboundVideoStats], ...] = (
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
        _FREEZES,
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

SOUND: tuple[Line[InboundAudioStats, OutboundAudioStats], ...] = (
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

SCREEN = tuple(line for line in VIDEO if line.label != _FREEZES)
"""Of a shared screen, which stands still for as long as it likes."""
