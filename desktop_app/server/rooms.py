"""Who is in which room, and who gets which message: pure logic, no I/O.

A client is whatever hashable object stands for one connection. Every method returns the messages to deliver,
in order. A member of a room may have its connection on another server: there is a room here as long as
somebody in it is connected here, and it has all of its members.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

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

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue
from .sessions.tickets import digest_of

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
class Member(Generic[C]):
    """Somebody in a room."""

    room_id: str
    info: ParticipantInfo
    client: C | None
    """None when the connection is on another server."""

    number: int
    """Of this membership, never used again; a larger one joined later."""

    server: str = ""
    """Which server has the connection; empty for this one."""

    capabilities: tuple[str, ...] = ()
    basic: bool = False
    """Whether it knows the six basic messages and nothing else, as far as it has said."""
    ticket: str = ""
    """What is kept of the secret that gives this place back to whoever lost it; empty when nothing does."""
    ticket_before: str = ""
    """The same of the secret by which this connection got the place: it counts until the new one has surely arrived."""
    is_away: bool = False
    """Whether the connection ended, and may be followed by another one."""


class Elsewhere(Protocol[C]):
    """The other servers that have members of our rooms. Nothing here waits."""

    def signal(self, sender: Member[C], target: Member[C], data: JsonValue) -> None:
        """Pass `data` on to a member on another server.

        Raises:
            ProtocolError: it cannot be passed on.
        """

    def updated(self, member: Member[C]) -> None:
        """A member of ours has new states."""

    def left(self, member: Member[C]) -> None:
        """A member of ours has left its room."""


class Rooms(Generic[C]):
    """Every room that has members on this server; a room exists while somebody is in it."""

    def __init__(
        self,
        *,
        ice_servers: Callable[[], tuple[IceServer, ...]] = tuple,
        max_participants: int = limits.MAX_PARTICIPANTS,
        capacity: Capacity | None = None,
    ) -> None:
        """`ice_servers` makes what a participant is told to use, for each anew."""
        self.capacity: Capacity = capacity or (lambda _room_id, _capabilities: max_participants)
        self._comings: list[Coming] = []
        self.elsewhere: Elsewhere[C] | None = None
        self._ice_servers = ice_servers
        # The dicts of members keep the order of joining, which `welcome` reports.
        self._rooms: dict[str, dict[str, Member[C]]] = {}
        self._members: dict[C, Member[C]] = {}
        self._numbers = itertools.count(1)

    @property
    def room_count(self) -> int:
        """Rooms with somebody of this server in them."""
        return len(self._rooms)

    @property
    def participant_count(self) -> int:
        """People in all rooms who are connected here."""
        return len(self._members)

    def room_of(self, client: C) -> str | None:
        """The room that `client` is in."""
        member = self._members.get(client)
        return member.room_id if member else None

    def member_of(self, client: C) -> Member[C] | None:
        """What `client` is in its room."""
        return self._members.get(client)

    def members(self, room_id: str) -> tuple[Member[C], ...]:
        """Everybody in a room, wherever they are connected, in the order of joining."""
        return tuple(self._rooms.get(room_id, {}).values())

    def find(self, room_id: str, user_id: str) -> Member[C] | None:
        """One member of a room."""
        return self._rooms.get(room_id, {}).get(user_id)

    def take_comings(self) -> list[Coming]:
        """Who came and went since the last call, in order."""
        taken, self._comings = self._comings, []
        return taken

    # --- what clients say -------------------------------------------------------------------------

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
        member = self._members.get(client)
        if member is None:
            return []
        deliveries = self.remove(member)
        if self.elsewhere is not None:
            self.elsewhere.left(member)
        return deliveries

    def may_join(self, client: C) -> None:
        """Check what needs no look into the room.

        Raises:
            ProtocolError: the client is in a room.
        """
        if client in self._members:
            raise ProtocolError(ErrorCode.ALREADY_JOINED, "This connection has already joined a room.")

    def check_place(self, client: C, message: JoinRoom) -> None:
        """Check that there is a place for whoever joins.

        Raises:
            ProtocolError: there is none.
        """
        self.may_join(client)
        room = self._rooms.get(message.room_id, {})
        old = room.get(message.user_id)
        is_elsewhere = old is not None and old.client is None  # the other servers know whether they are away
        if old is not None and not old.is_away and not is_elsewhere:
            raise refusal(ErrorCode.USER_ID_TAKEN)
        most = self.capacity(message.room_id, message.capabilities)
        if len(room) - (old is not None) >= most:
            raise refusal(ErrorCode.ROOM_FULL, most)

    def _join(self, client: C, message: JoinRoom) -> list[Delivery[C]]:
        self.check_place(client, message)
        return self.admit(client, message, next(self._numbers))

    def admit(self, client: C, message: JoinRoom, number: int, server: str = "") -> list[Delivery[C]]:
        """Let `client` in, whose joining was found to be right. Whoever is away under this name does not come back."""
        gone: list[Delivery[C]] = []
        old = self.find(message.room_id, message.user_id)
        if old is not None and old.client is not None:
            gone = self.disconnect(old.client)
        info = participant_info(message)
        member = Member(
            message.room_id, info, client, number, server, message.capabilities, basic=is_basic(message)
        )
        welcome = self._welcome(message, self.members(message.room_id))
        return [*gone, Delivery((client,), welcome), *self.add(member)]

    def take_over(self, member: Member[C], client: C, message: JoinRoom) -> list[Delivery[C]]:
        """Put `client` in the place of the connection that `member` had, or may still have: its welcome comes first.

        The others hear of new states alone.
        """
        came = member.client is None
        if member.client is not None:
            del self._members[member.client]
        member.client = client
        member.server = ""
        member.is_away = False
        member.ticket, member.ticket_before = "", digest_of(message.resume)
        self._members[client] = member
        if came:
            self._note(member, came=True)
        others = tuple(each for each in self.members(member.room_id) if each is not member)
        welcome = replace(self._welcome(message, others), resumed=True)
        deliveries = [Delivery((client,), welcome)]
        info = participant_info(message)
        if info != member.info:
            deliveries += self.change(member, info)
            if self.elsewhere is not None:
                self.elsewhere.updated(member)
        return deliveries

    def give_up(self, member: Member[C], server: str) -> None:
        """A member of ours has come back by another server; nobody is told. A room with nobody of ours goes."""
        if member.client is not None:
            del self._members[member.client]
        member.client, member.server, member.is_away = None, server, False
        member.ticket = member.ticket_before = ""
        if self._clients(self._rooms[member.room_id]):
            self._note(member, came=True)
        else:
            del self._rooms[member.room_id]
            self._note(member, came=False)

    def _welcome(self, message: JoinRoom, others: tuple[Member[C], ...]) -> Welcome:
        return Welcome(
            protocol_version=limits.PROTOCOL_VERSION,
            room_id=message.room_id,
            user_id=message.user_id,
            participants=tuple(other.info for other in others),
            ice_servers=self._ice_servers(),
            limits=Limits(
                frame_bytes=limits.MAX_FRAME_BYTES,
                id_chars=limits.MAX_ID_CHARS,
                name_chars=limits.MAX_NAME_CHARS,
                participants=self.capacity(message.room_id, message.capabilities),
            ),
        )

    def _signal(self, client: C, message: Signal) -> list[Delivery[C]]:
        member = self._member(client)
        target = self._rooms[member.room_id].get(message.target_user_id)
        if target is None or target is member:
            raise ProtocolError(ErrorCode.UNKNOWN_TARGET, "Nobody else in the room has this user id.")
        if target.client is None:
            if self.elsewhere is not None:
                self.elsewhere.signal(member, target, message.data)
            return []
        # The sender's name is the one it joined with, never one that it states.
        return [Delivery((target.client,), PeerSignal(member.info.user_id, message.data))]

    def _update(self, client: C, message: UpdateParticipant) -> list[Delivery[C]]:
        member = self._member(client)
        old = member.info
        info = replace(
            old,
            display_name=old.display_name if message.display_name is None else message.display_name,
            audio_muted=old.audio_muted if message.audio_muted is None else message.audio_muted,
            video_muted=old.video_muted if message.video_muted is None else message.video_muted,
            screen=old.screen if message.screen is None else message.screen,
        )
        if info == old:
            return []
        deliveries = self.change(member, info)
        if self.elsewhere is not None:
            self.elsewhere.updated(member)
        return deliveries

    def _member(self, client: C) -> Member[C]:
        member = self._members.get(client)
        if member is None:
            raise ProtocolError(ErrorCode.NOT_JOINED, "This connection has not joined a room.")
        return member

    # --- what happens to rooms, here or on other servers ------------------------------------------

    def add(self, member: Member[C]) -> list[Delivery[C]]:
        """Put somebody into a room, at the place that the number says; the others are told."""
        room = self._rooms.setdefault(member.room_id, {})
        others = self._clients(room)
        last = next(reversed(room.values()), None)
        room[member.info.user_id] = member
        if last is not None and last.number > member.number:
            self._rooms[member.room_id] = dict(sorted(room.items(), key=lambda item: item[1].number))
        if member.client is not None:
            self._members[member.client] = member
        self._note(member, came=True)
        return [Delivery(others, NewPeer(member.info))] if others else []

    def remove(self, member: Member[C]) -> list[Delivery[C]]:
        """Take somebody out of a room; the others are told. A room with nobody of ours goes."""
        room = self._rooms[member.room_id]
        del room[member.info.user_id]
        if member.client is not None:
            del self._members[member.client]
        self._note(member, came=False)
        others = self._clients(room)
        if not others:
            del self._rooms[member.room_id]
            return []
        return [Delivery(others, PeerLeft(member.info.user_id))]

    def change(self, member: Member[C], info: ParticipantInfo) -> list[Delivery[C]]:
        """Give somebody new states; the others are told."""
        member.info = info
        others = tuple(
            other.client
            for other in self._rooms[member.room_id].values()
            if other is not member and other.client is not None
        )
        return [Delivery(others, ParticipantUpdated(info))] if others else []

    def _note(self, member: Member[C], *, came: bool) -> None:
        user_id, local = member.info.user_id, member.client is not None
        self._comings.append(Coming(member.room_id, user_id, member.capabilities, local, came))

    @staticmethod
    def _clients(room: dict[str, Member[C]]) -> tuple[C, ...]:
        return tuple(member.client for member in room.values() if member.client is not None)


def participant_info(message: JoinRoom) -> ParticipantInfo:
    """What the others will know of whoever joins."""
    return ParticipantInfo(
        message.user_id,
        message.display_name,
        message.audio_muted,
        message.video_muted,
        instance=message.instance,
        screen=message.screen,
    )


def is_basic(message: JoinRoom) -> bool:
    """Whether a client says nothing but what the basic protocol has."""
    return message == JoinRoom(message.room_id, message.user_id)


def refusal(code: ErrorCode, most: int = 0) -> ProtocolError:
    """Why somebody may not join."""
    if code is ErrorCode.USER_ID_TAKEN:
        return ProtocolError(code, "Somebody in this room already has this user id.")
    if code is ErrorCode.ROOM_FULL:
        return ProtocolError(code, f"The room is full: it has its {most} participants.")
    return ProtocolError(
        ErrorCode.UNAVAILABLE, "The server cannot reach the other servers now. Try again in a moment."
    )
