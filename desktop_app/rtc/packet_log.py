"""What was sent on one connection, until transport-wide feedback tells what became of it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .transport_feedback import TransportFeedback

MAX_PACKETS = 6000
LATE_S = 0.100
"""A packet that was reported missing so long ago is lost: until then it may merely be out of order."""
UNKNOWN_S = 2.0
"""Nobody will report on a packet this old."""
_REFERENCE_SPAN_US = (1 << 24) * 64_000


@dataclass(frozen=True, slots=True)
class PacketResult:
    """One packet's fate."""

    sent_s: float
    arrival_s: float | None
    """By the receiver's clock; None: it was lost."""
    size_bytes: int
    """Of the whole IP packet."""
    train: int = 0
    """The probe that it was part of (probing.py); 0: none."""


@dataclass(slots=True)
class _Sent:
    at_s: float
    size_bytes: int
    train: int
    missing_since_s: float | None = None

    @property
    def flight_bytes(self) -> int:
        """What it counts for among what is under way."""
        return 0 if self.train else self.size_bytes


class PacketLog:
    """Numbers packets and keeps them until they are accounted for. Pure and bounded."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, _Sent] = OrderedDict()  # by unwrapped number
        self._next = 1
        self._newest_acknowledged = 0
        self._reference_us: int | None = None
        self._reference_total_us = 0
        self.is_contiguous = True
        """False when nobody has told what became of packets just before those of the newest message."""
        self.in_flight_bytes = 0
        """What was sent after the newest packet that is known to have come, without probes."""

    def add(self, now_s: float, size_bytes: int, train: int = 0) -> int:
        """Note a packet that leaves now; the 16 bit number that it bears."""
        number = self._next
        self._next += 1
        self._sent[number] = _Sent(now_s, size_bytes, train)
        self.in_flight_bytes += self._sent[number].flight_bytes
        if len(self._sent) > MAX_PACKETS:
            oldest, dropped = self._sent.popitem(last=False)
            if oldest > self._newest_acknowledged:
                self.in_flight_bytes -= dropped.flight_bytes
        return number & 0xFFFF

    @property
    def oldest_unanswered_s(self) -> float | None:
        """When the oldest packet left behind which none is known to have come; None when there is none."""
        sent = self._sent.get(self._newest_acknowledged + 1)
        return None if sent is None else sent.at_s

    def take(self, feedback: TransportFeedback, now_s: float) -> list[PacketResult]:
        """What the message tells that was not known before: arrivals in the order of sending, then losses.

        Numbers that were never sent are ignored: the message comes from the network.
        """
        newest = self._next - 1  # nobody can speak of more than was sent
        base = newest - ((newest - feedback.base_sequence) & 0xFFFF)
        reference_s = self._unwrapped_us(feedback.reference_us) / 1e6
        self.is_contiguous = base <= self._newest_acknowledged + 1
        results = []
        for offset, arrival_us in feedback.arrivals_us.items():
            sent = self._sent.pop(base + offset, None)
            if sent is None:
                continue
            self._acknowledge(base + offset)
            if base + offset == self._newest_acknowledged:
                self.in_flight_bytes -= sent.flight_bytes
            results.append(
                PacketResult(sent.at_s, reference_s + arrival_us / 1e6, sent.size_bytes, sent.train)
            )
        for number in range(base, min(base + feedback.count, self._newest_acknowledged)):
            sent = self._sent.get(number)
            if sent is not None and sent.missing_since_s is None:
                sent.missing_since_s = now_s
        return results + self._take_lost(now_s)

    def _acknowledge(self, number: int) -> None:
        """Everything before `number` has left the queue of the path, one way or the other."""
        if number <= self._newest_acknowledged:
            return
        for earlier in range(self._newest_acknowledged + 1, number):
            if (sent := self._sent.get(earlier)) is not None:
                self.in_flight_bytes -= sent.flight_bytes
        self._newest_acknowledged = number

    def _take_lost(self, now_s: float) -> list[PacketResult]:
        over = []
        for number, sent in self._sent.items():
            if number > self._newest_acknowledged:
                break
            since_s = sent.missing_since_s
            if (since_s is not None and now_s - since_s >= LATE_S) or now_s - sent.at_s > UNKNOWN_S:
                over.append(number)
        ended = [self._sent.pop(number) for number in over]
        # Of the others no message has spoken: it was a message that got lost, and says nothing of them.
        return [
            PacketResult(sent.at_s, None, sent.size_bytes, sent.train)
            for sent in ended
            if sent.missing_since_s is not None
        ]

    def _unwrapped_us(self, reference_us: int) -> int:
        if self._reference_us is not None:
            ahead = (reference_us - self._reference_us + _REFERENCE_SPAN_US // 2) % _REFERENCE_SPAN_US
            self._reference_total_us += ahead - _REFERENCE_SPAN_US // 2
        self._reference_us = reference_us
        return self._reference_total_us
