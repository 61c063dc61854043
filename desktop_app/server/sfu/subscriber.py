"""One participant's subscriber connection: all that they get from the SFU."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from typing import TYPE_CHECKING, Any

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import MAX_SDP_CHARS, SfuFailed, SfuOffer, SfuStreams
from desktop_app.server.janus import videoroom
from desktop_app.server.janus.client import JanusError
from desktop_app.server.janus.videoroom import NO_SUCH_FEED, FeedMid

from .candidates import Candidates
from .place import SENTENCES
from .sdp import compact
from .subscriptions import Line, Subscribe, Switch, Unsubscribe, fits, next_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.topology import Feed, SfuAnswer, WantedFeed
    from desktop_app.server.janus.client import Handle
    from desktop_app.server.janus.videoroom import PluginStream

    from .place import Place
    from .subscriptions import Source, Step

    Published = Mapping[tuple[str, Feed], Source]

logger = logging.getLogger(__name__)

ANSWER_S = 20.0
AGAIN_S = 0.1
"""After which a feed that Janus does not know yet, or any more, is asked for again; later, AGAIN_LATER_S."""
AGAIN_LATER_S = 2.0
GATHER_S, MOST_GATHER_S = 0.1, 1.0
"""Before more is subscribed to while others begin to publish, so that a dozen of them need no dozen of negotiations; as
long as the last one took, where computers are slow."""
PAUSE_S = 0.2
"""Between two connections of one participant, whatever they ask for."""


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
        self._not_before_s = 0.0

    def want(self, feeds: tuple[WantedFeed, ...], *, restart: bool) -> None:
        """What is wanted from now on; returns at once."""
        if self._task is not None and restart:
            self._task.cancel()
        if self._connection is None or self._task is None or self._task.done() or restart:
            now_s = asyncio.get_running_loop().time()
            pause_s = max(0.0, self._not_before_s - now_s)
            self._not_before_s = max(self._not_before_s, now_s + PAUSE_S)
            self._connection = _Connection(
                self._place, self._user_id, self._published, self._numbers, self._tasks
            )
            self._task = self._tasks.spawn(self._connection.run(pause_s), name="run")
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
        self._wanted: tuple[WantedFeed, ...] = ()
        self._changed = asyncio.Event()
        self._handle: Handle | None = None
        self._lines: tuple[Line, ...] = ()
        self._asked: tuple[Source, ...] = ()
        self._number = 0
        self._answer: asyncio.Future[str] | None = None
        self._lost = False
        self._negotiation_s = 0.0
        self._missing: dict[
            str, float
        ] = {}  # feeds that Janus does not know, and until when they are left out
        self._ungiven: set[Source] = set()  # what Janus did not put on an m-line, though it did not refuse
        self._candidates = Candidates(tasks)

    def want(self, feeds: tuple[WantedFeed, ...]) -> None:
        self._wanted = feeds
        self._changed.set()

    def look(self) -> None:
        self._changed.set()

    def answer(self, message: SfuAnswer) -> None:
        if message.number == self._number and self._answer is not None and not self._answer.done():
            self._answer.set_result(message.sdp)

    def candidate(self, candidate: JsonValue) -> None:
        self._candidates.put(candidate)

    async def run(self, pause_s: float) -> None:
        """Do what is to be done, after a pause, until the connection is lost."""
        try:
            await asyncio.sleep(pause_s)
            while not self._lost:
                self._changed.clear()
                step = self._next()
                if step is None:
                    await self._wait()
                    continue
                if isinstance(step, Subscribe) and self._more_is_coming():
                    await asyncio.sleep(min(MOST_GATHER_S, max(GATHER_S, self._negotiation_s)))
                    step = self._next()
                    if step is None:
                        continue
                try:
                    await self._perform(step)
                except JanusError as error:
                    if error.code != NO_SUCH_FEED or not self._leave_out(error):
                        raise
            self._failed(None, "lost")
        except JanusError as error:
            self._place.refused(error)
            self._failed(error, "refused")
        except TimeoutError:
            self._failed(None, "no-answer")
        except _FailedError as error:
            self._failed(None, str(error))
        finally:
            handle, self._handle = self._handle, None
            if handle is not None:
                await handle.detach()

    def _next(self) -> Step | None:
        return next_step(self._lines, self._wanted, self._known())

    def _more_is_coming(self) -> bool:
        """Whether somebody who is wanted publishes nothing yet."""
        publishing = {user for user, _ in self._published()}
        return any(feed.user_id not in publishing for feed in self._wanted)

    def _known(self) -> Published:
        """What is published, but for what Janus says is not."""
        now_s = asyncio.get_running_loop().time()
        return {
            name: source
            for name, source in self._published().items()
            if source not in self._ungiven and self._missing.get(source.feed, 0.0) <= now_s
        }

    def _leave_out(self, error: JanusError) -> bool:
        """Go on without the feed that Janus named, for a while; False when it named none that we know."""
        now_s = asyncio.get_running_loop().time()
        there = {source.feed for source in self._published().values()}
        self._missing = {feed: until for feed, until in self._missing.items() if feed in there}
        for feed in there:
            if feed in str(error):
                self._missing[feed] = now_s + (AGAIN_LATER_S if feed in self._missing else AGAIN_S)
                return True
        # It was not published any more when the answer came.
        return not all(source.feed in there for source in self._asked)

    async def _wait(self) -> None:
        """Until something has changed, or what was left out may be asked for again."""
        now_s = asyncio.get_running_loop().time()
        later = [until for until in self._missing.values() if until > now_s]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(later) - now_s if later else None):
                await self._changed.wait()

    async def _perform(self, step: Step) -> None:
        sources: Sequence[Source] = ()
        if isinstance(step, Subscribe):
            self._asked = sources = step.sources
            sdp, streams = await self._subscribe([FeedMid(each.feed, each.mid) for each in sources])
        else:
            assert self._handle is not None
            if isinstance(step, Unsubscribe):
                sdp, streams = await videoroom.unsubscribe(self._handle, step.mids)
            else:
                self._asked = sources = tuple(source for _, source in step.changes)
                changes = [(mid, FeedMid(source.feed, source.mid)) for mid, source in step.changes]
                sdp, streams = await videoroom.switch(self._handle, changes)
        lines = self._read(streams, sources)
        if not isinstance(step, Unsubscribe):
            # To ask for it again would go on for ever.
            self._ungiven |= set(sources) - {line.source for line in lines if line.active}
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
        sdp = compact(sdp, sends=True)
        if len(sdp) > MAX_SDP_CHARS:
            raise _FailedError("too-long")
        self._number = next(self._numbers)
        self._answer = asyncio.get_running_loop().create_future()
        streams = tuple(line.stream() for line in lines)
        begun_s = asyncio.get_running_loop().time()
        self._place.tell(self._user_id, SfuOffer(self._place.epoch, self._number, sdp, streams))
        async with asyncio.timeout(ANSWER_S):
            answer = await self._answer
        self._negotiation_s = asyncio.get_running_loop().time() - begun_s
        self._answer = None
        assert self._handle is not None
        await videoroom.start(self._handle, answer)
        self._candidates.open(self._handle)

    def _tell_streams(self, lines: tuple[Line, ...]) -> None:
        streams = tuple(line.stream() for line in lines)
        self._place.tell(self._user_id, SfuStreams(self._place.epoch, streams))

    def _event(self, kind: str, _event: dict[str, Any]) -> None:
        if kind in ("hangup", "detached"):
            self._lost = True
            self._changed.set()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(_FailedError("lost"))

    def _failed(self, error: JanusError | None, code: str) -> None:
        if self._place.worth_telling(error):
            logger.info("a subscription has failed: %s", error or code)
            message = SfuFailed(self._place.epoch, "subscribe", code, SENTENCES["subscribe"])
            self._place.tell(self._user_id, message)
