"""Sound and pictures that were encoded beforehand, played round and round: what many publishers can send at once."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass
from functools import cache

import av
import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, VIDEO_CLOCK_RATE_HZ, now_s
from desktop_app.media.pattern import PatternPainter
from desktop_app.media.video_source import VideoFormat
from desktop_app.rtc import vp8
from desktop_app.rtc.encoded_feed import EncodedFeed, EncodedFrame
from desktop_app.rtc.opus import OpusEncoder
from desktop_app.rtc.vp8_encoder import open_vp8_encoder

AUDIO_RATE_HZ = 48_000
LOOP_S = 4
MAX_QUEUED_FRAMES = 30
SYLLABLES_PER_S = 4.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Encoded frames of equal length; the first one of pictures is a keyframe."""

    frames: tuple[bytes, ...]
    keyframes: frozenset[int]
    interval_s: float
    clock_rate_hz: int

    @property
    def kbps(self) -> float:
        """Of the whole loop, without packets' headers."""
        return sum(map(len, self.frames)) * 8 / 1000 / (len(self.frames) * self.interval_s)


@cache
def picture_loop(width_px: int, height_px: int, frame_rate: int, kbps: float) -> Loop:
    """The test pattern as VP8; takes about a second of the processor."""
    painter = PatternPainter(VideoFormat(width_px, height_px, frame_rate))
    encoder = open_vp8_encoder(width_px, height_px, kbps, frame_rate)
    frames: list[bytes] = []
    try:
        for number in range(LOOP_S * frame_rate):
            picture = painter.picture(number, number / frame_rate)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            pts = round(number * VIDEO_CLOCK_RATE_HZ / frame_rate)
            encoded = encoder.encode(frame, pts, keyframe=number == 0)
            if encoded is not None:  # the encoder may leave a picture out
                frames.append(encoded[0])
    finally:
        encoder.close()
    return Loop(tuple(frames), frozenset({0}), LOOP_S / len(frames), VIDEO_CLOCK_RATE_HZ)


@cache
def sound_loop(frequency_hz: int = 220) -> Loop:
    """A tone with harmonics that swells and fades like syllables, as Opus."""
    at_s = np.arange(LOOP_S * AUDIO_RATE_HZ) / AUDIO_RATE_HZ
    voice = sum(np.sin(2 * math.pi * frequency_hz * number * at_s) / number for number in range(1, 8))
    loudness = 0.5 - 0.5 * np.cos(2 * math.pi * SYLLABLES_PER_S * at_s)
    samples = (4000 * voice * loudness).astype(np.int16).reshape(-1, AUDIO_FRAME_SAMPLES)
    encoder = OpusEncoder()
    frames = tuple(encoder.encode(frame) for frame in samples)
    return Loop(frames, frozenset(range(len(frames))), LOOP_S / len(frames), AUDIO_RATE_HZ)


class LoopFeed:
    """A loop as a feed. Nothing is published while nobody subscribes; a request for a keyframe begins the loop anew."""

    def __init__(self, loop: Loop, *, is_video: bool) -> None:
        self._loop = loop
        self._is_video = is_video
        self._position = 0
        self._picture_id = random.randrange(vp8.MAX_PICTURE_ID)
        self._wanted = asyncio.Event()
        self.feed = EncodedFeed(
            max_frames=MAX_QUEUED_FRAMES, on_demand=self._set_wanted, on_keyframe_request=self._rewind
        )
        self.feed.target_kbps = loop.kbps

    def _set_wanted(self, wanted: bool) -> None:
        if wanted:
            self._wanted.set()
        else:
            self._wanted.clear()

    def _rewind(self) -> None:
        if self._is_video:
            self._position = 0

    async def play(self) -> None:
        """Publish frame after frame until cancelled, from a random moment on so that many do not send at once."""
        await asyncio.sleep(random.random() * self._loop.interval_s)
        due_s = now_s()
        while True:
            if not self._wanted.is_set():
                await self._wanted.wait()
                due_s = now_s()
            self.feed.publish(self._next(due_s))
            due_s += self._loop.interval_s
            await asyncio.sleep(max(0.0, due_s - now_s()))

    def _next(self, at_s: float) -> EncodedFrame:
        loop = self._loop
        position = self._position
        self._position = (position + 1) % len(loop.frames)
        timestamp = round(at_s * loop.clock_rate_hz)
        data, keyframe = loop.frames[position], position in loop.keyframes
        if not self._is_video:
            return EncodedFrame([data], timestamp, keyframe, audio_level_dbov=-30)
        self._picture_id = (self._picture_id + 1) & vp8.MAX_PICTURE_ID
        return EncodedFrame(vp8.packetize(data, self._picture_id), timestamp, keyframe, self._picture_id)
