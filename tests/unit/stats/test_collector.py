"""Two snapshots make rates; a new connection begins anew, what was played does not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from desktop_app.rtc.counters import InboundCounters, OutboundCounters, PeerCounters, SelectedPair
from desktop_app.stats.collector import EncoderShare, PeerStatsCollector
from desktop_app.stats.model import PeerStats, TransportStats


def inbound(**values: Any) -> InboundCounters:
    """Inbound counters that are 0 where nothing is said."""
    zeros = {
        "codec": "video/VP8",
        "bytes_received": 0,
        "packets_received": 0,
        "packets_lost": 0,
        "packets_expected": 0,
        "packets_missed": 0,
        "jitter_ms": 0.0,
    }
    return InboundCounters(**{**zeros, **values})


def outbound(**values: Any) -> OutboundCounters:
    """Outbound counters that are 0 where nothing is said."""
    zeros = {
        "codec": "video/VP8",
        "bytes_sent": 0,
        "packets_sent": 0,
        "retransmitted_packets": 0,
        "frames_sent": 0,
        "key_frames_sent": 0,
        "nack_count": 0,
        "pli_count": 0,
        "remote_loss": 0.0,
        "remote_jitter_ms": 0.0,
        "estimate_kbps": None,
    }
    return OutboundCounters(**{**zeros, **values})


def snapshot(at_s: float, *, connection: int = 1, **values: Any) -> PeerCounters:
    """A snapshot without streams where nothing is said."""
    nothing = {
        "round_trip_s": None,
        "av_offset_s": None,
        "pair": None,
        "transport_bytes_sent": 0,
        "transport_bytes_received": 0,
        "inbound_video": None,
        "inbound_audio": None,
        "outbound_video": None,
        "outbound_audio": None,
    }
    return PeerCounters(connection=connection, at_s=at_s, **{**nothing, **values})


def collect(*snapshots: PeerCounters | None, encode: EncoderShare | None = None) -> PeerStats:
    """The statistics of the last snapshot."""
    collector = PeerStatsCollector("bob")
    share = encode or EncoderShare()
    last = PeerStats("nobody", "")
    for each in snapshots:
        last = collector.update("connected", each, encode=share, microphone_level=0.25)
    return last


def test_without_a_connection_only_the_state_is_known() -> None:
    assert collect(None) == PeerStats("bob", "connected")


def test_lip_sync_is_told_in_milliseconds_once_it_is_known() -> None:
    assert collect(snapshot(10)).av_offset_ms is None
    assert collect(snapshot(10, av_offset_s=-0.05)).av_offset_ms == pytest.approx(-50)


def test_video_rates_are_of_the_time_between_the_snapshots() -> None:
    first = inbound(
        bytes_received=1_000_000,
        frames_decoded=300,
        total_decode_s=1.0,
        total_delay_s=3.0,
        delay_count=290,
        frames_received=301,
    )
    second = dataclasses.replace(
        first,
        bytes_received=1_250_000,
        frames_decoded=360,
        total_decode_s=1.3,
        total_delay_s=4.5,
        delay_count=340,
    )
    video = collect(snapshot(10, inbound_video=first), snapshot(12, inbound_video=second)).inbound_video
    assert video is not None
    assert video.kbps == pytest.approx(1000)
    assert video.frames_per_second == pytest.approx(30)
    assert video.decode_ms == pytest.approx(5)
    assert video.delay_ms == pytest.approx(30), "of the 50 that were shown"
    assert video.bytes_received == 1_250_000
    assert video.frames_decoded == 360


def test_what_only_counts_is_passed_on() -> None:
    counters = inbound(
        packets_received=11,
        packets_lost=2,
        jitter_ms=3.5,
        frames_received=9,
        frames_dropped=1,
        key_frames_decoded=2,
        width_px=640,
        height_px=480,
        freeze_count=3,
        total_freezes_duration_s=1.5,
        nack_count=4,
        pli_count=5,
    )
    video = collect(snapshot(1, inbound_video=counters)).inbound_video
    assert video is not None
    assert (video.codec, video.packets_received, video.packets_lost) == ("video/VP8", 11, 2)
    assert (video.jitter_ms, video.frames_received, video.frames_dropped) == (3.5, 9, 1)
    assert (video.key_frames_decoded, video.frame_width, video.frame_height) == (2, 640, 480)
    assert (video.freeze_count, video.total_freezes_duration_s) == (3, 1.5)
    assert (video.nack_count, video.pli_count) == (4, 5)


def test_loss_is_what_the_network_lost_in_the_interval_repaired_or_not() -> None:
    first = inbound(packets_expected=1000, packets_missed=100)
    second = inbound(packets_expected=1200, packets_missed=110, packets_lost=0)
    video = collect(snapshot(1, inbound_video=first), snapshot(2, inbound_video=second)).inbound_video
    assert video is not None
    assert video.loss_pct == pytest.approx(5)


@pytest.mark.parametrize(
    ("expected", "missed", "loss_pct"), [(1000, 100, 0.0), (1010, 90, 0.0), (1001, 200, 100.0)]
)
def test_loss_stays_between_0_and_100_percent(expected: int, missed: int, loss_pct: float) -> None:
    first = inbound(packets_expected=1000, packets_missed=100)
    second = inbound(packets_expected=expected, packets_missed=missed)
    audio = collect(snapshot(1, inbound_audio=first), snapshot(2, inbound_audio=second)).inbound_audio
    assert audio is not None
    assert audio.loss_pct == loss_pct


def test_audio_rates_are_of_the_interval() -> None:
    first = inbound(
        total_samples=96_000, concealed_samples=960, energy=100.0, total_delay_s=2.0, delay_count=100
    )
    second = dataclasses.replace(
        first,
        bytes_received=4000,
        total_samples=144_000,
        concealed_samples=3360,
        energy=100.0 + 48_000 * 0.04,
        total_delay_s=4.5,
        delay_count=150,
    )
    audio = collect(snapshot(5, inbound_audio=first), snapshot(6, inbound_audio=second)).inbound_audio
    assert audio is not None
    assert audio.kbps == pytest.approx(32)
    assert audio.concealed_pct == pytest.approx(5)
    assert audio.audio_level == pytest.approx(0.2)
    assert audio.delay_ms == pytest.approx(50)
    assert audio.total_samples_received == 144_000


def test_a_second_in_which_nothing_happened_has_rates_of_zero() -> None:
    streams: dict[str, Any] = {
        "inbound_video": inbound(bytes_received=5, frames_decoded=5, packets_expected=5),
        "inbound_audio": inbound(bytes_received=5, total_samples=5, delay_count=5, packets_expected=5),
        "outbound_video": outbound(bytes_sent=5, frames_sent=5),
        "outbound_audio": outbound(bytes_sent=5),
    }
    for pause_s in (1.0, 0.0):
        stats = collect(snapshot(1, **streams), snapshot(1 + pause_s, **streams))
        assert stats.inbound_video is not None
        assert stats.inbound_audio is not None
        assert stats.outbound_video is not None
        assert stats.outbound_audio is not None
        video, audio = stats.inbound_video, stats.inbound_audio
        assert (video.kbps, video.frames_per_second, video.delay_ms, video.decode_ms, video.loss_pct) == (
            0,
        ) * 5
        assert (audio.kbps, audio.audio_level, audio.concealed_pct, audio.delay_ms) == (0,) * 4
        assert (stats.outbound_video.kbps, stats.outbound_video.frames_per_second) == (0, 0)
        assert stats.outbound_audio.kbps == 0


def test_a_new_connection_begins_anew_even_when_it_counts_higher() -> None:
    old = snapshot(
        10,
        transport_bytes_received=100,
        inbound_video=inbound(bytes_received=100, frames_decoded=2, packets_expected=10, packets_missed=9),
        outbound_video=outbound(bytes_sent=100, frames_sent=2),
    )
    new = snapshot(
        11,
        connection=2,
        transport_bytes_received=20_000,
        inbound_video=inbound(
            bytes_received=12_500, frames_decoded=20, packets_expected=50, packets_missed=0
        ),
        outbound_video=outbound(bytes_sent=25_000, frames_sent=15),
    )
    stats = collect(old, new)
    assert stats.inbound_video is not None
    assert stats.outbound_video is not None
    assert stats.inbound_video.kbps == pytest.approx(100)
    assert stats.inbound_video.frames_per_second == 20
    assert stats.inbound_video.loss_pct == 0
    assert stats.outbound_video.kbps == pytest.approx(200)
    assert stats.outbound_video.frames_per_second == 15


@pytest.mark.parametrize("between", [[], [None, None]])
def test_what_was_played_goes_on_over_connections(between: list[None]) -> None:
    before = inbound(total_samples=4_800_000, concealed_samples=480_000, energy=9000.0, total_delay_s=500.0)
    after = dataclasses.replace(
        before, total_samples=4_848_000, concealed_samples=484_800, energy=9000.0 + 480
    )
    stats = collect(
        snapshot(10, inbound_audio=before), *between, snapshot(11, connection=2, inbound_audio=after)
    )
    assert stats.inbound_audio is not None
    assert stats.inbound_audio.concealed_pct == pytest.approx(10)
    assert stats.inbound_audio.audio_level == pytest.approx(0.1)


def test_a_stream_that_begins_later_counts_from_its_beginning() -> None:
    stats = collect(snapshot(1), snapshot(2, inbound_video=inbound(bytes_received=1250, frames_decoded=3)))
    assert stats.inbound_video is not None
    assert stats.inbound_video.kbps == pytest.approx(10)
    assert stats.inbound_video.frames_per_second == 3
    assert stats.inbound_audio is None


def test_what_we_send_shows_the_encoders_share_and_the_far_ends_reports() -> None:
    share = EncoderShare()
    share.update(frames_encoded=100, total_encode_s=1.0, target_kbps=500, width_px=320, height_px=240)
    share.update(frames_encoded=130, total_encode_s=1.15, target_kbps=800, width_px=640, height_px=480)
    counters = outbound(
        bytes_sent=100_000,
        packets_sent=90,
        retransmitted_packets=4,
        frames_sent=60,
        key_frames_sent=2,
        nack_count=5,
        pli_count=1,
        remote_loss=0.25,
        remote_jitter_ms=7.0,
    )
    stats = collect(
        snapshot(1, outbound_video=outbound(), outbound_audio=outbound(codec="audio/opus")),
        snapshot(3, outbound_video=counters, outbound_audio=counters),
        encode=share,
    )
    video, audio = stats.outbound_video, stats.outbound_audio
    assert video is not None
    assert audio is not None
    assert video.kbps == pytest.approx(400)
    assert video.frames_per_second == pytest.approx(30)
    assert (video.target_kbps, video.frame_width, video.frame_height) == (800, 640, 480)
    assert video.encode_ms == pytest.approx(5)
    assert (video.packets_sent, video.retransmitted_packets_sent, video.key_frames_encoded) == (90, 4, 2)
    assert (video.nack_count, video.pli_count) == (5, 1)
    assert (video.remote_loss_pct, video.remote_jitter_ms) == (25, 7)
    assert (audio.audio_level, audio.remote_loss_pct, audio.packets_sent) == (0.25, 25, 90)


def test_an_encoder_that_rests_has_no_time_a_frame() -> None:
    share = EncoderShare()
    share.update(frames_encoded=100, total_encode_s=1.0, target_kbps=500, width_px=320, height_px=240)
    share.update(frames_encoded=100, total_encode_s=1.0, target_kbps=500, width_px=320, height_px=240)
    assert share.encode_ms == 0


def test_the_transport_is_that_of_the_selected_pair() -> None:
    pair = SelectedPair("relay", "host", "udp", "10.0.0.1:1", "10.0.0.2:2")
    stats = collect(
        snapshot(1, round_trip_s=0.05, pair=pair, transport_bytes_sent=10, transport_bytes_received=20)
    )
    assert stats.transport == TransportStats(
        50.0, "relay", "host", "udp", "10.0.0.1:1", "10.0.0.2:2", bytes_sent=10, bytes_received=20
    )
    assert collect(snapshot(1)).transport == TransportStats()
