"""How many bytes may be under way, and how fast they leave.

Data shares the path with the sound and the pictures of a call, whose own estimate takes a queue of 25 to 50 ms for a
limit (rtc/transport_estimate.py). So data steers by the queueing delay, as LEDBAT does (RFC 6817; by the round trip as
in draft-irtf-iccrg-ledbat-plus-plus-01), to a target below that: whatever media wants, data leaves.

- Each round trip the window grows by up to a fifth, the less the closer the queue is to its target, or shrinks by what
  is above it (as in FAST TCP, Wei et al., IEEE/ACM ToN 14, 2006, equation 5; Swift, Kumar et al., SIGCOMM 2020).
- It begins with growing by half each round trip (slow start), which ends with the first queue, or when what arrives
  grows no more (BBR, draft-cardwell-iccrg-bbr-congestion-control-02 section 4.3.1.2).
- Loss says nothing as such: radio links lose a few percent at any rate. Loss beyond LOSS_LIMIT is met with a cut. When
  less arrives by that, it was not the path's limit that was met, and the loss is tolerated for a while.
- The queue is the round trip above the least of 10 to 20 s (base_delay.py). So that the least is seen though our own
  queue stands, the window is halved for a round trip every 10 s (as LEDBAT++ section 4.4 and BBR do).

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .base_delay import BaseDelay
from .wire import MAX_PACKET_BYTES

if TYPE_CHECKING:
    from .message import Chunk

TARGET_S = 0.012
"""The queue that is aimed at."""
START_BYTES = 4 * MAX_PACKET_BYTES
"""RFC 3390: on a narrow path ten packets would be a queue that is heard."""
LEAST_BYTES = 2 * MAX_PACKET_BYTES
"""A window of one packet cannot tell loss."""
LEAST_KBPS = 40.0
"""However long the queue: this much goes on, so that nothing stands still for good."""
MAX_BYTES = 4_000_000.0
GROWTH, LEAST_FACTOR = 0.2, 0.5
"""In a round trip."""
START_GROWTH, START_QUEUE_S, START_SAMPLES = 0.5, 0.008, 4
"""Slow start's growth in a round trip: doubling would overshoot by as much, which a call would hear. It ends with so
many samples in a row that waited so long (HyStart++, RFC 9406): what it does shows a round trip later."""
PLATEAU_ROUNDS, PLATEAU_GROWTH = 3, 1.25
START_PACING, PACING = 1.6, 1.25
"""Packets leave so much faster than a window in a round trip; the window is what holds them back."""
ROOM = 2.0
"""The window is at most this times what arrives in a round trip: what was not used was not tried."""
MEASURE_SHARE, MEASURE_SAMPLES = 0.25, 8
"""The queue is the least of so much of a round trip, and of so many samples: one stall says nothing."""
JITTER_SAMPLES = 40
"""Before the window shrinks samples are taken for a whole round trip, as threads and radio links stall for a while; and
where they differ by more than the target until there are so many."""
ROUTE_S, ROUTE_QUEUE_S = 4.0, 0.060
"""A queue this long that outlives the least window for so long is not ours: another route, or others' traffic."""
IDLE_S = 1.0
"""With each such time in which it limited nothing the window is halved, down to START_BYTES (compare RFC 7661)."""
LOSS_LIMIT, LOSS_CUT, FOREIGN_SHARE, FOREIGN_S = 0.06, 0.7, 0.85, 10.0
AGAIN_S, CAREFUL_S, CAREFUL = 3.0, 5.0, 0.2
"""After two cuts so soon after each other the window grows for so long at this part of its pace. A single one is a far
end that was short of time, and whose socket ran over."""
LOSS_SPAN_BYTES = 100 * MAX_PACKET_BYTES
RATE_ROUNDS = 8


class CongestionControl:
    """One association's. Bytes are of whole SCTP packets' payloads; seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._window = float(START_BYTES)
        self._starting = True
        self._start_limit = math.inf
        self._smoothed_s: float | None = None
        self._base = BaseDelay()
        self._drain_until_s = -math.inf
        self._drain_due = False
        self.delivered_bytes = 0
        self.delivered_s = 0.0
        self.flight_s = 0.0
        self._rates: list[float] = [0.0]
        """The greatest of each of the last rounds, in bytes a second; the newest is the last."""
        self._round_at_bytes = 0
        self._measuring_since_s: float | None = None
        self._samples: list[float] = []
        self._limited = False
        self._limited_s: float | None = None
        self._full_rate, self._full_rounds = 0.0, 0
        self._waited = 0
        self._lost_bytes = self._arrived_bytes = 0
        self._is_settling = False
        """A cut does not show yet."""
        self._rate_before_cut: float | None = None
        self._window_before_cut = 0.0
        self._started_before_cut = False
        self._loss_cut_s = self._careful_until_s = -math.inf
        self._tolerated, self._tolerated_until_s = LOSS_LIMIT, -math.inf
        self._crowded_since_s: float | None = None
        self.queue_s = 0.0
        """As measured last."""
        self.limit_kbps = math.inf
        """What others leave; no less than LEAST_KBPS goes on all the same."""

    # --- what it says ---------------------------------------------------------------------------

    @property
    def base_s(self) -> float:
        """The round trip without a queue; infinite before the first sample."""
        return self._base.least_s

    def window_bytes(self, now_s: float) -> int:
        """How much may be under way."""
        window = self._window / 2 if now_s < self._drain_until_s else self._window
        return max(int(window), LEAST_BYTES)

    @property
    def pacing_bps(self) -> float:
        """Bytes a second at which packets leave."""
        round_trip_s = self._smoothed_s or 0.1
        factor = START_PACING if self._starting else PACING if self._window > START_BYTES else 1.0
        return max(min(factor * self._window / round_trip_s, self.limit_kbps * 125), LEAST_KBPS * 125)

    @property
    def rate_kbps(self) -> float:
        """What arrived in the best of the last rounds."""
        return max(self._rates) / 125

    # --- what it is told ------------------------------------------------------------------------

    def on_sent(self, now_s: float, chunk: Chunk, in_flight_bytes: int) -> None:
        """A chunk leaves; `in_flight_bytes` without it."""
        if not in_flight_bytes:
            self._forget_unused(now_s)
            self._begin_loss_span()
            self._rate_before_cut = None
            self.delivered_s = self.flight_s = now_s
        chunk.delivered_bytes = self.delivered_bytes
        chunk.delivered_s = self.delivered_s
        chunk.flight_s = self.flight_s

    def on_limited(self, now_s: float) -> None:
        """There was more to send than window and pacing let through."""
        self._limited, self._limited_s = True, now_s

    def _forget_unused(self, now_s: float) -> None:
        if self._limited_s is None or now_s - self._limited_s <= IDLE_S or self._window <= START_BYTES:
            return
        if not self._starting:
            self._starting, self._start_limit = True, self._window
            self._full_rate, self._full_rounds = 0.0, 0
        halvings = min((now_s - self._limited_s) / IDLE_S, 30.0)
        self._window = max(self._window * 0.5**halvings, float(START_BYTES))
        self._limited_s = now_s

    def on_lost(self, lost_bytes: int) -> None:
        """Chunks were found to be lost."""
        self._lost_bytes += lost_bytes

    def on_timeout(self) -> None:
        """Everything under way was lost (or late): begin anew, with slow start up to half of what there was."""
        self._start_limit = max(self._window / 2, float(START_BYTES))
        self._window = float(LEAST_BYTES)
        self._starting = True
        self._full_rate, self._full_rounds = 0.0, 0
        self._lost_bytes = self._arrived_bytes = 0
        self._rate_before_cut = None
        self._measuring_since_s = None
        self._samples.clear()

    def on_acked(self, now_s: float, newly_bytes: int, newest: Chunk, round_trip_s: float | None) -> None:
        """Chunks have arrived.

        Args:
            now_s: when the SACK came.
            newly_bytes: in it.
            newest: the chunk of them that was sent last.
            round_trip_s: of a chunk that was sent once; None when there is none.
        """
        self.delivered_bytes += newly_bytes
        self._arrived_bytes += newly_bytes
        self.delivered_s = now_s
        sample = self._rate_sample(now_s, newest)
        self._rates[-1] = max(self._rates[-1], sample)
        queue_s = None if round_trip_s is None else self._note_round_trip(now_s, newest.size, round_trip_s)
        if self._starting:
            self._grow_start(now_s, newly_bytes, queue_s)
        if self._measuring_since_s is None:
            if newest.delivered_bytes < self._round_at_bytes:
                return
            # It left after the last decision: what it met is what the decision made of the path.
            self._measuring_since_s = now_s
            self._samples.clear()
        if queue_s is not None:
            self._samples.append(queue_s)
        if self._has_measured(now_s - self._measuring_since_s):
            self._decide(now_s)

    def _has_measured(self, span_s: float) -> bool:
        samples = self._samples
        round_trip_s = self._smoothed_s or 0.1
        if len(samples) < MEASURE_SAMPLES:
            # With a window of a few packets there are no more.
            return (
                bool(samples)
                and self._window < MEASURE_SAMPLES * MAX_PACKET_BYTES
                and span_s >= 2 * round_trip_s
            )
        if span_s < MEASURE_SHARE * round_trip_s:
            return False
        least_s = min(samples)
        if least_s <= TARGET_S:
            return True
        return span_s >= round_trip_s and (
            len(samples) >= JITTER_SAMPLES or max(samples) - least_s <= TARGET_S
        )

    def _grow_start(self, now_s: float, newly_bytes: int, queue_s: float | None) -> None:
        if queue_s is not None:
            self._waited = self._waited + 1 if queue_s > START_QUEUE_S else 0
        if self._limited:
            self._window += START_GROWTH * newly_bytes
        if self._waited >= START_SAMPLES:
            self._end_start(now_s)
        elif self._window >= self._start_limit:
            self._window = self._start_limit
            self._end_start(now_s)

    def _rate_sample(self, now_s: float, chunk: Chunk) -> float:
        # The slower of how fast they left and how fast news of them came.
        span_s = max(now_s - chunk.delivered_s, chunk.sent_s - chunk.flight_s, 1e-3)
        self.flight_s = chunk.sent_s
        return (self.delivered_bytes - chunk.delivered_bytes) / span_s

    def _note_round_trip(self, now_s: float, size_bytes: int, round_trip_s: float) -> float:
        if self._smoothed_s is None:
            self._smoothed_s = round_trip_s
        else:
            self._smoothed_s += (round_trip_s - self._smoothed_s) / 8
        queue_s, is_new_span = self._base.add(now_s, size_bytes, round_trip_s)
        self._drain_due |= is_new_span
        return queue_s

    # --- once a round trip ----------------------------------------------------------------------

    def _decide(self, now_s: float) -> None:
        draining = now_s < self._drain_until_s + (self._smoothed_s or 0.0)
        self.queue_s = min(self._samples)
        self._measuring_since_s = None
        self._round_at_bytes = self.delivered_bytes
        lossy = self._judge_loss(now_s)
        if self._starting:
            self._judge_start(now_s)
        elif self.queue_s > TARGET_S:
            wanted = (self.base_s + TARGET_S) / (self.base_s + self.queue_s)
            self._window *= max(wanted, LEAST_FACTOR)
        elif self._limited and not draining and not lossy and self._rate_before_cut is None:
            share = 1 - self.queue_s / TARGET_S
            pace = CAREFUL * GROWTH if now_s < self._careful_until_s else GROWTH
            self._window += pace * share * self._window
        self._judge_route(now_s)
        self._bound()
        self._limited = False
        self._rates.append(0.0)
        del self._rates[:-RATE_ROUNDS]
        if self._drain_due and not self._starting:
            self._drain_due = False
            self._drain_until_s = now_s + self.base_s + TARGET_S

    def _bound(self) -> None:
        round_trip_s = self.base_s + TARGET_S
        most = ROOM * max(self._rates) * round_trip_s + 2 * START_BYTES if self._limited else MAX_BYTES
        least = LEAST_KBPS * 125 * (self._smoothed_s or 0.1)
        self._window = max(min(self._window, most, MAX_BYTES), least)

    def _judge_start(self, now_s: float) -> None:
        if self.queue_s > START_QUEUE_S:
            self._end_start(now_s)
            return
        rate = max(self._rates)
        if not self._limited:
            return
        if rate >= self._full_rate * PLATEAU_GROWTH:
            self._full_rate, self._full_rounds = rate, 0
            return
        self._full_rounds += 1
        if self._full_rounds >= PLATEAU_ROUNDS:
            self._end_start(now_s)

    def _end_start(self, now_s: float) -> None:
        self._starting = False
        self._start_limit = math.inf
        if self._waited >= START_SAMPLES or self.queue_s > START_QUEUE_S or self._full_rounds:
            carried = max(self._rates) * (self.base_s + START_QUEUE_S)
            self._window = min(self._window, max(carried, float(LEAST_BYTES)))
        self._waited = 0

    def _judge_loss(self, now_s: float) -> bool:
        """Whether the window was cut for losses."""
        total = self._lost_bytes + self._arrived_bytes
        if self._is_settling:
            self._is_settling = False
            self._begin_loss_span()
            return False
        if total < LOSS_SPAN_BYTES:
            return False
        loss = self._lost_bytes / total
        self._begin_loss_span()
        limit = self._tolerated if now_s < self._tolerated_until_s else LOSS_LIMIT
        rate, before, self._rate_before_cut = self._rates[-1], self._rate_before_cut, None
        if loss <= limit:
            return False
        if before is not None and rate < FOREIGN_SHARE * before:
            # Less was sent, and so less arrived: what gets lost does so at any rate.
            self._tolerated, self._tolerated_until_s = min(1.5 * loss, 0.6), now_s + FOREIGN_S
            self._window = max(self._window, self._window_before_cut)
            self._careful_until_s = -math.inf
            self._starting = self._starting or self._started_before_cut
            return False
        if before is None:
            self._window_before_cut = self._window
            self._started_before_cut = self._starting
        self._rate_before_cut = rate
        self._is_settling = True
        if before is None:
            if now_s - self._loss_cut_s < AGAIN_S:
                self._careful_until_s = now_s + CAREFUL_S
            self._loss_cut_s = now_s
        if self._starting:
            self._end_start(now_s)
        self._window = min(LOSS_CUT * self._window, max(self._rates) * (self.base_s + TARGET_S))
        return True

    def _begin_loss_span(self) -> None:
        self._lost_bytes = self._arrived_bytes = 0

    def _judge_route(self, now_s: float) -> None:
        if self.queue_s < ROUTE_QUEUE_S or self._window > START_BYTES:
            self._crowded_since_s = None
        elif self._crowded_since_s is None:
            self._crowded_since_s = now_s
        elif now_s - self._crowded_since_s > ROUTE_S:
            self._crowded_since_s = None
            self._base.raise_by(self.queue_s)
