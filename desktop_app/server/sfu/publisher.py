"""One participant's publication: what they send to the SFU."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Any

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import SfuFailed, SfuPublished
from desktop_app.server.janus import videoroom
from desktop_app.server.janus.client import JanusError

from .candidates import Candidates
from .place import SENTENCES
from .sdp import compact
from .subscriptions import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.topology import SfuPublish
    from desktop_app.server.janus.client import Handle

    from .place import Place

logger = logging.getLogger(__name__)

UP_S = 15.0
"""From our answer to media."""
FADING_S = 3.0
"""An older publication stays as long, so that those who watch it can change to the newer one without a gap."""
PAUSE_S = 0.2
"""Between two publications of one participant, whatever they ask for."""


class Publisher:
    """Publishes on behalf of one participant; `on_feeds(sources)` says what of theirs can be had."""

    def __init__(self, place: Place, user_id: str, on_feeds: Callable[[tuple[Source, ...]], None]) -> None:
        self._place = place
        self._user_id = user_id
        self._on_feeds = on_feeds
        self._token = secrets.token_hex(16)
        self._allowed = False
        self._next: SfuPublish | None = None
        self._asked = asyncio.Event()
        self._handle: Handle | None = None
        self._older: Handle | None = None  # stays until the newer one has media
        self._feed = ""
        self._tasks = TaskOwner("sfu publisher")
        self._candidates = Candidates(self._tasks)
        self._tasks.spawn(self._run(), name="run")

    def publish(self, message: SfuPublish) -> None:
        """Publish in place of what is published now; returns at once."""
        self._next = message
        self._candidates = Candidates(self._tasks)
        self._asked.set()

    def candidate(self, candidate: JsonValue) -> None:
        """Pass a candidate on, as soon as there is somebody to take it."""
        self._candidates.put(candidate)

    async def close(self) -> None:
        """End the publication; nothing more is said of its feeds, which may be somebody's who came anew."""
        self._feed = ""
        await self._tasks.close()
        handles = [each for each in (self._handle, self._older) if each is not None]
        self._handle = self._older = None
        await asyncio.gather(*(each.detach() for each in handles))
        if self._allowed and self._place.node.up:
            try:
                await self._place.node.videoroom.disallow(self._place.room, self._token)
            except JanusError as error:
                logger.debug("taking a token back: %s", error)

    async def _run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            message, self._next = self._next, None
            if message is not None:
                await self._publish(message)
                await asyncio.sleep(PAUSE_S)

    async def _publish(self, message: SfuPublish) -> None:
        place = self._place
        up: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        feed = secrets.token_hex(8)
        handle: Handle | None = None
        try:
            rooms = await place.rooms()
            if not self._allowed:
                await rooms.allow(place.room, self._token)
                self._allowed = True
            handle = await place.node.attach(lambda kind, event: self._event(feed, up, kind, event))
            sdp, streams = await videoroom.publish(
                handle,
                place.room,
                feed=feed,
                pin=place.pin(),
                token=self._token,
                sdp=message.sdp,
                names=[(track.mid, track.kind) for track in message.tracks],
            )
        except JanusError as error:
            if handle is not None:
                await handle.detach()
            place.refused(error)
            if error.code in (videoroom.NO_SUCH_ROOM, videoroom.UNAUTHORIZED):
                self._allowed = False  # a room that is made again knows no token of before
            self._failed(error, "refused")
            return
        except asyncio.CancelledError:
            if handle is not None:
                await handle.detach()
            raise
        self._older, self._handle = self._handle, handle
        self._feed = feed
        place.tell(self._user_id, SfuPublished(place.epoch, compact(sdp), message.number))
        if self._next is None:
            self._candidates.open(handle)
        if await self._comes_up(up):
            types = {stream.mid: stream.kind for stream in streams if not stream.disabled}
            self._on_feeds(
                tuple(
                    Source(self._user_id, track.kind, feed, track.mid)
                    for track in {track.kind: track for track in message.tracks}.values()
                    if types.get(track.mid) == ("audio" if track.kind == "audio" else "video")
                )
            )
        older, self._older = self._older, None
        if older is not None:
            self._tasks.spawn(self._fade(older), name="fade")

    async def _comes_up(self, up: asyncio.Future[bool]) -> bool:
        """Wait for media, unless the participant asks for another publication."""
        asked: asyncio.Future[bool] = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait([up, asked], timeout=UP_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if not up.done() and not self._asked.is_set():
            self._lost("too-late")
        return up.done() and up.result() and bool(self._feed)

    def _lost(self, code: str) -> None:
        """The publication is over."""
        handle, self._handle = self._handle, None
        self._feed = ""
        if handle is not None:
            self._tasks.spawn(handle.detach(), name="detach")
        self._on_feeds(())
        self._failed(None, code)

    async def _fade(self, handle: Handle) -> None:
        try:
            await asyncio.sleep(FADING_S)
        finally:
            await handle.detach()

    def _event(self, feed: str, up: asyncio.Future[bool], kind: str, _event: dict[str, Any]) -> None:
        if kind == "webrtcup" and not up.done():
            up.set_result(True)
        elif kind in ("hangup", "detached") and feed == self._feed and not self._place.over:
            if not up.done():
                up.set_result(False)
            self._lost("lost")

    def _failed(self, error: JanusError | None, code: str) -> None:
        if self._place.worth_telling(error):
            logger.info("a publication has failed: %s", error or code)
            message = SfuFailed(self._place.epoch, "publish", code, SENTENCES["publish"])
            self._place.tell(self._user_id, message)
