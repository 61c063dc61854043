"""RoomBus over Redis."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.protocol.errors import ProtocolError
from desktop_app.protocol.fields import dump, load

from .events import room_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.server.room_bus import Listener, Message

    from .link import RedisLink

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 256 * 1024
"""What servers tell each other of one room at a time."""


@dataclass(slots=True)
class _Room:
    room_id: str
    leader: str
    values: Message = field(default_factory=dict)


class RedisBus:
    """Implements RoomBus for a server that shares its rooms.

    Args:
        server_id: who we are.
        alone: whether everybody in a room is connected here.
        lease_valid: whether the others must take this server for alive. One that was cut off for longer than
            they wait does not decide any more for people of other servers.
    """

    def __init__(
        self, server_id: str, *, alone: Callable[[str], bool], lease_valid: Callable[[], bool]
    ) -> None:
        self._server_id = server_id
        self._alone = alone
        self._lease_valid = lease_valid
        self._link: RedisLink | None = None
        self._rooms: dict[str, _Room] = {}
        self._listeners: list[Listener] = []
        self._leader_listeners: list[Callable[[str], None]] = []
        self._stored_listeners: list[Callable[[str, bool], None]] = []

    def attach(self, link: RedisLink) -> None:
        """Use this link."""
        self._link = link

    # --- RoomBus ----------------------------------------------------------------------------------

    def is_leader(self, room_id: str) -> bool:
        """Whether this server decides for the room now."""
        room = self._rooms.get(room_digest(room_id))
        if room is None or room.leader != self._server_id:
            return False
        return self._lease_valid() or self._alone(room_id)

    def publish(self, room_id: str, message: Message) -> None:
        """Tell every server that has participants of the room; without Redis, this one alone."""
        if self._link is None or not self._link.up:
            self._tell(room_id, message)
            return
        text = dump(message)
        if len(text) > MAX_MESSAGE_BYTES:
            logger.error("a message to other servers is too long and was not sent")
            return
        self._link.call("publish", (room_digest(room_id), text))

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` for everything that is published from now on."""
        self._listeners.append(listener)

    def store(self, room_id: str, values: Message) -> None:
        """Keep `values` for a successor."""
        digest = room_digest(room_id)
        room = self._rooms.get(digest)
        if room is None:
            return
        room.values = values
        if self._link is not None:
            self._link.call("store", (digest, self._server_id, dump(values)))

    def stored(self, room_id: str) -> Message:
        """What was stored last, as far as it was heard here."""
        room = self._rooms.get(room_digest(room_id))
        return room.values if room else {}

    def on_leader(self, listener: Callable[[str], None]) -> None:
        """Call `listener` when this server has become a room's leader in place of another."""
        self._leader_listeners.append(listener)

    def on_stored(self, listener: Callable[[str, bool], None]) -> None:
        """Call `listener` when another server has stored something, and after an interruption."""
        self._stored_listeners.append(listener)

    def forget(self, room_id: str) -> None:
        """Nothing: the room goes with its last member here."""

    # --- what the membership reports --------------------------------------------------------------

    def enter(self, digest: str, room_id: str, leader: str, stored: str | None) -> None:
        """There is somebody of ours in a room from now on."""
        self._rooms[digest] = _Room(room_id, leader, _values(stored))

    def leave(self, digest: str) -> None:
        """There is nobody of ours in it any more."""
        self._rooms.pop(digest, None)

    def room_id(self, digest: str) -> str | None:
        """Which room it is; None for one with nobody of ours."""
        room = self._rooms.get(digest)
        return room.room_id if room else None

    def rooms(self) -> list[tuple[str, str]]:
        """Digest and name of each room with somebody of ours."""
        return [(digest, room.room_id) for digest, room in self._rooms.items()]

    def heard_leader(self, digest: str, leader: str) -> None:
        """A room may have a new leader."""
        room = self._rooms.get(digest)
        if room is None or not leader or room.leader == leader:
            return
        room.leader = leader
        if leader == self._server_id:
            logger.info("decides for the room now", extra={"room": digest[:8]})
            for listener in self._leader_listeners:
                listener(room.room_id)

    def heard_stored(self, digest: str, text: str | None) -> None:
        """The leader has stored something."""
        room = self._rooms.get(digest)
        if room is not None and text is not None:
            room.values = _values(text)
            for listener in self._stored_listeners:
                listener(room.room_id, False)

    def resume(self, digest: str, leader: str, text: str | None) -> None:
        """After an interruption: Redis may be empty, or have what the leader stored before. The leader knows better."""
        room = self._rooms.get(digest)
        if room is None:
            return
        if leader == room.leader == self._server_id and room.values:
            self.store(room.room_id, room.values)
        elif text is not None:
            room.values = _values(text)
        self.heard_leader(digest, leader)
        if text is None and room.values and room.leader == self._server_id:
            self.store(room.room_id, room.values)
        for listener in self._stored_listeners:
            listener(room.room_id, True)

    def heard_message(self, digest: str, text: str) -> None:
        """Somebody has published something."""
        room = self._rooms.get(digest)
        if room is not None:
            self._tell(room.room_id, load(text))

    def _tell(self, room_id: str, message: Message) -> None:
        for listener in self._listeners:
            listener(room_id, message)


def _values(text: str | None) -> Message:
    if not text:
        return {}
    try:
        return load(text)
    except ProtocolError:
        logger.warning("what was stored for a room cannot be read")
        return {}
