"""A simulated network between the real Opus encoder and AudioPlayout, on a clock of its own."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc.audio_encoder import AudioEncoder
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.opus import OpusEncoder
from desktop_app.rtc.red import Copy

if TYPE_CHECKING:
    from desktop_app.rtc.concealment import Samples
    from desktop_app.rtc.encoded_feed import EncodedFrame

AMPLITUDE = 8000.0


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet of the simulated sender."""

    sequence_number: int
    timestamp: int
    payload: bytes
    sent_s: float
    copies: tuple[Copy, ...] = ()
    """RED: earlier frames, oldest first."""


def tone(count: int, hz: float, offset: int = 0) -> Samples:
    """`count` samples of a sine."""
    times = (np.arange(count) + offset) / AUDIO_RATE_HZ
    return (AMPLITUDE * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def encode_tone(
    count: int,
    *,
    hz: float = 220.0,
    sequence_number: int = 0,
    timestamp: int = 0,
    begin_s: float = 0.0,
    syllables: bool = False,
) -> list[Packet]:
    """A tone as `count` packets of 20 ms; `syllables` let it swell five times a second, as speech does."""
    encoder = OpusEncoder()
    packets: list[Packet] = []
    fed = 0
    while len(packets) < count:
        samples = tone(AUDIO_FRAME_SAMPLES, hz, fed * AUDIO_FRAME_SAMPLES)
        if syllables:
            times = (np.arange(AUDIO_FRAME_SAMPLES) + fed * AUDIO_FRAME_SAMPLES) / AUDIO_RATE_HZ
            samples = samples * (0.6 + 0.4 * np.sin(2 * np.pi * 5 * times)).astype(np.float32)
        fed += 1
        payload = encoder.encode(samples.astype(np.int16))
        if payload:
            index = len(packets)
            packets.append(
                Packet(
                    (sequence_number + index) & 0xFFFF,
                    (timestamp + index * AUDIO_FRAME_SAMPLES) & 0xFFFFFFFF,
                    payload,
                    begin_s + index * AUDIO_FRAME_S,
                )
            )
    return packets


TALK_FRAMES, PAUSE_FRAMES = 50, 75


async def encode_with_pauses(count: int, noise_rms: float) -> list[Packet]:
    """What AudioEncoder sends with DTX of `count` frames: a second of speech, then one and a half of a noisy room."""
    generator = np.random.default_rng(1)
    encoder = AudioEncoder()
    encoder.set_dtx(True)
    encoder.feed.subscribe()
    frames: list[EncodedFrame] = []
    vars(encoder.feed)["publish"] = frames.append
    for index in range(count):
        samples = generator.normal(0, noise_rms, AUDIO_FRAME_SAMPLES)
        if index % (TALK_FRAMES + PAUSE_FRAMES) < TALK_FRAMES:
            samples += tone(AUDIO_FRAME_SAMPLES, 220, index * AUDIO_FRAME_SAMPLES)
        encoder.push(samples.astype(np.int16), index * AUDIO_FRAME_S, muted=False)
    await asyncio.sleep(0)  # the frames are published by the loop
    begin = frames[0].timestamp
    return [
        Packet(number, frame.timestamp - begin, frame.payloads[0], (frame.timestamp - begin) / AUDIO_RATE_HZ)
        for number, frame in enumerate(frames)
    ]


@dataclass(slots=True)
class Listener:
    """Feeds a playout with packets as they arrive, and pulls a frame every 20 ms."""

    playout: AudioPlayout = field(default_factory=AudioPlayout)
    frames: list[Samples] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    """Mean delay of the packets played in each pull that played any."""
    concealed: list[int] = field(default_factory=list)
    """Concealed samples of each pull."""
    now_s: float = 0.007
    """Pulls and packets do not come at the same moment."""

    def listen(self, arrivals: list[tuple[float, Packet]], until_s: float) -> None:
        """Play everything that arrives (at the given times) up to `until_s`."""
        waiting = sorted(arrivals, key=lambda arrival: arrival[0])
        position = 0
        playout = self.playout
        while self.now_s < until_s:
            while position < len(waiting) and waiting[position][0] <= self.now_s:
                arrival_s, packet = waiting[position]
                playout.put(
                    packet.sequence_number, packet.timestamp, packet.payload, arrival_s, packet.copies
                )
                position += 1
            delay_s, count, concealed = playout.total_delay_s, playout.delay_count, playout.concealed_samples
            self.frames.append(playout.pull(self.now_s).astype(np.float32))
            if playout.delay_count > count:
                self.delays_s.append((playout.total_delay_s - delay_s) / (playout.delay_count - count))
            self.concealed.append(playout.concealed_samples - concealed)
            self.now_s += AUDIO_FRAME_S

    @property
    def concealed_share(self) -> float:
        """Of everything that was played, 0 to 1."""
        return sum(self.concealed) / self.playout.total_samples

    @property
    def mean_delay_s(self) -> float:
        """From the arrival of a packet to its sound."""
        return self.playout.total_delay_s / self.playout.delay_count

    @property
    def sound(self) -> Samples:
        """Everything that was played."""
        return np.concatenate(self.frames)


def on_time(packets: list[Packet], delay_s: float = 0.0) -> list[tuple[float, Packet]]:
    """Every packet arrives `delay_s` after it was sent."""
    return [(packet.sent_s + delay_s, packet) for packet in packets]


def with_copies(packets: list[Packet], count: int) -> list[Packet]:
    """The same packets with `count` earlier frames in each, as RED carries them."""
    return [
        replace(
            packet,
            copies=tuple(
                Copy((packet.timestamp - earlier.timestamp) & 0xFFFFFFFF, earlier.payload)
                for earlier in packets[max(0, index - count) : index]
            ),
        )
        for index, packet in enumerate(packets)
    ]


def through_network(
    packets: list[Packet], seed: int, *, loss: float = 0.0, jitter_s: float = 0.0, normal: bool = False
) -> list[tuple[float, Packet]]:
    """Independent loss, and jitter that reorders: uniform, or the upper half of a normal distribution cut off there."""
    generator = random.Random(seed)
    arrivals = []
    for packet in packets:
        if generator.random() < loss:
            continue
        late_s = (
            min(abs(generator.gauss(0, jitter_s / 2)), jitter_s) if normal else generator.uniform(0, jitter_s)
        )
        arrivals.append((packet.sent_s + late_s, packet))
    return arrivals
