"""The topology of all rooms that this server has participants of."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.topology import SFU_CAPABILITY, Topology

from .coordinator import Coordinator
from .room import RoomTopology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from desktop_app.protocol.topology import TopologyClientMessage
    from desktop_app.server.janus.node import JanusNode
    from desktop_app.server.janus.nodes import JanusNodes
    from desktop_app.server.room_bus import RoomBus

    from .coordinator import Rules
    from .room import Send

    Members = Callable[[str], Iterable[tuple[str, tuple[str, ...], bool]]]

logger = logging.getLogger(__name__)

CLOSE_S = 8.0
"""How long Janus may take to let everything go at the end; what it keeps ends with our connection."""


class RoomControl:
    """Tells participants how media travels, and talks to the SFU on their behalf. Lives on the server's loop.

    Args:
        rules: the operator's.
        nodes: the Janus nodes; started and closed by this object.
        bus: to the other servers.
        send: `send(room_id, user_id, message)` sends to a participant of this server.
        members: everybody in a room in the order of joining: user id, capabilities, whether of this server.
    """

    def __init__(self, rules: Rules, nodes: JanusNodes, bus: RoomBus, send: Send, members: Members) -> None:
        self._rules = rules
        self._nodes = nodes
        self._bus = bus
        self._send = send
        self._members = members
        self._rooms: dict[str, RoomTopology] = {}
        self._tasks = TaskOwner("topology")
        self._closing = False

    async def start(self) -> None:
        """Begin to connect to the nodes."""
        self._bus.subscribe(self._heard)
        self._bus.on_leader(self._leads)
        self._bus.on_stored(self._stored)
        self._nodes.on_change = self._node_changed
        await self._nodes.start()

    async def close(self) -> None:
        """Leave every room and every node; safe to call twice."""
        self._closing = True
        self._nodes.on_change = None
        for room_id in list(self._rooms):
            self._rooms.pop(room_id).close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._tasks.drain()
        except TimeoutError:
            logger.warning("Janus does not let everything go")
        await self._tasks.close()
        await self._nodes.close()

    def count(self, mode: str) -> int:
        """Rooms of this server with this mode."""
        return sum(room.mode == mode for room in self._rooms.values())

    def capacity(self, room_id: str, capabilities: tuple[str, ...]) -> int:
        """How many may be in the room when the next one has these capabilities."""
        capable = SFU_CAPABILITY in capabilities
        room = self._rooms.get(room_id)
        if room is not None:
            return room.capacity(capable=capable)
        # What the others of a room that is on other servers alone are capable of, a second look will tell.
        return Coordinator(self._rules).capacity(self._nodes.by_load(), capable=capable)

    def welcome(self, room_id: str) -> tuple[Topology, str | None]:
        """What somebody who comes is told: the topology, and who speaks."""
        room = self._rooms.get(room_id)
        if room is not None:
            return room.topology(), room.speaker
        coordinator = Coordinator(self._rules)
        coordinator.restore(self._bus.stored(room_id), 0.0)
        current = coordinator.current
        topology = Topology(current.epoch, current.mode, "commit", "joined", self._rules.mesh_limit)
        return topology, None

    def joined(self, room_id: str, user_id: str, capabilities: tuple[str, ...], *, local: bool) -> None:
        """Somebody is in a room from now on; to be called after they, or the others, were told."""
        if self._closing:
            return
        capable = SFU_CAPABILITY in capabilities
        room = self._rooms.get(room_id)
        if room is None:
            if not local:
                return
            room = self._rooms[room_id] = RoomTopology(
                room_id, self._rules, self._nodes, self._bus, self._send, self._tasks
            )
            for other, theirs, is_local in list(self._members(room_id)):
                if other != user_id:
                    room.joined(other, capable=SFU_CAPABILITY in theirs, local=is_local)
        room.joined(user_id, capable=capable, local=local)
        if not room.has_locals:  # the last one has come back by another server
            del self._rooms[room_id]
            room.close()

    def left(self, room_id: str, user_id: str) -> None:
        """Somebody is not in a room any more."""
        room = self._rooms.get(room_id)
        if room is None:
            return
        room.left(user_id)
        if not room.has_locals:
            del self._rooms[room_id]
            room.close()
            self._bus.forget(room_id)

    def away(self, room_id: str, user_id: str, *, away: bool) -> None:
        """A participant of this server has lost the connection, and may come back; or has come back."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.away(user_id, away=away)

    def heard_away(self, room_id: str, user_id: str, *, away: bool) -> None:
        """A participant's server is gone, as every server hears for itself; or they have another one."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.heard({"what": "away", "user": user_id, "away": away})

    def received(self, room_id: str, user_id: str, message: TopologyClientMessage) -> None:
        """A participant of this server says something about topology."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.received(user_id, message)

    # --- inside -----------------------------------------------------------------------------------

    def _heard(self, room_id: str, message: dict[str, Any]) -> None:
        room = self._rooms.get(room_id)
        if room is not None:
            room.heard(message)

    def _leads(self, room_id: str) -> None:
        room = self._rooms.get(room_id)
        if room is not None:
            room.leads()

    def _stored(self, room_id: str, resumed: bool) -> None:
        room = self._rooms.get(room_id)
        if room is not None:
            room.catch_up(resumed=resumed)

    def _node_changed(self, node: JanusNode) -> None:
        for room in list(self._rooms.values()):
            try:
                room.node_changed(node.url, up=node.up)
            except Exception:  # one room's trouble is neither the others' nor the node's
                logger.exception("a room could not follow a node")
