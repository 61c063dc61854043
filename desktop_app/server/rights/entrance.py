"""The way into rooms: doors, lobby, and the answers of a room's host."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import ErrorMessage, LeaveRoom
from desktop_app.protocol.rights import (
    OPEN,
    Admit,
    AskMute,
    GiveHost,
    Kick,
    Knock,
    KnockEnded,
    MuteAsked,
    Refuse,
    RoomUpdated,
    SetRoom,
    Waiting,
)
from desktop_app.server.rooms import Delivery

from .attempts import Attempts
from .doors import Doors, Proof, Step, judge, made_doors, refused
from .passwords import PasswordWorker
from .store import Changed, Policy, Seen, Visitor, check_knock

if TYPE_CHECKING:
    import asyncio

    from desktop_app.protocol.messages import ClientMessage, JoinRoom, ServerMessage
    from desktop_app.protocol.rights import RightsClientMessage, RoomRules
    from desktop_app.server.rooms import Member, Rooms

    from .store import Answer, DoorStore, Order

logger = logging.getLogger(__name__)

C = TypeVar("C", bound=Hashable)

MAX_LOOKS = 50
"""How often a room may change under the feet of somebody who enters."""


class Entrance(Generic[C]):
    """Implements store.DoorEvents.

    Args:
        rooms: of this server.
        deliver: sends messages to clients.
        say: sends one message to one client, in a room or not.
        fail: tells a client what went wrong after its message was dealt with.
        address_of: what counts as the address of a client.
    """

    store: DoorStore[C]
    """Set by whoever made this, before the first join."""

    def __init__(
        self,
        rooms: Rooms[C],
        *,
        deliver: Callable[[list[Delivery[C]]], None],
        say: Callable[[C, ServerMessage], None],
        fail: Callable[[C, Exception], None],
        address_of: Callable[[C], str],
    ) -> None:
        self._rooms = rooms
        self._deliver = deliver
        self._say = say
        self._fail = fail
        self._address_of = address_of
        self._passwords = PasswordWorker()
        self._attempts = Attempts()
        self.policies: dict[str, Policy] = {}
        """Of the rooms with somebody of this server in them."""
        self._waiting: dict[C, Visitor[C]] = {}
        self._at_door: dict[tuple[str, str], Visitor[C]] = {}
        """Those who wait here, by room and user id."""
        self._entering: dict[C, asyncio.Task[None]] = {}
        """Those who were let in, on their way."""
        self._tasks = TaskOwner("entrance")

    async def close(self) -> None:
        """End what is under way."""
        await self._tasks.close()
        self._passwords.close()

    def rules(self, room_id: str) -> RoomRules:
        """What everybody in a room may know."""
        policy = self.policies.get(room_id)
        return OPEN if policy is None else policy.doors.rules(policy.host)

    # --- coming in --------------------------------------------------------------------------------

    async def join(self, client: C, message: JoinRoom) -> None:
        """Let `client` in, or let it wait. Without a password to be hashed, and on a server alone, nothing waits.

        Raises:
            ProtocolError: it may not enter.
        """
        self._rooms.may_join(client)
        visitor = Visitor(client, message, self._address_of(client))
        proof = Proof()
        for _ in range(MAX_LOOKS):
            try:
                if await self._one_step(visitor, proof):
                    return
            except Changed:
                continue
        raise ProtocolError(ErrorCode.UNAVAILABLE, "The room changes too fast. Try again in a moment.")

    async def _one_step(self, visitor: Visitor[C], proof: Proof) -> bool:
        """True when all is done."""
        message = visitor.message
        seen = await self.store.look(visitor)
        step = self._judge(visitor, seen, proof)
        if step is Step.HASH:
            proof.made = await self._passwords.make(message.password, visitor.address)
        elif step is Step.CHECK and seen.doors is not None:
            await self._check(visitor, seen.doors.password, proof)
        elif step is Step.KNOCK:
            await self._knock(visitor, seen)
            return True
        else:
            await self.store.enter(visitor, seen, made_doors(message, proof))
            return True
        return False

    async def _knock(self, visitor: Visitor[C], seen: Seen) -> None:
        message = visitor.message
        place = message.room_id, message.user_id
        if place in self._at_door:
            check_knock(True, 0)
        self._waiting[visitor.client] = self._at_door[place] = visitor  # the answer may be quicker than we
        try:
            await self.store.knock(visitor, seen)
        except BaseException:
            self._forget(visitor.client)
            raise
        if visitor.client in self._waiting:
            self._say(visitor.client, Waiting(message.room_id))

    def _judge(self, visitor: Visitor[C], seen: Seen, proof: Proof) -> Step:
        room_id, now_s = visitor.message.room_id, time.monotonic()
        doors = seen.doors
        is_out = seen.banned or seen.kicked
        if doors is not None and (doors.access or doors.password) and not is_out and not proof.tried:
            self._attempts.check(visitor.address, room_id, now_s)
        try:
            return judge(
                doors,
                visitor.message,
                proof,
                banned=seen.banned,
                kicked=seen.kicked,
                suspect=seen.suspect,
            )
        except ProtocolError as error:
            if error.code is ErrorCode.WRONG_LINK:
                self._attempts.wrong_link(visitor.address, now_s)
            raise

    async def _check(self, visitor: Visitor[C], kept: str, proof: Proof) -> None:
        room_id = visitor.message.room_id
        self._attempts.try_password(visitor.address, room_id, time.monotonic())
        proof.tried = True
        if await self._passwords.check(visitor.message.password, kept, visitor.address):
            self._attempts.was_right(visitor.address, room_id, time.monotonic())
            proof.right_for = kept
        else:
            proof.wrong_for = kept

    # --- waiting ----------------------------------------------------------------------------------

    def is_waiting(self, client: C) -> bool:
        """Whether the host decides about it."""
        return client in self._waiting

    def entering(self, client: C) -> asyncio.Task[None] | None:
        """What is to be waited for before `client` is heard again."""
        return self._entering.get(client)

    def received_waiting(self, client: C, message: ClientMessage) -> None:
        """Something from one who waits.

        Raises:
            ProtocolError: it is not to leave.
        """
        if not isinstance(message, LeaveRoom):
            raise ProtocolError(ErrorCode.NOT_JOINED, "The host has not let you in yet.")
        self._stop_waiting(client)

    def gone(self, client: C) -> None:
        """The connection has ended."""
        task = self._entering.pop(client, None)
        if task is not None:
            task.cancel()
        self._stop_waiting(client)

    def _stop_waiting(self, client: C) -> None:
        visitor = self._forget(client)
        if visitor is not None:
            self.store.stop_waiting(visitor.message.room_id, visitor.message.user_id)

    def _forget(self, client: C) -> Visitor[C] | None:
        visitor = self._waiting.pop(client, None)
        if visitor is not None:
            self._at_door.pop((visitor.message.room_id, visitor.message.user_id), None)
        return visitor

    def answered(self, room_id: str, user_id: str, answer: Answer) -> None:
        """The host has answered, or the room has ended."""
        visitor = self._at_door.get((room_id, user_id))
        if visitor is None:
            return
        self._forget(visitor.client)
        if answer == "refused":
            self._fail(visitor.client, refused(ErrorCode.REFUSED))
            return
        task = self._tasks.spawn(self._let_in(visitor, again=answer == "again"), name="let-in")
        self._entering[visitor.client] = task
        task.add_done_callback(lambda _: self._entering.pop(visitor.client, None))

    async def _let_in(self, visitor: Visitor[C], *, again: bool) -> None:
        try:
            if again:
                await self.join(visitor.client, visitor.message)
            else:
                await self.store.enter(visitor, None, Doors())
        except Changed:
            self._fail(visitor.client, refused(ErrorCode.REFUSED))
        except Exception as error:  # noqa: BLE001 - it becomes an error message, as in the hub
            self._fail(visitor.client, error)

    # --- what happens in rooms ----------------------------------------------------------------------

    def left(self, room_id: str, user_id: str) -> None:
        """Somebody has left a room: a host's place goes to whoever has been there longest."""
        policy = self.policies.get(room_id)
        if policy is None:
            return
        members = self._rooms.members(room_id)
        if not members:
            del self.policies[room_id]
            self.store.room_ended(room_id)
        elif policy.host == user_id:
            self.room_changed(room_id, members[0].info.user_id, policy.doors)

    def came(self, room_id: str, user_id: str) -> None:
        """Somebody is in: a host is told who waits (one who comes back after a break, too)."""
        policy = self.policies.get(room_id)
        if policy is not None and policy.host == user_id:
            self._tell_knocks(room_id)

    def room_changed(self, room_id: str, host: str, doors: Doors) -> None:
        """A room has these from now on; its people are told."""
        policy = self.policies.get(room_id)
        if policy is None or (policy.host == host and policy.doors == doors):
            return
        before = policy.doors.rules(policy.host), policy.host
        policy.host, policy.doors = host, doors
        rules = doors.rules(host)
        if rules == before[0]:
            return  # another password
        targets = tuple(
            member.client
            for member in self._rooms.members(room_id)
            if member.client is not None and not member.basic
        )
        if targets:
            self._deliver([Delivery(targets, RoomUpdated(rules))])
        if host != before[1]:
            self._tell_knocks(room_id)

    def _tell_knocks(self, room_id: str) -> None:
        host = self._host(room_id)
        if host is not None and host.client is not None:
            self.store.ask_knocks(room_id, lambda user, name: self.knocked(room_id, user, name))

    def knocked(self, room_id: str, user_id: str, display_name: str) -> None:
        """Somebody waits."""
        self._tell_host(room_id, Knock(user_id, display_name))

    def knock_ended(self, room_id: str, user_id: str) -> None:
        """They wait no longer."""
        self._tell_host(room_id, KnockEnded(user_id))

    def _tell_host(self, room_id: str, message: ServerMessage) -> None:
        host = self._host(room_id)
        if host is not None and host.client is not None:
            self._say(host.client, message)

    def _host(self, room_id: str) -> Member[C] | None:
        policy = self.policies.get(room_id)
        return None if policy is None else self._rooms.find(room_id, policy.host)

    # --- what the host wants ------------------------------------------------------------------------

    async def command(self, client: C, message: RightsClientMessage) -> None:
        """Do what the host says.

        Raises:
            ProtocolError: it is not the host who says it, or there is nobody with that user id.
        """
        room_id, me, policy = self._as_host(client)
        match message:
            case SetRoom():
                await self._set_room(client, message)
            case Admit(user_id=user_id):
                self.store.answer(room_id, me, user_id, "in")
            case Refuse(user_id=user_id):
                self.store.answer(room_id, me, user_id, "refused")
            case Kick(user_id=user_id):
                self._order(room_id, me, user_id, "ban" if message.ban else "kick")
            case AskMute(user_id=user_id, kind=kind):
                self._order(room_id, me, user_id, kind)
            case GiveHost(user_id=user_id):
                self._other(room_id, me, user_id)
                self.store.give_host(room_id, policy.host, user_id)

    def _as_host(self, client: C) -> tuple[str, str, Policy]:
        member = self._rooms.member_of(client)
        if member is None:
            raise ProtocolError(ErrorCode.NOT_JOINED, "This connection has not joined a room.")
        policy = self.policies.get(member.room_id)
        if policy is None or policy.host != member.info.user_id:
            raise refused(ErrorCode.NOT_HOST)
        return member.room_id, member.info.user_id, policy

    async def _set_room(self, client: C, message: SetRoom) -> None:
        made = ""
        if message.password:
            made = await self._passwords.make(message.password, self._address_of(client))
        room_id, me, policy = self._as_host(client)  # it may have passed on meanwhile
        old = policy.doors
        new = Doors(
            locked=old.locked if message.locked is None else message.locked,
            lobby=old.lobby if message.lobby is None else message.lobby,
            access=old.access,
            password=old.password if message.password is None else made,
        )
        if new != old:
            self.store.set_doors(room_id, me, old, new)

    def _other(self, room_id: str, me: str, user_id: str) -> Member[C]:
        member = self._rooms.find(room_id, user_id)
        if member is None or user_id == me:
            raise ProtocolError(ErrorCode.UNKNOWN_TARGET, "Nobody else in the room has this user id.")
        return member

    def _order(self, room_id: str, me: str, user_id: str, order: Order) -> None:
        if self._other(room_id, me, user_id).server:
            self.store.order(room_id, me, user_id, order)
        else:
            self.ordered(room_id, user_id, order)

    def ordered(self, room_id: str, user_id: str, order: Order) -> None:
        """The host wants something of a participant of this server."""
        member = self._rooms.find(room_id, user_id)
        if member is None or (client := member.client) is None:
            return
        if order == "audio" or order == "video":
            self._say(client, MuteAsked(order))
            return
        if order == "ban":
            address = self._address_of(client)
            others = [each.client for each in self._rooms.members(room_id) if each is not member]
            is_shared = any(each is not None and self._address_of(each) == address for each in others)
            self.store.ban(room_id, user_id, address, is_shared=is_shared)
        if tickets := [each for each in (member.ticket, member.ticket_before) if each]:
            self.store.kick(room_id, tickets)  # they may be away, or not hear of it
        error = refused(ErrorCode.KICKED)
        self._say(client, ErrorMessage(error.code.value, str(error)))
        self._deliver(self._rooms.disconnect(client))
