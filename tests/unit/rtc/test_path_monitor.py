"""What the senders hear becomes an estimate, each report once."""

from __future__ import annotations

import pytest

from desktop_app.rtc.path_monitor import PathMonitor, RemoteReport, StreamState
from desktop_app.rtc.send_estimate import REMB_FRESH_S, START_KBPS


class Streams:
    """Sound of 32 kbit/s and pictures of `video_kbps`, with what the far end says of them."""

    def __init__(self) -> None:
        self.monitor = PathMonitor()
        self.audio, self.video = RemoteReport(), RemoteReport()
        self.now_s = 0.0
        self.repaired = 0.0
        self.copies = 0

    def go(
        self,
        seconds: float,
        *,
        remb_kbps: float | None = None,
        loss: float = 0.0,
        video_kbps: float = 568.0,
        repair_kbps: float = 0.0,
    ) -> float:
        """Reports each second; the last estimate."""
        kbps = 0.0
        for step in range(round(seconds * 4)):
            if step % 4 == 0:
                for remote in (self.audio, self.video):
                    remote.report_count += 1
                    remote.fraction_lost = loss
                    remote.round_trip_count += 1
                    remote.newest_round_trip_s = 0.05
            if remb_kbps is not None:
                self.video.estimate_kbps, self.video.estimate_at_s = remb_kbps, self.now_s
            self.repaired += repair_kbps * 125 / 4
            estimate = self.monitor.update(
                self.now_s,
                {
                    "audio": StreamState(
                        self.audio, int(50 * self.now_s), int(4000 * self.now_s), copies=self.copies
                    ),
                    "video": StreamState(
                        self.video,
                        int(60 * self.now_s),
                        int(video_kbps * 125 * self.now_s),
                        int(self.repaired),
                    ),
                },
            )
            self.newest = estimate
            kbps = estimate.kbps
            self.now_s += 0.25
        return kbps


def test_a_path_that_nobody_reported_on_has_the_first_estimate() -> None:
    assert PathMonitor().update(0.0, {}).kbps == START_KBPS


def test_remb_speaks_of_pictures_and_sound_comes_on_top() -> None:
    assert Streams().go(5, remb_kbps=300) == pytest.approx(332, abs=3)


def test_an_old_remb_is_forgotten() -> None:
    streams = Streams()
    streams.go(5, remb_kbps=300)
    streams.go(REMB_FRESH_S + 1)
    assert streams.go(8) > 400


def test_a_report_is_counted_once() -> None:
    streams = Streams()
    streams.go(1, loss=0.5)
    before = streams.newest
    for _ in range(20):
        streams.now_s += 0.25
        after = streams.monitor.update(
            streams.now_s,
            {"video": StreamState(streams.video, int(60 * streams.now_s), int(71_000 * streams.now_s))},
        )
    assert after.fraction_lost == before.fraction_lost


def test_loss_is_seen_and_repairs_are_counted() -> None:
    streams = Streams()
    streams.go(10, loss=0.2, repair_kbps=100)
    assert streams.newest.fraction_lost == pytest.approx(0.2, abs=0.02)
    assert streams.newest.repair_kbps == pytest.approx(100, rel=0.05)
    assert streams.newest.kbps <= START_KBPS


def test_copies_are_part_of_what_is_sent_and_of_what_the_picture_cannot_have() -> None:
    monitor = PathMonitor()
    for step in range(1, 20):
        # 32 kbit/s of sound with as much again in copies.
        audio = StreamState(RemoteReport(), 10 * step, 1600 * step, redundant_bytes=800 * step)
        estimate = monitor.update(step / 5, {"audio": audio})
    assert estimate.repair_kbps == pytest.approx(32, abs=0.1)


@pytest.mark.parametrize(("copies", "left"), [(0, 0.2), (1, 0.04), (2, 0.008)])
def test_the_codec_is_told_of_the_loss_that_the_copies_leave(copies: int, left: float) -> None:
    streams = Streams()
    streams.copies = copies
    streams.go(10, loss=0.2)
    assert streams.newest.sound_loss == pytest.approx(left, rel=0.1)
