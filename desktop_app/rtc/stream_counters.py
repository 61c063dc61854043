"""What one receiver or sender has counted, as it stands in PeerCounters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .counters import InboundCounters, OutboundCounters
from .receivers import AudioReceiver, VideoReceiver

if TYPE_CHECKING:
    from .receivers import MediaReceiver
    from .senders import MediaSender

CODECS = {"audio": "audio/opus", "video": "video/VP8"}


def pictures(receiver: MediaReceiver | None) -> InboundCounters | None:
    """Of pictures that come; None before the first packet."""
    if not isinstance(receiver, VideoReceiver) or (statistics := receiver.statistics) is None:
        return None
    decoder = receiver.decoder
    return InboundCounters(
        codec=receiver.codec_name,
        bytes_received=statistics.bytes_received,
        packets_received=statistics.packets_received,
        packets_lost=statistics.packets_lost,
        packets_expected=statistics.packets_expected,
        packets_missed=statistics.packets_missed,
        jitter_ms=statistics.jitter_ms,
        frames_received=receiver.frames_received,
        frames_decoded=decoder.frames_decoded,
        frames_dropped=receiver.frames_dropped,
        key_frames_decoded=decoder.key_frames_decoded,
        width_px=decoder.width_px,
        height_px=decoder.height_px,
        freeze_count=decoder.freezes.freeze_count,
        total_freezes_duration_s=decoder.freezes.total_freezes_duration_s,
        nack_count=receiver.nack_count,
        pli_count=receiver.pli_count,
        total_decode_s=decoder.total_decode_s,
        total_delay_s=decoder.total_delay_s,
        delay_count=decoder.frames_shown,
    )


def sound(receiver: MediaReceiver | None) -> InboundCounters | None:
    """Of sound that comes; None before the first packet."""
    if not isinstance(receiver, AudioReceiver) or (statistics := receiver.statistics) is None:
        return None
    playout = receiver.playout
    return InboundCounters(
        codec=receiver.codec_name,
        bytes_received=statistics.bytes_received,
        packets_received=statistics.packets_received,
        packets_lost=statistics.packets_lost,
        packets_expected=statistics.packets_expected,
        packets_missed=statistics.packets_missed,
        jitter_ms=statistics.jitter_ms,
        total_samples=playout.total_samples,
        concealed_samples=playout.concealed_samples,
        energy=playout.energy,
        total_delay_s=playout.total_delay_s,
        delay_count=playout.delay_count,
    )


def sent(sender: MediaSender | None) -> OutboundCounters | None:
    """Of what is sent."""
    if sender is None:
        return None
    remote, track = sender.remote, sender.feed_track
    return OutboundCounters(
        codec=CODECS[sender.kind],
        bytes_sent=sender.payload_bytes_sent,
        packets_sent=sender.packets_sent,
        retransmitted_packets=remote.retransmitted_packets,
        frames_sent=track.frames_sent,
        key_frames_sent=track.key_frames_sent,
        nack_count=remote.nack_count,
        pli_count=remote.pli_count,
        remote_loss=remote.fraction_lost,
        remote_jitter_ms=remote.jitter_s * 1000,
        estimate_kbps=remote.estimate_kbps,
    )
