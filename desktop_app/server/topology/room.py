"""One room's topology on one server: follows what the leader decides, and decides when this server is the leader."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from desktop_app.protocol.topology import (
    ActiveSpeaker,
    AudioLevel,
    SfuAnswer,
    SfuCandidate,
    SfuPublish,
    SfuSubscribe,
    TopologyReady,
)
from desktop_app.server.janus.videoroom import new_room_id
from desktop_app.server.sfu.room import SfuRoom

from .coordinator import Change, Coordinator, change_from, change_values
from .speaker import ActiveSpeaker as Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktop_app.core.tasks import TaskOwner
    from desktop_app.protocol.json_value import JsonValue
    from desktop_app.protocol.messages import ServerMessage
    from desktop_app.protocol.topology import Topology, TopologyClientMessage
    from desktop_app.server.janus.nodes import JanusNodes
    from desktop_app.server.room_bus import RoomBus

    from .coordinator import Rules

    Send = Callable[[str, str, ServerMessage], None]

logger = logging.getLogger(__name__)

LEVEL_S = 0.2
"""Reports of loudness that come closer together are left out."""
PROGRESS_S = 1.0
"""How often it is told of one participant that they go on with a change."""
ECHO_S = 2.0
"""How long what a leader has said may take to come back before it says it again."""


class RoomTopology:
    """A room that this server has participants of.

    Args:
        room_id: the room.
        rules: the operator's.
        nodes: where SFU rooms can be.
        bus: to the other servers that have participants of the room.
        send: sends a message to a participant of this server.
        tasks: own what goes on after the room is gone.
    """

    def __init__(
        self, room_id: str, rules: Rules, nodes: JanusNodes, bus: RoomBus, send: Send, tasks: TaskOwner
    ) -> None:
        self._room_id = room_id
        self._nodes = nodes
        self._bus = bus
        self._send = send
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._coordinator = Coordinator(rules)
        self._speaker = Speaker()
        self._locals: dict[str, float] = {}  # when each was heard last
        self._progress_told_s: dict[str, float] = {}
        self._sfus: dict[int, SfuRoom] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._said: tuple[Change, float] | None = None
        self._coordinator.restore(bus.stored(room_id), self._loop.time())
        for change in (self._coordinator.current, self._coordinator.pending):
            if change is not None:
                self._enter(change)

    @property
    def mode(self) -> str:
        """How media travels."""
        return self._coordinator.current.mode

    @property
    def has_locals(self) -> bool:
        """Whether anybody of this server is left."""
        return bool(self._locals)

    @property
    def speaker(self) -> str | None:
        """Who speaks."""
        return self._speaker.user_id

    def topology(self) -> Topology:
        """How the room is for somebody who comes."""
        return self._coordinator.topology(replace(self._coordinator.current, reason="joined"))

    def capacity(self, *, capable: bool) -> int:
        """How many may be in the room when the next one is, or is not, capable of SFUs."""
        return self._coordinator.capacity(self._up(), capable=capable)

    # --- what happens -----------------------------------------------------------------------------

    def joined(self, user_id: str, *, capable: bool, local: bool) -> None:
        """Somebody came, who was told `topology` if they are of this server."""
        if user_id in self._coordinator.members:
            self._moved(user_id, local=local)
            return
        self._coordinator.joined(user_id, self._now(), capable=capable)
        if local:
            self._locals[user_id] = float("-inf")
        if local and capable:
            if self._coordinator.pending is not None:
                self._send(self._room_id, user_id, self._coordinator.topology(self._coordinator.pending))
            elif self._coordinator.without_sfu:
                change = replace(self._coordinator.current, reason="no-sfu")
                self._send(self._room_id, user_id, self._coordinator.topology(change))
        self.look()

    def _moved(self, user_id: str, *, local: bool) -> None:
        """Somebody has come back by another server: by this one, or away from it."""
        if local:
            self._locals.setdefault(user_id, float("-inf"))
            self._tell_pending(user_id)
        elif self._locals.pop(user_id, None) is not None:
            for sfu in self._sfus.values():
                sfu.moved_away(user_id)

    def left(self, user_id: str) -> None:
        """Somebody went."""
        now_s = self._now()
        self._locals.pop(user_id, None)
        self._progress_told_s.pop(user_id, None)
        self._coordinator.left(user_id, now_s)
        for sfu in self._sfus.values():
            sfu.left(user_id)
        if self._speaker.left(user_id, now_s):
            self._tell_all(ActiveSpeaker(self._speaker.user_id))
        self.look()

    def away(self, user_id: str, *, away: bool) -> None:
        """A participant of this server has lost the connection, or has come back: whoever leads is to know."""
        self._publish({"what": "away", "user": user_id, "away": away})
        if not away:
            self._tell_pending(user_id)

    def _tell_pending(self, user_id: str) -> None:
        """Their welcome had what holds now; of a change that is being prepared they may not have heard."""
        pending = self._coordinator.pending
        if pending is not None and self._coordinator.members.get(user_id):
            self._send(self._room_id, user_id, self._coordinator.topology(pending))

    def received(self, user_id: str, message: TopologyClientMessage) -> None:
        """A message of a participant of this server."""
        match message:
            case TopologyReady():
                if self._coordinator.waits_for(user_id, message.epoch):
                    if not message.ok:
                        logger.info("a participant is not ready: %r", message.reason)
                    self._publish(
                        {"what": "ready", "user": user_id, "epoch": message.epoch, "ok": message.ok}
                    )
            case AudioLevel():
                now_s = self._now()
                if now_s - self._locals.get(user_id, now_s) >= LEVEL_S:
                    self._locals[user_id] = now_s
                    self._publish({"what": "level", "user": user_id, "dbov": message.dbov})
            case SfuPublish() | SfuSubscribe() | SfuAnswer() | SfuCandidate():
                sfu = self._sfus.get(message.epoch)
                if sfu is not None:
                    sfu.received(user_id, message)
                    self._progressed(user_id, message.epoch)

    def _progressed(self, user_id: str, epoch: int) -> None:
        """They do their part of a change, however slowly: say so to the leader, not too often."""
        pending, now_s = self._coordinator.pending, self._now()
        if pending is None or pending.epoch != epoch or not self._coordinator.waits_for(user_id, epoch):
            return
        if now_s - self._progress_told_s.get(user_id, float("-inf")) >= PROGRESS_S:
            self._progress_told_s[user_id] = now_s
            self._publish({"what": "progress", "user": user_id, "epoch": epoch})

    def node_changed(self, url: str, *, up: bool) -> None:
        """A node came or went."""
        if up:
            self._coordinator.node_back()
        else:
            self._coordinator.node_lost(url)
        self.look()
        if up and not self._bus.is_leader(self._room_id):
            # The leader may never have lost it: what was ours there is gone all the same.
            for sfu in self._sfus.values():
                sfu.node_back(url)

    def heard(self, message: dict[str, Any]) -> None:
        """What a server with participants of the room has published, this one or another."""
        now_s = self._now()
        user_id, epoch = message.get("user"), message.get("epoch")
        if user_id is not None and user_id not in self._coordinator.members:
            return  # who has left meanwhile
        match message.get("what"):
            case "change":
                change = change_from(message.get("change"))
                if change is not None:
                    self._apply(change)
            case "ready" if isinstance(user_id, str) and isinstance(epoch, int):
                self._coordinator.ready(user_id, epoch, now_s, ok=message.get("ok") is True)
            case "progress" if isinstance(user_id, str) and isinstance(epoch, int):
                self._coordinator.progressed(user_id, epoch, now_s)
            case "away" if isinstance(user_id, str):
                self._coordinator.away(user_id, away=message.get("away") is True)
            case "level" if isinstance(user_id, str) and isinstance(dbov := message.get("dbov"), int):
                # Everybody follows, so that anybody can go on; the leader alone says what follows from it.
                before = self._speaker.user_id
                if self._speaker.level(user_id, dbov, now_s):
                    self._decided_speaker(before)
            case "speaker" if user_id is None or isinstance(user_id, str):
                if user_id != self._speaker.user_id:
                    self._speaker.follow(user_id, now_s)
                    self._tell_all(ActiveSpeaker(user_id))
            case _ if isinstance(epoch, int) and epoch in self._sfus:
                self._sfus[epoch].heard(message)
        self.look()

    def leads(self) -> None:
        """This server decides from now on, and the one before may not have stored what it said last."""
        if self._coordinator.changed:
            self._bus.store(self._room_id, self._coordinator.snapshot())
        self.look()

    def catch_up(self, *, resumed: bool) -> None:
        """Follow what was stored, in case it was not heard; after an interruption ask what else was not."""
        for change in self._coordinator.missed(self._bus.stored(self._room_id)):
            logger.info("a change was missed")
            self._apply(change)
        if resumed:
            for sfu in self._sfus.values():
                sfu.ask()
        self.look()

    def look(self) -> None:
        """See what is to be done now, and come back when time alone may change it."""
        now_s = self._now()
        before = self._speaker.user_id
        if self._speaker.look(now_s):
            self._decided_speaker(before)
        if self._bus.is_leader(self._room_id):
            change = self._coordinator.decide(now_s, self._up())
            if change is not None and not self._was_said(change, now_s):
                if change.mode == "sfu" and change.phase == "prepare":
                    change = replace(change, room=new_room_id())
                self._publish({"what": "change", "change": change_values(change)})
        self._set_timer()

    def close(self) -> None:
        """Nobody of this server is left, but perhaps of another one."""
        last = all(user_id in self._locals for user_id in self._coordinator.members)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for sfu in self._sfus.values():
            self._tasks.spawn(sfu.close(destroy=last, at_once=True), name="close")
        self._sfus.clear()

    # --- inside -----------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._loop.time()

    def _up(self) -> Sequence[str]:
        return self._nodes.by_load()

    def _publish(self, message: dict[str, JsonValue]) -> None:
        self._bus.publish(self._room_id, message)

    def _tell_all(self, message: ServerMessage) -> None:
        for user_id in list(self._locals):
            if self._coordinator.members.get(user_id):  # others may not know what to do with it
                self._send(self._room_id, user_id, message)

    def _was_said(self, change: Change, now_s: float) -> bool:
        """Whether this is on its way to everybody; with other servers it takes a moment."""
        if self._said is not None and self._said[0] == change and now_s - self._said[1] < ECHO_S:
            return True
        self._said = change, now_s
        return False

    def _decided_speaker(self, before: str | None) -> None:
        decided = self._speaker.user_id
        self._speaker.user_id = before  # until it is heard, so that all ends change in the same order
        if self._bus.is_leader(self._room_id):
            self._publish({"what": "speaker", "user": decided})

    def _apply(self, change: Change) -> None:
        self._said = None
        if not self._coordinator.apply(change, self._now()):
            return
        logger.info("topology", extra={"mode": change.mode, "phase": change.phase, "reason": change.reason})
        if self._bus.is_leader(self._room_id):
            self._bus.store(self._room_id, self._coordinator.snapshot())
        if change.phase == "prepare":
            self._enter(change)
        self._tell_all(self._coordinator.topology(change))
        keep = {
            kept.epoch
            for kept in (self._coordinator.current, self._coordinator.pending)
            if kept is not None and kept.mode == "sfu"
        }
        for epoch in [epoch for epoch in self._sfus if epoch not in keep]:
            sfu = self._sfus.pop(epoch)
            self._tasks.spawn(sfu.close(destroy=self._bus.is_leader(self._room_id)), name="leave sfu")

    def _enter(self, change: Change) -> None:
        node = self._nodes.get(change.node)
        if change.mode == "sfu" and node is not None and change.room and change.epoch not in self._sfus:
            # In place before it speaks: it asks the other servers, and hears itself ask.
            sfu = SfuRoom(
                node,
                change.room,
                change.epoch,
                lambda user_id, message: self._send(self._room_id, user_id, message),
                self._publish,
            )
            self._sfus[change.epoch] = sfu
            sfu.ask()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_s = self._now()
        due = [each for each in (self._coordinator.due_s(), self._speaker.due_s()) if each is not None]
        if self._said is not None:
            due.append(self._said[1] + ECHO_S)
        later = [each for each in due if each > now_s]
        if later and self._locals:
            self._timer = self._loop.call_at(min(later) + 0.001, self.look)
