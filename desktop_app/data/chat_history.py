"""The lines of a call in their order, each once, within a bound that nobody can use up for the others."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from .events import ChatEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .events import DeliveryState
    from .messages.chat import WireLine

MAX_LINES = 1500
MAX_BYTES = 3 * 1024 * 1024
"""Of the lines as JSON: so that a whole history fits into a channel's queue."""
MAX_FORGOTTEN_IDS = 5000
MAX_SHARES = 2 * MAX_LINES
MAX_RECEIVERS = 200
"""Who is counted for one line."""
MAX_LINES_A_MESSAGE = 100
MAX_MESSAGE_BYTES = 60_000

_encoder = msgspec.json.Encoder()

Key: TypeAlias = tuple[float, str]
"""A line's place in the order: when it was said, and its tag."""


def tag_of(author: str, line_id: str) -> str:
    """What tells lines apart: an id alone is its author's choice, who may choose that of another's line."""
    return hashlib.sha256(f"{line_id}\n{author}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class HeldLine:
    """A line, and of one's own who has it."""

    wire: WireLine
    tag: str
    own: bool
    from_history: bool
    via: str
    """Whose connection it came through, or who said it here."""
    first_hand: bool
    """It came from its author."""
    size_bytes: int
    receivers: dict[str, Literal["waiting", "sent", "delivered", "failed"]] = field(default_factory=dict)
    """Of an own line that was said here: who is to have it, as far as they are known to chat."""
    present: frozenset[str] = frozenset()
    """Who was in the room when it was said here to everybody."""
    restored: bool = False
    """An own line from before a restart, which others gave back."""
    sealed: bool = False
    """It is between us and somebody who has left: whoever comes under that name may be somebody else."""

    @property
    def key(self) -> Key:
        """Its place in the order."""
        return self.wire.sent_ms, self.tag

    def concerns(self, me: str, other: str) -> bool:
        """Whether `other` may have it from me: it is for everybody, or between us two as long as both are here."""
        return self.wire.to is None or (not self.sealed and {self.wire.author, self.wire.to} == {me, other})

    @property
    def state(self) -> DeliveryState:
        """How far it has come."""
        states = set(self.receivers.values())
        if not self.own or self.restored or states == {"delivered"}:
            return "delivered"
        if states & {"sent", "delivered"}:
            return "sent"
        return "failed" if "failed" in states else "waiting"

    def entry(self) -> ChatEntry:
        """As it is shown."""
        wire = self.wire
        return ChatEntry(
            id=self.tag,
            author=wire.author,
            author_name=wire.author_name,
            text=wire.text,
            sent_ms=wire.sent_ms,
            to=wire.to,
            own=self.own,
            state=self.state,
            recipients=len(self.receivers),
            delivered=sum(state == "delivered" for state in self.receivers.values()),
            from_history=self.from_history,
        )


@dataclass(slots=True)
class _Share:
    """What one participant has brought: their own words, or what they tell of others."""

    keys: list[Key] = field(default_factory=list)
    size_bytes: int = 0
    forgotten_until: Key = (-1.0, "")

    def weight(self, more_bytes: int = 0) -> float:
        """Which part of the bounds it takes, with one more line of `more_bytes` when there is one."""
        count = len(self.keys) + (more_bytes > 0)
        return max(count / MAX_LINES, (self.size_bytes + more_bytes) / MAX_BYTES)


class ChatHistory:
    """Whoever is given the same lines has the same history, whatever the order and however often.

    When it is full, the oldest line goes of whoever has brought most; and what is told of others never takes the
    place of a line that came from its author.
    """

    def __init__(self) -> None:
        self._lines: dict[str, HeldLine] = {}
        self._order: list[Key] = []
        self._bytes = 0
        self._shares: dict[tuple[str, bool], _Share] = {}
        """By who brought it, and whether they are the author."""
        self._forgotten: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[HeldLine]:
        """In order."""
        return (self._lines[tag] for _, tag in self._order)

    def get(self, tag: str) -> HeldLine | None:
        """The line, if it is held."""
        return self._lines.get(tag)

    def had(self, tag: str) -> bool:
        """Whether it is held, or was until others took its place."""
        return tag in self._lines or tag in self._forgotten

    def is_too_old(self, wire: WireLine, via: str) -> bool:
        """Whether it would stand before lines of the same source that were given up already."""
        share = self._shares.get((via, via == wire.author))
        return share is not None and (wire.sent_ms, tag_of(wire.author, wire.id)) <= share.forgotten_until

    @property
    def newest_ms(self) -> float:
        """When the last line was said; 0 when there is none."""
        return self._order[-1][0] if self._order else 0.0

    def add(
        self, wire: WireLine, *, via: str, own: bool = False, from_history: bool = False
    ) -> HeldLine | None:
        """Hold a line that `via` brought; None when it is here already, or was, or has no room. The first one stands,
        but what its author says replaces what others have told of it.
        """
        tag = tag_of(wire.author, wire.id)
        first_hand = via == wire.author
        held = self._lines.get(tag)
        if held is not None and first_hand and not held.first_hand:
            self._remove(held)
            if held.wire == wire:
                held.via, held.first_hand = via, True
                self._insert(held)
                return None
        elif self.had(tag):
            return None
        line = HeldLine(wire, tag, own, from_history, via, first_hand, len(_encoder.encode(wire)))
        if not self._make_room(line):
            return None
        self._insert(line)
        return line

    def _insert(self, line: HeldLine) -> None:
        self._lines[line.tag] = line
        insort(self._order, line.key)
        self._bytes += line.size_bytes
        if len(self._shares) > MAX_SHARES:
            self._shares = {source: share for source, share in self._shares.items() if share.keys}
        share = self._shares.setdefault((line.via, line.first_hand), _Share())
        insort(share.keys, line.key)
        share.size_bytes += line.size_bytes

    def _remove(self, line: HeldLine) -> None:
        del self._lines[line.tag]
        del self._order[bisect_left(self._order, line.key)]
        self._bytes -= line.size_bytes
        share = self._shares[line.via, line.first_hand]
        del share.keys[bisect_left(share.keys, line.key)]
        share.size_bytes -= line.size_bytes

    def _make_room(self, line: HeldLine) -> bool:
        """Whether there is some for the line now."""
        source = line.via, line.first_hand
        while len(self._lines) >= MAX_LINES or self._bytes + line.size_bytes > MAX_BYTES:
            weights = {
                each: share.weight(line.size_bytes if each == source else 0)
                for each, share in self._shares.items()
                if share.keys and (line.first_hand or not each[1])
            }
            if not weights:
                return False
            self._forget_oldest(self._shares[max(weights, key=lambda each: (weights[each], each == source))])
        return True

    def _forget_oldest(self, share: _Share) -> None:
        key = share.keys[0]
        self._remove(self._lines[key[1]])
        share.forgotten_until = max(share.forgotten_until, key)
        self._forgotten[key[1]] = None
        if len(self._forgotten) > MAX_FORGOTTEN_IDS:
            del self._forgotten[next(iter(self._forgotten))]


def in_messages(lines: Iterable[HeldLine]) -> Iterator[tuple[HeldLine, ...]]:
    """Lines in portions that fit into a message each."""
    portion: list[HeldLine] = []
    size_bytes = 0
    for line in lines:
        if portion and (
            len(portion) == MAX_LINES_A_MESSAGE or size_bytes + line.size_bytes > MAX_MESSAGE_BYTES
        ):
            yield tuple(portion)
            portion, size_bytes = [], 0
        portion.append(line)
        size_bytes += line.size_bytes + 1
    if portion:
        yield tuple(portion)
