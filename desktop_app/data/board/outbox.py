"""What one participant is still to be sent of the whiteboard."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from desktop_app.data.channels import BOARD
from desktop_app.data.messages.board import MAX_SEEN, BoardState
from desktop_app.data.rate import TokenBucket

from .validity import encoded_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from desktop_app.data.messages.board import Op
    from desktop_app.data.port import Link

    from .document import Board

MAX_BATCH_OPS = 200
MAX_BATCH_BYTES = 40 * 1024
"""Of the operations of one message; a single one may be longer (validity.MAX_OP_BYTES)."""
MAX_QUEUED_BYTES = 64 * 1024
"""What the channel may have waiting before more is put on it."""
BURST_BYTES = 16 * 1024 * 1024
BYTES_PER_S = 3 * 1024 * 1024
"""What goes out on one connection: below what the other side takes for a flood (data/rate.py)."""
LOST_AFTER_S = 5.0
"""What was sent so long ago and is not there was refused or lost."""

STATES_PER_S = 2.0
STATES_AT_ONCE = 40
"""Of their messages that say what they have: each is compared with the whole board."""
MAX_SITES_TOLD = 20_000
"""More sites than a board can have (document.MAX_WEIGHT_OF_OTHERS)."""


def pages(seen: Mapping[str, int]) -> list[dict[str, int]]:
    """Parts of it that fit into a message each; one at least."""
    sites = list(seen.items())
    return [dict(sites[at : at + MAX_SEEN]) for at in range(0, max(1, len(sites)), MAX_SEEN)]


class Outbox:
    """For one connection: ends with it, the next one begins by comparing again."""

    def __init__(self, link: Link, board: Board, now_s: Callable[[], float]) -> None:
        self.link = link
        self._states = TokenBucket(STATES_PER_S, STATES_AT_ONCE, now_s)
        self._being_told: dict[str, int] = {}
        self.told: dict[str, int] | None = None
        """What we last said that we have."""
        self._board = board
        self._theirs: Mapping[str, int] | None = None
        self._behind: Iterator[Op] | None = None
        self._live: deque[Op] = deque()
        self._held: Op | None = None
        self._sent: dict[str, int] = {}
        self._begun_s = self._sent_at_s = now_s()
        self._sent_bytes = 0
        self._sent_again: dict[str, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be sent."""
        return self._held is None and self._behind is None and not self._live

    def has_room(self, now_s: float) -> bool:
        """Whether the channel, and the other side, take more now."""
        if self._sent_bytes > BURST_BYTES + (now_s - self._begun_s) * BYTES_PER_S:
            return False
        return self.link.is_ready and self.link.queued_bytes(BOARD.label) < MAX_QUEUED_BYTES

    def add(self, op: Op) -> None:
        """Send an operation that was made here just now; before the first comparison, that will find it."""
        if self._theirs is not None:
            self._live.append(op)

    def hear(self, state: BoardState) -> Mapping[str, int] | None:
        """They say what they have: all of it, when this was its last part; None before."""
        if not self._states.take():
            self.link.count_dropped(BOARD.label, "flood")
            return None
        if len(self._being_told) <= MAX_SITES_TOLD:
            self._being_told.update(state.seen)
        if state.more:
            return None
        seen, self._being_told = self._being_told, {}
        return seen

    def compare(self, seen: Mapping[str, int], now_s: float) -> None:
        """They have this: send what is missing, but for what is still on its way."""
        if now_s - self._sent_at_s > LOST_AFTER_S and self.is_empty:
            for site, upto in self._sent.items():
                has = seen.get(site, 0)
                if has < upto and self._sent_again.get(site) != has:
                    self._sent_again[site] = has  # once: whoever refuses it will not take it next time
                    self._sent[site] = has
        self._theirs = seen
        theirs = dict(seen)
        for site, upto in self._sent.items():
            theirs[site] = max(theirs.get(site, 0), upto)
        self._behind = self._board.missing(theirs)
        self._live.clear()
        self._held = None

    def they_have_more(self) -> bool:
        """Whether they said that they have what we have not: others' operations that never came here."""
        return any(seq > self._board.length_of(site) for site, seq in (self._theirs or {}).items())

    def forget_sent(self) -> None:
        """Something of it was thrown away: the next comparison begins from what they say."""
        self._sent.clear()

    def next_batch(self, now_s: float) -> tuple[Op, ...]:
        """What fits into one message; empty when there is nothing."""
        batch: list[Op] = []
        size_bytes = 0
        while len(batch) < MAX_BATCH_OPS and (op := self._next()) is not None:
            op_bytes = encoded_bytes(op) + 1
            if batch and size_bytes + op_bytes > MAX_BATCH_BYTES:
                self._held = op
                break
            batch.append(op)
            size_bytes += op_bytes
        for op in batch:
            self._sent[op.site] = op.seq
        self._sent_bytes += size_bytes
        if batch:
            self._sent_at_s = now_s
        return tuple(batch)

    def _next(self) -> Op | None:
        if self._held is not None:
            op, self._held = self._held, None
            return op
        if self._behind is not None:
            if (following := next(self._behind, None)) is not None:
                return following
            self._behind = None
        return self._live.popleft() if self._live else None
