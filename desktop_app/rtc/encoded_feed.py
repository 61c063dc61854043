"""Frames that are encoded once and sent to every peer."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One encoded frame, cut into RTP payloads already."""

    payloads: list[bytes]
    timestamp: int
    """Media time in units of the codec's RTP clock; what it is by the monotonic clock, EncodedFeed.lag_s tells."""
    keyframe: bool
    """True for all sound."""
    picture_id: int | None = None
    """That the payloads carry (RFC 7741); None for sound."""
    audio_level_dbov: int | None = None
    payload_type: int | None = None
    """None: that of the first negotiated codec."""


class Subscription:
    """One sender's bounded queue of a feed; a video subscription begins with a keyframe."""

    def __init__(self, feed: EncodedFeed, max_frames: int, arrived: asyncio.Event) -> None:
        self.feed = feed
        self.newest_timestamp: int | None = None
        """Of everything that was published since, whether it was queued or not."""
        self._frames: deque[EncodedFrame] = deque()
        self._max_frames = max_frames
        self._needs_keyframe = True
        self._arrived = arrived
        self.is_held = False
        """Whether the sender's path is full: whatever is encoded now would have to wait."""

    @property
    def oldest(self) -> EncodedFrame | None:
        """The frame that `take` would return."""
        return self._frames[0] if self._frames else None

    def take(self) -> EncodedFrame:
        """Remove the oldest frame; there must be one."""
        return self._frames.popleft()

    async def next(self) -> EncodedFrame:
        """The oldest frame that was not taken yet, as soon as there is one."""
        while not self._frames:
            self._arrived.clear()
            await self._arrived.wait()
        return self.take()

    def restart(self) -> None:
        """Begin again with the next keyframe, which is asked for."""
        self._frames.clear()
        self._needs_keyframe = True
        self.feed.request_keyframe()

    def close(self) -> None:
        """Take no more frames; safe to call twice."""
        self.feed.unsubscribe(self)

    def push(self, frame: EncodedFrame) -> None:
        """Called by the feed. An overflow drops everything up to the next keyframe, which is asked for."""
        self.newest_timestamp = frame.timestamp
        self._arrived.set()
        if len(self._frames) >= self._max_frames:
            self._frames.clear()
            self._needs_keyframe = True
        if self._needs_keyframe:
            if not frame.keyframe:
                self.feed.request_keyframe()
                return
            self._needs_keyframe = False
        self._frames.append(frame)


class EncodedFeed:
    """Fans out to subscriptions; lives on the engine loop.

    `on_demand(True)` is called with the first subscription and `on_demand(False)` after the last one, so that
    nothing is encoded for nobody. `on_keyframe_request` is called whenever somebody needs a keyframe.
    """

    def __init__(
        self,
        *,
        max_frames: int,
        on_demand: Callable[[bool], None] = lambda _wanted: None,
        on_keyframe_request: Callable[[], None] = lambda: None,
    ) -> None:
        self._max_frames = max_frames
        self._on_demand = on_demand
        self._on_keyframe_request = on_keyframe_request
        self._subscriptions: list[Subscription] = []
        self.target_kbps = 0.0
        """What the encoder aims at, for senders that pace; 0 is unknown."""
        self.lag_s = 0.0
        """How far the media time is behind the monotonic clock by which frames are captured."""

    def subscribe(self, arrived: asyncio.Event | None = None) -> Subscription:
        """A new queue that gets every frame from now on; `arrived` is set with each one that is published."""
        subscription = Subscription(self, self._max_frames, arrived or asyncio.Event())
        self._subscriptions.append(subscription)
        if len(self._subscriptions) == 1:
            self._on_demand(True)
        self._on_keyframe_request()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Remove a queue; unknown ones are ignored."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            if not self._subscriptions:
                self._on_demand(False)

    def publish(self, frame: EncodedFrame) -> None:
        """Give `frame` to every subscription."""
        for subscription in self._subscriptions:
            subscription.push(frame)

    @property
    def is_held(self) -> bool:
        """Whether somebody's path is full, so that the next frame had better be left out. Any thread."""
        return any(subscription.is_held for subscription in tuple(self._subscriptions))

    def request_keyframe(self) -> None:
        """A receiver cannot go on without a keyframe."""
        self._on_keyframe_request()

    def __len__(self) -> int:
        return len(self._subscriptions)
