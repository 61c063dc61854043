"""Brings the rooms of this server to what Redis says of them: event by event, or whole after an interruption."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from desktop_app.server.rooms import Delivery, Member, Rooms

if TYPE_CHECKING:
    from .bus import RedisBus
    from .events import Record, RoomEvent

logger = logging.getLogger(__name__)

C = TypeVar("C", bound=Hashable)

NO_SERVER = "-"
"""Whose members have lost theirs, and may come back by another one."""


def remote_member(room_id: str, record: Record) -> Member[C]:
    """Somebody who is connected to another server."""
    member: Member[C] = Member(room_id, record.info, None, record.number, record.server, record.capabilities)
    member.is_away = record.server == NO_SERVER
    return member


class Mending(Generic[C]):
    """Applies what happened on other servers; `expel` ends a client that has lost its place."""

    def __init__(
        self,
        rooms: Rooms[C],
        bus: RedisBus,
        server_id: str,
        deliver: Callable[[Sequence[Delivery[C]]], None],
        expel: Callable[[C], None],
        heard_doors: Callable[[str, str, str | None], None],
        moved_away: Callable[[Member[C], str], None],
        on_away: Callable[[Member[C], bool], None],
    ) -> None:
        """`moved_away` is told of a member of ours that another server has now, `on_away` of who lost their server."""
        self._rooms = rooms
        self._bus = bus
        self._server_id = server_id
        self._deliver = deliver
        self._expel = expel
        self._heard_doors = heard_doors
        self._moved_away = moved_away
        self._on_away = on_away

    def apply(self, event: RoomEvent) -> None:
        """Act on an event of a room; one that nobody of ours is in any more is not our business."""
        room_id = self._bus.room_id(event.digest)
        if room_id is None:
            return
        if event.kind in ("join", "moved", "away"):
            for record in event.records:
                self._put(room_id, record)
        elif event.kind == "update":
            for record in event.records:
                self._update(room_id, record)
        elif event.kind == "left":
            self._take_out(room_id, set(event.numbers))
        elif event.kind == "snap":
            self._compare(room_id, event)
        self._heard_doors(room_id, event.host, event.doors)
        if event.kind == "snap":
            self._bus.resume(event.digest, event.leader, event.stored)
            return
        self._bus.heard_stored(event.digest, event.stored)
        self._bus.heard_leader(event.digest, event.leader)

    def _put(self, room_id: str, record: Record) -> None:
        if record.server == self._server_id:
            return  # what is ours we know better
        old = self._rooms.find(room_id, record.info.user_id)
        if old is not None and old.number == record.number:
            self._move(old, record.server)
            if self._rooms.find(room_id, record.info.user_id) is not old:
                return  # the last one of ours, who has moved
            if old.info != record.info:
                self._deliver(self._rooms.change(old, record.info))
            return
        if old is not None and old.client is not None and old.is_away:
            self._deliver(
                self._rooms.disconnect(old.client)
            )  # whoever is away under this name does not come back
        elif old is not None and old.client is not None:
            logger.warning("a participant has lost its name to one on another server")
            self._expel(old.client)
        elif old is not None:
            self._deliver(self._rooms.remove(old))
        if self._rooms.members(room_id):  # whoever lost the name was not the last one of ours
            self._deliver(self._rooms.add(remote_member(room_id, record)))

    def _move(self, member: Member[C], server: str) -> None:
        if member.client is not None:
            self._moved_away(member, server)
        member.server = server
        if member.is_away is not (server == NO_SERVER):
            member.is_away = not member.is_away
            self._on_away(member, member.is_away)

    def _update(self, room_id: str, record: Record) -> None:
        old = self._rooms.find(room_id, record.info.user_id)
        if old is not None and old.client is None and old.number == record.number and old.info != record.info:
            self._deliver(self._rooms.change(old, record.info))

    def _take_out(self, room_id: str, numbers: set[int]) -> None:
        for member in self._rooms.members(room_id):
            if member.client is None and member.number in numbers:
                self._deliver(self._rooms.remove(member))

    def _compare(self, room_id: str, event: RoomEvent) -> None:
        for record in event.records:
            self._put(room_id, record)
        if event.final:
            there = {record.number for record in event.records}
            self._take_out(room_id, {member.number for member in self._rooms.members(room_id)} - there)
