"""Connects sessions with rooms: decodes what comes, delivers what follows, counts and logs both.

Logs carry the session's number and a digest of the room's name: who knows the name may enter, so it is
a secret.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, web

from desktop_app.protocol import limits
from desktop_app.protocol.codec import decode_client_message, encode_server_message
from desktop_app.protocol.errors import ErrorCode, ProtocolError
from desktop_app.protocol.messages import ErrorMessage, JoinRoom, PeerSignal, Welcome
from desktop_app.protocol.rights import RightsClientMessage
from desktop_app.protocol.topology import TopologyClientMessage

from .guard.guard import Guard
from .guard.idle import Idle
from .guard.limits import JOIN_LIMIT_S, GuardLimits
from .guard.refusals import refusal_of
from .guard.site import stays
from .janus.nodes import JanusNodes
from .metrics import Metrics
from .rights.entrance import Entrance
from .rights.store import LocalStore
from .room_bus import LocalBus, RoomBus
from .rooms import Delivery, Member, Rooms
from .session import HEARTBEAT_S, Session
from .sessions.absences import GRACE_S
from .sessions.resuming import Resuming
from .shared.events import room_digest
from .shared.membership import SharedRooms
from .topology.control import RoomControl
from .topology.coordinator import Rules
from .turn import TurnServer, for_participant
from .words import SENTENCES, TYPE_NAMES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from desktop_app.protocol.messages import ClientMessage, IceServer, ServerMessage

    from .janus.address import JanusAddress
    from .shared.address import RedisAddress

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 1000


def _logged(room_id: str) -> str:
    """What stands for a room in the log."""
    return room_digest(room_id)[:8]


class Hub:
    """All connections of one server."""

    def __init__(
        self,
        *,
        ice_servers: tuple[IceServer | TurnServer, ...] = (),
        max_connections: int = MAX_CONNECTIONS,
        heartbeat_s: float = HEARTBEAT_S,
        redis: RedisAddress | None = None,
        janus: Sequence[JanusAddress] = (),
        rules: Rules | None = None,
        grace_s: float = GRACE_S,
        guard: GuardLimits | None = None,
        join_limit_s: float = JOIN_LIMIT_S,
    ) -> None:
        self.metrics = Metrics()
        self._guard = Guard(guard)
        self._idle = Idle(join_limit_s, self._is_idle, self._idle_for_too_long)
        self._rooms: Rooms[Session] = Rooms(
            ice_servers=lambda: for_participant(ice_servers, at_s=time.time()),
            capacity=lambda *joining: self._control.capacity(*joining),
        )
        self._entrance: Entrance[Session] = Entrance(
            self._rooms,
            deliver=self._deliver,
            say=self._say,
            fail=self._failed,
            address_of=lambda session: session.address,
        )
        self._entrance.store = LocalStore(self._rooms, self._entrance.policies, self._entrance, self._deliver)
        self._resuming: Resuming[Session] = Resuming(
            self._rooms,
            deliver=self._deliver,
            pass_on=self._pass_on,
            retire=self._retire,
            on_away=self._went_away,
            on_ticket=self._keep_ticket,
            grace_s=grace_s,
        )
        self._shared: SharedRooms[Session] | None = None
        self.bus: RoomBus = LocalBus()
        if redis is not None:
            self._shared = SharedRooms(
                self._rooms,
                redis,
                deliver=self._deliver,
                pass_on=self._pass_on,
                expel=self._expel,
                retire=self._resuming.leave_to_another,
                on_away=self._lost_its_server,
            )
            self.bus = self._shared.bus
            self._entrance.store = self._shared.use_doors(self._entrance, self._entrance.policies)
        self._nodes = JanusNodes(janus)
        rules = replace(rules or Rules(), sfu_configured=self._nodes.configured)
        self._control = RoomControl(rules, self._nodes, self.bus, self._send_to, self._members_of)
        self._sessions: dict[Session, asyncio.Event] = {}
        self._numbers = itertools.count(1)
        self._max_connections = max_connections
        self._heartbeat_s = heartbeat_s
        self._closing = False
        self.metrics.watch(
            "bridgecall_connections", "Open WebSocket connections", lambda: len(self._sessions)
        )
        self.metrics.watch("bridgecall_rooms", "Rooms with somebody in them", lambda: self._rooms.room_count)
        self.metrics.watch(
            "bridgecall_participants", "People in all rooms", lambda: self._rooms.participant_count
        )
        self.metrics.watch(
            "bridgecall_participants_away",
            "People who lost the connection and may come back",
            lambda: self._resuming.away_count,
        )
        self.metrics.watch(
            "bridgecall_rooms_mesh", "Rooms that are a mesh", lambda: self._control.count("mesh")
        )
        self.metrics.watch("bridgecall_rooms_sfu", "Rooms with an SFU", lambda: self._control.count("sfu"))
        self.metrics.watch("bridgecall_janus_nodes_up", "Janus nodes in use", lambda: self._nodes.up)
        if self._shared is not None:
            linked = self._shared
            self.metrics.watch("bridgecall_redis_up", "Whether Redis is there", lambda: int(linked.linked))

    async def start(self) -> None:
        """Connect to what the servers share; to be called before anybody is served.

        Raises:
            UserFacingError: it is not to be had.
        """
        if self._shared is not None:
            await self._shared.start()
        await self._control.start()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket request until it ends."""
        if self._closing or len(self._sessions) >= self._max_connections:
            return web.Response(status=503, text="The server takes no more connections now.\n")
        address = self._guard.address_of(request)
        if (problem := self._guard.check(request, address)) is not None:
            self.metrics.refusals.labels(problem.value).inc()
            return refusal_of(problem)
        pace = self._guard.opened(address)
        session = Session(next(self._numbers), heartbeat_s=self._heartbeat_s, address=address, pace=pace)
        stays(request)
        ended = self._sessions[session] = asyncio.Event()
        self.metrics.opened.inc()
        self._idle.watch(session)
        logger.debug("connected", extra={"session": session.number})
        try:
            return await session.run(request, self)
        finally:
            self._lost(session)
            self._guard.closed(address)
            self._idle.forget(session)
            del self._sessions[session]
            ended.set()
            logger.debug("disconnected", extra={"session": session.number})

    async def close(self) -> None:
        """Tell everybody that the server stops, close every connection, take no new one."""
        self._closing = True
        self._idle.close()
        ends = list(self._sessions.values())
        for session in list(self._sessions):
            if self._shared is not None and self._has_ticket(session):
                # They keep their places, and come back by another server.
                self._end(session, ErrorCode.SERVER_SHUTDOWN, WSCloseCode.GOING_AWAY)
            else:
                self._send_away(session, ErrorCode.SERVER_SHUTDOWN, WSCloseCode.GOING_AWAY)
        for ended in ends:
            await ended.wait()
        await self._entrance.close()
        self._resuming.close()
        await self._control.close()
        if self._shared is not None:
            await self._shared.close()

    # --- what sessions report -------------------------------------------------------------------

    def on_text(self, session: Session, text: str) -> Awaitable[None] | None:
        """Act on one message; whatever is wrong with it becomes an error message to its sender.

        What is returned, if anything, is to be awaited before the next message of this session is given.
        """
        room = self._rooms.room_of(session)
        wait_s = self._guard.wait_s(session.pace, session.address, room, len(text))
        return self._act(session, text) if wait_s <= 0 else self._later(wait_s, session, text)

    def on_control(self, session: Session, size: int) -> Awaitable[None] | None:
        """A ping or pong: it counts as a message."""
        wait_s = self._guard.wait_s(session.pace, session.address, self._rooms.room_of(session), size)
        return None if wait_s <= 0 else self._later(wait_s, session, None)

    async def _later(self, wait_s: float, session: Session, text: str | None) -> None:
        # Nothing more is read of it meanwhile, and so TCP slows the sender down.
        if self._guard.is_too_fast(session.pace):
            self._send_away(session, ErrorCode.TOO_FAST, WSCloseCode.POLICY_VIOLATION)
            return
        await session.rest(wait_s)
        if text is None or session.ending:
            return
        if (unfinished := self._act(session, text)) is not None:
            await unfinished

    def _act(self, session: Session, text: str) -> Awaitable[None] | None:
        try:
            if (entering := self._entrance.entering(session)) is not None:
                return self._after(entering, session, text)
            message = decode_client_message(text)
            self._resuming.heard(session)
            if isinstance(message, JoinRoom) and self._resume(session, message):
                return None
            if isinstance(message, JoinRoom) and message.resume and self._shared is not None:
                return self._resume_elsewhere(self._shared, session, message)
            if isinstance(message, (JoinRoom, RightsClientMessage)):
                return self._at_the_door(session, message)
            if self._entrance.is_waiting(session):
                self._entrance.received_waiting(session, message)
                return None
            room_before = self._rooms.room_of(session)
            deliveries = self._rooms.receive(session, message)
            self._deliver(deliveries)
            if isinstance(message, TopologyClientMessage):
                self._control_received(session, message)
        except Exception as error:  # noqa: BLE001 - nothing that a client sends may end more than its message
            self._failed(session, error)
        else:
            self._accepted(session, message, room_before)
        return None

    async def _after(self, entering: asyncio.Task[None], session: Session, text: str) -> None:
        await asyncio.wait([entering])
        if (unfinished := self._act(session, text)) is not None:
            await unfinished

    async def _at_the_door(self, session: Session, message: JoinRoom | RightsClientMessage) -> None:
        room_before = self._rooms.room_of(session)
        try:
            if self._entrance.is_waiting(session):
                self._entrance.received_waiting(session, message)
            elif isinstance(message, JoinRoom):
                await self._entrance.join(session, message)
            else:
                await self._entrance.command(session, message)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(session, error)
        else:
            self._accepted(session, message, room_before)

    async def _resume_elsewhere(
        self, shared: SharedRooms[Session], session: Session, message: JoinRoom
    ) -> None:
        try:
            waits = self._entrance.is_waiting(session)
            resumed = not waits and await shared.resume(session, message, session.address)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(session, error)
            return
        if resumed:
            self._resumed(session, message)
        else:
            await self._at_the_door(session, message)

    def _resume(self, session: Session, message: JoinRoom) -> bool:
        if self._entrance.is_waiting(session) or not self._resuming.resume(session, message):
            return False
        self._resumed(session, message)
        return True

    def _resumed(self, session: Session, message: JoinRoom) -> None:
        self.metrics.messages.labels(TYPE_NAMES[JoinRoom]).inc()
        self.metrics.resumed.inc()
        self._entrance.came(message.room_id, message.user_id)
        logger.info("resumed", extra={"session": session.number, "room": _logged(message.room_id)})

    def _accepted(self, session: Session, message: ClientMessage, room_before: str | None) -> None:
        self.metrics.messages.labels(TYPE_NAMES[type(message)]).inc()
        room_after = self._rooms.room_of(session)
        if room_after != room_before:
            room = _logged(room_after or room_before or "")
            logger.info("joined" if room_after else "left", extra={"session": session.number, "room": room})

    def _failed(self, session: Session, error: Exception) -> None:
        if isinstance(error, ProtocolError):
            self._refuse(session, error.code, str(error))
            return
        logger.error("a message could not be handled", extra={"session": session.number}, exc_info=error)
        self._refuse(session, ErrorCode.INTERNAL, SENTENCES[ErrorCode.INTERNAL])

    def on_refused(self, session: Session, code: ErrorCode) -> None:
        """A frame that is no message."""
        if code is ErrorCode.FRAME_TOO_LARGE:
            self._send_away(session, code, WSCloseCode.MESSAGE_TOO_BIG)
        else:
            self._refuse(session, code, SENTENCES[code])

    # --- sending --------------------------------------------------------------------------------

    def _deliver(self, deliveries: Sequence[Delivery[Session]]) -> None:
        pending = deque(deliveries)
        while pending:
            delivery = pending.popleft()
            message = delivery.message
            if isinstance(message, Welcome):
                topology, speaker = self._control.welcome(message.room_id)
                rules, ticket = (
                    self._entrance.rules(message.room_id),
                    self._resuming.ticket(delivery.targets[0]),
                )
                message = replace(
                    message, topology=topology, active_speaker=speaker, room=rules, session=ticket
                )
            encoded = encode_server_message(message).encode()
            if isinstance(delivery.message, PeerSignal) and len(encoded) > limits.MAX_FRAME_BYTES:
                # Numbers may grow when they are written anew (1e9), and the receiver has the same limit.
                raise ProtocolError(ErrorCode.FRAME_TOO_LARGE, SENTENCES[ErrorCode.FRAME_TOO_LARGE])
            for target in delivery.targets:
                if not self._send(target, encoded):
                    pending.extend(self._rooms.disconnect(target))
        # They may be told things that mean something only after the messages above.
        for each in self._rooms.take_comings():
            if each.came:
                self._control.joined(each.room_id, each.user_id, each.capabilities, local=each.local)
                self._entrance.came(each.room_id, each.user_id)
            else:
                self._control.left(each.room_id, each.user_id)
                self._entrance.left(each.room_id, each.user_id)

    def _send_to(self, room_id: str, user_id: str, message: ServerMessage) -> None:
        """Send to a participant of this server, if they are still there."""
        member = self._rooms.find(room_id, user_id)
        if member is None or member.client is None:
            return
        if not self._send(member.client, encode_server_message(message).encode()):
            asyncio.get_running_loop().call_soon(self._leave, member.client)

    def _control_received(self, session: Session, message: TopologyClientMessage) -> None:
        member = self._rooms.member_of(session)
        if member is not None:
            self._control.received(member.room_id, member.info.user_id, message)

    def _members_of(self, room_id: str) -> list[tuple[str, tuple[str, ...], bool]]:
        return [
            (member.info.user_id, member.capabilities, member.client is not None)
            for member in self._rooms.members(room_id)
        ]

    def _say(self, session: Session, message: ServerMessage) -> None:
        self._pass_on(session, encode_server_message(message).encode())

    def _send(self, session: Session, message: bytes) -> bool:
        """False when `session` was cut because it does not read."""
        if session.send(message):
            self.metrics.sent.inc()
            self.metrics.sent_bytes.inc(len(message))
            self._resuming.waits(session, len(message))
            return True
        self._end(session, ErrorCode.SLOW_READER, WSCloseCode.POLICY_VIOLATION)
        return False

    def _pass_on(self, session: Session, encoded: bytes) -> None:
        if not self._send(session, encoded):
            self._leave(session)

    def _expel(self, session: Session) -> None:
        self._send_away(session, ErrorCode.USER_ID_TAKEN, WSCloseCode.POLICY_VIOLATION)

    def _retire(self, session: Session) -> None:
        if session in self._sessions:
            self._end(session, ErrorCode.TAKEN_OVER, WSCloseCode.POLICY_VIOLATION)

    def _went_away(self, member: Member[Session], away: bool) -> None:
        logger.info("away" if away else "back", extra={"room": _logged(member.room_id)})
        self._control.away(member.room_id, member.info.user_id, away=away)
        if self._shared is not None:
            self._shared.keep_absence(member)

    def _lost_its_server(self, member: Member[Session], away: bool) -> None:
        self._control.heard_away(member.room_id, member.info.user_id, away=away)

    def _keep_ticket(self, member: Member[Session], grace_s: float) -> None:
        if self._shared is not None:
            self._shared.keep_ticket(member, grace_s)

    def _refuse(self, session: Session, code: ErrorCode, sentence: str) -> None:
        self.metrics.refusals.labels(code.value).inc()
        self._guard.refused(session.pace, session.address)
        # Not at INFO: a hostile client could fill the disk with it. The metrics count them.
        logger.debug("refused", extra={"session": session.number, "code": code.value})
        if not self._send(session, encode_server_message(ErrorMessage(code.value, sentence)).encode()):
            self._leave(session)

    def _send_away(self, session: Session, code: ErrorCode, close_code: int) -> None:
        self._end(session, code, close_code)
        self._leave(session)

    def _end(self, session: Session, code: ErrorCode, close_code: int) -> None:
        self.metrics.refusals.labels(code.value).inc()
        logger.info("sent away", extra={"session": session.number, "code": code.value})
        session.end(ErrorMessage(code.value, SENTENCES[code]), close_code)

    def _has_ticket(self, session: Session) -> bool:
        member = self._rooms.member_of(session)
        return member is not None and bool(member.ticket)

    def _lost(self, session: Session) -> None:
        self._entrance.gone(session)
        # Whom the server sent away has left already.
        if self._closing and self._shared is not None and self._has_ticket(session):
            return
        if self._closing or session.ending or session.said_goodbye or not self._resuming.keep(session):
            self._leave(session)

    def _is_idle(self, session: Session) -> bool:
        outside = self._rooms.room_of(session) is None and not self._entrance.is_waiting(session)
        return outside and self._entrance.entering(session) is None

    def _idle_for_too_long(self, session: Session) -> None:
        self._send_away(session, ErrorCode.NOT_JOINED, WSCloseCode.POLICY_VIOLATION)

    def _leave(self, session: Session) -> None:
        self._entrance.gone(session)
        room = self._rooms.room_of(session)
        if room is not None:
            logger.info("left", extra={"session": session.number, "room": _logged(room)})
        self._deliver(self._rooms.disconnect(session))
