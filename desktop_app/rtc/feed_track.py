"""The track of one sender: takes frames from a feed, and moves from one feed to another without a seam."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from aiortc.mediastreams import MediaStreamTrack

from desktop_app.media.clock import now_s

from . import vp8

if TYPE_CHECKING:
    from .encoded_feed import EncodedFeed, EncodedFrame, Subscription

MOVE_S = 0.5
"""So long after a change was asked for, a frame of the old encoding waits for the new one to have dealt with the same
capture. Otherwise an encoding that is always a little faster than the other could never be left: the keyframe to go
on with would always be of a picture that was sent already. It is a matter of milliseconds; the bound is for an
encoder that stops just then."""


class FeedTrack(MediaStreamTrack):
    """The permanent track of one sender. Lives on the engine loop.

    It never ends before its sender does, whatever happens to cameras and microphones: aiortc's sending loop dies
    for good with its track. Sources are switched behind the feed.

    All encodings of a picture carry its capture time, so what is sent is kept in order by timestamps alone: each one
    is later than the one before it, whichever feed it came from.
    """

    def __init__(self, kind: str, feed: EncodedFeed | None) -> None:
        super().__init__()
        self.kind = kind
        self._feed = feed
        self._current: Subscription | None = None
        self._coming: Subscription | None = None
        """Of the feed to move to, up to its first keyframe that is later than what was sent."""
        self._wait_until_s = 0.0
        self._started = False
        self._arrived = asyncio.Event()
        self._last_timestamp = -1
        self._picture_id: int | None = None
        self.frames_sent = 0
        """Frames that this sender has taken."""
        self.key_frames_sent = 0
        """Keyframes among them."""

    async def recv(self) -> EncodedFrame:  # type: ignore[override]
        """The next encoded frame. The queue begins with the first call: nothing piles up before DTLS is up."""
        self._started = True
        if self._current is None and self._coming is None and self.readyState != "ended":
            self._subscribe()
        while True:
            frame = self._take()
            if frame is not None:
                return self._sent(frame)
            self._arrived.clear()
            await self._wait()

    def switch(self, feed: EncodedFeed | None) -> None:
        """Send `feed` from its next keyframe on, and what was sent before until then; None sends nothing, at once."""
        if feed is self._feed:
            return
        self._feed = feed
        if not self._started or self.readyState == "ended":
            return
        if self._coming is not None:
            self._coming.close()
            self._coming = None
        if feed is None:
            self._close(self._current)
            self._current = None
        elif self._current is None or self._current.feed is not feed:
            self._subscribe()
        self._arrived.set()  # what was held is not any more

    def _subscribe(self) -> None:
        if self._feed is not None:
            self._coming = self._feed.subscribe(self._arrived)
            self._wait_until_s = now_s() + MOVE_S

    def _take(self) -> EncodedFrame | None:
        if self._coming is not None and (first := self._coming.oldest) is not None:
            if first.timestamp > self._last_timestamp:
                self._close(self._current)
                self._current, self._coming = self._coming, None
            else:
                # That picture was sent in the old encoding, and what follows refers to it.
                self._coming.restart()
                self._wait_until_s = now_s() + MOVE_S
        if self._current is None or (frame := self._current.oldest) is None or self._waits(frame):
            return None
        return self._current.take()

    def _waits(self, frame: EncodedFrame) -> bool:
        coming = self._coming
        # An encoding from which nothing has come yet may need any time to begin: it is not waited for.
        if coming is None or coming.newest_timestamp is None or now_s() >= self._wait_until_s:
            return False
        return coming.newest_timestamp < frame.timestamp

    async def _wait(self) -> None:
        held = self._current is not None and self._current.oldest is not None
        if not held:
            await self._arrived.wait()
            return
        try:
            async with asyncio.timeout(max(0.0, self._wait_until_s - now_s())):
                await self._arrived.wait()
        except TimeoutError:
            return  # the new encoding has nothing to say: the old one goes on

    def _sent(self, frame: EncodedFrame) -> EncodedFrame:
        self._last_timestamp = frame.timestamp
        self.frames_sent += 1
        self.key_frames_sent += frame.keyframe
        if frame.picture_id is None:
            return frame
        # One more for each frame of this stream (RFC 7741 4.2), whatever the encoders count.
        self._picture_id = (
            frame.picture_id if self._picture_id is None else (self._picture_id + 1) & vp8.MAX_PICTURE_ID
        )
        if self._picture_id == frame.picture_id:
            return frame
        return replace(frame, payloads=vp8.renumbered(frame.payloads, self._picture_id))

    @property
    def target_kbps(self) -> float:
        """What the encoder behind the feed aims at; 0 when there is none."""
        return 0.0 if self._feed is None else self._feed.target_kbps

    @property
    def lag_s(self) -> float:
        """How far the feed's media time is behind the monotonic clock."""
        return 0.0 if self._feed is None else self._feed.lag_s

    def hold(self, held: bool) -> None:
        """Ask the encoder whose pictures are being sent to wait, or no longer."""
        if self._current is not None:
            self._current.is_held = held

    def leave(self) -> None:
        """Take no more of the feed until the next `recv`, which begins again with a keyframe."""
        self._close(self._current)
        self._close(self._coming)
        self._current = self._coming = None

    def request_keyframe(self) -> None:
        """Ask the encoder whose pictures are being sent."""
        if self._current is not None:
            self._current.feed.request_keyframe()

    def stop(self) -> None:
        """Called by aiortc when the sender ends."""
        self.switch(None)
        super().stop()

    @staticmethod
    def _close(subscription: Subscription | None) -> None:
        if subscription is not None:
            subscription.close()
