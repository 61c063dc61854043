"""People who publish recognisable pictures and tones to a real Janus, and one who looks and listens."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import numpy.typing as npt

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
from desktop_app.rtc.connection import RemoteSinks
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.sfu.publisher import PublisherFeeds, SfuPublisher
from desktop_app.rtc.sfu.subscriber import SfuSubscriber, SubscribedStream
from desktop_app.rtc.state import PeerState
from desktop_app.rtc.video_encoder import VideoEncoder
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.integration.janus_client import JanusClient, JanusHandle, Json

FRAME_TICKS = VIDEO_CLOCK_RATE_HZ // 25
WIDTH_PX, HEIGHT_PX = 320, 240
THUMBNAIL_PX = (160, 120)
LOUD = 500.0


def colour_of(number: int) -> int:
    """The U value of a person's pictures; V is 255 minus it."""
    return 40 + 40 * number


def tone_of(number: int) -> float:
    """In Hz; no one's is a multiple of another one's."""
    return 400.0 + 170 * number


def number_in(frame: av.VideoFrame) -> int | None:
    """Whose picture this is; None when it is smeared."""
    height = frame.height
    planes = frame.to_ndarray()[height:].reshape(2, -1).astype(int)
    spread = int(planes[0].max() - planes[0].min())
    number = round((float(planes[0].mean()) - 40) / 40)
    if spread > 16 or abs(planes[0].mean() - colour_of(number)) > 8:
        return None
    return number if abs(planes[1].mean() - (255 - colour_of(number))) < 8 else None


class Sender:
    """Number `number` of those who publish."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.feed = f"user{number}"
        self.camera = FrameSlot()
        self.errors: list[BaseException] = []
        self.large = VideoEncoder(self.camera, on_error=self.errors.append)
        self.small = VideoEncoder(self.camera, on_error=self.errors.append)
        self.small.set_limits(*THUMBNAIL_PX, 15.0)
        self.small.set_target_kbps(150)
        self.sound = AudioEncoder()
        self.states: list[PeerState] = []
        self.reasons: list[str] = []
        self.publisher = SfuPublisher(
            IceConfiguration(),
            PublisherFeeds(self.sound.feed, self.large.feed, self.small.feed, wanted_kbps=lambda: 1500.0),
            self._changed,
        )
        self.handle: JanusHandle
        self.mids: dict[str, str] = {}
        self._ticks = 0
        self._begin_s = now_s()
        noise = np.random.default_rng(number).integers(0, 32, (HEIGHT_PX * 3 // 2, WIDTH_PX), dtype=np.uint8)
        self._background = (noise + 100).astype(np.uint8)
        self._background[HEIGHT_PX : HEIGHT_PX * 5 // 4] = colour_of(number)
        self._background[HEIGHT_PX * 5 // 4 :] = 255 - colour_of(number)

    def _changed(self, state: PeerState, reason: str) -> None:
        self.states.append(state)
        self.reasons.append(reason)

    async def publish(self, client: JanusClient) -> None:
        """Offer, publish, take the answer."""
        self.handle = await client.attach()
        offer = await self.publisher.offer()
        self.mids = {kind: mid for mid, kind in offer.tracks}
        await self.publisher.take_answer(await self.handle.publish(self.feed, offer.sdp, offer.tracks))
        await until(lambda: self.publisher.state is PeerState.CONNECTED)

    def source(self, kind: str) -> Json:
        """How a subscriber names it."""
        return {"feed": self.feed, "mid": self.mids[kind]}

    async def run(self) -> None:
        """A picture every 40 ms, sound every 20 ms."""
        while True:
            self._tick()
            await asyncio.sleep(max(0.0, self._begin_s + self._ticks * AUDIO_FRAME_S - now_s()))

    def _tick(self) -> None:
        first = self._ticks * AUDIO_FRAME_SAMPLES
        times = np.arange(first, first + AUDIO_FRAME_SAMPLES) / AUDIO_RATE_HZ
        samples = (8000 * np.sin(2 * np.pi * tone_of(self.number) * times)).astype(np.int16)
        at_s = self._begin_s + self._ticks * AUDIO_FRAME_S
        self.sound.push(samples, at_s, muted=False)
        if self._ticks % 2 == 0:
            picture = self._background.copy()
            left = (self._ticks // 2 % 16) * WIDTH_PX // 16
            picture[:HEIGHT_PX, left : left + WIDTH_PX // 16] = 235
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = round(at_s * VIDEO_CLOCK_RATE_HZ), Fraction(1, VIDEO_CLOCK_RATE_HZ)
            self.camera.put(frame)
        self._ticks += 1

    def close(self) -> None:
        """End connection and encoders."""
        self.publisher.close()
        for encoder in (self.large, self.small):
            encoder.close()
        self.sound.close()

    async def wait_closed(self) -> None:
        """Wait for the end of everything."""
        await self.publisher.wait_closed()
        for encoder in (self.large, self.small):
            await asyncio.to_thread(encoder.join)


class Screen(FrameSlot):
    """Looks at every picture."""

    def __init__(self) -> None:
        super().__init__()
        self._seen_lock = threading.Lock()
        self.seen: list[tuple[float, int | None, int]] = []
        """When, whose, and how wide."""

    def put(self, frame: av.VideoFrame) -> None:
        """Judge the picture."""
        with self._seen_lock:
            self.seen.append((now_s(), number_in(frame), frame.width))
        super().put(frame)

    @property
    def numbers(self) -> set[int | None]:
        """Whose pictures came."""
        return {number for _, number, _ in self.seen}

    @property
    def newest_width_px(self) -> int:
        """Of the newest picture; 0 before the first."""
        return self.seen[-1][2] if self.seen else 0


@dataclass
class Tile:
    """What is seen and heard of one participant."""

    screen: Screen = field(default_factory=Screen)
    voice: AudioPlayout = field(default_factory=AudioPlayout)
    heard: list[npt.NDArray[np.int16]] = field(default_factory=list)
    first_pictures: int = 0

    def begun(self) -> None:
        """The first picture."""
        self.first_pictures += 1

    def loudest_hz(self, seconds: float = 0.4) -> float | None:
        """The pitch of what was heard last; None for silence."""
        count = round(seconds / AUDIO_FRAME_S)
        if len(self.heard) < count:
            return None
        samples = np.concatenate(self.heard[-count:]).astype(float)
        if np.abs(samples).mean() < LOUD:
            return None
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        return float(np.argmax(spectrum) * AUDIO_RATE_HZ / len(samples))


class Viewer:
    """Subscribes, and keeps the count of lines as our server would."""

    def __init__(self) -> None:
        self.tiles: dict[str, Tile] = {}
        self.states: list[PeerState] = []
        self.reasons: list[str] = []
        self.subscriber = SfuSubscriber(IceConfiguration(), self._sinks_of, self._changed)
        self.handle: JanusHandle | None = None
        self.streams: list[SubscribedStream] = []
        self.owners: dict[str, set[str]] = {}
        """By mid: everybody whose it ever was."""
        self.offers: list[str] = []
        self.answers: list[str] = []
        self.kinds: dict[tuple[str, str], str] = {}
        """By feed and mid of the publisher."""

    def _changed(self, state: PeerState, reason: str) -> None:
        self.states.append(state)
        self.reasons.append(reason)

    def _sinks_of(self, user_id: str) -> RemoteSinks | None:
        tile = self.tiles.setdefault(user_id, Tile())
        return RemoteSinks(tile.voice, tile.screen, tile.begun)

    async def subscribe(self, client: JanusClient, wanted: Iterable[tuple[Sender, str]]) -> None:
        """Add feeds."""
        sources = []
        for sender, kind in wanted:
            sources.append(sender.source(kind))
            self.kinds[sender.feed, sender.mids[kind]] = kind
        if first := self.handle is None:
            self.handle = await client.attach()
        assert self.handle is not None
        await self.take(await self.handle.subscribe(sources, first=first))

    async def unsubscribe(self, *, feed: str, kind: str | None = None) -> None:
        """Remove a feed, or all of somebody's."""
        assert self.handle is not None
        mids = [each.mid for each in self.streams if each.active and each.user_id == feed]
        if kind is not None:
            mids = [each.mid for each in self.streams if each.mid in mids and each.kind == kind]
        body: Json = {"request": "unsubscribe", "streams": [{"sub_mid": mid} for mid in mids]}
        await self.take(await self.handle.ask(body))

    async def switch(self, sender: Sender, before: str, after: str) -> None:
        """Another picture of the same person on the same line."""
        assert self.handle is not None
        (mid,) = (
            each.mid
            for each in self.streams
            if each.active and each.user_id == sender.feed and each.kind == before
        )
        self.kinds[sender.feed, sender.mids[after]] = after
        body: Json = {"request": "switch", "streams": [{**sender.source(after), "sub_mid": mid}]}
        await self.take(await self.handle.ask(body))

    async def take(self, data: Json) -> None:
        """An answer of Janus, with an offer or without."""
        assert self.handle is not None
        self.streams = [self._stream(each) for each in data.get("streams", [])] or self.streams
        for stream in self.streams:
            if stream.active:
                self.owners.setdefault(stream.mid, set()).add(stream.user_id)
        jsep: dict[str, Any] | None = data.get("jsep")
        if jsep is None:
            self.subscriber.assign(self.streams)
            return
        self.offers.append(jsep["sdp"])
        answer = await self.subscriber.answer(jsep["sdp"], self.streams)
        self.answers.append(answer)
        await self.handle.ask({"request": "start"}, {"type": "answer", "sdp": answer})

    def _stream(self, stream: Json) -> SubscribedStream:
        feed, mid = str(stream.get("feed_id", "")), str(stream.get("feed_mid", ""))
        kind: Any = self.kinds.get((feed, mid), "audio")
        return SubscribedStream(str(stream["mid"]), feed, kind, bool(stream.get("active")) and bool(feed))

    async def listen(self) -> None:
        """Pull everybody's sound every 20 ms."""
        begin_s, ticks = now_s(), 0
        while True:
            for tile in tuple(self.tiles.values()):
                tile.heard.append(tile.voice.pull(now_s()))
            ticks += 1
            await asyncio.sleep(max(0.0, begin_s + ticks * AUDIO_FRAME_S - now_s()))


@contextlib.asynccontextmanager
async def running(*parts: Callable[[], Any]) -> Any:
    """Run these until the end of the block."""
    tasks = [asyncio.create_task(part()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
