"""Sound and pictures that were encoded beforehand, played round and round: what many publishers can send at once."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from desktop_app.media.clock import AUDIO_FRAME_SAMPLES, VIDEO_CLOCK_RATE_HZ, now_s
from desktop_app.media.pattern import PatternPainter
from desktop_app.media.video_source import VideoFormat
from desktop_app.rtc.opus import OpusEncoder
from desktop_app.rtc.vp8_encoder import open_vp8_encoder

if TYPE_CHECKING:
    from collections.abc import Collection

    from desktop_app.protocol.topology import Feed

CAMERA = (640, 480, 30, 750.0)
THUMBNAIL = (320, 240, 15, 150.0)
AUDIO_RATE_HZ = 48_000
LOOP_S = 4
SYLLABLES_PER_S = 4.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Encoded frames of equal length; the first picture is a keyframe, and the only one."""

    frames: tuple[bytes, ...]
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
    return Loop(tuple(frames), LOOP_S / len(frames), VIDEO_CLOCK_RATE_HZ)


@cache
def sound_loop(frequency_hz: int = 220) -> Loop:
    """A tone with harmonics that swells and fades like syllables, as Opus."""
    at_s = np.arange(LOOP_S * AUDIO_RATE_HZ) / AUDIO_RATE_HZ
    voice = sum(np.sin(2 * math.pi * frequency_hz * number * at_s) / number for number in range(1, 8))
    loudness = 0.5 - 0.5 * np.cos(2 * math.pi * SYLLABLES_PER_S * at_s)
    samples = (4000 * voice * loudness).astype(np.int16).reshape(-1, AUDIO_FRAME_SAMPLES)
    encoder = OpusEncoder()
    frames = tuple(encoder.encode(frame) for frame in samples)
    return Loop(frames, LOOP_S / len(frames), AUDIO_RATE_HZ)


class LoopTrack(MediaStreamTrack):
    """A loop as a track of encoded packets, which aiortc sends as they are. Nothing comes while it is not `wanted`."""

    def __init__(self, loop: Loop, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._media = loop
        self._position = 0
        self._due_s: float | None = None
        self._wanted = asyncio.Event()

    def want(self, wanted: bool) -> None:
        """Whether anybody watches."""
        if wanted:
            self._wanted.set()
        else:
            self._wanted.clear()

    def rewind(self) -> None:
        """Go on with a keyframe, for somebody needs one."""
        self._position = 0

    async def recv(self) -> av.Packet[Any]:
        """The next packet, when it is due."""
        due_s = self._due_s
        if due_s is None or not self._wanted.is_set():
            await self._wanted.wait()
            self.rewind()
            # From a random moment on, so that many do not send at once.
            due_s = now_s() + random.random() * self._media.interval_s
        await asyncio.sleep(max(0.0, due_s - now_s()))
        packet = av.Packet(self._media.frames[self._position])
        self._position = (self._position + 1) % len(self._media.frames)
        packet.time_base = Fraction(1, self._media.clock_rate_hz)
        packet.pts = round(due_s * self._media.clock_rate_hz)
        self._due_s = due_s + self._media.interval_s
        return packet


class LoopPublisher:
    """A connection that sends sound, camera and thumbnail, on plain aiortc."""

    def __init__(self) -> None:
        # Not bundled from the start, aiortc 1.16 begins no third sender.
        self._pc = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._tracks = {
            "audio": LoopTrack(sound_loop(), "audio"),
            "camera": LoopTrack(picture_loop(*CAMERA), "video"),
            "thumbnail": LoopTrack(picture_loop(*THUMBNAIL), "video"),
        }
        self._tracks["audio"].want(True)
        self.connected = asyncio.Event()
        self._pc.on("connectionstatechange", self._changed)

    async def offer(self) -> tuple[str, list[tuple[str, Feed]]]:
        """The SDP, and what its m-lines are: mid and kind."""
        kinds: dict[str, Feed] = {"audio": "audio", "camera": "camera", "thumbnail": "thumbnail"}
        found = []
        for name, track in self._tracks.items():
            transceiver = self._pc.addTransceiver(track, direction="sendonly")
            setattr(transceiver.sender, "_send_keyframe", track.rewind)  # noqa: B010 - mypy lets nobody assign
            found.append((transceiver, kinds[name]))
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return self._pc.localDescription.sdp, [(str(each.mid), kind) for each, kind in found]

    async def take_answer(self, sdp: str) -> None:
        """Connect."""
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def watched(self, kinds: Collection[str]) -> None:
        """Which of the pictures anybody watches."""
        for kind in ("camera", "thumbnail"):
            self._tracks[kind].want(kind in kinds)

    def _changed(self) -> None:
        if self._pc.connectionState == "connected":
            self.connected.set()

    async def close(self) -> None:
        """Release everything."""
        await self._pc.close()
