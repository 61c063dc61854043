"""What we send through an SFU: one connection, made again when it fails."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import SfuPublish, Track
from desktop_app.rtc.sfu.publisher import PublisherFeeds, SfuPublisher
from desktop_app.rtc.state import PeerState

from .renewal import Renewal

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.topology import TopologyClientMessage
    from desktop_app.rtc.encoded_feed import EncodedFeed
    from desktop_app.rtc.ice import IceConfiguration

logger = logging.getLogger(__name__)

Picture: TypeAlias = Literal["camera", "thumbnail", "screen"]


class Publishing:
    """One topology's. Lives on the engine loop."""

    def __init__(
        self,
        epoch: int,
        *,
        ice: Callable[[], IceConfiguration],
        feeds: PublisherFeeds,
        say: Callable[[TopologyClientMessage], None],
        on_change: Callable[[], None],
    ) -> None:
        """`feeds` are what is sent in the beginning; `on_change` is called after each change of `state`."""
        self._epoch = epoch
        self._ice = ice
        self._feeds = feeds
        self._say = say
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner("publishing")
        self._closing = TaskOwner("publishing-closing")
        self._pictures: dict[Picture, EncodedFeed | None] = {}
        self._failed = asyncio.Event()
        self._renewal = Renewal()
        self._number = 0
        self.publisher: SfuPublisher | None = None
        self.state = PeerState.NEW
        self.reason = ""

    def begin(self) -> None:
        """Publish."""
        self._tasks.spawn(self._keep_publishing(), name="publish")

    def send(self, kind: Picture, feed: EncodedFeed | None) -> None:
        """Send this picture, also over later connections; None sends none of the kind."""
        self._pictures[kind] = feed
        if self.publisher is not None:
            self.publisher.send(kind, feed)

    async def _keep_publishing(self) -> None:
        while True:
            failed = self._failed = asyncio.Event()
            self._number += 1
            publisher = SfuPublisher(self._ice(), self._feeds, self._listener(failed))
            self.publisher = publisher
            self._set(PeerState.CONNECTING if self.state is PeerState.NEW else PeerState.RECONNECTING)
            try:
                for kind, feed in self._pictures.items():
                    publisher.send(kind, feed)
                offer = await publisher.offer()
                tracks = tuple(Track(mid, kind) for mid, kind in offer.tracks)
                self._say(SfuPublish(self._epoch, offer.sdp, tracks, self._number))
                await failed.wait()
            except Exception:
                logger.exception("publishing has failed")
                self._set(PeerState.FAILED, "Sound and picture could not be sent to the media server.")
            finally:
                self._drop(publisher)
            await asyncio.sleep(self._renewal.lost(self._loop.time()))

    def _listener(self, failed: asyncio.Event) -> Callable[[PeerState, str], None]:
        def changed(state: PeerState, reason: str) -> None:
            if failed.is_set() or failed is not self._failed:
                return  # of an older connection
            if state is PeerState.CONNECTED:
                self._renewal.up(self._loop.time())
            if state in (PeerState.FAILED, PeerState.CLOSED):
                failed.set()
                state = PeerState.FAILED
            if state is not PeerState.CONNECTING or self.state is not PeerState.RECONNECTING:
                self._set(state, reason)

        return changed

    @property
    def told(self) -> tuple[PeerState, str]:
        """The state for people: what is about to be made again has not failed for good."""
        if self.state is PeerState.FAILED and self._renewal.is_usual:
            return PeerState.RECONNECTING, self.reason
        return self.state, self.reason

    def take_answer(self, sdp: str, number: int = 0) -> None:
        """The server has published us; `number` is that of our offer, 0 of a server that does not say."""
        if number not in (0, self._number):
            logger.info("an answer to an older publication was dropped")
        elif self.publisher is not None:
            self._tasks.spawn(self._take_answer(self.publisher, self._failed, sdp), name="answer")

    async def _take_answer(self, publisher: SfuPublisher, failed: asyncio.Event, sdp: str) -> None:
        try:
            await publisher.take_answer(sdp)
        except Exception:
            logger.warning("the answer to what we publish could not be taken", exc_info=True)
            self._lost(failed, "The media server answered with something that cannot be used.")

    def lost(self, message: str) -> None:
        """The server says that the publication has failed."""
        self._lost(self._failed, message)

    def _lost(self, failed: asyncio.Event, reason: str) -> None:
        if failed is self._failed and not failed.is_set():
            failed.set()
            self._set(PeerState.FAILED, reason)

    def _set(self, state: PeerState, reason: str = "") -> None:
        if (state, reason) != (self.state, self.reason):
            logger.info("publishing: %s%s", state, f" ({reason})" if reason else "")
            self.state, self.reason = state, reason
            self._on_change()

    def _drop(self, publisher: SfuPublisher) -> None:
        if self.publisher is not publisher:
            return
        self.publisher = None
        publisher.close()
        self._closing.spawn(publisher.wait_closed(), name="close")

    def close(self) -> None:
        """End for good; returns at once."""
        self._failed.set()
        self._tasks.cancel()
        if self.publisher is not None:
            self._drop(self.publisher)

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._tasks.drain()
        await self._closing.drain()
