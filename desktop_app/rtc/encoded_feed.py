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
    audio_level_dbov: int | None = None


class Subscription:
    """One sender's bounded queue of a feed."""

    def __init__(self, feed: EncodedFeed, max_frames: int) -> None:
        self._feed = feed
        self._frames: deque[EncodedFrame] = deque()
        self._max_frames = max_frames
        self._needs_keyframe = True
        self._arrived = asyncio.Event()
        self.is_held = False
        """Whether the sender's path is full: whatever is encoded now would have to wait."""
        self.frames_taken = 0
        self.key_frames_taken = 0

    async def next(self) -> EncodedFrame:
        """The oldest frame that was not taken yet; a video subscription begins with a keyframe."""
        while not self._frames:
            self._arrived.clear()
            await self._arrived.wait()
        frame = self._frames.popleft()
        self.frames_taken += 1
        self.key_frames_taken += frame.keyframe
        return frame

    def close(self) -> None:
        """Take no more frames; safe to call twice."""
        self._feed.unsubscribe(self)

    def drop_waiting(self) -> None:
        """Drop everything up to the next keyframe, which is asked for with the next frame."""
        self._frames.clear()
        self._needs_keyframe = True

    def push(self, frame: EncodedFrame) -> None:
        """Called by the feed. An overflow drops what waits."""
        if len(self._frames) >= self._max_frames:
            self.drop_waiting()
        if self._needs_keyframe:
            if not frame.keyframe:
                self._feed.request_keyframe()
                return
            self._needs_keyframe = False
        self._frames.append(frame)
        self._arrived.set()


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

    def subscribe(self) -> Subscription:
        """A new queue that gets every frame from now on."""
        subscription = Subscription(self, self._max_frames)
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
