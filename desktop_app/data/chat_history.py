"""The lines of a call in their order, each once, within a bound."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

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
MAX_RECEIVERS = 200
"""Who is counted for one line."""
MAX_LINES_A_MESSAGE = 100
MAX_MESSAGE_BYTES = 60_000

_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class HeldLine:
    """A line, and of one's own who has it."""

    wire: WireLine
    own: bool
    from_history: bool
    first_hand: bool
    """It came from its author."""
    size_bytes: int
    receivers: dict[str, Literal["waiting", "sent", "delivered", "failed"]] = field(default_factory=dict)
    """Of an own line that was said here: who is to have it, as far as they are known to chat."""
    present: frozenset[str] = frozenset()
    """Who was in the room when it was said here to everybody."""
    restored: bool = False
    """An own line from before a restart, which others gave back."""

    @property
    def key(self) -> tuple[float, str]:
        """Its place in the order."""
        return self.wire.sent_ms, self.wire.id

    def concerns(self, me: str, other: str) -> bool:
        """Whether `other` may have it from me: it is for everybody, or between us two."""
        return self.wire.to is None or {self.wire.author, self.wire.to} == {me, other}

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
            id=wire.id,
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


class ChatHistory:
    """Whoever is given the same lines has the same history, whatever the order and however often."""

    def __init__(self) -> None:
        self._lines: dict[str, HeldLine] = {}
        self._order: list[tuple[float, str]] = []
        self._bytes = 0
        self._forgotten: dict[str, None] = {}
        self._forgotten_until: tuple[float, str] = (-1.0, "")

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[HeldLine]:
        """In order."""
        return (self._lines[line_id] for _, line_id in self._order)

    def get(self, line_id: str) -> HeldLine | None:
        """The line, if it is held."""
        return self._lines.get(line_id)

    def had(self, line_id: str) -> bool:
        """Whether it is held, or was until newer ones took its place."""
        return line_id in self._lines or line_id in self._forgotten

    def is_too_old(self, wire: WireLine) -> bool:
        """Whether it would stand before lines that were given up already."""
        return (wire.sent_ms, wire.id) <= self._forgotten_until

    @property
    def newest_ms(self) -> float:
        """When the last line was said; 0 when there is none."""
        return self._order[-1][0] if self._order else 0.0

    def add(
        self, wire: WireLine, *, own: bool = False, from_history: bool = False, first_hand: bool = True
    ) -> HeldLine | None:
        """Hold a line; None when it is here already, or was. The first of an id stands, but what its author says
        replaces what others have told of it.
        """
        held = self._lines.get(wire.id)
        if held is not None and first_hand and not held.first_hand and held.wire.author == wire.author:
            if held.wire == wire:
                held.first_hand = True
                return None
            self._remove(held)
        elif self.had(wire.id):
            return None
        line = HeldLine(wire, own, from_history, first_hand, len(_encoder.encode(wire)))
        self._lines[wire.id] = line
        insort(self._order, line.key)
        self._bytes += line.size_bytes
        while len(self._lines) > MAX_LINES or self._bytes > MAX_BYTES:
            self._forget_oldest()
        return line

    def _remove(self, line: HeldLine) -> None:
        del self._order[bisect_left(self._order, line.key)]
        del self._lines[line.wire.id]
        self._bytes -= line.size_bytes

    def _forget_oldest(self) -> None:
        key = self._order[0]
        line = self._lines[key[1]]
        self._remove(line)
        self._forgotten_until = max(self._forgotten_until, key)
        self._forgotten[line.wire.id] = None
        if len(self._forgotten) > MAX_FORGOTTEN_IDS:
            del self._forgotten[next(iter(self._forgotten))]


def in_messages(lines: Iterable[HeldLine]) -> Iterator[tuple[WireLine, ...]]:
    """Lines in portions that fit into a message each."""
    portion: list[WireLine] = []
    size_bytes = 0
    for line in lines:
        if portion and (
            len(portion) == MAX_LINES_A_MESSAGE or size_bytes + line.size_bytes > MAX_MESSAGE_BYTES
        ):
            yield tuple(portion)
            portion, size_bytes = [], 0
        portion.append(line.wire)
        size_bytes += line.size_bytes + 1
    if portion:
        yield tuple(portion)
