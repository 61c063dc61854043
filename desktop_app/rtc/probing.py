"""Finding out whether a path carries more than is sent over it.

An estimate can only grow to somewhat more than what is sent, and a picture that hardly moves, a small one or none at
all sends little: nobody would know that a larger one could be sent. So now and then a few packets follow each other
more closely than the estimate allows; how they arrive tells what the path carries (packet trains, as in libwebrtc's
probing; Jain and Dovrolis, "End-to-end available bandwidth", SIGCOMM 2002). They are repetitions of packets that were
sent, which a receiver drops.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .packet_log import PacketResult

RATIO = 2.0
"""Of the train's rate to the estimate."""
TRAIN_S, MIN_PACKETS, MAX_PACKETS = 0.040, 5, 24
MAX_TRAIN_S = 0.100
"""A longer train, of large packets at a low rate, would be a queue of its own for the sound."""
AGAIN_S, MAX_AGAIN_S = 1.0, 32.0
"""Time to the next train after one that found more room; it doubles with each that did not,"""
GROWN = 1.2
"""unless the estimate has grown by so much since: then the path is another one."""
SETTLED_S = 3.0
"""No train so soon after the estimate was cut."""
ANSWER_S = 1.0
ARRIVED_SHARE = 0.8
SHARE = 0.9
"""Of what a train has shown, what is believed."""
WORTHWHILE = 1.05


@dataclass(frozen=True, slots=True)
class Train:
    """What to send now."""

    number: int
    kbps: float
    bytes: int


@dataclass(slots=True)
class _Flight:
    number: int
    begun_s: float
    kbps: float
    """The estimate that it was sent to raise."""
    packets: int = 0
    results: list[PacketResult] = field(default_factory=list)


class Prober:
    """One connection's."""

    def __init__(self) -> None:
        self._number = 0
        self._flight: _Flight | None = None
        self._next_s = -math.inf
        self._again_s = AGAIN_S
        self._failed_kbps = math.inf

    def due(self, now_s: float, kbps: float, *, wanted_kbps: float, quiet_since_s: float) -> Train | None:
        """A train to send now, or None.

        Args:
            now_s: any monotonic clock.
            kbps: the estimate.
            wanted_kbps: what there is a use for.
            quiet_since_s: since when there is no queue and nothing was cut.
        """
        if self._flight is not None and now_s - self._flight.begun_s > ANSWER_S:
            self._end(now_s, kbps, found=False)
        if self._flight is not None or now_s - quiet_since_s < SETTLED_S:
            return None
        if now_s < self._next_s and kbps < GROWN * self._failed_kbps:
            return None
        rate_kbps = min(RATIO * kbps, wanted_kbps / SHARE)
        if rate_kbps < WORTHWHILE * kbps:
            return None
        self._number += 1
        self._flight = _Flight(self._number, now_s, kbps)
        return Train(self._number, rate_kbps, int(rate_kbps * 125 * TRAIN_S))

    def sent(self, packets: int) -> None:
        """The train of `due` has left; 0 packets: there was nothing to repeat."""
        if self._flight is None:
            return
        self._flight.packets = packets
        if not packets:  # it found nothing out, neither way
            self._next_s = self._flight.begun_s + AGAIN_S
            self._flight = None

    def take(self, now_s: float, kbps: float, results: Iterable[PacketResult]) -> float | None:
        """Take what feedback tells; what the path was shown to carry in kbit/s, where that is more than `kbps`."""
        flight = self._flight
        if flight is None:
            return None
        flight.results += [each for each in results if each.train == flight.number]
        if not flight.packets or len(flight.results) < flight.packets:
            return None
        shown_kbps = _shown_kbps(flight.results)
        found = shown_kbps > WORTHWHILE * kbps
        self._end(now_s, kbps, found=found)
        return shown_kbps if found else None

    def _end(self, now_s: float, kbps: float, *, found: bool) -> None:
        flight, self._flight = self._flight, None
        # The estimate may have been cut for the train's own queue meanwhile.
        self._failed_kbps = math.inf if found or flight is None else max(kbps, flight.kbps)
        self._again_s = AGAIN_S if found else min(2 * self._again_s, MAX_AGAIN_S)
        self._next_s = now_s + self._again_s


def _shown_kbps(results: list[PacketResult]) -> float:
    """The lower one of the rates at which a train left and came; 0 when too much of it was lost."""
    came = sorted((each.arrival_s, each.size_bytes) for each in results if each.arrival_s is not None)
    if len(came) < max(MIN_PACKETS, ARRIVED_SHARE * len(results)):
        return 0.0
    sent_s = [each.sent_s for each in results if each.arrival_s is not None]
    size = sum(size for _, size in came[1:])  # what came first came in the time before it
    span_s = max(came[-1][0] - came[0][0], max(sent_s) - min(sent_s))
    return 0.0 if span_s <= 0 else SHARE * size * 8 / 1000 / span_s
