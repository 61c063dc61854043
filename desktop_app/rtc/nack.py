"""Which packets are missing, and when to ask for each of them again (RFC 4585 6.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from .reception import MAX_DROPOUT, sequence_delta

REORDER_GRACE_S = 0.010
"""A gap younger than this may be mere reordering."""
MAX_TRIES = 8
MAX_AGE_S = 1.0
MAX_MISSING = 250
"""More gaps than this at once cannot be repaired in time: a keyframe is cheaper."""
MIN_RETRY_S = 0.020
RETRY_ROUND_TRIPS = 1.1


@dataclass(slots=True)
class _Missing:
    since_s: float
    tries: int = 0
    asked_s: float = 0.0


class NackTracker:
    """Pure: sequence numbers and times go in, sequence numbers to request come out."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}

    def __len__(self) -> int:
        return len(self._missing)

    def add(self, sequence_number: int, now_s: float) -> bool:
        """Note an arrival (first-time or repaired); False when too much is missing and was given up."""
        if self._highest is None:
            self._highest = sequence_number
            return True
        delta = sequence_delta(sequence_number, self._highest)
        if -MAX_DROPOUT <= delta <= 0:
            self._missing.pop(sequence_number, None)
            return True
        self._highest = sequence_number
        if delta < 0 or delta - 1 + len(self._missing) > MAX_MISSING:  # a restarted source, or a long outage
            self._missing.clear()
            return False
        for back in range(delta - 1, 0, -1):
            self._missing[(sequence_number - back) & 0xFFFF] = _Missing(now_s)
        return True

    def forget_through(self, sequence_number: int) -> None:
        """Stop asking for everything up to and including `sequence_number`."""
        for missing in [m for m in self._missing if sequence_delta(m, sequence_number) <= 0]:
            del self._missing[missing]

    def take_due(self, now_s: float, round_trip_s: float) -> list[int]:
        """The packets to request now, oldest first; each again after a round trip, up to MAX_TRIES."""
        retry_s = max(MIN_RETRY_S, round_trip_s * RETRY_ROUND_TRIPS)
        due = []
        for sequence_number, missing in list(self._missing.items()):
            if now_s - missing.since_s > MAX_AGE_S or missing.tries >= MAX_TRIES:
                del self._missing[sequence_number]
            elif missing.tries == 0:
                if now_s - missing.since_s >= REORDER_GRACE_S:
                    due.append(sequence_number)
            elif now_s - missing.asked_s >= retry_s:
                due.append(sequence_number)
        for sequence_number in due:
            missing = self._missing[sequence_number]
            missing.tries += 1
            missing.asked_s = now_s
        return due  # gaps are noted in the order of their numbers, and a dict keeps that


def split_at_wrap(sequence_numbers: list[int]) -> list[list[int]]:
    """Cut where the numbers wrap around, since aiortc packs one NACK only from rising ones."""
    runs: list[list[int]] = []
    for number in sequence_numbers:
        if not runs or number <= runs[-1][-1]:
            runs.append([])
        runs[-1].append(number)
    return runs
