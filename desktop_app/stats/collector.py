"""Two snapshots of counters make one second of CallStats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .model import (
    InboundAudioStats,
    InboundVideoStats,
    OutboundAudioStats,
    OutboundVideoStats,
    PeerStats,
    TransportStats,
)

if TYPE_CHECKING:
    from desktop_app.rtc.counters import InboundCounters, OutboundCounters, PeerCounters
    from desktop_app.rtc.video_encoder import VideoEncoderCounters

MIN_SECONDS = 0.001


def _kbps(newer: int, older: int, seconds: float) -> float:
    return max(0, newer - older) * 8 / 1000 / seconds


def _ratio(part: float, whole: float) -> float:
    return 0.0 if whole <= 0 else part / whole


class PeerStatsCollector:
    """Remembers the last snapshot of one peer. Pure: time comes with the snapshots."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id
        self._last: PeerCounters | None = None

    def update(
        self,
        state: str,
        now: PeerCounters | None,
        *,
        encode: EncoderShare,
        microphone_level: float,
        screen: EncoderShare | None = None,
    ) -> PeerStats:
        """The statistics since the last call; those of a new connection begin anew."""
        if now is None:
            return PeerStats(self._user_id, state)
        played, self._last = self._last, now
        last = played if played is not None and played.connection == now.connection else None
        # Of a new connection's age nothing is known but that it is about a second.
        seconds = max(MIN_SECONDS, now.at_s - last.at_s) if last is not None else 1.0
        return PeerStats(
            user_id=self._user_id,
            state=state,
            av_offset_ms=None if now.av_offset_s is None else now.av_offset_s * 1000,
            transport=_transport(now),
            inbound_video=_inbound_video(now.inbound_video, last.inbound_video if last else None, seconds),
            inbound_audio=_inbound_audio(
                now.inbound_audio,
                last.inbound_audio if last else None,
                played.inbound_audio if played else None,
                seconds,
            ),
            outbound_video=_outbound_video(
                now.outbound_video, last.outbound_video if last else None, seconds, encode
            ),
            outbound_audio=_outbound_audio(
                now.outbound_audio, last.outbound_audio if last else None, seconds, microphone_level
            ),
            inbound_screen=_inbound_video(now.inbound_screen, last.inbound_screen if last else None, seconds),
            outbound_screen=_outbound_video(
                now.outbound_screen, last.outbound_screen if last else None, seconds, screen or EncoderShare()
            ),
        )


class EncoderShare:
    """What an encoder did in the last second; the same for all peers that it serves."""

    def __init__(self) -> None:
        self.encode_ms = 0.0
        self.target_kbps = 0.0
        self.width_px = 0
        self.height_px = 0
        self._frames = 0
        self._encode_s = 0.0

    def take(self, counters: VideoEncoderCounters) -> None:
        """Take the encoder's counters of now."""
        self.update(
            frames_encoded=counters.frames_encoded,
            total_encode_s=counters.total_encode_s,
            target_kbps=counters.target_kbps,
            width_px=counters.width_px,
            height_px=counters.height_px,
        )

    def update(
        self, *, frames_encoded: int, total_encode_s: float, target_kbps: float, width_px: int, height_px: int
    ) -> None:
        """The same, one by one."""
        frames = frames_encoded - self._frames
        self.encode_ms = _ratio((total_encode_s - self._encode_s) * 1000, frames)
        self._frames, self._encode_s = frames_encoded, total_encode_s
        self.target_kbps, self.width_px, self.height_px = target_kbps, width_px, height_px


def _transport(now: PeerCounters) -> TransportStats:
    pair = now.pair
    return TransportStats(
        round_trip_time_ms=None if now.round_trip_s is None else now.round_trip_s * 1000,
        local_candidate_type=pair.local_type if pair else None,
        remote_candidate_type=pair.remote_type if pair else None,
        protocol=pair.protocol if pair else None,
        local_address=pair.local_address if pair else None,
        remote_address=pair.remote_address if pair else None,
        bytes_sent=now.transport_bytes_sent,
        bytes_received=now.transport_bytes_received,
    )


def _loss_pct(now: InboundCounters, last: InboundCounters | None) -> float:
    expected = now.packets_expected - (last.packets_expected if last else 0)
    missed = now.packets_missed - (last.packets_missed if last else 0)
    return min(100.0, max(0.0, 100 * _ratio(missed, expected)))


def _inbound_video(
    now: InboundCounters | None, last: InboundCounters | None, seconds: float
) -> InboundVideoStats | None:
    if now is None:
        return None
    frames = now.frames_decoded - (last.frames_decoded if last else 0)
    shown = now.delay_count - (last.delay_count if last else 0)
    return InboundVideoStats(
        codec=now.codec,
        bytes_received=now.bytes_received,
        kbps=_kbps(now.bytes_received, last.bytes_received if last else 0, seconds),
        packets_received=now.packets_received,
        packets_lost=now.packets_lost,
        loss_pct=_loss_pct(now, last),
        jitter_ms=now.jitter_ms,
        frames_received=now.frames_received,
        frames_decoded=now.frames_decoded,
        frames_dropped=now.frames_dropped,
        key_frames_decoded=now.key_frames_decoded,
        frames_per_second=max(0, frames) / seconds,
        frame_width=now.width_px,
        frame_height=now.height_px,
        freeze_count=now.freeze_count,
        total_freezes_duration_s=now.total_freezes_duration_s,
        nack_count=now.nack_count,
        pli_count=now.pli_count,
        decode_ms=_ratio((now.total_decode_s - (last.total_decode_s if last else 0)) * 1000, frames),
        delay_ms=_ratio((now.total_delay_s - (last.total_delay_s if last else 0)) * 1000, shown),
    )


def _inbound_audio(
    now: InboundCounters | None, last: InboundCounters | None, played: InboundCounters | None, seconds: float
) -> InboundAudioStats | None:
    """`played` may be of an older connection: the playout buffer outlives them."""
    if now is None:
        return None
    samples = now.total_samples - (played.total_samples if played else 0)
    concealed = now.concealed_samples - (played.concealed_samples if played else 0)
    energy = now.energy - (played.energy if played else 0)
    frames = now.delay_count - (played.delay_count if played else 0)
    delay_s = now.total_delay_s - (played.total_delay_s if played else 0)
    return InboundAudioStats(
        codec=now.codec,
        bytes_received=now.bytes_received,
        kbps=_kbps(now.bytes_received, last.bytes_received if last else 0, seconds),
        packets_received=now.packets_received,
        packets_lost=now.packets_lost,
        loss_pct=_loss_pct(now, last),
        jitter_ms=now.jitter_ms,
        audio_level=math.sqrt(max(0.0, _ratio(energy, samples))),
        total_samples_received=now.total_samples,
        concealed_samples=now.concealed_samples,
        concealed_pct=100 * _ratio(concealed, samples),
        delay_ms=_ratio(delay_s * 1000, frames),
    )


def _outbound_video(
    now: OutboundCounters | None, last: OutboundCounters | None, seconds: float, encode: EncoderShare
) -> OutboundVideoStats | None:
    if now is None:
        return None
    return OutboundVideoStats(
        codec=now.codec,
        bytes_sent=now.bytes_sent,
        kbps=_kbps(now.bytes_sent, last.bytes_sent if last else 0, seconds),
        target_kbps=encode.target_kbps,
        packets_sent=now.packets_sent,
        retransmitted_packets_sent=now.retransmitted_packets,
        frames_encoded=now.frames_sent,
        key_frames_encoded=now.key_frames_sent,
        frames_per_second=max(0, now.frames_sent - (last.frames_sent if last else 0)) / seconds,
        frame_width=encode.width_px,
        frame_height=encode.height_px,
        encode_ms=encode.encode_ms,
        nack_count=now.nack_count,
        pli_count=now.pli_count,
        remote_loss_pct=now.remote_loss * 100,
        remote_jitter_ms=now.remote_jitter_ms,
    )


def _outbound_audio(
    now: OutboundCounters | None, last: OutboundCounters | None, seconds: float, level: float
) -> OutboundAudioStats | None:
    if now is None:
        return None
    return OutboundAudioStats(
        codec=now.codec,
        bytes_sent=now.bytes_sent,
        kbps=_kbps(now.bytes_sent, last.bytes_sent if last else 0, seconds),
        packets_sent=now.packets_sent,
        audio_level=level,
        remote_loss_pct=now.remote_loss * 100,
        remote_jitter_ms=now.remote_jitter_ms,
    )
