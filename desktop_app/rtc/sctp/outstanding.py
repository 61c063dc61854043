"""Chunks that are under way, and which of them got lost.

A chunk is lost when one that was sent later has arrived and a reordering window has passed (RACK, RFC 8985 section
6.2): that needs no three strikes, sees a lost retransmission, and works with a few chunks under way. When the last
chunks of a flight get lost, nothing later arrives; a probe brings the news (tail loss probe, section 7.2). Only when
that is lost, too, does the retransmission timer (RFC 9260 section 6.3) take everything for lost.

Each step costs a constant time a chunk, however many are under way. TSNs are unwrapped (serial.py).
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from .message import Chunk
from .serial import Ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .message import Message

RTO_MIN_S = 0.200
RTO_START_S = 0.5
RTO_BACKED_OFF_S = 1.0
"""Doubling ends here (or at the RTO itself, where that is longer): a path that comes back is used again within that."""
RTO_MAX_S = 10.0
CLOCK_S = 0.010
"""Least allowance for variation in the RTO: timers and threads are no finer."""
REORDERING_S = 0.004
"""Least reordering window, for the same reason,"""
REORDERING_SHARE = 0.25
"""and this part of the least round trip times a factor (RFC 8985 section 6.2 step 4)"""
MAX_REORDERING_FACTOR = 8
REORDERING_ROUNDS = 16
"""that grows with each needless retransmission and is 1 again after so many recoveries."""
TAIL_ROUNDS = 2.0
TAIL_S = 0.010
"""A probe is due after two round trips and this; chunks that end a flight ask for a SACK at once."""
MAX_SPAN = 16_384
"""TSNs under way at once: gap blocks reach 65535 beyond the cumulative TSN, and SSNs must stay unambiguous."""


class RoundTrip:
    """Smoothed round trip, its variation and the retransmission timeout (RFC 9260 section 6.3.1)."""

    def __init__(self) -> None:
        self.smoothed_s: float | None = None
        self.least_s = math.inf
        """Of the whole association; what a queue is judged by is congestion.py's."""
        self._variation_s = 0.0
        self.timeout_s = RTO_START_S

    def add(self, sample_s: float) -> None:
        """A chunk that was sent once was acknowledged after `sample_s`."""
        self.least_s = min(self.least_s, sample_s)
        if self.smoothed_s is None:
            self.smoothed_s, self._variation_s = sample_s, sample_s / 2
        else:
            self._variation_s += (abs(self.smoothed_s - sample_s) - self._variation_s) / 4
            self.smoothed_s += (sample_s - self.smoothed_s) / 8
        allowance_s = max(4 * self._variation_s, CLOCK_S)
        self.timeout_s = min(max(self.smoothed_s + allowance_s, RTO_MIN_S), RTO_MAX_S)


class Acknowledged:
    """What one SACK told."""

    __slots__ = ("lost_bytes", "newest", "newly_bytes", "round_trip_s")

    def __init__(self) -> None:
        self.newly_bytes = 0
        self.newest: Chunk | None = None
        """The chunk sent last among those newly acknowledged."""
        self.round_trip_s: float | None = None
        self.lost_bytes = 0


class Outstanding:
    """The chunks between the cumulative TSN and the next one.

    `on_lost` is told of each chunk that is lost, and says whether it shall be sent again.
    """

    def __init__(self, next_tsn: int, on_lost: Callable[[Chunk], bool]) -> None:
        self.next_tsn = next_tsn
        self.cumulative_tsn = next_tsn - 1
        self.round_trip = RoundTrip()
        self.in_flight_bytes = 0
        self.outstanding_bytes = 0
        """In flight, or lost and not sent again yet: what the far end's window has to hold."""
        self.to_retransmit: deque[Chunk] = deque()
        self.timeouts = 0
        """In a row."""
        self._on_lost = on_lost
        self._chunks: dict[int, Chunk] = {}
        self._gap_acked = Ranges()
        self._sent: deque[tuple[Chunk, int]] = deque()
        """In the order of sending, with the number of the transmission."""
        self._rack_sent_s = -math.inf
        self._rack_tsn = 0
        self._rack_s = 0.0
        self._reordering_s: float | None = None
        self._factor, self._calm_recoveries = 1, 0
        self._recovery_until_tsn = -1
        self._factor_raised_s = -math.inf
        self._last_sent_s = self._progress_s = 0.0
        self._probed = False
        self._abandoned_to_tsn = next_tsn - 1

    def __len__(self) -> int:
        """How many TSNs are beyond the cumulative one."""
        return len(self._chunks)

    @property
    def has_room(self) -> bool:
        """Whether another TSN may be used."""
        return self.next_tsn - self.cumulative_tsn <= MAX_SPAN

    # --- sending --------------------------------------------------------------------------------

    def add(self, wire: bytes, size: int, message: Message) -> Chunk:
        """A new chunk that takes the next TSN; it counts as under way from `sent` on."""
        chunk = Chunk(self.next_tsn, wire, size, message)
        self._chunks[chunk.tsn] = chunk
        self.next_tsn += 1
        self.outstanding_bytes += size
        return chunk

    def add_placeholder(self, message: Message) -> None:
        """Use up a TSN for the end of a message that is given up and not sent to its end (RFC 3758 section 3.5 A3)."""
        chunk = Chunk(self.next_tsn, b"", 0, message)
        chunk.abandoned = True
        self._chunks[chunk.tsn] = chunk
        self.next_tsn += 1

    def sent(self, chunk: Chunk, now_s: float) -> None:
        """It leaves now, for the first time or again."""
        if not self.in_flight_bytes:
            self._progress_s = now_s
        if chunk.lost or not chunk.transmissions:  # a probe is under way already
            self.in_flight_bytes += chunk.size
        chunk.transmissions += 1
        chunk.lost = False
        chunk.sent_s = self._last_sent_s = now_s
        self._sent.append((chunk, chunk.transmissions))

    def next_retransmission(self) -> Chunk | None:
        """The lost chunk to send next; it stays at the head until `sent` was told."""
        queue = self.to_retransmit
        while queue and not queue[0].lost:
            queue.popleft()
        return queue[0] if queue else None

    def probe(self) -> Chunk | None:
        """The newest chunk under way, to be sent again as a tail loss probe; it stays under way."""
        for chunk, transmission in reversed(self._sent):
            if chunk.transmissions == transmission and not (chunk.acked or chunk.lost or chunk.abandoned):
                return chunk
        return None

    def abandon(self, chunk: Chunk) -> None:
        """It is not sent again."""
        if chunk.abandoned:
            return
        if not chunk.acked:
            self.outstanding_bytes -= chunk.size
            if not chunk.lost:
                self.in_flight_bytes -= chunk.size
        chunk.abandoned, chunk.lost, chunk.wire = True, False, b""

    def abandoned_to(self) -> tuple[int, list[Chunk]]:
        """How far the cumulative TSN can be moved over chunks that were given up (RFC 3758 section 3.5 C2).

        With it those of these chunks that were not told by an earlier call.
        """
        tsn, skipped = max(self.cumulative_tsn, self._abandoned_to_tsn), []
        while (chunk := self._chunks.get(tsn + 1)) is not None and chunk.abandoned:
            skipped.append(chunk)
            tsn += 1
        self._abandoned_to_tsn = tsn
        return tsn, skipped

    # --- acknowledgements -----------------------------------------------------------------------

    def acknowledge(
        self, now_s: float, cumulative_tsn: int, gaps: Iterable[tuple[int, int]], duplicates: int
    ) -> Acknowledged | None:
        """Take a SACK; None when it is older than what is known, or speaks of what was never sent.

        Args:
            now_s: when it came.
            cumulative_tsn: unwrapped.
            gaps: unwrapped (first, last).
            duplicates: how many chunks came twice.
        """
        if cumulative_tsn < self.cumulative_tsn or cumulative_tsn >= self.next_tsn:
            return None
        found = Acknowledged()
        advanced = cumulative_tsn > self.cumulative_tsn
        for tsn in range(self.cumulative_tsn + 1, cumulative_tsn + 1):
            chunk = self._chunks.pop(tsn)
            if not (chunk.acked or chunk.abandoned):
                self._acknowledge(chunk, now_s, found)
            chunk.acked = True
        self.cumulative_tsn = cumulative_tsn
        self._gap_acked.drop_to(cumulative_tsn)
        for first, last in gaps:
            if first > last or first <= cumulative_tsn or last >= self.next_tsn:
                continue  # an impossible block
            for begin, end in self._gap_acked.add(first, last):
                for tsn in range(begin, end + 1):
                    chunk = self._chunks[tsn]
                    if not (chunk.acked or chunk.abandoned):
                        self._acknowledge(chunk, now_s, found)
                        chunk.acked = True
        if duplicates:
            self._needless(now_s)
        if found.newest is not None or advanced:
            self._progress_s = now_s
            self.timeouts = 0
            self._probed = False
        found.lost_bytes = self.detect_losses(now_s)
        return found

    def _acknowledge(self, chunk: Chunk, now_s: float, found: Acknowledged) -> None:
        size = chunk.size
        self.outstanding_bytes -= size
        if chunk.lost:
            chunk.lost = False
        else:
            self.in_flight_bytes -= size
        if chunk.counted:
            return
        chunk.counted = True
        found.newly_bytes += size
        waited_s = now_s - chunk.sent_s
        if chunk.transmissions > 1:
            if waited_s < self.round_trip.least_s:
                return  # it answers an earlier transmission
        elif found.round_trip_s is None or waited_s < found.round_trip_s:
            found.round_trip_s = waited_s
        if found.newest is None or (chunk.sent_s, chunk.tsn) > (found.newest.sent_s, found.newest.tsn):
            found.newest = chunk
        if (chunk.sent_s, chunk.tsn) > (self._rack_sent_s, self._rack_tsn):
            self._rack_sent_s, self._rack_tsn, self._rack_s = chunk.sent_s, chunk.tsn, waited_s

    # --- losses ---------------------------------------------------------------------------------

    def _needless(self, now_s: float) -> None:
        # RFC 8985 section 6.2 step 4: a chunk that came twice was late and not lost.
        if now_s - self._factor_raised_s > (self.round_trip.smoothed_s or 0.0):
            self._factor = min(self._factor + 1, MAX_REORDERING_FACTOR)
            self._factor_raised_s, self._calm_recoveries = now_s, 0

    def _window_s(self) -> float:
        least_s = self.round_trip.least_s
        if math.isinf(least_s):
            return REORDERING_S
        window_s = max(REORDERING_S, REORDERING_SHARE * least_s) * self._factor
        return min(window_s, max(self.round_trip.smoothed_s or 0.0, REORDERING_S))

    def detect_losses(self, now_s: float) -> int:
        """Find what is lost by now; how many bytes."""
        lost_bytes = 0
        self._reordering_s = None
        limit_s = self._rack_s + self._window_s()
        sent = self._sent
        while sent:
            chunk, transmission = sent[0]
            if chunk.acked or chunk.lost or chunk.abandoned or chunk.transmissions != transmission:
                sent.popleft()
                continue
            if (chunk.sent_s, chunk.tsn) > (self._rack_sent_s, self._rack_tsn):
                break
            due_s = chunk.sent_s + limit_s
            if due_s > now_s:
                self._reordering_s = due_s
                break
            sent.popleft()
            lost_bytes += chunk.size
            self._note_recovery(chunk)
            self._lose(chunk)
        return lost_bytes

    def _note_recovery(self, chunk: Chunk) -> None:
        if chunk.tsn <= self._recovery_until_tsn:
            return
        self._recovery_until_tsn = self.next_tsn - 1
        self._calm_recoveries += 1
        if self._calm_recoveries >= REORDERING_ROUNDS:
            self._factor = 1

    def _lose(self, chunk: Chunk) -> None:
        chunk.lost = True
        self.in_flight_bytes -= chunk.size
        if self._on_lost(chunk):
            self.to_retransmit.append(chunk)

    # --- timers ---------------------------------------------------------------------------------

    @property
    def timeout_s(self) -> float:
        """The retransmission timeout, backed off."""
        base_s = self.round_trip.timeout_s
        return min(base_s * 2.0 ** min(self.timeouts, 8), max(base_s, RTO_BACKED_OFF_S))

    def timer_s(self) -> float | None:
        """When `expire` has something to do; None when nothing is under way."""
        if not self.in_flight_bytes:
            return None
        due_s = max(self._progress_s, self._last_sent_s if self._probed else 0.0) + self.timeout_s
        if self._reordering_s is not None:
            return min(due_s, self._reordering_s)
        if not self._probed and not self.timeouts and self.round_trip.smoothed_s is not None:
            due_s = min(due_s, self._last_sent_s + TAIL_ROUNDS * self.round_trip.smoothed_s + TAIL_S)
        return due_s

    def expire(self, now_s: float) -> tuple[int, bool, bool]:
        """What the timers say by now: bytes lost, whether a probe is due, whether everything was lost (RTO)."""
        due_s = self.timer_s()
        if due_s is None or due_s > now_s:
            return 0, False, False
        if self._reordering_s is not None and self._reordering_s <= now_s:
            return self.detect_losses(now_s), False, False
        began_s = max(self._progress_s, self._last_sent_s if self._probed else 0.0)
        if began_s + self.timeout_s > now_s:
            self._probed = True
            return 0, True, False
        return self._time_out(now_s), False, True

    def _time_out(self, now_s: float) -> int:
        # What was acknowledged in gaps may have been dropped again (RFC 9260 section 6.2); the next SACK says it anew.
        self.timeouts += 1
        self._progress_s = now_s
        self._probed = False
        self._reordering_s = None
        self._gap_acked.clear()
        self._sent.clear()
        self.to_retransmit.clear()
        lost_bytes = 0
        for chunk in list(self._chunks.values()):
            if chunk.abandoned:
                continue
            if chunk.acked:
                chunk.acked = False
                self.outstanding_bytes += chunk.size
                self.in_flight_bytes += chunk.size
            if chunk.lost:
                self.to_retransmit.append(chunk)
                continue
            lost_bytes += chunk.size
            self._lose(chunk)
        return lost_bytes

    def clear(self) -> None:
        """The association is over."""
        self.cumulative_tsn = self.next_tsn - 1
        self._chunks.clear()
        self._gap_acked.clear()
        self._sent.clear()
        self.to_retransmit.clear()
        self.in_flight_bytes = self.outstanding_bytes = 0
