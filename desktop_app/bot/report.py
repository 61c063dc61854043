"""CallStats as the bot prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES

if TYPE_CHECKING:
    from desktop_app.stats.model import (
        CallStats,
        ChannelStats,
        InboundAudioStats,
        InboundVideoStats,
        OutboundVideoStats,
        PeerStats,
    )


def stats_report(stats: CallStats, *, counts: bool = False) -> dict[str, Any]:
    """The fields of the `stats` event; with `counts` also of what was lost, for measurements."""
    video = [peer.outbound_video for peer in stats.peers.values() if peer.outbound_video is not None]
    audio = [peer.outbound_audio for peer in stats.peers.values() if peer.outbound_audio is not None]
    screen = [peer.outbound_screen for peer in stats.peers.values() if peer.outbound_screen is not None]
    return {
        "users": {user_id: _user(peer, counts) for user_id, peer in stats.peers.items()},
        "send": {
            "video": _sent(video),
            **({"screen": _sent(screen)} if screen else {}),
            "audio": {"kbps": _round(max((each.kbps for each in audio), default=0.0))},
        },
        "cpu_pct": _round(stats.local.cpu_pct),
        "rss_mb": _round(stats.local.rss_mb),
        **({"short_of_time": True} if stats.local.short_of_time else {}),
    }


def _round(value: float) -> float:
    return round(value, 2)


def _user(peer: PeerStats, counts: bool) -> dict[str, Any]:
    video, audio = peer.inbound_video, peer.inbound_audio
    lost = [each.loss_pct for each in (video, audio) if each is not None]
    round_trip_ms = peer.transport.round_trip_time_ms
    return {
        "rtt_ms": None if round_trip_ms is None else _round(round_trip_ms),
        "av_offset_ms": None if peer.av_offset_ms is None else _round(peer.av_offset_ms),
        "loss_pct": _round(max(lost, default=0.0)),
        "candidate_type": peer.transport.local_candidate_type,
        **({"remote_candidate_type": peer.transport.remote_candidate_type} if counts else {}),
        "video": {**_pictures(video), **(_lost_pictures(video) if counts else {})},
        **({} if peer.screen is None else {"screen": _pictures(peer.screen)}),
        "audio": {
            "kbps": _round(audio.kbps if audio else 0.0),
            **(_lost_sound(audio) if counts else {}),
            "concealed_pct": _round(audio.concealed_pct if audio else 0.0),
            "delay_ms": _round(audio.delay_ms if audio else 0.0),
            "level": round(audio.audio_level if audio else 0.0, 4),
        },
        "data": {channel.label: _channel(channel) for channel in peer.channels},
    }


def _pictures(video: InboundVideoStats | None) -> dict[str, Any]:
    return {
        "fps": _round(video.frames_per_second if video else 0.0),
        "width": video.frame_width if video else 0,
        "height": video.frame_height if video else 0,
        "kbps": _round(video.kbps if video else 0.0),
        "freeze_count": video.freeze_count if video else 0,
        "freeze_s": _round(video.total_freezes_duration_s if video else 0.0),
        "nack": video.nack_count if video else 0,
        "pli": video.pli_count if video else 0,
        "delay_ms": _round(video.delay_ms if video else 0.0),
    }


def _lost_pictures(video: InboundVideoStats | None) -> dict[str, int]:
    return {
        "packets_lost": video.packets_lost if video else 0,
        "frames_dropped": video.frames_dropped if video else 0,
    }


def _lost_sound(audio: InboundAudioStats | None) -> dict[str, int]:
    return {
        "packets_lost": audio.packets_lost if audio else 0,
        "concealed_frames": audio.concealed_samples // AUDIO_FRAME_SAMPLES if audio else 0,
    }


def _sent(video: list[OutboundVideoStats]) -> dict[str, Any]:
    """The peer that takes most shows the best of what is sent."""
    return {
        "kbps": _round(max((each.kbps for each in video), default=0.0)),
        "target_kbps": _round(max((each.target_kbps for each in video), default=0.0)),
        "fps": _round(max((each.frames_per_second for each in video), default=0.0)),
        "width": max((each.frame_width for each in video), default=0),
        "height": max((each.frame_height for each in video), default=0),
    }


def _channel(channel: ChannelStats) -> dict[str, Any]:
    return {
        "open": channel.state == "open",
        "kbps_received": _round(channel.kbps_received),
        "kbps_sent": _round(channel.kbps_sent),
        "bytes_received": channel.bytes_received,
        "bytes_sent": channel.bytes_sent,
        "messages_received": channel.messages_received,
        "messages_sent": channel.messages_sent,
        "queued": channel.messages_queued,
        "buffered_bytes": channel.buffered_bytes,
        "dropped": channel.messages_dropped,
    }
