"""Who is in which room, and who gets which message: pure logic, no I/O.

A client is whatever hashable object stands for one connection. Every method returns the messages to deliver,
in order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from desktop_app.protocol import limits
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import (
    ClientMessage,
    IceServer,
    JoinRoom,
    LeaveRoom,
    Limits,
    NewPeer,
    ParticipantInfo,
    ParticipantUpdated,
    PeerLeft,
    PeerSignal,
    ServerMessage,
    Signal,
    UpdateParticipant,
    Welcome,
)

C = TypeVar("C", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Delivery(Generic[C]):
    """One message and the clients that get it."""

    targets: tuple[C, ...]
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody came into a room, or went."""

    room_id: str
    user_id: str
    capabilities: tuple[str, ...]
    local: bool
    """Whether the connection is on this server."""

    came: bool


Capacity = Callable[[str, tuple[str, ...]], int]
"""How many may be in a room when the next one has these capabilities."""


@dataclass(slots=True)
class _Member:
    room_id: str
    info: ParticipantInfo
    capabilities: tuple[str, ...] = ()


class Rooms(Generic[C]):
    """Every room of one server; a room exists while somebody is in it."""

    def __init__(
        self,
        *,
        ice_servers: tuple[IceServer, ...] = (),
        max_participants: int = limits.MAX_PARTICIPANTS,
        capacity: Capacity | None = None,
    ) -> None:
        self._ice_servers = ice_servers
        self._capacity = capacity or (lambda _room_id, _capabilities: max_participants)
        self._comings: list[Coming] = []
        # Both dicts keep the order of joining, which `welcome` reports.
        self._rooms: dict[str, dict[str, C]] = {}
        self._members: dict[C, _Member] = {}

    @property
    def room_count(self) -> int:
        """Rooms with somebody in them."""
        return len(self._rooms)

    @property
    def participant_count(self) -> int:
        """People in all rooms."""
        return len(self._members)

    def room_of(self, client: C) -> str | None:
        """The room that `client` is in."""
        member = self._members.get(client)
        return member.room_id if member else None

    def user_of(self, client: C) -> str | None:
        """The user id of `client` in its room."""
        member = self._members.get(client)
        return member.info.user_id if member else None

    def client_of(self, room_id: str, user_id: str) -> C | None:
        """The connection of somebody in a room."""
        return self._rooms.get(room_id, {}).get(user_id)

    def capabilities(self, room_id: str) -> list[tuple[str, tuple[str, ...], bool]]:
        """Everybody in a room in the order of joining: user id, capabilities, whether of this server."""
        room = self._rooms.get(room_id, {})
        return [(user_id, self._members[client].capabilities, True) for user_id, client in room.items()]

    def take_comings(self) -> list[Coming]:
        """Who came and went since the last call, in order."""
        taken, self._comings = self._comings, []
        return taken

    def receive(self, client: C, message: ClientMessage) -> list[Delivery[C]]:
        """Act on what `client` sent.

        Raises:
            ProtocolError: when it is refused; nothing has changed then.
        """
        match message:
            case JoinRoom():
                return self._join(client, message)
            case Signal():
                return self._signal(client, message)
            case UpdateParticipant():
                return self._update(client, message)
            case LeaveRoom():
                self._member(client)
                return self.disconnect(client)
            case _:  # of the topology, which is decided elsewhere
                self._member(client)
                return []

    def disconnect(self, client: C) -> list[Delivery[C]]:
        """Take `client` out of its room, if it is in one."""
        member = self._members.pop(client, None)
        if member is None:
            return []
        room = self._rooms[member.room_id]
        del room[member.info.user_id]
        self._comings.append(
            Coming(member.room_id, member.info.user_id, member.capabilities, local=True, came=False)
        )
        if not room:
            del self._rooms[member.room_id]
            return []
        return [Delivery(tuple(room.values()), PeerLeft(member.info.user_id))]

    def _join(self, client: C, message: JoinRoom) -> list[Delivery[C]]:
        if client in self._members:
            raise ProtocolError(ErrorCode.ALREADY_JOINED, "This connection has already joined a room.")
        room = self._rooms.get(message.room_id, {})
        if message.user_id in room:
            raise ProtocolError(ErrorCode.USER_ID_TAKEN, "Somebody in this room already has this user id.")
        most = self._capacity(message.room_id, message.capabilities)
        if len(room) >= most:
            raise ProtocolError(ErrorCode.ROOM_FULL, f"The room is full: it has its {most} participants.")
        info = ParticipantInfo(
            message.user_id, message.display_name, message.audio_muted, message.video_muted
        )
        others = tuple(room.values())
        welcome = Welcome(
            protocol_version=limits.PROTOCOL_VERSION,
            room_id=message.room_id,
            user_id=message.user_id,
            participants=tuple(self._members[other].info for other in others),
            ice_servers=self._ice_servers,
            limits=Limits(
                frame_bytes=limits.MAX_FRAME_BYTES,
                id_chars=limits.MAX_ID_CHARS,
                name_chars=limits.MAX_NAME_CHARS,
                participants=most,
            ),
        )
        self._rooms.setdefault(message.room_id, room)[message.user_id] = client
        self._members[client] = _Member(message.room_id, info, message.capabilities)
        self._comings.append(
            Coming(message.room_id, message.user_id, message.capabilities, local=True, came=True)
        )
        deliveries: list[Delivery[C]] = [Delivery((client,), welcome)]
        if others:
            deliveries.append(Delivery(others, NewPeer(info)))
        return deliveries

    def _signal(self, client: C, message: Signal) -> list[Delivery[C]]:
        member = self._member(client)
        target = self._rooms[member.room_id].get(message.target_user_id)
        if target is None or target == client:
            raise ProtocolError(ErrorCode.UNKNOWN_TARGET, "Nobody else in the room has this user id.")
        # The sender's name is the one it joined with, never one that it states.
        return [Delivery((target,), PeerSignal(member.info.user_id, message.data))]

    def _update(self, client: C, message: UpdateParticipant) -> list[Delivery[C]]:
        member = self._member(client)
        old = member.info
        member.info = replace(
            old,
            display_name=old.display_name if message.display_name is None else message.display_name,
            audio_muted=old.audio_muted if message.audio_muted is None else message.audio_muted,
            video_muted=old.video_muted if message.video_muted is None else message.video_muted,
        )
        others = tuple(other for other in self._rooms[member.room_id].values() if other != client)
        if not others or member.info == old:
            return []
        return [Delivery(others, ParticipantUpdated(member.info))]

    def _member(self, client: C) -> _Member:
        member = self._members.get(client)
        if member is None:
            raise ProtocolError(ErrorCode.NOT_JOINED, "This connection has not joined a room.")
        return member
