"""How much one path carries, judged at its sending end from the fate of every single packet.

In the spirit of Google Congestion Control (draft-ietf-rmcat-gcc-02; Carlucci et al., MMSys 2016), whose sender infers a
growing queue from the slope of the delay; but transport-wide feedback shows the queue itself. So, as in BBR (Cardwell
et al., ACM Queue 14, 2016):

- while packets queue, what arrives is what the path carries: the rate goes below that until the queue is gone;
- while none do, the rate grows: fast where no limit is known, slowly near the last one;
- loss without a queue is judged by loss_control.py;
- no more is under way than the path takes in a round trip and a bounded queue (`is_congested`), so that a path that
  narrows at once is not flooded until the first news of it comes back.

All rates are of whole IP packets, sound, pictures and repairs together. Pure: the time is passed in.
"""

from __future__ import annotations

import bisect
import math
from collections import deque
from typing import TYPE_CHECKING

from .loss_control import LOW_LOSS, LossControl, LossWindow
from .path_delay import PathDelay
from .send_estimate import MAX_KBPS, MIN_KBPS, START_KBPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .packet_log import PacketResult

QUEUE_S = 0.050
"""A queue this long is one."""
RISING_QUEUE_S, RISE_S, RISE_SPAN_S = 0.025, 0.015, 0.200
"""So is half of it that grew by RISE_S within RISE_SPAN_S."""
DRAINED_S = 0.020
BACK_OFF = 0.90
DRAIN_S = 0.5
"""A queue shall be gone in about this long: so much of the rate is left out,"""
LEAST_SHARE = 0.5
"""but never more than half."""
JUDGE_S = 0.200
"""What a cut did is judged this long after its effect could first be seen,"""
DRAINING_SHARE = 0.9
"""and was enough when the queue is down to this share."""
ROUTE_S = 4.0
"""A queue that outlives cuts for so long is not ours: another route, or other people's traffic."""
RATE_SPAN_S, LEAST_SPAN_S = 0.400, 0.100
CLOCK_STEP_S = 1.0
"""Arrivals further apart than this say nothing of a rate: the clock was set, or nothing was sent."""
BUSY_S = 0.010
"""A packet that waited so long came over a link that was never idle meanwhile."""
GROWTH_PER_S, LOSSY_GROWTH_PER_S = 0.5, 0.08
"""In a second, as a part of the rate."""
NEAR_GROWTH_PER_S, DOUBLING_S = 0.05, 1.5
"""After a queue growth begins with this, and doubles in this time for as long as no other one is seen."""
SENT_RATIO, SENT_FLOOR_KBPS = 1.5, 60.0
"""What was not sent was not tried: the estimate grows to this (gcc-02 section 5.5)."""
USED_SPAN_S, USED_RATIO = 1.0, 1.3
"""No more than this times what arrived of late is let under way while the estimate is in doubt:"""
OVERDUE_GAPS, OVERDUE_S, SUSPECT_S = 2.0, 0.050, 10.0
"""when feedback is later than two usual gaps and a little, and for so long after a queue was seen."""
LOSS_SPAN_S = 1.0
OUTAGE_S = 0.150
"""When nothing at all came through for so long, the path was cut; that says nothing of its width."""
OTHER_ROUTE_S = 1.0
"""When nothing that was sent for so long came through, what comes next may go another way (a relay, another network):
the least delay of before says nothing of it."""
WINDOW_QUEUE_S = 0.120
WINDOW_BYTES = 4000
RESPONSES = 64
"""Messages among which the quickest one is the round trip: three to ten seconds."""
MAX_GAP_S = 0.3
SILENT_S = 1.0
"""Without feedback for so long, although packets are under way, the estimate fades,"""
FADE_PER_S = 0.5
FADED_SHARE = 0.5
"""and comes back to this share of what it was as soon as there is some."""


class TransportEstimator:
    """One connection's. `take` whenever feedback comes, `update` a few times a second."""

    def __init__(self, start_kbps: float = START_KBPS) -> None:
        self._kbps = start_kbps
        self._delay = PathDelay()
        self._losses = LossControl()
        self._loss_window = LossWindow()
        self._loss_taken_s: float | None = None
        self._arrivals: deque[tuple[float, int, float]] = deque(maxlen=1024)
        """When, how much, how long it waited."""
        self._arrived_sent: list[float] = []
        self._queues: deque[tuple[float, float]] = deque(maxlen=64)
        self._used: deque[tuple[float, float]] = deque(maxlen=64)
        self._queue_seen_s = -math.inf
        self._last_s: float | None = None
        self._updated_s: float | None = None
        self._silent_kbps: float | None = None
        self._responses: deque[float] = deque(maxlen=RESPONSES)
        self._gap_s = 0.1
        self._cut_s = self._loss_cut_s = -math.inf
        self._draining_since_s: float | None = None
        self._queue_at_cut_s = 0.0
        self._capacity_kbps = math.inf
        self._newest_sent_s = -math.inf

    @property
    def kbps(self) -> float:
        """What the path carries, in whole IP packets."""
        return self._kbps

    @property
    def settled_kbps(self) -> float:
        """What it will carry when its queue is gone."""
        if self._draining_since_s is None:
            return self._kbps
        return max(self._kbps, BACK_OFF * self._capacity_kbps)

    @property
    def quiet_since_s(self) -> float:
        """Since when nothing speaks for a limit."""
        return max(self._queue_seen_s, self._cut_s, self._loss_cut_s)

    def prove(self, kbps: float) -> None:
        """The path was shown to carry this much."""
        self._kbps = min(max(self._kbps, kbps), MAX_KBPS)

    @property
    def fraction_lost(self) -> float:
        """Smoothed, 0 to 1."""
        return self._losses.loss or 0.0

    @property
    def queue_s(self) -> float:
        """How long packets wait on the way."""
        return self._delay.queue_s

    @property
    def feedback_s(self) -> float | None:
        """When feedback came last; None before the first."""
        return self._last_s

    def is_congested(self, now_s: float, in_flight_bytes: int) -> bool:
        """Whether so much is under way that nothing but sound should be added."""
        kbps = self._kbps
        overdue = self._last_s is not None and now_s - self._last_s > OVERDUE_GAPS * self._gap_s + OVERDUE_S
        if self._used and (overdue or now_s - self._queue_seen_s < SUSPECT_S):
            # The path is, or may have become, narrower than the estimate says.
            kbps = min(kbps, USED_RATIO * max(used for _, used in self._used))
        response_s = min(self._responses, default=0.2)
        window = kbps * 125 * (response_s + self._gap_s + WINDOW_QUEUE_S)
        return in_flight_bytes > max(WINDOW_BYTES, window)

    def take(self, now_s: float, results: Sequence[PacketResult], *, is_contiguous: bool = True) -> bool:
        """Take what one feedback message told; whether the estimate was cut.

        Args:
            now_s: any monotonic clock, the one that the packets' times of sending are of.
            results: arrivals in the order of sending, and losses.
            is_contiguous: nothing is unknown between the last message and this one.
        """
        elapsed_s = 0.0 if self._last_s is None else min(max(now_s - self._last_s, 0.0), MAX_GAP_S)
        self._gap_s += 0.1 * (elapsed_s - self._gap_s)
        self._last_s = now_s
        before = self._kbps
        if self._silent_kbps is not None:
            self._kbps = max(self._kbps, FADED_SHARE * self._silent_kbps)
            self._silent_kbps = None
        if not is_contiguous:
            self._arrivals.clear()
        self._note_arrivals(now_s, results)
        self._note_losses(now_s, results)
        if self._arrivals:
            self._judge_queue(now_s, elapsed_s)
        self._kbps = min(max(self._kbps, MIN_KBPS), MAX_KBPS)
        return self._kbps < 0.95 * before

    def update(self, now_s: float, oldest_unanswered_s: float | None) -> None:
        """Between messages: the estimate fades when there are none.

        Args:
            now_s: as in `take`.
            oldest_unanswered_s: when something was sent that nothing was heard of; None when there is none.
        """
        elapsed_s = 0.0 if self._updated_s is None else min(max(now_s - self._updated_s, 0.0), 1.0)
        self._updated_s = now_s
        if self._last_s is None or oldest_unanswered_s is None:
            return
        if now_s - max(self._last_s, oldest_unanswered_s) < SILENT_S:
            return
        if self._silent_kbps is None:
            self._silent_kbps = self._kbps
        self._kbps = max(self._kbps * FADE_PER_S**elapsed_s, MIN_KBPS)

    # --- what came ------------------------------------------------------------------------------

    def _note_arrivals(self, now_s: float, results: Sequence[PacketResult]) -> None:
        for result in results:
            if result.arrival_s is None:
                continue
            if result.sent_s - self._newest_sent_s > OTHER_ROUTE_S:
                self._begin_route()
            waited_s = self._delay.add(result.sent_s, result.arrival_s)
            bisect.insort(self._arrived_sent, result.sent_s)
            if self._arrivals and abs(result.arrival_s - self._arrivals[-1][0]) > CLOCK_STEP_S:
                self._arrivals.clear()
            # Out of order it counts for the moment at hand.
            at_s = max(result.arrival_s, self._arrivals[-1][0]) if self._arrivals else result.arrival_s
            self._arrivals.append((at_s, result.size_bytes, waited_s))
            self._newest_sent_s = max(self._newest_sent_s, result.sent_s)
        del self._arrived_sent[:-512]
        while self._arrivals and self._arrivals[-1][0] - self._arrivals[0][0] > RATE_SPAN_S:
            self._arrivals.popleft()
        if (received := self._received_kbps()) is not None:
            self._used.append((now_s, received))
        while self._used and now_s - self._used[0][0] > USED_SPAN_S:
            self._used.popleft()
        if any(result.arrival_s is not None for result in results):
            self._responses.append(max(now_s - self._newest_sent_s, 0.0))

    def _begin_route(self) -> None:
        self._delay = PathDelay()
        self._queues.clear()
        self._responses.clear()
        self._draining_since_s = None

    def _received_kbps(self) -> float | None:
        """What arrived in the last RATE_SPAN_S; None while that is not known."""
        return _rate_kbps([(at_s, size) for at_s, size, _ in self._arrivals])

    def _busy_kbps(self) -> float | None:
        """What came through since the link was last seen idle; that is what it carries."""
        busy: list[tuple[float, int]] = []
        for at_s, size, waited_s in reversed(self._arrivals):
            if waited_s < BUSY_S and busy and busy[0][0] - at_s > LEAST_SPAN_S:
                break
            busy.append((at_s, size))
        return _rate_kbps(busy[::-1])

    # --- loss -----------------------------------------------------------------------------------

    def _note_losses(self, now_s: float, results: Sequence[PacketResult]) -> None:
        arrived = sum(each.arrival_s is not None for each in results)
        lost = sum(each.arrival_s is None and not self._in_outage(each.sent_s) for each in results)
        self._loss_window.add_packets(arrived + lost, lost)
        if self._loss_taken_s is None:
            self._loss_taken_s = now_s
        if now_s - self._loss_taken_s < LOSS_SPAN_S:
            return
        fraction_lost = self._loss_window.take()
        if fraction_lost is None:
            return
        self._loss_taken_s = now_s
        received, before = self._received_kbps(), self._kbps
        self._kbps = self._losses.update(
            now_s,
            fraction_lost,
            kbps=self._kbps,
            used_kbps=max(MIN_KBPS, (received or self._kbps) / max(0.05, 1 - fraction_lost)),
            queueing=self._delay.queue_s > QUEUE_S,
            lowered_s=self._cut_s,
        )
        if self._kbps < before:
            self._loss_cut_s = now_s

    def _in_outage(self, sent_s: float) -> bool:
        place = bisect.bisect(self._arrived_sent, sent_s)
        if place == 0 or place == len(self._arrived_sent):
            return False
        return self._arrived_sent[place] - self._arrived_sent[place - 1] > OUTAGE_S

    # --- delay ----------------------------------------------------------------------------------

    def _judge_queue(self, now_s: float, elapsed_s: float) -> None:
        queue_s = self._delay.queue_s
        self._queues.append((now_s, queue_s))
        while now_s - self._queues[0][0] > RISE_SPAN_S:
            self._queues.popleft()
        if queue_s > RISING_QUEUE_S:
            self._queue_seen_s = now_s
        if self._draining_since_s is not None:
            self._drain(now_s, queue_s, self._draining_since_s)
        elif queue_s > QUEUE_S or (
            queue_s > RISING_QUEUE_S and queue_s - min(each for _, each in self._queues) > RISE_S
        ):
            self._cut(now_s, queue_s)
        elif queue_s < RISING_QUEUE_S:
            self._grow(now_s, elapsed_s)

    def _drain(self, now_s: float, queue_s: float, since_s: float) -> None:
        if queue_s < DRAINED_S:
            self._kbps = self.settled_kbps
            self._draining_since_s = None
        elif now_s - since_s > ROUTE_S:
            self._draining_since_s = None
            self._delay.accept()
        elif self._newest_sent_s - self._cut_s > JUDGE_S:
            if queue_s > DRAINING_SHARE * self._queue_at_cut_s:
                self._cut(now_s, queue_s)
            else:
                self._cut_s, self._queue_at_cut_s = now_s, queue_s  # it drains: look again

    def _cut(self, now_s: float, queue_s: float) -> None:
        capacity = self._busy_kbps()
        if capacity is None:
            return  # the next message tells
        if self._draining_since_s is None:
            self._draining_since_s = now_s
        self._cut_s, self._queue_at_cut_s = now_s, queue_s
        self._capacity_kbps = capacity
        self._kbps = min(self._kbps, capacity * min(BACK_OFF, max(LEAST_SHARE, 1 - queue_s / DRAIN_S)))

    def _grow(self, now_s: float, elapsed_s: float) -> None:
        growth = min(
            GROWTH_PER_S, NEAR_GROWTH_PER_S * 2 ** min(8.0, (now_s - self._queue_seen_s) / DOUBLING_S)
        )
        if (self._losses.loss or 0.0) >= LOW_LOSS and not self._losses.is_known_foreign(now_s):
            growth = min(growth, LOSSY_GROWTH_PER_S)
        # The bound holds growth back and takes nothing away: a camera that is switched off says nothing of the path.
        bound = max(self._kbps, SENT_RATIO * (self._received_kbps() or 0.0) + SENT_FLOOR_KBPS)
        self._kbps = min(self._kbps * (1 + growth) ** elapsed_s, bound)


def _rate_kbps(arrivals: Sequence[tuple[float, int]]) -> float | None:
    """Of (when, bytes) in order; None when the time is too short to tell."""
    if not arrivals or arrivals[-1][0] - arrivals[0][0] < LEAST_SPAN_S:
        return None
    # What came first came in the time before it.
    return sum(size for _, size in arrivals[1:]) * 8 / 1000 / (arrivals[-1][0] - arrivals[0][0])
