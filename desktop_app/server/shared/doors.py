"""The doors of rooms that are shared by way of Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from desktop_app.protocol.errors import ErrorCode
from desktop_app.protocol.fields import field, load
from desktop_app.server.rights.doors import Doors, parse_doors
from desktop_app.server.rights.store import (
    MAX_BANS,
    MAX_KICKED,
    MAX_KNOCKS,
    Changed,
    Policy,
    Seen,
    check_knock,
)
from desktop_app.server.rooms import Rooms, refusal
from desktop_app.server.sessions.tickets import digest_of

from .events import room_digest

if TYPE_CHECKING:
    from desktop_app.server.rights.store import Answer, DoorEvents, Order, Visitor

    from .link import RedisLink

C = TypeVar("C", bound=Hashable)

ANSWER_S = 5.0

_ORDERS: dict[str, Order] = {"kick": "kick", "ban": "ban", "audio": "audio", "video": "video"}
_ANSWERS: dict[str, Answer] = {"in": "in", "refused": "refused", "again": "again"}


class SharedDoors(Generic[C]):
    """Implements rights.store.DoorStore.

    Args:
        rooms: of this server.
        server_id: who we are.
        link: to Redis.
        epoch: of the link.
        enter: lets somebody in by way of Redis: visitor, the doors that were seen as text, those of a new room.
        room_id_of: the name of a room of ours, from its digest.
        events: hears what happens.
    """

    def __init__(
        self,
        rooms: Rooms[C],
        server_id: str,
        link: RedisLink,
        *,
        epoch: Callable[[], int],
        enter: Callable[[Visitor[C], str, str], Any],
        room_id_of: Callable[[str], str | None],
        policies: dict[str, Policy],
        events: DoorEvents,
    ) -> None:
        self._rooms = rooms
        self._server_id = server_id
        self._link = link
        self._epoch = epoch
        self._enter = enter
        self._room_id_of = room_id_of
        self._policies = policies
        self._events = events
        self._waiting: dict[str, str] = {}
        """Digest to the name of each room for which somebody waits, or waited, here."""

    # --- DoorStore --------------------------------------------------------------------------------

    async def look(self, visitor: Visitor[C]) -> Seen:
        """What the room is like now."""
        message = visitor.message
        ticket = digest_of(message.resume) if message.resume else ""
        place = room_digest(message.room_id), message.user_id
        text = await self._ask("look", *place, visitor.address, ticket)
        if not text:
            return Seen(None)
        return Seen(parse_doors(text[1:]), text[0] == "b", text[0] == "k", text[0] == "s")

    async def enter(self, visitor: Visitor[C], seen: Seen | None, made: Doors) -> None:
        """Let somebody in."""
        if seen is None:
            await self._enter(visitor, "*", "")
        elif seen.doors is None:
            await self._enter(visitor, "", made.text())
        else:
            await self._enter(visitor, seen.doors.text(), "")

    async def knock(self, visitor: Visitor[C], seen: Seen) -> None:
        """Let them wait."""
        message = visitor.message
        self._rooms.check_place(visitor.client, message)
        digest = room_digest(message.room_id)
        self._waiting[digest] = message.room_id
        answer = await self._ask(
            "knock",
            digest,
            self._server_id,
            self._epoch(),
            message.user_id,
            message.display_name,
            "" if seen.doors is None else seen.doors.text(),
            MAX_KNOCKS,
            self._rooms.capacity(message.room_id, message.capabilities),
        )
        if answer == "ok":
            return
        if answer == "changed":
            raise Changed
        if answer in ("waits", "crowd"):
            check_knock(answer == "waits", MAX_KNOCKS)
        code, _, most = answer.partition(" ")
        codes = {"user-id-taken": ErrorCode.USER_ID_TAKEN, "room-full": ErrorCode.ROOM_FULL}
        raise refusal(codes.get(code, ErrorCode.UNAVAILABLE), int(most or 0))

    def stop_waiting(self, room_id: str, user_id: str) -> None:
        """Somebody who waited here has gone."""
        self._link.call("unknock", (room_digest(room_id), self._server_id, user_id))

    def ask_knocks(self, room_id: str, tell: Callable[[str, str], None]) -> None:
        """Tell who waits, when Redis has said it."""

        def told(reply: object) -> None:
            texts = [_text(each) for each in reply] if isinstance(reply, list) else []
            for user_id, display_name in zip(texts[::2], texts[1::2], strict=True):
                tell(user_id, display_name)

        self._link.call("knocks", (room_digest(room_id),), told)

    def set_doors(self, room_id: str, host: str, old: Doors, new: Doors) -> None:
        """Change the doors."""
        opens = old.lobby and not new.lobby
        self._tell("doors", room_id, host, old.text(), new.text(), "0" if opens else "1")

    def answer(self, room_id: str, host: str, user_id: str, answer: Answer) -> None:
        """Let somebody in, or not."""
        self._tell("answer", room_id, host, user_id, answer)

    def order(self, room_id: str, host: str, user_id: str, order: Order) -> None:
        """Want something of a participant of another server."""
        self._tell("order", room_id, host, user_id, order, str(MAX_BANS), str(MAX_KICKED))

    def ban(self, room_id: str, user_id: str, address: str, *, is_shared: bool) -> None:
        """Keep them out. Those of the room who are on other servers may have the address, too: Redis knows."""
        self._link.call("ban", (room_digest(room_id), MAX_BANS, user_id, address, int(is_shared)))

    def kick(self, room_id: str, tickets: Sequence[str]) -> None:
        """Nobody comes back with these."""
        self._link.call("kick", (room_digest(room_id), MAX_KICKED, *tickets))

    def give_host(self, room_id: str, host: str, to: str) -> None:
        """Make somebody else the host."""
        self._tell("host", room_id, host, to)

    def room_ended(self, room_id: str) -> None:
        """Nothing: Redis knows whether it has ended everywhere."""

    def _tell(self, script: str, room_id: str, *arguments: str) -> None:
        if not self._link.up:
            raise refusal(ErrorCode.UNAVAILABLE)
        self._link.call(script, (room_digest(room_id), *arguments))

    async def _ask(self, script: str, *arguments: str | int) -> str:
        if not self._link.up:
            raise refusal(ErrorCode.UNAVAILABLE)
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def answered(reply: object) -> None:
            if not done.done():
                done.set_result(_text(reply))

        self._link.call(script, arguments, answered)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await done
        except TimeoutError:
            raise refusal(ErrorCode.UNAVAILABLE) from None

    # --- what comes from Redis --------------------------------------------------------------------

    def room_entered(self, room_id: str, host: str, doors: str | None) -> None:
        """There is somebody of ours in a room from now on."""
        self._policies[room_id] = Policy(host, parse_doors(doors) if doors else Doors())

    def room_heard(self, room_id: str, host: str, doors: str | None) -> None:
        """A room has this host, and these doors if any."""
        policy = self._policies.get(room_id)
        if policy is not None and host:
            self._events.room_changed(room_id, host, parse_doors(doors) if doors else policy.doors)

    def known(self, room_id: str) -> tuple[str, str]:
        """Host and doors of a room as they are known here, for a Redis that has forgotten them."""
        policy = self._policies.get(room_id)
        return ("", "") if policy is None else (policy.host, policy.doors.text())

    def heard(self, text: str) -> None:
        """An event of the doors."""
        message = load(text)
        digest, kind = field(message, "r", str), field(message, "t", str)
        user_id = field(message, "u", str, "")
        if kind == "answer":
            room_id = self._waiting.get(digest)
            answer = _ANSWERS.get(field(message, "a", str, ""))
            if room_id is not None and answer is not None:
                self._events.answered(room_id, user_id, answer)
            return
        room_id = self._room_id_of(digest)
        if room_id is None:
            return
        if kind == "room":
            self.room_heard(room_id, field(message, "h", str), field(message, "w", str))
        elif kind == "knock":
            self._events.knocked(room_id, user_id, field(message, "n", str, ""))
        elif kind == "knock-ended":
            self._events.knock_ended(room_id, user_id)
        elif kind == "order":
            order = _ORDERS.get(field(message, "a", str, ""))
            if order is not None:
                self._events.ordered(room_id, user_id, order)


def _text(reply: object) -> str:
    return reply.decode() if isinstance(reply, bytes) else str(reply)
