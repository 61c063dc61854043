"""Where the doors of rooms are kept: in this process, or shared with other servers (shared/doors.py)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeAlias, TypeVar

from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.server.sessions.tickets import digest_of

if TYPE_CHECKING:
    from desktop_app.protocol.messages import JoinRoom
    from desktop_app.server.rooms import Delivery, Rooms

    from .doors import Doors

C = TypeVar("C", bound=Hashable)

Order: TypeAlias = Literal["kick", "ban", "audio", "video"]
"""To one participant: out of the room, out for good, or mute this."""

Answer: TypeAlias = Literal["in", "refused", "again"]
"""To one who waits; "again": the room has ended, and they are to try anew."""

MAX_KNOCKS = 50
MAX_BANS = 1000
"""In one room."""
MAX_KICKED = 1000
"""Of those who were kicked from one room, of how many it is known what they would come back with."""


class Changed(Exception):
    """The room is not any more what it was a moment ago: look again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A room as it was a moment ago."""

    doors: Doors | None
    """None: there is no such room."""
    banned: bool = False
    kicked: bool = False
    """Whether they would take a place again that the host took from them."""
    suspect: bool = False
    """Whether they come from where somebody was banned, and others of the room are, too: the host decides."""


@dataclass(slots=True)
class Policy:
    """What this server knows of a room that it has participants of."""

    host: str
    doors: Doors
    banned: set[str] = field(default_factory=set)
    """Of a server alone: as of ban_keys."""
    kicked: dict[str, None] = field(default_factory=dict)
    """Of a server alone: tickets, the oldest first."""


@dataclass(frozen=True, slots=True)
class Visitor(Generic[C]):
    """Somebody who wants to enter."""

    client: C
    message: JoinRoom
    address: str


class DoorEvents(Protocol):
    """What a store reports, to rights.entrance.Entrance."""

    def room_changed(self, room_id: str, host: str, doors: Doors) -> None:
        """A room has these from now on."""

    def knocked(self, room_id: str, user_id: str, display_name: str) -> None:
        """Somebody waits, at whichever server."""

    def knock_ended(self, room_id: str, user_id: str) -> None:
        """They wait no longer."""

    def answered(self, room_id: str, user_id: str, answer: Answer) -> None:
        """The host has answered to somebody who may wait here."""

    def ordered(self, room_id: str, user_id: str, order: Order) -> None:
        """The host wants something of a participant of this server."""


class DoorStore(Protocol[C]):
    """Every method that is not a coroutine returns at once.

    `host` is who asks; when they are not the host any more, it is refused or nothing happens.
    """

    async def look(self, visitor: Visitor[C]) -> Seen:
        """What the room is like now."""

    async def enter(self, visitor: Visitor[C], seen: Seen | None, made: Doors) -> None:
        """Let somebody in; `made` are the doors of the room if it does not exist. Who was admitted has no `seen`.

        Raises:
            Changed: the room is not as it was seen.
            ProtocolError: they may not enter.
        """

    async def knock(self, visitor: Visitor[C], seen: Seen) -> None:
        """Let them wait.

        Raises: as `enter`.
        """

    def stop_waiting(self, room_id: str, user_id: str) -> None:
        """Somebody who waited here has gone."""

    def ask_knocks(self, room_id: str, tell: Callable[[str, str], None]) -> None:
        """Call `tell(user_id, display_name)` for everybody who waits for a room."""

    def set_doors(self, room_id: str, host: str, old: Doors, new: Doors) -> None:
        """Change the doors; with the lobby switched off all who wait are let in."""

    def answer(self, room_id: str, host: str, user_id: str, answer: Answer) -> None:
        """Let somebody in, or not."""

    def order(self, room_id: str, host: str, user_id: str, order: Order) -> None:
        """Want something of a participant of another server."""

    def ban(self, room_id: str, user_id: str, address: str, *, is_shared: bool) -> None:
        """Keep them out of the room while it exists; `is_shared` when others of it have the same address."""

    def kick(self, room_id: str, tickets: Sequence[str]) -> None:
        """Nobody comes back with one of these, as of sessions.tickets.digest_of."""

    def give_host(self, room_id: str, host: str, to: str) -> None:
        """Make somebody else the host."""

    def room_ended(self, room_id: str) -> None:
        """Nobody of this server is in it any more."""


def ban_keys(user_id: str, address: str, *, is_shared: bool) -> tuple[str, ...]:
    """What a ban is kept as; of an empty address nothing is kept."""
    kinds = ("u", user_id), ("s" if is_shared else "a", address)
    return tuple(f"{kind}:{each}" for kind, each in kinds if each)


class LocalStore(Generic[C]):
    """Implements DoorStore for a server that runs alone: nothing in it waits."""

    def __init__(
        self,
        rooms: Rooms[C],
        policies: dict[str, Policy],
        events: DoorEvents,
        deliver: Callable[[list[Delivery[C]]], None],
    ) -> None:
        self._rooms = rooms
        self._policies = policies
        self._events = events
        self._deliver = deliver
        self._knocks: dict[str, dict[str, str]] = {}
        """Room, then user id, to display name."""

    async def look(self, visitor: Visitor[C]) -> Seen:
        """What the room is like now."""
        message = visitor.message
        policy = self._policies.get(message.room_id)
        if policy is None:
            return Seen(None)
        keys = ban_keys(message.user_id, visitor.address, is_shared=False)
        return Seen(
            policy.doors,
            not policy.banned.isdisjoint(keys),
            bool(message.resume) and digest_of(message.resume) in policy.kicked,
            f"s:{visitor.address}" in policy.banned,
        )

    async def enter(self, visitor: Visitor[C], seen: Seen | None, made: Doors) -> None:
        """Let somebody in."""
        message = visitor.message
        policy = self._policies.get(message.room_id)
        if seen is not None and (policy.doors if policy else None) != seen.doors:
            raise Changed
        self._rooms.check_place(visitor.client, message)
        if policy is None:
            self._policies[message.room_id] = Policy(message.user_id, made)
        self._deliver(self._rooms.receive(visitor.client, message))

    async def knock(self, visitor: Visitor[C], seen: Seen) -> None:
        """Let them wait."""
        message = visitor.message
        policy = self._policies.get(message.room_id)
        if policy is None or policy.doors != seen.doors:
            raise Changed
        self._rooms.check_place(visitor.client, message)
        waiting = self._knocks.setdefault(message.room_id, {})
        check_knock(message.user_id in waiting, len(waiting))
        waiting[message.user_id] = message.display_name
        self._events.knocked(message.room_id, message.user_id, message.display_name)

    def stop_waiting(self, room_id: str, user_id: str) -> None:
        """Somebody who waited has gone."""
        self._take_knock(room_id, user_id)

    def ask_knocks(self, room_id: str, tell: Callable[[str, str], None]) -> None:
        """Tell who waits."""
        for user_id, display_name in list(self._knocks.get(room_id, {}).items()):
            tell(user_id, display_name)

    def set_doors(self, room_id: str, host: str, old: Doors, new: Doors) -> None:
        """Change the doors."""
        policy = self._policies.get(room_id)
        if policy is None or policy.host != host or policy.doors != old:
            return
        self._events.room_changed(room_id, host, new)
        if old.lobby and not new.lobby:
            self._answer_all(room_id, "in")

    def answer(self, room_id: str, host: str, user_id: str, answer: Answer) -> None:
        """Let somebody in, or not."""
        if self._take_knock(room_id, user_id):
            self._events.answered(room_id, user_id, answer)

    def order(self, room_id: str, host: str, user_id: str, order: Order) -> None:
        """Nobody is anywhere else."""

    def ban(self, room_id: str, user_id: str, address: str, *, is_shared: bool) -> None:
        """Keep them out."""
        policy = self._policies.get(room_id)
        if policy is not None and len(policy.banned) < MAX_BANS:
            policy.banned.update(ban_keys(user_id, address, is_shared=is_shared))

    def kick(self, room_id: str, tickets: Sequence[str]) -> None:
        """Nobody comes back with these."""
        policy = self._policies.get(room_id)
        if policy is not None:
            policy.kicked.update(dict.fromkeys(tickets))
            while len(policy.kicked) > MAX_KICKED:
                del policy.kicked[next(iter(policy.kicked))]

    def give_host(self, room_id: str, host: str, to: str) -> None:
        """Make somebody else the host."""
        policy = self._policies.get(room_id)
        if policy is not None and policy.host == host:
            self._events.room_changed(room_id, to, policy.doors)

    def room_ended(self, room_id: str) -> None:
        """Whoever waits for it tries anew: the first of them makes it."""
        self._answer_all(room_id, "again")

    def _take_knock(self, room_id: str, user_id: str) -> bool:
        waiting = self._knocks.get(room_id, {})
        if waiting.pop(user_id, None) is None:
            return False
        if not waiting:
            del self._knocks[room_id]
        self._events.knock_ended(room_id, user_id)
        return True

    def _answer_all(self, room_id: str, answer: Answer) -> None:
        for user_id in list(self._knocks.get(room_id, {})):
            if self._take_knock(room_id, user_id):
                self._events.answered(room_id, user_id, answer)


def check_knock(known: bool, waiting: int) -> None:
    """Whether one more may wait.

    Raises:
        ProtocolError: no.
    """
    if known:
        raise ProtocolError(
            ErrorCode.USER_ID_TAKEN, "Somebody with this user id waits for this room already."
        )
    if waiting >= MAX_KNOCKS:
        raise ProtocolError(ErrorCode.REFUSED, "Too many people wait for this room. Try again later.")
