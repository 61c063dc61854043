"""From paths to what the encoders are told, with a clock of the test's own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from desktop_app.call.events import CallEvent, QualityChanged
from desktop_app.call.local_media import LocalMedia
from desktop_app.call.media_config import MediaConfig
from desktop_app.call.quality_steering import EncoderLoad, QualitySteering
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.media.video_source import VideoFormat
from desktop_app.rtc.send_estimate import PathEstimate
from tests.unit.rtc.test_native_codecs import pictures

if TYPE_CHECKING:
    from desktop_app.quality.controller import Mode


@dataclass
class Recorder:
    """Media that does what it is told to the letter, at `cost_ms` a picture, `overshoot` times too large."""

    video_format: VideoFormat | None = field(default_factory=lambda: VideoFormat(640, 480, 30))
    cost_ms: float = 4.0
    overshoot: float = 1.0
    size: tuple[int, int] = (0, 0)
    frame_rate: float = 0.0
    video_kbps: float = 0.0
    audio_kbps: float = 0.0
    loss_pct: float = 0.0
    pauses: set[str] = field(default_factory=set)
    encoder_load: EncoderLoad = field(default_factory=lambda: EncoderLoad(0, 0.0, 0))

    def set_video(self, width_px: int, height_px: int, frame_rate: float, kbps: float) -> None:
        self.size, self.frame_rate, self.video_kbps = (width_px, height_px), frame_rate, kbps

    def set_audio_kbps(self, kbps: float) -> None:
        self.audio_kbps = kbps

    def set_expected_loss(self, percent: float) -> None:
        self.loss_pct = percent

    def pause_video(self, reason: str, paused: bool) -> None:
        (self.pauses.add if paused else self.pauses.discard)(reason)

    def encode(self, seconds: float) -> None:
        if not self.pauses:
            frames = round(seconds * self.frame_rate)
            self.encoder_load = EncoderLoad(
                self.encoder_load.frames + frames,
                self.encoder_load.encode_s + frames * self.cost_ms / 1000,
                self.encoder_load.encoded_bytes + int(self.video_kbps * 125 * seconds * self.overshoot),
            )


class Call:
    """A steering with its clock."""

    def __init__(self) -> None:
        self.media = Recorder()
        self.events: list[CallEvent] = []
        self.steering = QualitySteering(self.media, self.events.append)
        self.now_s = 0.0

    def go(self, seconds: float, *paths: PathEstimate, mode: Mode = "automatic") -> None:
        for _ in range(round(seconds)):
            self.steering.update(self.now_s, paths, mode)
            self.media.encode(1.0)
            self.now_s += 1

    def changes(self) -> list[tuple[str, bool, str]]:
        return [
            (event.step, event.video_enabled, event.reason)
            for event in self.events
            if isinstance(event, QualityChanged)
        ]


def path(kbps: float, loss: float = 0.0, repair_kbps: float = 0.0) -> PathEstimate:
    return PathEstimate(kbps, loss, 0.0, repair_kbps, sound_loss=loss / 2)


def test_the_narrowest_path_and_the_worst_loss_decide() -> None:
    call = Call()
    call.go(3, path(2000), path(330, 0.04), path(900, 0.01))
    assert call.media.size == (480, 360)
    assert call.media.video_kbps + call.media.audio_kbps == pytest.approx(330)
    assert call.media.loss_pct == pytest.approx(2)
    assert call.changes() == [], "where a call begins is no change"


def test_sound_alone_pauses_the_picture_says_so_and_ends_by_itself() -> None:
    call = Call()
    call.go(5, path(1032))
    call.go(3, path(60, 0.2))
    assert call.media.pauses == {"quality"}
    assert call.changes() == [("Sound only", False, "network")]
    call.go(60, path(1032))
    assert call.media.pauses == set()
    assert call.changes()[1] == ("320 × 240, 15 fps", True, "recovered")
    assert call.changes()[-1] == ("640 × 480, 30 fps", True, "recovered")


def test_a_slow_encoder_gets_smaller_pictures() -> None:
    call = Call()
    call.media.cost_ms = 31
    call.go(12, path(2000))
    assert call.changes()[0] == ("480 × 360, 30 fps", True, "cpu")


def test_an_encoder_that_makes_too_much_is_asked_for_less() -> None:
    call = Call()
    call.media.overshoot = 1.2
    call.go(20, path(632))
    assert call.media.video_kbps == pytest.approx(600 / 1.2, rel=0.02)


def test_repairs_are_paid_by_the_picture() -> None:
    call = Call()
    call.go(3, path(632, 0.1, repair_kbps=80))
    assert call.media.video_kbps == pytest.approx(520)
    call.go(3, path(632, 0.1, repair_kbps=5000))
    assert call.media.video_kbps == pytest.approx(0.7 * 632 - 32)


def test_audio_only_sends_no_picture_not_even_before_there_is_a_path() -> None:
    call = Call()
    call.go(1, mode="audio-only")
    assert call.media.pauses == {"quality"}
    call.go(2, path(2000), mode="audio-only")
    assert call.changes() == [("Sound only", False, "setting")]
    call.go(2, path(2000))
    assert call.media.pauses == set()
    assert call.changes()[-1] == ("640 × 480, 30 fps", True, "setting")


def test_without_a_path_nothing_is_decided() -> None:
    call = Call()
    call.go(5)
    assert call.steering.decision is None
    assert call.media.size == (0, 0)


def test_the_next_call_begins_with_a_picture() -> None:
    call = Call()
    call.go(5, path(50))
    call.steering.close()
    assert call.media.pauses == set()


async def test_the_real_media_save_data_during_silence_when_told_to() -> None:
    media = LocalMedia(lambda _event: None, None)
    try:
        subscription = media.feeds.audio.subscribe()
        await media.apply(MediaConfig(camera="none", microphone="none", speaker="none", dtx=True))
        async with asyncio.timeout(10):
            before = await subscription.next()
            while (after := await subscription.next()).timestamp - before.timestamp <= AUDIO_FRAME_SAMPLES:
                before = after
        subscription.close()
    finally:
        await media.close()


async def test_the_real_media_send_nothing_while_there_is_any_reason_to_pause() -> None:
    media = LocalMedia(lambda _event: None, None)
    try:
        subscription = media.feeds.video.subscribe()
        frames = iter(pictures(4))
        media.pause_video("muted", True)
        media.pause_video("quality", True)
        media.pause_video("muted", False)
        media.slot.put(next(frames))
        assert media.encoder_load.frames == 0
        media.pause_video("quality", False)
        media.slot.put(next(frames))
        async with asyncio.timeout(10):
            assert (await subscription.next()).keyframe
        subscription.close()
    finally:
        await media.close()
