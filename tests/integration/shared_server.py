"""The rooms of one server over a real Redis, without connections, and what its clients know from what they got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktop_app.protocol.messages import (
    JoinRoom,
    LeaveRoom,
    NewPeer,
    ParticipantUpdated,
    PeerLeft,
    UpdateParticipant,
    Welcome,
)
from desktop_app.server.rooms import Delivery, Rooms
from desktop_app.server.shared.address import parse_redis_url
from desktop_app.server.shared.membership import SharedRooms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.protocol.messages import ParticipantInfo


class Server:
    """A client is its user id; `known` is what each was told of the others, in the order in which it was told."""

    def __init__(self, url: str) -> None:
        self.rooms: Rooms[str] = Rooms()
        self.messages: list[tuple[str, Any]] = []
        self.leads: list[str] = []
        self.away: list[tuple[str, bool]] = []
        self.waiting: dict[str, list[bytes]] = {}
        """What was to be sent to whom the test calls lost."""
        self.passed_on: list[tuple[str, bytes]] = []
        self.known: dict[str, dict[str, ParticipantInfo]] = {}
        self.shared = SharedRooms(
            self.rooms,
            parse_redis_url(url),
            deliver=self._deliver,
            pass_on=self._pass_on,
            expel=self._expel,
            retire=self._retire,
            on_away=lambda member, away: self.away.append((member.info.user_id, away)),
        )
        self.bus = self.shared.bus
        self.bus.subscribe(lambda room_id, message: self.messages.append((room_id, message)))
        self.bus.on_leader(self.leads.append)

    def _deliver(self, deliveries: Sequence[Delivery[str]]) -> None:
        for delivery in deliveries:
            for target in delivery.targets:
                match delivery.message:
                    case Welcome(participants=there):
                        self.known[target] = {one.user_id: one for one in there}
                    case NewPeer(participant=one):
                        assert one.user_id not in self.known[target]
                        self.known[target][one.user_id] = one
                    case ParticipantUpdated(participant=one):
                        assert one.user_id in self.known[target]
                        self.known[target][one.user_id] = one
                    case PeerLeft(user_id=user):
                        del self.known[target][user]

    def _pass_on(self, client: str, frame: bytes) -> None:
        waiting = self.waiting.get(client)
        if waiting is None:
            self.passed_on.append((client, frame))
        else:
            waiting.append(frame)

    def _retire(self, client: str) -> list[bytes]:
        return self.waiting.pop(client, [])

    def _expel(self, client: str) -> None:
        self._deliver(self.rooms.disconnect(client))

    async def join(self, user: str, room: str = "r") -> None:
        await self.shared.join(user, JoinRoom(room, user))

    def leave(self, user: str) -> None:
        self._deliver(self.rooms.receive(user, LeaveRoom()))

    def rename(self, user: str, name: str) -> None:
        self._deliver(self.rooms.receive(user, UpdateParticipant(display_name=name)))

    def users(self, room: str = "r") -> list[str]:
        return [member.info.user_id for member in self.rooms.members(room)]

    def states(self, room: str) -> list[ParticipantInfo]:
        """Everybody in the room, in order, and checked against what each client knows."""
        infos = [member.info for member in self.rooms.members(room)]
        for member in self.rooms.members(room):
            if member.client is not None:
                others = {info.user_id: info for info in infos if info.user_id != member.client}
                assert self.known[member.client] == others
        return infos

    async def vanish(self) -> None:
        """End as a process does that is killed: without a word."""
        self.shared._pulse.stop()
        await self.shared._link._tasks.close()
