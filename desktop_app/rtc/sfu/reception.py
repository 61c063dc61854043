"""How well everything comes through our downlink: loss, queue and rate, over all lines together.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING

from desktop_app.rtc.reception import timestamp_delta

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desktop_app.rtc.reception import ReceptionStatistics

BUCKET_S, BASE_BUCKETS = 0.5, 60
"""The quickest packet of each half second is kept, for half a minute: long enough for the queue to have been empty
once, and short enough for the drift of the two clocks (50 ppm: 1.5 ms)."""
JUMP_S = 1.0
"""A step of the transit time that no queue makes: the timestamps are of something else now."""
STALE_S = 1.5
"""A line that was silent for so long says nothing of now."""
WINDOW_S = 1.5
"""What loss and rate are counted over."""
MIN_PACKETS = 20
"""Fewer say nothing of loss."""
OVERFLOW_WINDOW_S = 3.0
"""Longer, since a packet is missed only when a later one has come."""


@dataclass(frozen=True, slots=True)
class DownlinkState:
    """What was seen of the path from the SFU in the last second or so."""

    fraction_lost: float
    """0 to 1, before repair: of the sender in the middle, since what one of them loses is lost on their uplink. Without
    what was lost in our own socket, for that says nothing of the network."""
    queue_s: float
    """How much longer packets are on their way than at their quickest."""
    kbps: float
    """Received, with everything on top of it: what the path carries, as far as it was tried."""


class LineDelay:
    """One line's transit times (RFC 3550 6.4.1, as in the jitter): only their changes mean anything."""

    def __init__(self) -> None:
        self._media_s = 0.0
        self._last_timestamp: int | None = None
        self._last_transit_s = 0.0
        self._last_s = -math.inf
        self._bucket_end_s = -math.inf
        self._bucket_s = math.inf
        self._buckets: deque[tuple[float, float]] = deque(maxlen=BASE_BUCKETS)
        """When each one ended, and its least transit time."""

    def restart(self) -> None:
        """What comes from now on is not to be compared with what came before."""
        self._last_timestamp = None
        self._buckets.clear()
        self._bucket_s, self._bucket_end_s = math.inf, -math.inf

    def add(self, timestamp: int, clock_rate_hz: int, arrival_s: float) -> None:
        """A packet has come, not a retransmission."""
        last = self._last_timestamp
        if last is not None and timestamp != last:
            self._media_s += timestamp_delta(timestamp, last) / clock_rate_hz
        transit_s = arrival_s - self._media_s
        if last is not None and abs(transit_s - self._last_transit_s) > JUMP_S:
            self.restart()
        self._last_timestamp, self._last_transit_s, self._last_s = timestamp, transit_s, arrival_s
        if arrival_s > self._bucket_end_s:
            if self._bucket_s < math.inf:
                self._buckets.append((self._bucket_end_s, self._bucket_s))
            self._bucket_s, self._bucket_end_s = math.inf, arrival_s + BUCKET_S
        self._bucket_s = min(self._bucket_s, transit_s)

    def queue_s(self, at_s: float) -> float | None:
        """The quickest packet of now against the quickest of all; None when nothing is known."""
        if at_s - self._last_s > STALE_S or len(self._buckets) < 2:
            return None
        newest_s = min(self._bucket_s, self._buckets[-1][1])
        return newest_s - min(newest_s, min(least_s for _, least_s in self._buckets))


class RoundTrips:
    """The same of round trips: only what both show is a queue of ours, and not of somebody else's uplink."""

    def __init__(self) -> None:
        self._trips: deque[tuple[float, float]] = deque(maxlen=BASE_BUCKETS)

    def add(self, at_s: float, round_trip_s: float) -> None:
        """One was measured."""
        self._trips.append((at_s, round_trip_s))

    def queue_s(self, at_s: float) -> float | None:
        """The quicker one of the last two against the quickest of all; None when nothing is known."""
        if len(self._trips) < 4 or at_s - self._trips[-1][0] > STALE_S:
            return None
        newest_s = min(self._trips[-1][1], self._trips[-2][1])
        return newest_s - min(trip_s for _, trip_s in self._trips)


class SenderLoss:
    """What was lost of one participant's packets of late, on all of their lines."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}
        """By receiver: the packets that it expected, and those it missed."""
        self._totals: deque[tuple[float, int, int]] = deque(maxlen=64)
        self._expected = self._missed = 0
        self.missed_of_late = 0

    def update(self, at_s: float, statistics: Mapping[int, ReceptionStatistics]) -> float | None:
        """The part of their packets that is missing, 0 to 1; None while there were too few to tell."""
        seen: dict[int, tuple[int, int]] = {}
        if not self._totals:
            self._totals.append((at_s, 0, 0))
        for serial, each in statistics.items():
            seen[serial] = (each.packets_expected, each.packets_missed)
            expected, missed = self._seen.get(serial, (0, 0))
            self._expected += max(0, each.packets_expected - expected)
            self._missed += each.packets_missed - missed  # less again when something was only late
        self._seen = seen
        self._totals.append((at_s, self._expected, self._missed))
        while len(self._totals) > 2 and at_s - self._totals[1][0] >= WINDOW_S:
            self._totals.popleft()
        _, expected, missed = self._totals[0]
        expected, missed = self._expected - expected, max(0, self._missed - missed)
        self.missed_of_late = missed
        return min(1.0, missed / expected) if expected >= MIN_PACKETS else None


class DownlinkMonitor:
    """Asked a few times a second."""

    def __init__(self) -> None:
        self.round_trips = RoundTrips()
        self._senders: dict[str, SenderLoss] = {}
        self._bytes: deque[tuple[float, int]] = deque(maxlen=64)
        self._overflows: deque[tuple[float, int]] = deque([(-math.inf, 0)], maxlen=64)

    def update(
        self,
        at_s: float,
        *,
        statistics: Mapping[str, Mapping[int, ReceptionStatistics]],
        delays: Iterable[LineDelay],
        bytes_received: int,
        packets_overflowed: int = 0,
    ) -> DownlinkState:
        """What there is to say at `at_s`.

        Args:
            at_s: any monotonic clock.
            statistics: of each participant's receivers, by a number that no other receiver ever has.
            delays: of each line.
            bytes_received: on the whole connection, ever.
            packets_overflowed: lost in our own socket, ever.
        """
        self._senders = {user: self._senders.get(user) or SenderLoss() for user in statistics}
        losses = [loss.update(at_s, statistics[user]) for user, loss in self._senders.items()]
        known = [loss for loss in losses if loss is not None]
        self._bytes.append((at_s, bytes_received))
        while len(self._bytes) > 2 and at_s - self._bytes[1][0] >= WINDOW_S:
            self._bytes.popleft()
        begin_s, begin_bytes = self._bytes[0]
        seconds = at_s - begin_s
        overflowed = self._overflowed_of_late(at_s, packets_overflowed)
        missed = sum(loss.missed_of_late for loss in self._senders.values())
        not_ours = max(0.0, 1 - overflowed / missed) if missed else 1.0
        return DownlinkState(
            fraction_lost=not_ours * median_low(known) if known else 0.0,
            queue_s=0.0 if overflowed else self._queue_s(at_s, delays),  # what overflows is full
            kbps=(bytes_received - begin_bytes) * 8 / 1000 / seconds if seconds > 0 else 0.0,
        )

    def _overflowed_of_late(self, at_s: float, total: int) -> int:
        self._overflows.append((at_s, total))
        while len(self._overflows) > 2 and at_s - self._overflows[1][0] >= OVERFLOW_WINDOW_S:
            self._overflows.popleft()
        return max(0, total - self._overflows[0][1])  # less: another connection is in use

    def _queue_s(self, at_s: float, delays: Iterable[LineDelay]) -> float:
        # The lower of the two in the middle: a line whose timestamps went astray, as at a change of layers, or whose
        # sender has a queue of its own, does not speak for the others.
        queues = [queue_s for delay in delays if (queue_s := delay.queue_s(at_s)) is not None]
        if not queues:
            return 0.0
        ours_s = self.round_trips.queue_s(at_s)
        transit_s = median_low(queues)
        return transit_s if ours_s is None else min(transit_s, ours_s)
