"""One sender that moves between encodings: nothing twice, nothing back, beginning with a keyframe."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from desktop_app.rtc import feed_track, vp8
from desktop_app.rtc.encoded_feed import EncodedFeed, EncodedFrame
from desktop_app.rtc.feed_track import FeedTrack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TICKS = 3000
"""Between two pictures at 30 a second."""


class Encoding:
    """An encoder that is driven by hand: `encode(n)` publishes the picture that was captured as number n."""

    def __init__(self, name: bytes, first_picture_id: int) -> None:
        self.name = name
        self.demand: list[bool] = []
        self.feed = EncodedFeed(
            max_frames=30, on_demand=self.demand.append, on_keyframe_request=self._request
        )
        self.wants_keyframe = False
        self.requests = 0
        self._picture_id = first_picture_id

    def _request(self) -> None:
        self.wants_keyframe = True
        self.requests += 1

    def encode(self, number: int, *, obeys: bool = True) -> None:
        self._picture_id = (self._picture_id + 1) & vp8.MAX_PICTURE_ID
        keyframe = self.wants_keyframe and obeys
        if keyframe:
            self.wants_keyframe = False
        payloads = vp8.packetize(self.name * 2000, self._picture_id)
        self.feed.publish(EncodedFrame(payloads, number * TICKS, keyframe, self._picture_id))


@dataclass
class Sender:
    """Takes everything from a track, as a sender's loop does."""

    track: FeedTrack
    sent: list[EncodedFrame] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            self.sent.append(await self.track.recv())

    @property
    def story(self) -> list[str]:
        """Each frame as encoding and number, a keyframe in capitals."""
        story = []
        for frame in self.sent:
            name = vp8.parse_payload(frame.payloads[0]).data[:1].decode()
            story.append(f"{name.upper() if frame.keyframe else name}{frame.timestamp // TICKS}")
        return story

    def check_order(self) -> None:
        """What holds for every receiver, whatever was switched."""
        times = [frame.timestamp for frame in self.sent]
        assert times == sorted(set(times))
        ids = [vp8.parse_payload(payload).picture_id for f in self.sent for payload in f.payloads]
        assert None not in ids
        distinct = list(dict.fromkeys(ids))
        assert distinct == [
            ((distinct[0] or 0) + index) & vp8.MAX_PICTURE_ID for index in range(len(distinct))
        ]
        assert len(distinct) == len(self.sent)
        names = [story[0].lower() for story in self.story]
        for before, now, frame in zip(names, names[1:], self.sent[1:], strict=False):
            assert before == now or frame.keyframe, "a change of encoding begins with a keyframe"


async def settle() -> None:
    """Let the sender take what there is."""
    for _ in range(6):
        await asyncio.sleep(0)


@dataclass
class Stage:
    high: Encoding
    low: Encoding
    sender: Sender

    @property
    def track(self) -> FeedTrack:
        return self.sender.track

    async def encode(self, number: int, *encodings: Encoding, obeys: bool = True) -> None:
        for encoding in encodings:
            encoding.encode(number, obeys=obeys)
            await settle()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A sender on the high encoding."""
    high, low = Encoding(b"h", 32766), Encoding(b"l", 100)
    sender = Sender(FeedTrack("video", high.feed))
    running = asyncio.create_task(sender.run())
    await settle()
    yield Stage(high, low, sender)
    running.cancel()
    await asyncio.wait((running,))
    sender.track.stop()
    sender.check_order()


async def test_without_a_change_the_payloads_are_those_of_the_encoder(stage: Stage) -> None:
    other = stage.high.feed.subscribe()
    for number in range(5):
        await stage.encode(number, stage.high)
    assert stage.sender.story == ["H0", "h1", "h2", "h3", "h4"]
    for frame in stage.sender.sent:
        assert other.take().payloads is frame.payloads, "one encoding serves all without a copy"
    assert (stage.track.frames_sent, stage.track.key_frames_sent) == (5, 1)


async def test_the_old_encoding_goes_on_until_the_keyframe_of_the_new_one(stage: Stage) -> None:
    await stage.encode(0, stage.high)
    stage.track.switch(stage.low.feed)
    assert stage.low.requests == 1
    await stage.encode(1, stage.high)
    await stage.encode(2, stage.high)
    await stage.encode(3, stage.low, stage.high)
    await stage.encode(4, stage.low, stage.high)
    assert stage.sender.story == ["H0", "h1", "h2", "L3", "l4"]
    assert stage.low.demand == [True]


async def test_there_and_back_again(stage: Stage) -> None:
    await stage.encode(0, stage.high)
    stage.track.switch(stage.low.feed)
    await stage.encode(1, stage.low, stage.high)
    stage.track.switch(stage.high.feed)
    await stage.encode(2, stage.high, stage.low)
    await stage.encode(3, stage.high)
    assert stage.sender.story == ["H0", "L1", "H2", "h3"]
    assert stage.low.demand == [True, False], "nobody is left on it"


async def test_a_change_that_is_taken_back_changes_nothing(stage: Stage) -> None:
    await stage.encode(0, stage.high)
    stage.track.switch(stage.low.feed)
    stage.track.switch(stage.high.feed)
    await stage.encode(1, stage.low, stage.high)
    assert stage.sender.story == ["H0", "h1"]
    assert stage.low.demand == [True, False]


async def test_a_keyframe_of_a_picture_that_was_sent_already_is_not_sent_but_asked_for_again(
    stage: Stage,
) -> None:
    await stage.encode(0, stage.high)
    stage.track.switch(stage.low.feed)
    await stage.encode(1, stage.high, stage.low)
    assert stage.low.requests == 2
    assert stage.sender.story == ["H0", "h1"]
    await stage.encode(2, stage.low)
    assert stage.sender.story == ["H0", "h1", "L2"]


async def test_the_faster_encoding_waits_for_the_slower_one_so_that_it_can_be_left(stage: Stage) -> None:
    stage.track.switch(stage.low.feed)
    await stage.encode(0, stage.low)
    await stage.encode(1, stage.high, obeys=False)
    stage.track.switch(stage.high.feed)
    for number in range(2, 5):  # the low one is always there first, the high one owes its keyframe a while
        await stage.encode(number, stage.low)
        await stage.encode(number, stage.high, obeys=number == 4)
    assert stage.sender.story == ["L0", "l2", "l3", "H4"]


async def test_an_encoder_that_falls_silent_holds_up_nothing_for_long(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_track, "MOVE_S", 0.02)
    await stage.encode(0, stage.high)
    stage.track.switch(stage.low.feed)
    await stage.encode(1, stage.low, obeys=False)
    await stage.encode(2, stage.high)
    async with asyncio.timeout(10):
        while stage.sender.story != ["H0", "h2"]:  # noqa: ASYNC110 - the bound is a time
            await asyncio.sleep(0.002)
    for number in range(3, 20):
        await stage.encode(number, stage.high)
    assert stage.sender.story[-1] == "h19"


async def test_a_feed_that_never_gives_a_keyframe_is_asked_with_each_picture_and_never_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_track, "MOVE_S", 0.0)
    stage.track.switch(stage.low.feed)
    for number in range(100):
        await stage.encode(number, stage.low, obeys=False)
        await stage.encode(number, stage.high)
    assert stage.sender.story == []  # the first one is not there yet either
    stage.track.switch(stage.high.feed)
    await stage.encode(100, stage.high)
    stage.track.switch(stage.low.feed)
    for number in range(101, 200):
        await stage.encode(number, stage.low, obeys=False)
        await stage.encode(number, stage.high)
    assert stage.sender.story == ["H100", *(f"h{number}" for number in range(101, 200))]
    assert stage.low.requests > 190


async def test_sound_alone_sends_nothing_at_once_and_ends_with_a_keyframe(stage: Stage) -> None:
    await stage.encode(0, stage.high)
    stage.track.switch(None)
    await stage.encode(1, stage.high)
    assert stage.track.target_kbps == 0
    stage.track.request_keyframe()  # a receiver may ask all the same
    stage.track.switch(stage.low.feed)
    await stage.encode(2, stage.low)
    assert stage.sender.story == ["H0", "L2"]


async def test_keyframes_are_asked_of_the_encoding_that_is_sent(stage: Stage) -> None:
    stage.high.feed.target_kbps, stage.low.feed.target_kbps = 1000, 160
    await stage.encode(0, stage.high)
    assert stage.track.target_kbps == 1000
    stage.track.request_keyframe()
    assert stage.high.wants_keyframe
    stage.track.switch(stage.low.feed)
    await stage.encode(1, stage.low)
    before = stage.high.requests
    stage.track.request_keyframe()
    assert stage.low.wants_keyframe
    assert (stage.high.requests, stage.track.target_kbps) == (before, 160)


async def test_after_its_end_a_track_takes_nothing(stage: Stage) -> None:
    await stage.encode(0, stage.high)
    stage.track.switch(stage.low.feed)
    stage.track.stop()
    stage.track.switch(stage.low.feed)
    assert len(stage.low.feed) == 0
    assert len(stage.high.feed) == 0


async def test_before_it_began_a_track_may_be_switched_and_then_begins_there() -> None:
    high, low = Encoding(b"h", 0), Encoding(b"l", 0)
    track = FeedTrack("video", high.feed)
    track.switch(low.feed)
    assert low.demand == [], "nothing is encoded before it is sent"
    waiting = asyncio.create_task(track.recv())
    await settle()
    low.encode(0)
    assert (await waiting).keyframe
    assert high.demand == []
    track.stop()
    assert low.demand == [True, False]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_is_switched_and_however_the_encoders_race(
    stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_track, "MOVE_S", 0.001)
    chance = random.Random(seed)
    for number in range(150):
        if chance.random() < 0.1:
            stage.track.switch(chance.choice((stage.high.feed, stage.low.feed, None)))
        encodings = [each for each in (stage.high, stage.low) if chance.random() < 0.9]
        chance.shuffle(encodings)
        await stage.encode(number, *encodings, obeys=chance.random() < 0.7)
    stage.track.switch(stage.high.feed)
    for number in range(150, 170):
        await stage.encode(number, stage.high)
    assert stage.sender.story[-1] == "h169"
    stage.sender.check_order()
