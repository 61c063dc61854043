"""What we receive through an SFU: one connection for everybody's feeds, made again when it fails."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeAlias

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import SfuAnswer, SfuOffer, SfuStreams, SfuSubscribe
from desktop_app.rtc.negotiation import ice_username_fragment
from desktop_app.rtc.sfu.subscriber import BAD_OFFER, SfuSubscriber, SubscribedStream
from desktop_app.rtc.state import PeerState

from .renewal import Renewal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.protocol.topology import Stream, TopologyClientMessage, WantedFeed
    from desktop_app.rtc.connection import RemoteSinks
    from desktop_app.rtc.ice import IceConfiguration

logger = logging.getLogger(__name__)

MAX_WAITING = 100
"""Messages; somebody who sends more has a connection that is beyond help."""
OFFER_LIMIT_S = 10.0
"""After asking for a new connection; then it is asked for again."""

Message: TypeAlias = "SfuOffer | SfuStreams"


class Subscription:
    """One topology's. Lives on the engine loop; offers are answered one after the other."""

    def __init__(
        self,
        epoch: int,
        *,
        ice: Callable[[], IceConfiguration],
        sinks_of: Callable[[str], RemoteSinks | None],
        say: Callable[[TopologyClientMessage], None],
        on_change: Callable[[], None],
    ) -> None:
        """`on_change` is called after each change of `state`."""
        self._epoch = epoch
        self._ice = ice
        self._sinks_of = sinks_of
        self._say = say
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner("subscription")
        self._closing = TaskOwner("subscription-closing")
        self._queue: asyncio.Queue[Message] = asyncio.Queue(MAX_WAITING)
        self._offered = asyncio.Event()
        self._feeds: tuple[WantedFeed, ...] = ()
        self._begun = self._renewing = False
        self._fragment: str | None = None
        self._renewal = Renewal()
        self.subscriber: SfuSubscriber | None = None
        self.state = PeerState.NEW
        self.reason = ""
        self.answered = 0
        """Offers."""

    def begin(self) -> None:
        """Subscribe to what is wanted.

        The server may have kept, with our place, a connection that was given up with our last route: it would offer
        nothing.
        """
        self._begun = True
        self._say(SfuSubscribe(self._epoch, self._feeds, restart=True))
        self._tasks.spawn(self._work(), name="subscribe")

    def ask_again(self) -> None:
        """Say all that is wanted once more; a connection that is not up begins anew."""
        if self._begun and not self._renewing:
            self._say(SfuSubscribe(self._epoch, self._feeds, restart=self.state is not PeerState.CONNECTED))

    def want(self, feeds: tuple[WantedFeed, ...]) -> None:
        """All that is wanted from now on."""
        if set(feeds) == set(self._feeds):
            return
        self._feeds = feeds
        if self._begun:
            self._say(SfuSubscribe(self._epoch, feeds))

    def take(self, message: Message) -> None:
        """An offer, or whose the streams are now."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self._lost(self.subscriber, "The media server sends more than can be answered.")

    async def _work(self) -> None:
        while True:
            message = await self._queue.get()
            subscriber: SfuSubscriber | None = None
            try:
                if isinstance(message, SfuOffer):
                    subscriber = self._subscriber_for(message.sdp)
                    answer = await subscriber.answer(message.sdp, _streams(message.streams))
                    if subscriber is self.subscriber:
                        self._say(SfuAnswer(self._epoch, message.number, answer))
                        self.answered += 1
                elif (subscriber := self.subscriber) is not None:
                    subscriber.assign(_streams(message.streams))
            except Exception:
                logger.warning("an offer of the media server could not be answered", exc_info=True)
                self._lost(subscriber, BAD_OFFER)

    def _subscriber_for(self, sdp: str) -> SfuSubscriber:
        """The one that there is, unless the offer is of a new connection (RFC 8839 5.4)."""
        fragment = ice_username_fragment(sdp)
        if self.subscriber is not None and fragment == self._fragment:
            return self.subscriber
        self._drop()
        self._fragment = fragment
        self._offered.set()
        subscriber = SfuSubscriber(
            self._ice(), self._sinks_of, lambda state, reason: self._changed(subscriber, state, reason)
        )
        self.subscriber = subscriber
        self._set(PeerState.CONNECTING if self.state is PeerState.NEW else PeerState.RECONNECTING)
        return subscriber

    def _changed(self, subscriber: SfuSubscriber, state: PeerState, reason: str) -> None:
        if subscriber is not self.subscriber:
            return  # an older one on its way out
        if state is PeerState.CONNECTED:
            self._renewal.up(self._loop.time())
        if state in (PeerState.FAILED, PeerState.CLOSED):
            self._lost(subscriber, reason)
        elif state is not PeerState.CONNECTING or self.state is not PeerState.RECONNECTING:
            self._set(state, reason)

    @property
    def told(self) -> tuple[PeerState, str]:
        """The state for people: what is about to be made again has not failed for good."""
        if self.state is PeerState.FAILED and self._renewal.is_usual:
            return PeerState.RECONNECTING, self.reason
        return self.state, self.reason

    def lost(self, message: str) -> None:
        """The server says that the subscription has failed."""
        self._lost(self.subscriber, message)

    def _lost(self, subscriber: SfuSubscriber | None, reason: str) -> None:
        if subscriber is not self.subscriber or self._renewing:
            return
        self._drop()
        self._set(PeerState.FAILED, reason)
        self._renewing = True
        self._tasks.spawn(self._renew(), name="renew")

    async def _renew(self) -> None:
        try:
            await asyncio.sleep(self._renewal.lost(self._loop.time()))
            while not self._queue.empty():
                self._queue.get_nowait()  # of the connection that was given up
            self._offered.clear()
            while not self._offered.is_set():
                self._say(SfuSubscribe(self._epoch, self._feeds, restart=True))
                try:
                    async with asyncio.timeout(OFFER_LIMIT_S):
                        await self._offered.wait()
                except TimeoutError:
                    logger.info("the media server offers no new connection")
        finally:
            self._renewing = False
        subscriber = self.subscriber
        if subscriber is not None and subscriber.state is PeerState.FAILED:  # before this task had its turn
            self._lost(subscriber, BAD_OFFER)

    def _set(self, state: PeerState, reason: str = "") -> None:
        if (state, reason) != (self.state, self.reason):
            logger.info("subscription: %s%s", state, f" ({reason})" if reason else "")
            self.state, self.reason = state, reason
            self._on_change()

    def _drop(self) -> None:
        subscriber, self.subscriber, self._fragment = self.subscriber, None, None
        if subscriber is not None:
            subscriber.close()
            self._closing.spawn(subscriber.wait_closed(), name="close")

    def close(self) -> None:
        """End for good; returns at once."""
        self._tasks.cancel()
        self._drop()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        await self._tasks.drain()
        await self._closing.drain()


def _streams(streams: Sequence[Stream]) -> list[SubscribedStream]:
    return [SubscribedStream(each.mid, each.user_id, each.kind, each.active) for each in streams]
