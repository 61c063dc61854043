"""Rooms over several servers.

Redis has the list of each room's members and puts joining into one order for everybody. Of a member, only the
server that has its connection says that it left or changed, and does so at once for its own clients; so rooms
go on while Redis is away, and there is nothing to disagree about but who came first.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from desktop_app.protocol import limits
from desktop_app.protocol.codec import encode_server_message
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import JoinRoom, PeerSignal
from desktop_app.server.outbox import MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES
from desktop_app.server.rights.doors import Doors
from desktop_app.server.rights.store import Changed
from desktop_app.server.rooms import Delivery, Member, Rooms, participant_info, refusal
from desktop_app.server.sessions.absences import GRACE_S
from desktop_app.server.sessions.tickets import digest_of

from .bus import RedisBus
from .doors import SharedDoors
from .events import RoomEvent, info_text, parse_event, room_digest
from .link import RedisLink
from .mending import Mending, remote_member
from .pulse import ALIVE_S, Pulse
from .scripts import server_channel

if TYPE_CHECKING:
    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.server.rights.store import DoorEvents, Policy, Visitor

    from .address import RedisAddress

logger = logging.getLogger(__name__)

C = TypeVar("C", bound=Hashable)

JOIN_LIMIT_S = 5.0
_OPEN_DOORS = Doors().text()
WAIT_S = 0.1
"""Between two attempts to join while the server of whoever has the name may be dying."""


@dataclass(slots=True)
class _Joining(Generic[C]):
    client: C
    message: JoinRoom
    done: asyncio.Future[str]
    """What the script answered, unless it let the client in: "in" then."""
    resumes: bool = False


class SharedRooms(Generic[C]):
    """Implements rooms.Elsewhere: what this server tells the others, and what it hears from them.

    Args:
        rooms: the rooms of this server.
        address: where Redis is.
        deliver: sends messages to clients.
        pass_on: sends an encoded message to one client.
        expel: ends the connection of a client that has lost its place to another.
        retire: ends the connection of a client that has come back by another server; returns what waited for it.
        on_away: told of members of other servers whose server is gone, and when they have another one.
    """

    def __init__(
        self,
        rooms: Rooms[C],
        address: RedisAddress,
        *,
        deliver: Callable[[Sequence[Delivery[C]]], None],
        pass_on: Callable[[C, bytes], None],
        expel: Callable[[C], None],
        retire: Callable[[C], Sequence[bytes]],
        on_away: Callable[[Member[C], bool], None] = lambda _member, _away: None,
    ) -> None:
        self.server_id = secrets.token_hex(8)
        self._rooms = rooms
        self._deliver = deliver
        self._pass_on = pass_on
        self._link = RedisLink(
            address,
            server_channel(self.server_id),
            on_up=self._up,
            on_down=self._down,
            on_event=self._event,
        )
        self._pulse = Pulse(self._link, self.server_id, on_forgotten=self._compare)
        self.bus = RedisBus(self.server_id, alone=self._alone, lease_valid=self._pulse.lease_valid)
        self.bus.attach(self._link)
        self._doors: SharedDoors[C] | None = None
        self._mending = Mending(
            rooms, self.bus, self.server_id, deliver, expel, self._heard_doors, self._moved_away, on_away
        )
        self._retire = retire
        self._on_away = on_away
        self._joining: dict[str, _Joining[C]] = {}
        self._tokens = itertools.count(1)
        self._heard = 0
        self._closing = False
        self._grace_s = GRACE_S
        self._again: asyncio.TimerHandle | None = None
        rooms.elsewhere = self

    def use_doors(self, events: DoorEvents, policies: dict[str, Policy]) -> SharedDoors[C]:
        """Rooms have hosts and doors from now on; to be called before `start`."""
        self._doors = SharedDoors(
            self._rooms,
            self.server_id,
            self._link,
            epoch=lambda: self._pulse.epoch,
            enter=self._enter,
            room_id_of=self.bus.room_id,
            policies=policies,
            events=events,
        )
        return self._doors

    async def _enter(self, visitor: Visitor[C], seen: str, made: str) -> None:
        await self.join(visitor.client, visitor.message, address=visitor.address, seen=seen, made=made)

    def _heard_doors(self, room_id: str, host: str, doors: str | None) -> None:
        if self._doors is not None:
            self._doors.room_heard(room_id, host, doors)

    @property
    def linked(self) -> bool:
        """Whether Redis is there now, as far as is known."""
        return self._link.up

    async def start(self) -> None:
        """Connect to Redis.

        Raises:
            UserFacingError: that cannot be done.
        """
        await self._link.start()
        logger.info("shares its rooms by way of Redis", extra={"server": self.server_id})

    async def close(self) -> None:
        """Leave nothing of ours in Redis, and disconnect; safe to call twice."""
        if self._closing:
            return
        self._closing = True
        self._pulse.stop()
        if self._again is not None:
            self._again.cancel()
        await self._link.close("farewell", (self.server_id,))

    # --- joining ----------------------------------------------------------------------------------

    async def join(
        self, client: C, message: JoinRoom, *, address: str = "", seen: str = "*", made: str = _OPEN_DOORS
    ) -> None:
        """Let `client` into a room; it has its welcome, and the others know, when this returns.

        `seen` and `made` are the doors that were seen ("*" for whoever was admitted) and those of a new room.

        Raises:
            ProtocolError: it is refused, or Redis is away.
            Changed: the doors are not those that were seen.
        """
        self._rooms.may_join(client)
        old = self._rooms.find(message.room_id, message.user_id)
        if old is not None and old.client is not None:
            if not old.is_away:
                raise refusal(ErrorCode.USER_ID_TAKEN)
            # Whoever is away under this name does not come back; Redis hears of it before it hears of the joining.
            self._deliver(self._rooms.disconnect(old.client))
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + ALIVE_S + 1.0
        while True:
            answer = await self._try_to_join(client, message, (address, seen, made))
            if answer == "in":
                return
            if answer == "changed":
                raise Changed
            if answer not in ("wait", "again"):
                code, _, most = answer.partition(" ")
                raise refusal(_CODES.get(code, ErrorCode.UNAVAILABLE), int(most or 0))
            if loop.time() > give_up_at:
                # "again": the others had taken us for dead, and still do.
                raise refusal(ErrorCode.USER_ID_TAKEN if answer == "wait" else ErrorCode.UNAVAILABLE)
            await asyncio.sleep(WAIT_S)

    async def _try_to_join(self, client: C, message: JoinRoom, doors: tuple[str, str, str]) -> str:
        if not self._link.up:
            raise refusal(ErrorCode.UNAVAILABLE)
        token = str(next(self._tokens))
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._joining[token] = _Joining(client, message, done)
        info = info_text(participant_info(message), message.capabilities)
        most = self._rooms.capacity(message.room_id, message.capabilities)
        fewer = self._rooms.capacity(message.room_id, ())
        arguments = (room_digest(message.room_id), self.server_id, message.user_id, info, most, token)
        self._link.call("join", (*arguments, self._pulse.epoch, fewer, *doors), _answers(done))
        return await self._answer(token, done)

    async def _answer(self, token: str, done: asyncio.Future[str]) -> str:
        try:
            async with asyncio.timeout(JOIN_LIMIT_S):
                return await done
        except TimeoutError:
            if done.done() and not done.cancelled():  # both at once
                return done.result()
            raise refusal(ErrorCode.UNAVAILABLE) from None
        finally:
            self._joining.pop(token, None)

    async def resume(self, client: C, message: JoinRoom, address: str = "") -> bool:
        """Give `client` the place that it had by way of another server; False when it is a join like any other."""
        if not message.resume or not self._link.up or self._rooms.member_of(client) is not None:
            return False
        token = str(next(self._tokens))
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._joining[token] = _Joining(client, message, done, resumes=True)
        capabilities = message.capabilities
        arguments = (room_digest(message.room_id), self.server_id, message.user_id)
        info = info_text(participant_info(message), capabilities)
        proof = (digest_of(message.resume), self._pulse.epoch, message.instance, address)
        self._link.call("resume", (*arguments, info, token, *proof), _answers(done))
        return await self._answer(token, done) == "in"

    def keep_ticket(self, member: Member[C], grace_s: float) -> None:
        """What `member` may come back with, by any server, from now on."""
        digest, me = room_digest(member.room_id), member.info.user_id
        ticket = f"{int(1000 * grace_s)} {member.ticket} {member.ticket_before}".rstrip()
        self._grace_s = grace_s
        self._link.call("ticket", (digest, self.server_id, me, str(member.number), ticket, self._pulse.epoch))

    def keep_absence(self, member: Member[C]) -> None:
        """Whether `member` is away: others may take the name then, by any server, as they may here."""
        place = room_digest(member.room_id), self.server_id, member.info.user_id, str(member.number)
        self._link.call("absence", (*place, self._pulse.epoch, int(member.is_away)))

    def _moved_away(self, member: Member[C], server: str) -> None:
        client = member.client
        if client is None:
            return
        digest = room_digest(member.room_id)
        self._rooms.give_up(member, server)
        self._deliver([])
        if not self._rooms.members(member.room_id):
            self.bus.leave(digest)
        for frame in self._retire(client):
            self._link.publish(server_channel(server), f"w {digest} {member.number} ".encode() + frame)

    def _joined(self, event: RoomEvent) -> None:
        """One of ours is in: the first thing that we hear of a room has all of its members."""
        number = event.numbers[0]
        self._heard = max(self._heard, number)
        me = next(record.info.user_id for record in event.records if record.number == number)
        joining = self._joining.get(event.token)
        if joining is None or joining.done.done():
            self._link.call("leave", (event.digest, self.server_id, me, str(number)))  # it went meanwhile
            return
        room_id = joining.message.room_id
        old = self._rooms.find(room_id, me)
        if joining.resumes:
            self._enter_room(event, room_id)
            mine = self._rooms.find(room_id, me)
            if mine is None:
                record = next(record for record in event.records if record.number == number)
                mine = remote_member(room_id, record)
                self._deliver(self._rooms.add(mine))
            before, was_away = mine.client, mine.is_away
            deliveries = self._rooms.take_over(mine, joining.client, joining.message)
            if before is not None:
                self._retire(before)
            joining.done.set_result("in")
            self._deliver(deliveries)
            if was_away:
                self._on_away(mine, False)
            return
        if old is not None and old.client is not None:  # Redis had forgotten ours
            self._link.call("leave", (event.digest, self.server_id, me, str(number)))
            joining.done.set_result("user-id-taken")
            return
        if old is not None:
            self._deliver(self._rooms.remove(old))
        self._enter_room(event, room_id)
        deliveries = self._rooms.admit(joining.client, joining.message, number)
        joining.done.set_result("in")
        self._deliver(deliveries)

    def _enter_room(self, event: RoomEvent, room_id: str) -> None:
        if self.bus.room_id(event.digest) is not None:
            self.bus.heard_leader(event.digest, event.leader)
            return
        self.bus.enter(event.digest, room_id, event.leader, event.stored)
        if self._doors is not None:
            self._doors.room_entered(room_id, event.host, event.doors)
        for record in event.records:
            if record.server != self.server_id:
                self._rooms.add(remote_member(room_id, record))

    # --- Elsewhere --------------------------------------------------------------------------------

    def signal(self, sender: Member[C], target: Member[C], data: JsonValue) -> None:
        """Pass `data` to a member on another server, as its client is to read it."""
        frame = encode_server_message(PeerSignal(sender.info.user_id, data)).encode()
        if len(frame) > limits.MAX_FRAME_BYTES:
            raise ProtocolError(ErrorCode.FRAME_TOO_LARGE, "The message is longer than 64 KiB.")
        if not self._link.up:
            raise refusal(ErrorCode.UNAVAILABLE)
        digest = room_digest(sender.room_id)
        message = f"s {digest} {sender.number} {target.number} ".encode() + frame

        def heard(count: object) -> None:
            if count == 0:  # nobody is there: it waits for the server by which they come back
                self._link.call(
                    "hold", (digest, str(target.number), message, MAX_QUEUED_MESSAGES, MAX_QUEUED_BYTES)
                )

        self._link.publish(server_channel(target.server), message, heard)

    def updated(self, member: Member[C]) -> None:
        """Tell the others of new states."""
        info = info_text(member.info, member.capabilities)
        arguments = (room_digest(member.room_id), self.server_id, member.info.user_id, str(member.number))
        self._link.call("update", (*arguments, info, self._pulse.epoch))

    def left(self, member: Member[C]) -> None:
        """Tell the others that somebody of ours is gone."""
        digest = room_digest(member.room_id)
        if not self._rooms.members(member.room_id):
            self.bus.leave(digest)
        self._link.call("leave", (digest, self.server_id, member.info.user_id, str(member.number)))

    def _alone(self, room_id: str) -> bool:
        return all(member.client is not None for member in self._rooms.members(room_id))

    # --- what comes from Redis --------------------------------------------------------------------

    def _event(self, data: bytes) -> None:
        kind, _, rest = data.partition(b" ")
        if kind == b"s":
            self._signal_came(rest)
        elif kind == b"w":
            self._waited(rest)
        elif kind == b"!":
            self._pulse.heard(rest)
        elif kind == b"b":
            digest, _, text = rest.decode().partition(" ")
            self.bus.heard_message(digest, text)
        elif kind == b"r":
            if self._doors is not None:
                self._doors.heard(rest.decode())
        elif kind == b"d":
            digest, _, text = rest.decode().partition(" ")
            self.bus.heard_stored(digest, text)
        elif data[:1] == b"{":
            event = parse_event(data.decode())
            if event.kind == "joined":
                self._joined(event)
            else:
                self._mending.apply(event)

    def _signal_came(self, rest: bytes) -> None:
        digest, sender, target, frame = rest.split(b" ", 3)
        room_id = self.bus.room_id(digest.decode())
        if room_id is None:
            return
        wanted, known, client = int(target), False, None
        for member in self._rooms.members(room_id):
            known = known or member.number == int(sender)
            if member.number == wanted:
                client = member.client
        if known and client is not None:  # else one of the two has gone meanwhile
            self._pass_on(client, frame)

    def _waited(self, rest: bytes) -> None:
        digest, number, frame = rest.split(b" ", 2)
        for member in self._rooms.members(self.bus.room_id(digest.decode()) or ""):
            if member.number == int(number) and member.client is not None:
                self._pass_on(member.client, frame)

    # --- Redis comes and goes ---------------------------------------------------------------------

    def _up(self) -> None:
        if self._closing:
            return
        self._pulse.start()
        rooms = (digest for digest, _ in self.bus.rooms())
        self._link.call("only", (self.server_id, self._pulse.epoch, *rooms))
        self._heard = _EVERYTHING  # whoever was joining when the link was lost was refused
        self._compare()
        self._heard = 0

    def _down(self) -> None:
        self._pulse.stop()
        for joining in self._joining.values():
            if not joining.done.done():
                joining.done.set_result("unavailable")

    def _compare(self) -> None:
        """Make Redis' lists and ours the same; who is missing there may only not have come back yet."""
        self._send_lists(final=False)
        if self._again is not None:
            self._again.cancel()
        self._again = asyncio.get_running_loop().call_later(ALIVE_S + 0.5, self._send_lists, True)

    def _send_lists(self, final: bool) -> None:
        for digest, room_id in self.bus.rooms():
            arguments: list[str | int] = [digest, self.server_id, self._pulse.epoch, self._heard]
            arguments.append("1" if final else "0")
            arguments += ("", "") if self._doors is None else self._doors.known(room_id)
            for member in self._rooms.members(room_id):
                if member.client is not None:
                    text = info_text(member.info, member.capabilities)
                    arguments += [member.info.user_id, str(member.number), text]
            self._link.call("sync", arguments)
            for member in self._rooms.members(room_id):
                if member.client is not None and member.ticket:
                    self.keep_ticket(member, self._grace_s)
                    if member.is_away:
                        self.keep_absence(member)


def _answers(done: asyncio.Future[str]) -> Callable[[object], None]:
    def answered(reply: object) -> None:
        text = reply.decode() if isinstance(reply, bytes) else str(reply)
        if text != "ok" and not done.done():  # "ok" comes with everything else by the channel
            done.set_result(text)

    return answered


_EVERYTHING = 10**16
"""No member's number is as large: they are microseconds since 1970."""

_CODES = {"user-id-taken": ErrorCode.USER_ID_TAKEN, "room-full": ErrorCode.ROOM_FULL}
