"""From paths to what the encoders are told, with a clock of the test's own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from desktop_app.call.encoder_meter import EncoderLoad
from desktop_app.call.events import CallEvent, QualityChanged
from desktop_app.call.local_media import LocalMedia
from desktop_app.call.media_config import MediaConfig
from desktop_app.call.quality_steering import QualitySteering, exceptions
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES
from desktop_app.media.video_source import VideoFormat
from desktop_app.quality.assignment import Encoding
from desktop_app.rtc.send_estimate import PathEstimate
from tests.unit.rtc.test_native_codecs import pictures

if TYPE_CHECKING:
    from desktop_app.quality.planner import Mode


@dataclass
class Encoder:
    """Does what it is told to the letter."""

    size: tuple[int, int] = (0, 0)
    frame_rate: float = 0.0
    kbps: float = 0.0
    load: EncoderLoad = field(default_factory=EncoderLoad)


@dataclass
class Recorder:
    """Media with encoders that take `cost_ms` a picture and make `overshoot` times too much."""

    video_format: VideoFormat | None = field(default_factory=lambda: VideoFormat(640, 480, 30))
    cost_ms: float = 4.0
    overshoot: float = 1.0
    high: Encoder = field(default_factory=Encoder)
    low: Encoder = field(default_factory=Encoder)
    audio_kbps: float = 0.0
    loss_pct: float = 0.0
    pauses: set[str] = field(default_factory=set)

    def encoder(self, encoding: Encoding) -> Encoder:
        return {Encoding.HIGH: self.high, Encoding.LOW: self.low}[encoding]

    def encoder_load(self, encoding: Encoding) -> EncoderLoad:
        return self.encoder(encoding).load

    def set_video(
        self, encoding: Encoding, width_px: int, height_px: int, frame_rate: float, kbps: float
    ) -> None:
        encoder = self.encoder(encoding)
        encoder.size, encoder.frame_rate, encoder.kbps = (width_px, height_px), frame_rate, kbps

    def set_audio_kbps(self, kbps: float) -> None:
        self.audio_kbps = kbps

    def set_expected_loss(self, percent: float) -> None:
        self.loss_pct = percent

    def pause_video(self, reason: str, paused: bool) -> None:
        (self.pauses.add if paused else self.pauses.discard)(reason)

    def encode(self, seconds: float, wanted: set[Encoding]) -> None:
        for encoding in wanted - {Encoding.NONE}:
            encoder = self.encoder(encoding)
            frames = round(seconds * encoder.frame_rate)
            encoder.load = EncoderLoad(
                encoder.load.frames + frames,
                encoder.load.encode_s + frames * self.cost_ms / 1000,
                encoder.load.encoded_bytes + int(encoder.kbps * 125 * seconds * self.overshoot),
            )


class Call:
    """A steering with its clock."""

    def __init__(self) -> None:
        self.media = Recorder()
        self.events: list[CallEvent] = []
        self.steering = QualitySteering(self.media, self.events.append)
        self.now_s = 0.0

    def go(self, seconds: float, *paths: PathEstimate, mode: Mode = "automatic") -> None:
        """Each path is that of another participant: a, b, c ..."""
        named = dict(zip("abcdefgh", paths, strict=False))
        for _ in range(round(seconds)):
            self.steering.update(self.now_s, named, mode)
            plan = self.steering.plan
            self.media.encode(1.0, set() if plan is None else set(plan.assignment.values()))
            self.now_s += 1

    def changes(self, user: str = "") -> list[tuple[str, bool, str]]:
        """What was told of everybody, or of one participant alone."""
        return [
            (event.step, event.video_enabled, event.reason)
            for event in self.events
            if isinstance(event, QualityChanged) and event.user_id == user
        ]

    def sent_to(self, user: str) -> str:
        assert self.steering.plan is not None
        return self.steering.plan.sent_to(user).description


def path(kbps: float, loss: float = 0.0, repair_kbps: float = 0.0) -> PathEstimate:
    return PathEstimate(kbps, loss, 0.0, repair_kbps, sound_loss=loss / 2)


def test_of_paths_that_are_alike_the_narrowest_and_the_worst_loss_decide() -> None:
    call = Call()
    call.go(3, path(400), path(330, 0.04), path(390, 0.01))
    assert call.media.high.size == (480, 360)
    assert call.media.high.kbps + call.media.audio_kbps == pytest.approx(330)
    assert call.media.loss_pct == pytest.approx(2)
    assert call.changes() == [], "where a call begins is no change"


def test_sound_alone_is_said_and_ends_by_itself() -> None:
    call = Call()
    call.go(5, path(1032))
    call.go(3, path(60, 0.2))
    assert call.sent_to("a") == "Sound only"
    assert call.changes() == [("Sound only", False, "network")]
    call.go(60, path(1032))
    assert call.changes()[1] == ("320 × 240, 15 fps", True, "recovered")
    assert call.changes()[-1] == ("640 × 480, 30 fps", True, "recovered")


def test_a_much_narrower_path_gets_a_low_encoding_and_leaves_the_others_alone() -> None:
    call = Call()
    call.go(5, path(1032), path(1032))
    call.go(5, path(1032), path(200, 0.02))
    assert (call.media.high.size, call.media.high.kbps) == ((640, 480), 1000)
    assert (call.media.low.size, call.media.low.kbps) == ((320, 240), 168)
    assert call.changes() == [], "nothing has changed for everybody"
    assert call.changes("a") == []
    assert call.changes("b") == [("320 × 240, 30 fps", True, "network")]
    assert call.media.loss_pct == pytest.approx(1), "there is one sound for all"
    call.go(30, path(1032), path(900))
    assert call.changes("b")[-1] == ("640 × 480, 30 fps", True, "recovered")
    assert call.sent_to("b") == "640 × 480, 30 fps"


def test_sound_alone_to_one_is_nobody_elses_state() -> None:
    call = Call()
    call.go(5, path(1032), path(1032), path(200))
    call.go(3, path(1032), path(60, 0.2), path(200))
    assert call.media.pauses == set()
    assert call.media.high.size == (640, 480)
    assert call.media.audio_kbps == 24
    assert call.changes() == []
    assert call.changes("b") == [("Sound only", False, "network")]
    plan = call.steering.plan
    assert plan is not None
    assert plan.main.video_enabled
    assert exceptions(plan) == {"Sound only": 1, "320 × 240, 30 fps": 1}
    call.go(60, path(1032), path(1032), path(200))
    assert call.changes("b")[-1] == ("640 × 480, 30 fps", True, "recovered")
    assert call.steering.plan is not None
    assert exceptions(call.steering.plan) == {"320 × 240, 30 fps": 1}
    call.go(1, path(1032))
    assert call.steering.plan is not None
    assert not exceptions(call.steering.plan)


def test_who_was_alone_on_sound_and_then_is_not_any_more_is_told_when_it_ends() -> None:
    call = Call()
    call.go(5, path(1032), path(60, 0.2))
    call.go(3, path(60, 0.2), path(60, 0.2))
    assert call.changes() == [("Sound only", False, "network")]
    assert call.changes("b") == [("Sound only", False, "network")]
    call.go(60, path(1032), path(1032))
    assert call.changes()[-1][:2] == ("640 × 480, 30 fps", True)
    assert call.changes("b")[-1][1:] == (True, "recovered")


def test_the_times_of_both_encoders_add_up() -> None:
    alone, both = Call(), Call()
    for call in (alone, both):
        call.media.cost_ms = 16  # of 33: half of the time, or nearly all of it
    alone.go(20, path(2000), path(2000))
    both.go(20, path(2000), path(200))
    assert alone.changes() == []
    assert both.changes()[0] == ("480 × 360, 30 fps", True, "cpu")


def test_a_slow_encoder_gets_smaller_pictures() -> None:
    call = Call()
    call.media.cost_ms = 31
    call.go(12, path(2000))
    assert call.changes()[0] == ("480 × 360, 30 fps", True, "cpu")


def test_an_encoder_that_makes_too_much_is_asked_for_less() -> None:
    call = Call()
    call.media.overshoot = 1.2
    call.go(20, path(632))
    assert call.media.high.kbps == pytest.approx(600 / 1.2, rel=0.02)


def test_repairs_are_paid_by_the_picture() -> None:
    call = Call()
    call.go(3, path(632, 0.1, repair_kbps=80))
    assert call.media.high.kbps == pytest.approx(520)
    call.go(3, path(632, 0.1, repair_kbps=5000))
    assert call.media.high.kbps == pytest.approx(0.7 * 632 - 32)


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
    assert call.steering.plan is None
    assert call.media.high.size == (0, 0)


def test_the_next_call_begins_with_a_picture() -> None:
    call = Call()
    call.go(5, path(2000), mode="audio-only")
    call.steering.close()
    assert call.media.pauses == set()


async def test_the_real_media_save_data_during_silence_when_told_to() -> None:
    media = LocalMedia(lambda _event: None, None)
    try:
        subscription = media.audio_feed.subscribe()
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
    feed = media.video_feed(Encoding.HIGH)
    assert feed is not None
    try:
        subscription = feed.subscribe()
        frames = iter(pictures(4))
        media.pause_video("muted", True)
        media.pause_video("quality", True)
        media.pause_video("muted", False)
        media.slot.put(next(frames))
        assert media.encoder_load(Encoding.HIGH).frames == 0
        media.pause_video("quality", False)
        media.slot.put(next(frames))
        async with asyncio.timeout(10):
            assert (await subscription.next()).keyframe
        subscription.close()
    finally:
        await media.close()
