"""A room's SFU as this server sees it: its own participants' connections, and what the whole room publishes."""

from __future__ import annotations

import asyncio
import logging
from itertools import chain
from typing import TYPE_CHECKING, Any

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import (
    FEEDS,
    MAX_FEEDS,
    SfuAnswer,
    SfuCandidate,
    SfuFailed,
    SfuPublish,
    SfuSubscribe,
    SfuWatched,
)

from .pace import Pace
from .place import SENTENCES, Place
from .publisher import Publisher
from .subscriber import Subscriber
from .subscriptions import Source, bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.topology import Feed, SfuConnection
    from desktop_app.server.janus.node import JanusNode

    from .place import Tell

    SfuMessage = SfuPublish | SfuSubscribe | SfuAnswer | SfuCandidate
    Publish = Callable[[dict[str, JsonValue]], None]

logger = logging.getLogger(__name__)

RETIRING_S = 1.0
"""From the end of a place to that of its connections: the participants close them first."""


class _Participant:
    def __init__(self, publisher: Publisher, subscriber: Subscriber, pace: Pace) -> None:
        self.publisher = publisher
        self.subscriber = subscriber
        self.pace = pace
        self.publishes = False


class SfuRoom:
    """One epoch of a room's SFU, from `prepare` until it is left.

    Args:
        node: where it is.
        janus_room: its name there.
        epoch: the change that made it.
        tell: sends to a participant of this server.
        publish: tells every server with participants of the room, this one too.
    """

    def __init__(self, node: JanusNode, janus_room: str, epoch: int, tell: Tell, publish: Publish) -> None:
        self.epoch = epoch
        self._place = Place(node, janus_room, epoch, tell)
        self._publish = publish
        self._locals: dict[str, _Participant] = {}
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._wants: dict[str, frozenset[tuple[str, Feed]]] = {}
        self._watched: dict[str, tuple[Feed, ...]] = {}
        self._tasks = TaskOwner("sfu room")

    def ask(self) -> None:
        """Ask the other servers what their participants publish and want."""
        self._tell_twins("ask")

    # --- participants of this server ----------------------------------------------------------------

    def received(self, user_id: str, message: SfuMessage) -> None:
        """Act on a message of a participant of this server; returns at once."""
        if self._place.over:
            return
        participant = self._locals.get(user_id)
        if participant is None:
            participant = self._locals[user_id] = _Participant(
                Publisher(self._place, user_id, lambda sources: self._feeds(user_id, sources)),
                Subscriber(self._place, user_id, self._published),
                Pace(lambda subscribe: self._subscribe(user_id, subscribe)),
            )
        match message:
            case SfuPublish():
                participant.publishes = True
                participant.publisher.publish(message)
                wanted_of_us = {
                    kind for each in self._wants.values() for user, kind in each if user == user_id
                }
                self._say_watched(user_id, wanted_of_us, always=True)
            case SfuSubscribe():
                participant.pace.put(message)
            case SfuAnswer():
                participant.subscriber.answer(message)
            case SfuCandidate(connection="publish"):
                participant.publisher.candidate(message.candidate)
            case SfuCandidate():
                participant.subscriber.candidate(message.candidate)

    def _subscribe(self, user_id: str, message: SfuSubscribe) -> None:
        participant = self._locals.get(user_id)
        if participant is None or self._place.over:
            return
        wanted = bounded(message.feeds, user_id)
        pictures = [(feed.user_id, feed.kind) for feed in wanted if feed.kind != "audio"]
        if frozenset(pictures) != self._wants.get(user_id, frozenset()):
            self._tell_twins("wants", user=user_id, feeds=[[user, kind] for user, kind in pictures])
        participant.subscriber.want(wanted, restart=message.restart)

    def node_back(self, url: str) -> None:
        """The node is there again: participants of this server have no connections in it any more."""
        if url != self._place.node.url or self._place.over:
            return
        connections: tuple[SfuConnection, ...] = ("publish", "subscribe")
        for user_id in self._locals:
            for connection in connections:
                failed = SfuFailed(self.epoch, connection, "lost", SENTENCES[connection])
                self._place.tell(user_id, failed)

    def left(self, user_id: str) -> None:
        """Somebody has left the room, of this server or another one."""
        participant = self._locals.pop(user_id, None)
        if participant is not None:
            self._tasks.spawn(self._close(participant), name="leave")
        self._sources.pop(user_id, None)
        self._wants.pop(user_id, None)
        self._watched.pop(user_id, None)
        self._look()

    def moved_away(self, user_id: str) -> None:
        """Somebody has another server, which says what they publish and want from now on."""
        participant = self._locals.pop(user_id, None)
        if participant is not None:
            self._tasks.spawn(self._close(participant), name="move")
        self._watched.pop(user_id, None)

    async def close(self, *, destroy: bool, at_once: bool = False) -> None:
        """End every connection, and the room in Janus when nobody else needs it."""
        self._place.over = True
        if not at_once and self._place.node.up:
            await asyncio.sleep(RETIRING_S)
        await asyncio.gather(*(self._close(each) for each in self._locals.values()))
        self._locals.clear()
        await self._tasks.drain()
        await self._place.leave(destroy=destroy)

    # --- what servers tell each other ------------------------------------------------------------------

    def heard(self, message: dict[str, Any]) -> None:
        """A message of a server that has participants of the room, this one or another."""
        user_id = message.get("user")
        match message.get("what"):
            case "ask":
                for user, sources in self._sources.items():
                    if user in self._locals:
                        self._feeds(user, sources)
                for user, wants in self._wants.items():
                    if user in self._locals:
                        self._tell_twins("wants", user=user, feeds=[[each, kind] for each, kind in wants])
            case "feeds" if isinstance(user_id, str):
                sources = tuple(
                    Source(user_id, kind, str(feed), str(mid))
                    for kind, feed, mid in _rows(message.get("feeds"), 3)
                    if kind in FEEDS
                )
                self._sources[user_id] = sources
                self._look()
            case "wants" if isinstance(user_id, str):
                self._wants[user_id] = frozenset(
                    (str(user), kind) for user, kind in _rows(message.get("feeds"), 2) if kind in FEEDS
                )
                self._look()

    def _tell_twins(self, what: str, **values: JsonValue) -> None:
        self._publish({"what": what, "epoch": self.epoch, **values})

    def _feeds(self, user_id: str, sources: Iterable[Source]) -> None:
        feeds: list[JsonValue] = [[source.kind, source.feed, source.mid] for source in sources]
        if user_id in self._locals:
            self._tell_twins("feeds", user=user_id, feeds=feeds)

    # --- inside ---------------------------------------------------------------------------------------

    def _published(self) -> dict[tuple[str, Feed], Source]:
        return {
            (source.user_id, source.kind): source for sources in self._sources.values() for source in sources
        }

    def _look(self) -> None:
        watched: dict[str, set[Feed]] = {}
        for user_id, kind in chain.from_iterable(self._wants.values()):
            watched.setdefault(user_id, set()).add(kind)
        for user_id in self._locals:
            self._say_watched(user_id, watched.get(user_id, set()))
        for participant in self._locals.values():
            participant.subscriber.look()

    def _say_watched(self, user_id: str, wanted: set[Feed], *, always: bool = False) -> None:
        if not self._locals[user_id].publishes:
            return
        kinds = tuple(kind for kind in FEEDS if kind in wanted)
        if always or self._watched.get(user_id) != kinds:
            self._watched[user_id] = kinds
            self._place.tell(user_id, SfuWatched(self.epoch, kinds))

    @staticmethod
    async def _close(participant: _Participant) -> None:
        participant.pace.close()
        await asyncio.gather(participant.publisher.close(), participant.subscriber.close())


def _rows(value: object, length: int) -> list[list[Any]]:
    """The lists of this length in a list that came from somewhere else."""
    if not isinstance(value, list):
        return []
    return [row for row in value[:MAX_FEEDS] if isinstance(row, list) and len(row) == length]
