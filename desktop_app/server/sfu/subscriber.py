"""One participant's subscriber connection: all that they get from the SFU."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import MAX_SDP_CHARS, SfuFailed, SfuOffer, SfuStreams
from desktop_app.server.janus import videoroom
from desktop_app.server.janus.client import JanusError
from desktop_app.server.janus.videoroom import NO_SUCH_FEED, FeedMid

from .place import MAX_CANDIDATES, SENTENCES
from .sdp import compact
from .subscriptions import Line, Subscribe, Switch, Unsubscribe, fits, next_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from desktop_app.protocol.messages import JsonValue
    from desktop_app.protocol.topology import Feed, SfuAnswer, WantedFeed
    from desktop_app.server.janus.client import Handle
    from desktop_app.server.janus.videoroom import PluginStream

    from .place import Place
    from .subscriptions import Source, Step

    Published = Mapping[tuple[str, Feed], Source]

logger = logging.getLogger(__name__)

ANSWER_S = 10.0
AGAIN_S = 0.1
"""After which a feed that Janus does not know yet, or any more, is asked for again."""
MAX_AGAIN = 30


class _FailedError(Exception):
    """The connection cannot go on; the participant may begin anew."""


class Subscriber:
    """Keeps one connection as its participant wants it. `published` says what there is, when asked."""

    def __init__(self, place: Place, user_id: str, published: Callable[[], Published]) -> None:
        self._place = place
        self._user_id = user_id
        self._published = published
        self._numbers = itertools.count(1)
        self._tasks = TaskOwner("sfu subscriber")
        self._connection: _Connection | None = None
        self._task: asyncio.Task[None] | None = None

    def want(self, feeds: tuple[WantedFeed, ...], *, restart: bool) -> None:
        """What is wanted from now on; returns at once."""
        if self._task is not None and restart:
            self._task.cancel()
        if self._connection is None or self._task is None or self._task.done() or restart:
            self._connection = _Connection(
                self._place, self._user_id, self._published, self._numbers, self._tasks
            )
            self._task = self._tasks.spawn(self._connection.run(), name="run")
        self._connection.want(feeds)

    def look(self) -> None:
        """Something was published, or is not any more."""
        if self._connection is not None:
            self._connection.look()

    def answer(self, message: SfuAnswer) -> None:
        """To the offer that waits for one; another one is late."""
        if self._connection is not None:
            self._connection.answer(message)

    def candidate(self, candidate: JsonValue) -> None:
        """Pass a candidate on, as soon as there is somebody to take it."""
        if self._connection is not None:
            self._connection.candidate(candidate)

    async def close(self) -> None:
        """End the connection."""
        await self._tasks.close()


class _Connection:
    """One connection, from its first offer until it is lost or another one takes its place."""

    def __init__(
        self,
        place: Place,
        user_id: str,
        published: Callable[[], Published],
        numbers: Iterator[int],
        tasks: TaskOwner,
    ) -> None:
        self._place = place
        self._user_id = user_id
        self._published = published
        self._numbers = numbers
        self._tasks = tasks
        self._wanted: tuple[WantedFeed, ...] = ()
        self._changed = asyncio.Event()
        self._handle: Handle | None = None
        self._lines: tuple[Line, ...] = ()
        self._number = 0
        self._answer: asyncio.Future[str] | None = None
        self._answered = False
        self._lost = False
        self._candidates: deque[JsonValue] = deque(maxlen=MAX_CANDIDATES)

    def want(self, feeds: tuple[WantedFeed, ...]) -> None:
        self._wanted = feeds
        self._changed.set()

    def look(self) -> None:
        self._changed.set()

    def answer(self, message: SfuAnswer) -> None:
        if message.number == self._number and self._answer is not None and not self._answer.done():
            self._answer.set_result(message.sdp)

    def candidate(self, candidate: JsonValue) -> None:
        self._candidates.append(candidate)
        if self._answered:
            self._tasks.spawn(self._trickle(), name="trickle")

    async def run(self) -> None:
        try:
            again = 0
            while not self._lost:
                self._changed.clear()
                step = next_step(self._lines, self._wanted, self._published())
                if step is None:
                    again = 0
                    await self._changed.wait()
                    continue
                try:
                    await self._perform(step)
                    again = 0
                except JanusError as error:
                    again += 1
                    if error.code != NO_SUCH_FEED or again > MAX_AGAIN:
                        raise
                    await asyncio.sleep(AGAIN_S)
            self._failed(None, "lost")
        except JanusError as error:
            self._failed(error, "refused")
        except TimeoutError:
            self._failed(None, "no-answer")
        except _FailedError as error:
            self._failed(None, str(error))
        finally:
            handle, self._handle = self._handle, None
            if handle is not None:
                await handle.detach()

    async def _perform(self, step: Step) -> None:
        sources: Sequence[Source] = ()
        if isinstance(step, Subscribe):
            sources = step.sources
            sdp, streams = await self._subscribe([FeedMid(each.feed, each.mid) for each in sources])
        else:
            assert self._handle is not None
            if isinstance(step, Unsubscribe):
                sdp, streams = await videoroom.unsubscribe(self._handle, step.mids)
            else:
                sources = [source for _, source in step.changes]
                changes = [(mid, FeedMid(source.feed, source.mid)) for mid, source in step.changes]
                sdp, streams = await videoroom.switch(self._handle, changes)
        lines = self._read(streams, sources)
        if sdp is not None:
            await self._negotiate(sdp, lines)
        elif isinstance(step, Switch):
            self._tell_streams(lines)
        self._lines = lines

    async def _subscribe(self, sources: list[FeedMid]) -> tuple[str | None, list[PluginStream]]:
        place = self._place
        if self._handle is not None:
            return await videoroom.subscribe_more(self._handle, sources)
        await place.rooms()
        handle = await place.node.attach(self._event)
        try:
            answer = await videoroom.subscribe_first(handle, place.room, pin=place.pin(), sources=sources)
        except BaseException:
            await handle.detach()
            raise
        self._handle = handle
        return answer

    def _read(self, streams: Sequence[PluginStream], asked: Sequence[Source]) -> tuple[Line, ...]:
        """The m-lines, from what Janus says is on them."""
        known = {
            FeedMid(each.feed, each.mid): each for each in (*(line.source for line in self._lines), *asked)
        }
        found: list[tuple[str, Source | None]] = []
        for stream in streams:
            source = known.get(stream.source) if stream.source is not None else None
            if stream.source is not None and source is None:
                raise _FailedError("unknown-feed")
            found.append((stream.mid, source))
        # Janus knew of a publication's end before us, and put somebody else where it was.
        if not fits(self._lines, found):
            raise _FailedError("reused")
        owners = {line.mid: line.source for line in self._lines}
        lines = []
        for mid, source in found:
            owner = source or owners.get(mid)
            if owner is not None:
                lines.append(Line(mid, owner, source is not None))
        return tuple(lines)

    async def _negotiate(self, sdp: str, lines: tuple[Line, ...]) -> None:
        sdp = compact(sdp)
        if len(sdp) > MAX_SDP_CHARS:
            raise _FailedError("too-long")
        self._number = next(self._numbers)
        self._answer = asyncio.get_running_loop().create_future()
        streams = tuple(line.stream() for line in lines)
        self._place.tell(self._user_id, SfuOffer(self._place.epoch, self._number, sdp, streams))
        async with asyncio.timeout(ANSWER_S):
            answer = await self._answer
        self._answer = None
        assert self._handle is not None
        await videoroom.start(self._handle, answer)
        if not self._answered:
            self._answered = True
            await self._trickle()

    def _tell_streams(self, lines: tuple[Line, ...]) -> None:
        streams = tuple(line.stream() for line in lines)
        self._place.tell(self._user_id, SfuStreams(self._place.epoch, streams))

    async def _trickle(self) -> None:
        handle = self._handle
        try:
            while handle is not None and self._candidates:
                await handle.trickle(self._candidates.popleft())
        except JanusError as error:
            logger.debug("a candidate was refused: %s", error)

    def _event(self, kind: str, _event: dict[str, Any]) -> None:
        if kind in ("hangup", "detached"):
            self._lost = True
            self._changed.set()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(_FailedError("lost"))

    def _failed(self, error: JanusError | None, code: str) -> None:
        logger.info("a subscription has failed: %s", error or code)
        if self._place.worth_telling(error):
            message = SfuFailed(self._place.epoch, "subscribe", code, SENTENCES["subscribe"])
            self._place.tell(self._user_id, message)
