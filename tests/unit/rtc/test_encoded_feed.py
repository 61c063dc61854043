"""One encoding for many senders: bounded, beginning with a keyframe, encoded only when somebody wants it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from desktop_app.rtc.encoded_feed import EncodedFeed, EncodedFrame, Subscription

MAX_FRAMES = 3


@dataclass(slots=True)
class Encoder:
    """Records what a feed asks its encoder for."""

    demand: list[bool] = field(default_factory=list)
    keyframe_requests: int = 0

    def feed(self) -> EncodedFeed:
        """A feed that asks this encoder."""
        return EncodedFeed(
            max_frames=MAX_FRAMES, on_demand=self.demand.append, on_keyframe_request=self._request
        )

    def _request(self) -> None:
        self.keyframe_requests += 1


def frame(timestamp: int, *, keyframe: bool = False) -> EncodedFrame:
    """A frame that is known by its timestamp."""
    return EncodedFrame([b"x"], timestamp, keyframe)


async def take(subscription: Subscription, count: int) -> list[int]:
    """The timestamps of the next frames."""
    return [(await subscription.next()).timestamp for _ in range(count)]


async def test_every_subscription_gets_every_frame_from_its_first_keyframe_on() -> None:
    feed = Encoder().feed()
    first = feed.subscribe()
    feed.publish(frame(0))
    feed.publish(frame(1, keyframe=True))
    second = feed.subscribe()
    feed.publish(frame(2))
    feed.publish(frame(3, keyframe=True))
    assert await take(first, 3) == [1, 2, 3]
    assert await take(second, 1) == [3]
    assert first.newest_timestamp == second.newest_timestamp == 3


async def test_an_overflow_drops_everything_up_to_the_next_keyframe_and_asks_for_it() -> None:
    encoder = Encoder()
    feed = encoder.feed()
    subscription = feed.subscribe()
    feed.publish(frame(0, keyframe=True))
    feed.publish(frame(1))
    feed.publish(frame(2))
    asked = encoder.keyframe_requests
    feed.publish(frame(3))
    feed.publish(frame(4))
    assert encoder.keyframe_requests == asked + 2
    feed.publish(frame(5, keyframe=True))
    feed.publish(frame(6))
    assert await take(subscription, 2) == [5, 6]


async def test_sound_overflows_to_the_newest() -> None:
    feed = Encoder().feed()
    subscription = feed.subscribe()
    for timestamp in range(10):
        feed.publish(frame(timestamp, keyframe=True))
    assert await take(subscription, 1) == [9]


async def test_demand_follows_the_first_and_the_last_subscription() -> None:
    encoder = Encoder()
    feed = encoder.feed()
    assert encoder.demand == []
    first, second = feed.subscribe(), feed.subscribe()
    first.close()
    first.close()
    assert encoder.demand == [True]
    assert len(feed) == 1
    second.close()
    assert encoder.demand == [True, False]
    feed.subscribe()
    assert encoder.demand == [True, False, True]


async def test_each_subscription_asks_for_a_keyframe_to_begin_with() -> None:
    encoder = Encoder()
    feed = encoder.feed()
    feed.subscribe()
    feed.subscribe()
    assert encoder.keyframe_requests == 2
    feed.request_keyframe()
    assert encoder.keyframe_requests == 3


async def test_a_reader_waits_for_the_next_frame_and_a_slow_one_disturbs_nobody() -> None:
    feed = Encoder().feed()
    reader, slow = feed.subscribe(), feed.subscribe()
    waiting = asyncio.create_task(take(reader, 8))
    for timestamp in range(8):
        await asyncio.sleep(0)
        feed.publish(frame(timestamp, keyframe=timestamp == 0))
        await asyncio.sleep(0)
    assert await waiting == list(range(8))
    feed.publish(frame(8, keyframe=True))
    assert await take(slow, 1) == [8]


async def test_a_closed_subscription_gets_nothing_more() -> None:
    feed = Encoder().feed()
    subscription, other = feed.subscribe(), feed.subscribe()
    subscription.close()
    feed.publish(frame(0, keyframe=True))
    assert await take(other, 1) == [0]
    waiting = asyncio.create_task(subscription.next())
    done, _ = await asyncio.wait((waiting,), timeout=0)
    assert not done
    waiting.cancel()
    await asyncio.wait((waiting,))
