"""Two real peers in one process: real encoders, synthetic pictures and sound, and a network that can be bad."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from desktop_app.media.clock import (
    AUDIO_FRAME_S,
    AUDIO_FRAME_SAMPLES,
    AUDIO_RATE_HZ,
    VIDEO_CLOCK_RATE_HZ,
    now_s,
)
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.rtc.audio_encoder import AudioEncoder
from desktop_app.rtc.audio_playout import AudioPlayout
from desktop_app.rtc.connection import LocalFeeds, RemoteSinks
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.peer import Peer
from desktop_app.rtc.state import PeerState
from desktop_app.rtc.video_encoder import VideoEncoder
from tests.unit.rtc.pictures import MovingBlock
from tests.waiting import until as until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    import numpy.typing as npt

    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.rtc.channel_spec import ChannelSpec
    from desktop_app.rtc.counters import PeerCounters
    from desktop_app.rtc.data_channels import DataChannels

FRAME_RATE = 25
"""Every second tick of the sound."""
FRAME_TICKS = VIDEO_CLOCK_RATE_HZ // FRAME_RATE
PLACES = 16
"""Where the block in the picture can be, one after the other."""
CLAP_EVERY_S = PLACES / FRAME_RATE


class Person:
    """A camera, a microphone, a speaker and a screen, and the peer to the other person."""

    def __init__(self, tone_hz: float) -> None:
        self._tone_hz = tone_hz
        self._camera = FrameSlot()
        self._block = MovingBlock()
        self._ticks = 0
        self._begin_s = now_s()
        self.video_encoder = VideoEncoder(self._camera, on_error=self._encoding_failed)
        self.audio_encoder = AudioEncoder()
        self.local = LocalFeeds(self.audio_encoder.feed, self.video_encoder.feed)
        self.errors: list[BaseException] = []
        self.screen = FrameSlot()
        self.speaker = AudioPlayout()
        self.heard: list[npt.NDArray[np.int16]] = []
        self.heard_at_s: list[float] = []
        """When the speaker took each frame that was kept."""
        self.keep_sound = False
        self.clapping = False
        """The sound is loud only while the block in the picture is at its first place."""
        self.first_pictures = 0
        self.states: list[PeerState] = []
        self.reasons: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.channels: Sequence[ChannelSpec] = ()
        self.on_channels: Callable[[DataChannels | None], None] = lambda _channels: None
        """Both for the peers that are made from now on."""
        self.peer: Peer
        self._peers: list[Peer] = []

    def _encoding_failed(self, error: BaseException) -> None:
        self.errors.append(error)

    def connect(
        self, name: str, send: Callable[[JsonValue], None], ice: IceConfiguration | None = None
    ) -> Peer:
        """Make the peer to `name` in place of an older one; the states are those since this call."""
        for older in self._peers:
            older.hang_up()
        self._peers = [older for older in self._peers if not older.closed]
        self.states, self.reasons = [], []

        def changed(state: PeerState, reason: str) -> None:
            self.states.append(state)
            self.reasons.append(reason)

        def send_and_note(data: JsonValue) -> None:
            assert isinstance(data, dict)
            self.sent.append(data)
            send(data)

        self.peer = Peer(
            name,
            ice=ice or IceConfiguration(),
            local=self.local,
            remote=RemoteSinks(self.speaker, self.screen, self._first_picture),
            send_signal=send_and_note,
            on_state=changed,
            channels=self.channels,
            on_channels=self.on_channels,
        )
        self._peers.append(self.peer)
        return self.peer

    def _first_picture(self) -> None:
        self.first_pictures += 1

    def tick(self, at_s: float) -> None:
        """20 ms of this person's life; called on the devices' thread."""
        times = (np.arange(AUDIO_FRAME_SAMPLES) + self._ticks * AUDIO_FRAME_SAMPLES) / AUDIO_RATE_HZ
        number = self._ticks // 2
        loudness = 400 if self.clapping and number % PLACES else 8000
        sound = (loudness * np.sin(2 * np.pi * self._tone_hz * times)).astype(np.int16)
        self.audio_encoder.push(sound, at_s, muted=False)
        frame = self.speaker.pull(at_s)
        if self.keep_sound:
            self.heard.append(frame)
            self.heard_at_s.append(at_s)
        if self._ticks % 2 == 0:
            self._camera.put(self._block.frame(number, int(at_s * VIDEO_CLOCK_RATE_HZ)))
        self._ticks += 1

    @property
    def counters(self) -> PeerCounters:
        """Those of the connection."""
        counters = self.peer.counters()
        assert counters is not None
        return counters

    @property
    def frames_decoded(self) -> int:
        """Pictures of the other person."""
        counters = self.peer.counters()
        return (
            0 if counters is None or counters.inbound_video is None else counters.inbound_video.frames_decoded
        )

    @property
    def samples_played(self) -> int:
        """Sound of the other person, what was made up left out."""
        return self.speaker.total_samples - self.speaker.concealed_samples

    def heard_hz(self) -> float:
        """The strongest frequency of what was heard."""
        sound = np.concatenate(self.heard).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        return float(np.argmax(spectrum)) * AUDIO_RATE_HZ / len(sound)

    async def close(self) -> None:
        """End the peer and the encoders."""
        for each in self._peers:
            each.hang_up()
            await each.wait_closed()
        self.audio_encoder.close()
        self.video_encoder.close()
        await asyncio.to_thread(self.video_encoder.join)


class Devices:
    """One thread that is everybody's camera, microphone and speaker."""

    def __init__(self, *people: Person) -> None:
        self._people = people
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices")
        self._thread.start()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stop.wait(max(0.0, due_s - time.monotonic())):
            for person in self._people:
                person.tick(due_s)
            due_s += AUDIO_FRAME_S

    async def close(self) -> None:
        """End the thread."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join)


class Pair:
    """Alice and Bob; what one signals reaches the other in the next turn of the loop."""

    def __init__(self, ice: IceConfiguration | None = None) -> None:
        self.alice, self.bob = Person(440.0), Person(880.0)
        self._loop = asyncio.get_running_loop()
        self.connect(ice)

    def connect(self, ice: IceConfiguration | None = None) -> None:
        """Make new peers."""
        self.alice.connect("bob", lambda data: self._deliver(self.bob, data), ice)
        self.bob.connect("alice", lambda data: self._deliver(self.alice, data), ice)

    def _deliver(self, to: Person, data: JsonValue) -> None:
        self._loop.call_soon(lambda: to.peer.handle_signal(data))

    def states(self) -> tuple[PeerState, PeerState]:
        """Alice's and Bob's."""
        return self.alice.peer.state, self.bob.peer.state

    async def until_connected(self) -> None:
        """Wait until both ends are."""
        await until(lambda: self.states() == (PeerState.CONNECTED, PeerState.CONNECTED))

    async def until_media(self, frames: int = 5) -> None:
        """Wait until so many new pictures, and as much new sound, have come to both."""
        people = (self.alice, self.bob)
        pictures = [person.frames_decoded + frames for person in people]
        samples = [person.samples_played + frames * AUDIO_FRAME_SAMPLES * 2 for person in people]
        await until(
            lambda: all(
                person.frames_decoded >= pictures[index] and person.samples_played >= samples[index]
                for index, person in enumerate(people)
            )
        )

    async def hang_up(self) -> None:
        """Both, and wait until nothing of the peers is left."""
        for person in (self.alice, self.bob):
            person.peer.hang_up()
        for person in (self.alice, self.bob):
            await person.peer.wait_closed()


@contextlib.asynccontextmanager
async def calling(ice: IceConfiguration | None = None) -> AsyncIterator[Pair]:
    """A pair with running devices, not connected yet."""
    pair = Pair(ice)
    devices = Devices(pair.alice, pair.bob)
    try:
        yield pair
    finally:
        for person in (pair.alice, pair.bob):
            await person.close()
        await devices.close()
        assert not pair.alice.errors + pair.bob.errors


class BadNetwork:
    """Stands between the socket and the DTLS transport of one peer, and loses, delays and swaps packets."""

    def __init__(self, peer: Peer, *, seed: int = 1) -> None:
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(seed)
        connection = peer._connection
        assert connection is not None
        transport = connection.pc._transport()
        assert transport is not None
        self._ice: Any = transport.transport._connection
        self._deliver: Callable[[bytes, int], None] = self._ice.data_received
        vars(self._ice)["data_received"] = self._receive
        self.loss = 0.0
        self.reorder = 0.0
        self.silent = False
        self.drop_if: Callable[[bytes], bool] = lambda _data: False
        self.delay_s: Callable[[bytes], float] = lambda _data: 0.0
        self.lost = 0
        self.passed = 0

    def _receive(self, data: bytes, component: int) -> None:
        is_rtp = 127 < data[0] < 192
        if self.silent or (is_rtp and (self._random.random() < self.loss or self.drop_if(data))):
            self.lost += 1
            return
        self.passed += 1
        delay_s = self.delay_s(data) if is_rtp else 0.0
        if is_rtp and self._random.random() < self.reorder:
            delay_s += 0.005 + 0.02 * self._random.random()
        if delay_s:
            self._loop.call_later(delay_s, self._deliver, data, component)
        else:
            self._deliver(data, component)

    def deliver(self, data: bytes) -> None:
        """Let a packet through that was held back."""
        self._deliver(data, 1)


def payload_type_of(data: bytes) -> int | None:
    """The payload type of an RTP packet (its header is not encrypted), None for RTCP (RFC 5761)."""
    kind = data[1] & 0x7F
    return None if 64 <= kind <= 95 else kind


def open_files() -> int:
    """How many file descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_mb() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def collect_garbage() -> None:
    """aiortc's objects refer to each other in circles."""
    for _ in range(3):
        gc.collect()
