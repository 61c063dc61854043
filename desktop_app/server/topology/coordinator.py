"""Decides whether a room is a mesh or has an SFU: pure, the time (in seconds) is passed in.

`decide` says what shall happen next and changes nothing; `apply` takes note of what happened, whoever decided it. So
every server that has participants of a room follows the same changes, and any of them can go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from desktop_app.protocol.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktop_app.protocol.topology import Mode, Phase

DEFAULT_THRESHOLD = 4
DEFAULT_SFU_LIMIT = 64
MAX_PREPARE_S = 90.0
"""However many come during a change, and however slowly it goes on, it ends by then."""
FIRST_BACK_OFF_S = 30.0
LONGEST_BACK_OFF_S = 480.0
LOST_BACK_OFF_S = 2.0
"""When nothing works anyway."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator set."""

    threshold: int = DEFAULT_THRESHOLD
    """With so many participants a room gets an SFU."""
    mesh_limit: int = 8
    sfu_limit: int = DEFAULT_SFU_LIMIT
    hysteresis_s: float = 30.0
    ready_s: float = 10.0
    """How long a change may stand still."""
    sfu_configured: bool = False

    @property
    def sfu_from(self) -> int:
        """The threshold; above the mesh limit there is no choice."""
        return min(self.threshold, self.mesh_limit + 1)


@dataclass(frozen=True, slots=True)
class Change:
    """A step of a change, and where its SFU is."""

    epoch: int
    mode: Mode
    phase: Phase
    reason: str
    node: str = ""
    room: str = ""


@dataclass(slots=True)
class _Pending:
    change: Change
    deadline_s: float
    end_s: float
    waiting: set[str] = field(default_factory=set)
    """Who has not said that they are ready."""
    refused: set[str] = field(default_factory=set)
    """Those of them who have said that they cannot be."""
    lost: bool = False


class Coordinator:
    """One room's topology."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._members: dict[str, bool] = {}
        self._away: set[str] = set()
        self._epoch = 0
        self._current = Change(0, "mesh", "commit", "joined")
        self._pending: _Pending | None = None
        self._lost = False
        self._was_lost = False
        self._few_since_s: float | None = None
        self._not_before_s = 0.0
        self._failures = 0
        self._blamed: set[str] = set()
        self._noticed = False

    # --- what is --------------------------------------------------------------------------------

    @property
    def members(self) -> Mapping[str, bool]:
        """Who is in the room, and whether they know of SFUs."""
        return self._members

    @property
    def current(self) -> Change:
        """The last commit."""
        return self._current

    @property
    def pending(self) -> Change | None:
        """The change that is being prepared."""
        return self._pending.change if self._pending else None

    @property
    def without_sfu(self) -> bool:
        """Whether the room was told that an SFU would help, and still would."""
        return self._noticed and len(self._members) >= self._rules.sfu_from

    def topology(self, change: Change) -> Topology:
        """The message that tells of `change`."""
        return Topology(change.epoch, change.mode, change.phase, change.reason, self._rules.mesh_limit)

    def capacity(self, nodes: Sequence[str], *, capable: bool) -> int:
        """How many may be in the room when the next one is, or is not, `capable` of SFUs."""
        if not capable or not all(self._members.values()) or not nodes:
            return self._rules.mesh_limit
        return max(self._rules.sfu_limit, self._rules.mesh_limit)

    def snapshot(self) -> dict[str, Any]:
        """What another server needs to go on."""
        return {
            "epoch": self._epoch,
            "current": _values(self._current),
            "pending": _values(self._pending.change) if self._pending else None,
            "noticed": self._noticed,
            "was_lost": self._was_lost,
        }

    @property
    def changed(self) -> bool:
        """Whether the room has ever been anything but new."""
        return self._epoch > 0

    def missed(self, snapshot: dict[str, Any]) -> list[Change]:
        """What another server's snapshot has that was not heard here, in order, to be applied."""
        found: list[Change] = []
        current, pending = _change(snapshot.get("current")), _change(snapshot.get("pending"))
        if current is not None and current.epoch > self._current.epoch and current.epoch >= self._epoch:
            found.append(current)
        ours = self._pending.change if self._pending else None
        if ours is not None and pending is None and not found and snapshot.get("epoch") == ours.epoch:
            found.append(replace(ours, phase="abort", reason="failed"))
        if pending is not None and pending.epoch > self._epoch:
            found.append(pending)
        return found

    def restore(self, snapshot: dict[str, Any], now_s: float) -> None:
        """Go on from there. What is malformed is taken for a new room."""
        current = _change(snapshot.get("current"))
        if current is None:
            return
        epoch = snapshot.get("epoch")
        self._epoch = current.epoch
        self._current = current
        self._noticed = snapshot.get("noticed") is True
        self._was_lost = snapshot.get("was_lost") is True
        pending = _change(snapshot.get("pending"))
        if pending is not None:
            self.apply(pending, now_s)
        if isinstance(epoch, int):
            self._epoch = max(self._epoch, epoch)

    # --- what happens -----------------------------------------------------------------------------

    def joined(self, user_id: str, now_s: float, *, capable: bool) -> None:
        """Somebody came."""
        self._members[user_id] = capable
        self._away.discard(user_id)
        if self._pending is not None and capable:
            self._pending.waiting.add(user_id)
            self._pending.deadline_s = min(self._pending.end_s, now_s + self._rules.ready_s)
        self._count(now_s)

    def left(self, user_id: str, now_s: float) -> None:
        """Somebody went."""
        self._members.pop(user_id, None)
        self._away.discard(user_id)
        if self._pending is not None:
            self._pending.waiting.discard(user_id)
            self._pending.refused.discard(user_id)
        if self._blamed:
            self._blamed.discard(user_id)
            if not self._blamed:  # who could not is gone
                self._not_before_s = 0.0
                self._failures = 0
        self._count(now_s)

    def away(self, user_id: str, *, away: bool) -> None:
        """Somebody has lost the connection to the server, and not to the others; or has come back.

        What must not wait is done without them. Everything else waits until they are back or have left: they would
        go on sending by the old way, and hear nothing by it.
        """
        if away and user_id in self._members:
            self._away.add(user_id)
        else:
            self._away.discard(user_id)

    @property
    def _can_wait(self) -> bool:
        return bool(self._away) and len(self._members) <= self._rules.mesh_limit

    def waits_for(self, user_id: str, epoch: int) -> bool:
        """Whether it means something that they say whether they are ready."""
        pending = self._pending
        return pending is not None and pending.change.epoch == epoch and user_id in pending.waiting

    def ready(self, user_id: str, epoch: int, now_s: float, *, ok: bool) -> None:
        """Somebody has the new path, or cannot have it."""
        pending = self._pending
        if pending is None or not self.waits_for(user_id, epoch):
            return
        if ok:
            pending.waiting.discard(user_id)
            pending.refused.discard(user_id)
            self.progressed(user_id, epoch, now_s)
        else:
            pending.refused.add(user_id)

    def progressed(self, user_id: str, epoch: int, now_s: float) -> None:
        """Somebody has come further on the new path: the change does not stand still."""
        pending = self._pending
        if pending is not None and pending.change.epoch == epoch and user_id in self._members:
            pending.deadline_s = min(pending.end_s, max(pending.deadline_s, now_s + self._rules.ready_s))

    def node_lost(self, node: str) -> None:
        """What was on this node is gone, even if the node is back already."""
        if self._current.mode == "sfu" and self._current.node == node:
            self._lost = True
        if self._pending is not None and self._pending.change.node == node:
            self._pending.lost = True

    def node_back(self) -> None:
        """There is a node again: whatever failed before says nothing about it."""
        if self._lost or self._was_lost:
            self._not_before_s = 0.0

    def apply(self, change: Change, now_s: float) -> bool:
        """Take note of a change; False when it is late and means nothing."""
        if change.epoch < self._epoch:
            return False
        if change.reason == "no-sfu":
            self._noticed = True
            return True
        if change.phase == "prepare":
            if change.epoch == self._epoch:
                return False  # said twice, perhaps with another room: everybody has entered the first one
            self._epoch = change.epoch
            self._pending = _Pending(
                change,
                deadline_s=now_s + self._rules.ready_s,
                end_s=now_s + MAX_PREPARE_S,
                waiting={user for user, capable in self._members.items() if capable},
            )
            return True
        pending, self._pending = self._pending, None
        self._epoch = change.epoch
        if change.phase == "abort":
            if pending is not None and change.reason == "failed":
                self._back_off(pending.waiting, now_s)
            return True
        self._current = change
        self._lost = False
        self._was_lost = change.reason == "sfu-lost"
        self._not_before_s = 0.0
        self._failures = 0
        self._blamed = set()
        self._few_since_s = None
        self._count(now_s)
        return True

    # --- what shall be ----------------------------------------------------------------------------

    def decide(self, now_s: float, nodes: Sequence[str]) -> Change | None:
        """The next step, if there is one now; `nodes` are those that are up, the best for a new room first."""
        if not self._members:
            return None
        if self._pending is not None:
            return self._go_on(self._pending, now_s, nodes)
        if self._current.mode == "sfu":
            return self._leave_sfu(now_s, nodes)
        return self._leave_mesh(now_s, nodes)

    def due_s(self) -> float | None:
        """When `decide` may say something else though nothing happens; None: never."""
        if self._pending is not None:
            return self._pending.deadline_s
        if self._current.mode == "sfu" and self._few_since_s is not None and not self._lost:
            return max(self._few_since_s + self._rules.hysteresis_s, self._not_before_s)
        return self._not_before_s or None

    def _go_on(self, pending: _Pending, now_s: float, nodes: Sequence[str]) -> Change | None:
        change = pending.change
        too_late = now_s >= pending.deadline_s
        waiting = pending.waiting - self._away
        if change.mode == "sfu":
            if pending.lost or change.node not in nodes:
                return replace(change, phase="abort", reason="sfu-lost")
            if self._foreign:
                return replace(change, phase="abort", reason="foreign-client")
            if self._can_wait:
                return replace(change, phase="abort", reason="participants")
            if not waiting:
                return replace(change, phase="commit")
            if len(self._members) > self._rules.mesh_limit:
                return self._go_on_without_mesh(pending, waiting, too_late=too_late)
            if pending.refused or too_late:
                return replace(change, phase="abort", reason="failed")
            return None
        if self._gone(nodes):
            return replace(change, phase="commit", reason="sfu-lost")
        if not self._foreign and len(self._members) >= self._rules.sfu_from:
            return replace(change, phase="abort", reason="participants")
        if not self._foreign and self._can_wait:
            return replace(change, phase="abort", reason="participants")
        if not waiting or (self._foreign and (too_late or pending.refused)):
            return replace(change, phase="commit")
        if pending.refused or too_late:
            return replace(change, phase="abort", reason="failed")
        return None

    def _go_on_without_mesh(self, pending: _Pending, waiting: set[str], *, too_late: bool) -> Change | None:
        """There is nothing to go back to that works: the room does not stay behind with a few."""
        if not too_late and waiting - pending.refused:
            return None
        if 2 * len(waiting) <= len(self._members):
            return replace(pending.change, phase="commit")
        return replace(pending.change, phase="abort", reason="failed")

    def _leave_sfu(self, now_s: float, nodes: Sequence[str]) -> Change | None:
        fits = len(self._members) <= self._rules.mesh_limit
        if self._gone(nodes):
            if fits:
                return Change(self._epoch + 1, "mesh", "commit", "sfu-lost")
            if nodes and not self._foreign and now_s >= self._not_before_s:
                return Change(self._epoch + 1, "sfu", "prepare", "sfu-back", nodes[0])
            return None
        if self._foreign and fits:
            return Change(self._epoch + 1, "mesh", "prepare", "foreign-client")
        few = self._few_since_s is not None and now_s >= self._few_since_s + self._rules.hysteresis_s
        if few and not self._can_wait and now_s >= self._not_before_s:
            return Change(self._epoch + 1, "mesh", "prepare", "few-participants")
        return None

    def _leave_mesh(self, now_s: float, nodes: Sequence[str]) -> Change | None:
        if len(self._members) < self._rules.sfu_from:
            return None
        if not self._rules.sfu_configured:
            return None if self._noticed else Change(self._epoch, "mesh", "commit", "no-sfu")
        if self._foreign or self._can_wait or not nodes or now_s < self._not_before_s:
            return None
        reason = "sfu-back" if self._was_lost else "participants"
        return Change(self._epoch + 1, "sfu", "prepare", reason, nodes[0])

    @property
    def _foreign(self) -> bool:
        return not all(self._members.values())

    def _gone(self, nodes: Sequence[str]) -> bool:
        return self._lost or self._current.node not in nodes

    def _count(self, now_s: float) -> None:
        few = self._current.mode == "sfu" and len(self._members) < self._rules.sfu_from
        if not few:
            self._few_since_s = None
        elif self._few_since_s is None:
            self._few_since_s = now_s

    def _back_off(self, who: set[str], now_s: float) -> None:
        self._failures += 1
        wait_s = min(FIRST_BACK_OFF_S * 2.0 ** (self._failures - 1), LONGEST_BACK_OFF_S)
        self._not_before_s = now_s + (LOST_BACK_OFF_S if self._lost else wait_s)
        self._blamed = set(who)


def _values(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in Change.__slots__}


def _change(values: object) -> Change | None:
    """What `_values` made of a change; None when it is something else."""
    if not isinstance(values, dict):
        return None
    epoch, mode, phase = values.get("epoch"), values.get("mode"), values.get("phase")
    if not isinstance(epoch, int) or epoch < 0 or mode not in ("mesh", "sfu"):
        return None
    if phase not in ("prepare", "commit", "abort"):
        return None
    reason, node, room = (values.get(name) for name in ("reason", "node", "room"))
    return Change(epoch, mode, phase, str(reason or ""), str(node or ""), str(room or ""))


change_values = _values
change_from = _change
