"""Picture and sound that were encoded once and are sent again and again: for load tests, where encoding is in the way.

A loop begins with a keyframe, so it can begin anew at any time: that answers a request for a keyframe.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.audio import rms_level, silence
from desktop_app.media.clock import (
    AUDIO_FRAME_S,
    AUDIO_FRAME_SAMPLES,
    AUDIO_RATE_HZ,
    VIDEO_CLOCK_RATE_HZ,
    now_s,
)
from desktop_app.media.pattern import PatternPainter
from desktop_app.media.picture import frame_from_picture
from desktop_app.media.video_source import VideoFormat
from desktop_app.quality import thumbnail
from desktop_app.rtc import vp8
from desktop_app.rtc.audio_encoder import MAX_QUEUED_FRAMES, level_dbov
from desktop_app.rtc.encoded_feed import EncodedFeed, EncodedFrame
from desktop_app.rtc.opus import OpusEncoder
from desktop_app.rtc.video_encoder import (
    KEYFRAME_INTERVAL_S,
    VideoEncoderCounters,
)
from desktop_app.rtc.video_encoder import (
    MAX_QUEUED_FRAMES as MAX_QUEUED_PICTURES,
)
from desktop_app.rtc.vp8_encoder import open_vp8_encoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.media.audio import AudioFrame

LOOP_S = 2.0
TONE_HZ, TONE_AMPLITUDE = 450.0, 0.25
"""Whole periods in a frame of 20 ms."""


@dataclass(frozen=True, slots=True)
class PictureLoop:
    """Frames as RTP payloads; the first one is a keyframe."""

    frames: tuple[tuple[bytes, ...], ...]
    video_format: VideoFormat
    kbps: float


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a participant sends."""

    camera: PictureLoop
    thumbnail: PictureLoop
    sound: tuple[bytes, ...]
    silence: tuple[bytes, ...]
    level: float
    """RMS of the sound, 0 to 1."""


def prepare(video_format: VideoFormat, kbps: float = 600.0) -> Prepared:
    """Encode the test pattern and a tone; takes half a second, so not for a loop's thread."""
    scale = min(
        1.0, thumbnail.MAX_WIDTH_PX / video_format.width_px, thumbnail.MAX_HEIGHT_PX / video_format.height_px
    )
    width, height = (round(side * scale / 2) * 2 for side in (video_format.width_px, video_format.height_px))
    small = VideoFormat(width, height, min(video_format.frame_rate, round(thumbnail.FRAME_RATE)))
    times = np.arange(AUDIO_FRAME_SAMPLES) / AUDIO_RATE_HZ
    tone: AudioFrame = (TONE_AMPLITUDE * 32767 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
    return Prepared(
        camera=_picture_loop(video_format, kbps),
        thumbnail=_picture_loop(small, thumbnail.MOST_KBPS),
        sound=_sound_loop(tone),
        silence=_sound_loop(silence()),
        level=rms_level(tone),
    )


def _picture_loop(video_format: VideoFormat, kbps: float) -> PictureLoop:
    painter = PatternPainter(video_format)
    encoder = open_vp8_encoder(video_format.width_px, video_format.height_px, kbps, video_format.frame_rate)
    interval = VIDEO_CLOCK_RATE_HZ / video_format.frame_rate
    frames = []
    try:
        for number in range(round(LOOP_S * video_format.frame_rate)):
            frame = frame_from_picture(painter.picture(number, time.time()), round(number * interval))
            encoded = encoder.encode(frame, round(number * interval), keyframe=number == 0)
            if encoded is not None:
                frames.append(tuple(vp8.packetize(encoded[0], 0)))
    finally:
        encoder.close()
    return PictureLoop(tuple(frames), video_format, kbps)


def _sound_loop(frame: AudioFrame) -> tuple[bytes, ...]:
    encoder = OpusEncoder()
    return tuple(encoder.encode(frame) for _ in range(round(LOOP_S / AUDIO_FRAME_S)))


class _Ticker:
    """Calls back at a steady rate on the engine loop, while it is wanted."""

    def __init__(self, interval_s: float, tick: Callable[[], None]) -> None:
        self._interval_s = interval_s
        self._tick = tick
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0

    def run(self, wanted: bool) -> None:
        """Begin or end."""
        if wanted and self._timer is None:
            # Not all participants of a load test in the same moment.
            self._due_s = self._loop.time() + random.random() * self._interval_s
            self._timer = self._loop.call_at(self._due_s, self._run)
        elif not wanted and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self._due_s = max(self._due_s + self._interval_s, self._loop.time() - self._interval_s)
        self._timer = self._loop.call_at(self._due_s, self._run)
        self._tick()


class PreparedVideo:
    """Stands in for a VideoEncoder. Lives on the engine loop."""

    def __init__(self, pictures: PictureLoop) -> None:
        self._frames = pictures.frames
        self._bytes = [sum(len(payload) for payload in frame) for frame in self._frames]
        self.feed = EncodedFeed(
            max_frames=MAX_QUEUED_PICTURES, on_demand=self._set_wanted, on_keyframe_request=self._begin_anew
        )
        self.feed.target_kbps = pictures.kbps
        self.counters = VideoEncoderCounters(
            width_px=pictures.video_format.width_px,
            height_px=pictures.video_format.height_px,
            target_kbps=pictures.kbps,
        )
        self._ticker = _Ticker(1 / pictures.video_format.frame_rate, self._send)
        self._wanted = self._paused = False
        self._next = 0
        self._begun_s = 0.0
        self._picture_id = random.randrange(1 << 15)

    def set_target_kbps(self, kbps: float) -> None:
        """What is encoded stays what it is."""

    def set_limits(self, width_px: int, height_px: int, frame_rate: float) -> None:
        """What is encoded stays what it is."""

    def set_paused(self, paused: bool) -> None:
        """Send nothing while the camera is muted."""
        self._paused, self._next = paused, 0
        self._ticker.run(self._wanted and not paused)

    def close(self) -> None:
        """End."""
        self._ticker.run(False)

    def join(self) -> None:
        """There is no thread."""

    def _set_wanted(self, wanted: bool) -> None:
        self._wanted, self._next = wanted, 0
        self._ticker.run(wanted and not self._paused)

    def _begin_anew(self) -> None:
        if now_s() - self._begun_s >= KEYFRAME_INTERVAL_S:
            self._next = 0

    def _send(self) -> None:
        if self.feed.is_held:
            return
        index, at_s = self._next, now_s()
        if index == 0:
            self._begun_s = at_s
            self.counters.key_frames_encoded += 1
        self._next = (index + 1) % len(self._frames)
        self._picture_id = (self._picture_id + 1) & vp8.MAX_PICTURE_ID
        self.counters.frames_encoded += 1
        self.counters.bytes_encoded += self._bytes[index]
        payloads = vp8.renumbered(list(self._frames[index]), self._picture_id)
        timestamp = int(at_s * VIDEO_CLOCK_RATE_HZ)
        self.feed.publish(EncodedFrame(payloads, timestamp, index == 0, self._picture_id))


class PreparedSound:
    """Stands in for an AudioEncoder. Lives on the engine loop."""

    def __init__(self, prepared: Prepared, is_muted: Callable[[], bool]) -> None:
        self._prepared = prepared
        self._is_muted = is_muted
        self.feed = EncodedFeed(max_frames=MAX_QUEUED_FRAMES, on_demand=self._set_wanted)
        self._ticker = _Ticker(AUDIO_FRAME_S, self._send)
        self._next = 0
        self._timestamp = 0

    def push(self, samples: AudioFrame, captured_at_s: float, *, muted: bool) -> None:
        """There is no microphone."""

    def set_kbps(self, kbps: float) -> None:
        """What is encoded stays what it is."""

    def set_expected_loss(self, percent: float) -> None:
        """What is encoded stays what it is."""

    def set_dtx(self, on: bool) -> None:
        """What is encoded stays what it is."""

    def close(self) -> None:
        """End."""
        self._ticker.run(False)

    def _set_wanted(self, wanted: bool) -> None:
        self._timestamp = int(now_s() * AUDIO_RATE_HZ)
        self._ticker.run(wanted)

    def _send(self) -> None:
        muted = self._is_muted()
        packets = self._prepared.silence if muted else self._prepared.sound
        self._next = (self._next + 1) % len(packets)
        self._timestamp += AUDIO_FRAME_SAMPLES
        self.feed.lag_s = now_s() - self._timestamp / AUDIO_RATE_HZ
        dbov = -127 if muted else level_dbov(self._prepared.level)
        self.feed.publish(
            EncodedFrame([packets[self._next]], self._timestamp, keyframe=True, audio_level_dbov=dbov)
        )
