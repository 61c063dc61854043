"""The whiteboard as a set of operations: merge them in any order, and everybody sees the same picture.

A site's operations are applied in the order of their numbers, so whether one is taken depends on the site's earlier
ones alone, and that is the same for everybody. The rest commutes: a shape is seen when its operation counts (the
site's last undo or redo of it decides), no operation that counts removes it, and no clear that counts has seen it.
Lamport clocks make the order in which shapes lie over each other (Lamport, "Time, Clocks, and the Ordering of Events
in a Distributed System", 1978).
"""

from __future__ import annotations

import bisect
import heapq
from typing import TYPE_CHECKING, TypeAlias

from . import validity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from desktop_app.data.messages.board import Op, OpId

Key: TypeAlias = tuple[int, str, int]

MAX_OPS = 50_000
"""Nobody adds to a board that has more."""
MAX_OPS_OF_OTHERS = 60_000
"""Several may reach MAX_OPS at once; what is beyond this is nobody's honest work."""
MAX_WEIGHT = 4_000_000
"""Some 130 MB."""
MAX_WEIGHT_OF_OTHERS = 5_000_000
SITE_WEIGHT = 400
"""Of a site's first operation, besides: whoever compares boards names every site, again and again."""
MAX_EARLY_OPS = 2_000
MAX_EARLY_WEIGHT = 400_000


def op_id(op: Op) -> OpId:
    """Its id."""
    return op.site, op.seq


def order_key(op: Op) -> Key:
    """Its place in the order that is the same for everybody."""
    return op.clock, op.site, op.seq


class Board:
    """A replica. Merging one operation costs O(log n), but for moving a list's pointers; not for several threads."""

    def __init__(self) -> None:
        self._logs: dict[str, list[Op]] = {}
        self._early: dict[str, dict[int, Op]] = {}
        self._early_count = 0
        self._early_weight = 0
        self._order: list[Key] = []
        self._undone: set[OpId] = set()
        self._removals: dict[OpId, int] = {}
        self._clears = _Clears(self._undone)
        self._count = 0
        self._weight = 0
        self.clock = 0
        """The highest so far."""
        self.refused = 0
        """How many operations were no honest work, or over a limit."""
        self.conflicts = 0
        """How many differed from the one with the same id that was here before."""

    def __len__(self) -> int:
        """How many operations there are."""
        return self._count

    @property
    def is_full(self) -> bool:
        """Whether nobody should add to it."""
        return self._count >= MAX_OPS or self._weight >= MAX_WEIGHT

    @property
    def has_gaps(self) -> bool:
        """Whether operations wait for earlier ones of their site."""
        return self._early_count > 0

    def seen(self) -> dict[str, int]:
        """Each site's operations are here up to these numbers."""
        return {site: len(log) for site, log in self._logs.items()}

    def length_of(self, site: str) -> int:
        """How many operations of `site` are here."""
        return len(self._logs.get(site, ()))

    def last_clock_of(self, site: str) -> int:
        """The clock of the newest operation of `site`, 0 without one."""
        log = self._logs.get(site)
        return log[-1].clock if log else 0

    def find(self, identity: OpId) -> Op | None:
        """The operation with this id."""
        site, seq = identity
        log = self._logs.get(site, ())
        return log[seq - 1] if 0 < seq <= len(log) else None

    def missing(self, seen: Mapping[str, int]) -> Iterator[Op]:
        """What somebody lacks who has seen that, in order; a picture of this moment."""
        tails = [log[seen.get(site, 0) :] for site, log in self._logs.items() if seen.get(site, 0) < len(log)]
        return heapq.merge(*tails, key=order_key)

    # --- the picture ----------------------------------------------------------------------------

    def shapes(self) -> Iterator[Op]:
        """The `add` operations of what is seen, the lowest first."""
        for _clock, site, seq in self._order:
            if self.is_visible((site, seq)):
                yield self._logs[site][seq - 1]

    def is_visible(self, identity: OpId) -> bool:
        """Whether the shape of this `add` is seen."""
        op = self.find(identity)
        return (
            op is not None
            and op.kind == "add"
            and identity not in self._undone
            and identity not in self._removals
            and identity[1] > self._clears.upto(identity[0])
        )

    def cleared_upto(self, site: str) -> int:
        """The operations of `site` are cleared up to this number, which may be of one that is still to come."""
        return self._clears.upto(site)

    # --- merging --------------------------------------------------------------------------------

    def merge(self, ops: Iterable[Op]) -> list[Op]:
        """Take operations in; the answer are those that are new and applied, earlier ones among them that waited."""
        applied: list[Op] = []
        for op in ops:
            length = self.length_of(op.site)
            if op.seq <= length:
                self.conflicts += op != self._logs[op.site][op.seq - 1]
            elif op.seq > length + 1:
                self._keep_early(op)
            else:
                following: Op | None = op
                while following is not None and self._apply(following):
                    applied.append(following)
                    following = self._take_early(op.site, following.seq + 1)
        return applied

    def _keep_early(self, op: Op) -> None:
        waiting = self._early.get(op.site, {})
        heavy = validity.weight(op)
        if op.seq in waiting:
            return
        if self._early_count >= MAX_EARLY_OPS or self._early_weight + heavy > MAX_EARLY_WEIGHT:
            self.refused += 1
            return
        self._early.setdefault(op.site, waiting)[op.seq] = op
        self._early_count += 1
        self._early_weight += heavy

    def _take_early(self, site: str, seq: int) -> Op | None:
        waiting = self._early.get(site)
        op = waiting.pop(seq, None) if waiting else None
        if op is not None:
            self._early_count -= 1
            self._early_weight -= validity.weight(op)
            if not waiting:
                del self._early[site]
        return op

    def _apply(self, op: Op) -> bool:
        """Add the next operation of its site, if it is one that everybody takes."""
        heavy = validity.weight(op) + (0 if op.site in self._logs else SITE_WEIGHT)
        if (
            self._count >= MAX_OPS_OF_OTHERS
            or self._weight + heavy > MAX_WEIGHT_OF_OTHERS
            or not self._is_next(op)
        ):
            self.refused += 1
            return False
        self._logs.setdefault(op.site, []).append(op)
        # One that waited with the same number came to nothing.
        self._take_early(op.site, op.seq)
        self._count += 1
        self._weight += heavy
        self.clock = max(self.clock, op.clock)
        match op.kind:
            case "add":
                bisect.insort(self._order, order_key(op))
            case "undo" | "redo":
                self._let_count(op.target, op.kind == "redo")
            case _:
                self._take_effect(op, True)
        return True

    def _is_next(self, op: Op) -> bool:
        log = self._logs.get(op.site)
        if log is not None and op.author != log[0].author:
            return False
        if not 0 < op.clock - self.last_clock_of(op.site) <= validity.MAX_CLOCK_STEP:
            return False
        if not validity.fields_fit(op) or not validity.is_short(op):
            return False
        if op.target is None:
            return True
        site, seq = op.target
        return (
            site == op.site and seq < op.seq and self._logs[site][seq - 1].kind in ("add", "remove", "clear")
        )

    def _let_count(self, identity: OpId | None, counts: bool) -> None:
        op = self.find(identity) if identity is not None else None
        if op is None or identity is None or (identity not in self._undone) == counts:
            return
        if counts:
            self._undone.discard(identity)
        else:
            self._undone.add(identity)
        self._take_effect(op, counts)

    def _take_effect(self, op: Op, counts: bool) -> None:
        if op.kind == "remove":
            for target in set(op.targets):
                left = self._removals.get(target, 0) + (1 if counts else -1)
                if left:
                    self._removals[target] = left
                else:
                    del self._removals[target]
        elif op.kind == "clear" and counts:
            self._clears.add(op)


class _Clears:
    """Up to where each site is cleared by those clears that count.

    A heap for each site; what does not count is thrown out when it comes to the top, and put back by a redo. So
    whatever is undone and done again, an entry is there once, and each step costs O(log n) for each site it names.
    """

    def __init__(self, undone: set[OpId]) -> None:
        self._undone = undone
        self._heaps: dict[str, list[tuple[int, OpId]]] = {}
        self._present: dict[str, set[OpId]] = {}

    def add(self, op: Op) -> None:
        """A clear counts, for the first time or again."""
        identity = op_id(op)
        for site, seq in (op.seen or {}).items():
            present = self._present.setdefault(site, set())
            if identity not in present:
                present.add(identity)
                heapq.heappush(self._heaps.setdefault(site, []), (-seq, identity))

    def upto(self, site: str) -> int:
        """The number of the site's last operation that is cleared, 0 when none is."""
        heap = self._heaps.get(site)
        while heap:
            negative, identity = heap[0]
            if identity not in self._undone:
                return -negative
            heapq.heappop(heap)
            self._present[site].discard(identity)
        return 0
