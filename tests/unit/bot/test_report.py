"""The `stats` line has exactly the documented fields, whatever is known."""

from __future__ import annotations

import json

from desktop_app.bot.report import stats_report
from desktop_app.stats.model import (
    CallStats,
    ChannelStats,
    InboundAudioStats,
    InboundVideoStats,
    LocalStats,
    OutboundAudioStats,
    OutboundVideoStats,
    PeerStats,
    TransportStats,
)

FULL = PeerStats(
    "bob",
    "connected",
    TransportStats(round_trip_time_ms=12.345, local_candidate_type="relay", remote_candidate_type="srflx"),
    InboundVideoStats(
        kbps=801.234,
        packets_lost=8,
        frames_dropped=9,
        loss_pct=1.5,
        frames_per_second=29.97,
        frame_width=640,
        frame_height=480,
        freeze_count=2,
        total_freezes_duration_s=1.256,
        nack_count=3,
        pli_count=4,
        delay_ms=20.5,
    ),
    InboundAudioStats(
        kbps=32.1,
        packets_lost=6,
        loss_pct=2.5,
        concealed_samples=2000,
        concealed_pct=0.75,
        delay_ms=45.5,
        audio_level=0.123456,
    ),
    OutboundVideoStats(kbps=700, target_kbps=800, frames_per_second=30, frame_width=1280, frame_height=720),
    OutboundAudioStats(kbps=33),
    (ChannelStats("chat", "open", 100, 200, 0.801, 1.234, 3, 4, 5, 600, {"flood": 7}),),
    av_offset_ms=41.2575,
)


def test_a_full_report() -> None:
    report = stats_report(
        CallStats(1.0, {"bob": FULL}, LocalStats(camera_fps=30, cpu_pct=41.666, rss_mb=123.456)),
        counts=True,
    )
    assert report == {
        "users": {
            "bob": {
                "rtt_ms": 12.35,
                "av_offset_ms": 41.26,
                "loss_pct": 2.5,
                "candidate_type": "relay",
                "remote_candidate_type": "srflx",
                "video": {
                    "fps": 29.97,
                    "width": 640,
                    "height": 480,
                    "kbps": 801.23,
                    "packets_lost": 8,
                    "frames_dropped": 9,
                    "freeze_count": 2,
                    "freeze_s": 1.26,
                    "nack": 3,
                    "pli": 4,
                    "delay_ms": 20.5,
                },
                "audio": {
                    "kbps": 32.1,
                    "packets_lost": 6,
                    "concealed_frames": 2,
                    "concealed_pct": 0.75,
                    "delay_ms": 45.5,
                    "level": 0.1235,
                },
                "data": {
                    "chat": {
                        "open": True,
                        "kbps_received": 0.8,
                        "kbps_sent": 1.23,
                        "bytes_received": 100,
                        "bytes_sent": 200,
                        "messages_received": 3,
                        "messages_sent": 4,
                        "queued": 5,
                        "buffered_bytes": 600,
                        "dropped": {"flood": 7},
                    }
                },
            }
        },
        "send": {
            "video": {"kbps": 700, "target_kbps": 800, "fps": 30, "width": 1280, "height": 720},
            "audio": {"kbps": 33},
        },
        "cpu_pct": 41.67,
        "rss_mb": 123.46,
    }


def test_a_peer_of_whom_nothing_is_known_has_the_same_fields() -> None:
    report = stats_report(CallStats(1.0, {"bob": FULL, "new": PeerStats("new", "connecting")}))
    full, new = report["users"]["bob"], report["users"]["new"]
    assert new.keys() == full.keys()
    assert new["video"].keys() == full["video"].keys()
    assert new["audio"].keys() == full["audio"].keys()
    assert new["rtt_ms"] is None
    assert new["av_offset_ms"] is None
    assert new["candidate_type"] is None
    assert set(new["video"].values()) == set(new["audio"].values()) == {0}


def test_what_is_sent_is_that_of_the_peer_that_takes_most() -> None:
    slow = PeerStats(
        "slow",
        "connected",
        outbound_video=OutboundVideoStats(kbps=10, target_kbps=800, frames_per_second=1),
        outbound_audio=OutboundAudioStats(kbps=1),
    )
    send = stats_report(CallStats(1.0, {"slow": slow, "bob": FULL}))["send"]
    assert (send["video"]["kbps"], send["video"]["fps"], send["audio"]["kbps"]) == (700, 30, 33)


def test_alone_in_the_room_nothing_is_sent_and_all_is_json() -> None:
    report = stats_report(CallStats(1.0, {}))
    assert report["users"] == {}
    assert report["send"] == {
        "video": {"kbps": 0, "target_kbps": 0, "fps": 0, "width": 0, "height": 0},
        "audio": {"kbps": 0},
    }
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_what_was_lost_is_counted_for_measurements_alone() -> None:
    stats = CallStats(1.0, {"bob": FULL})
    usual, counted = (stats_report(stats, counts=counts)["users"]["bob"] for counts in (False, True))
    for media, names in (
        ("video", {"packets_lost", "frames_dropped"}),
        ("audio", {"packets_lost", "concealed_frames"}),
    ):
        assert counted[media].keys() - usual[media].keys() == names
