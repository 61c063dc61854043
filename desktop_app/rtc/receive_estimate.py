"""The receiver's estimate of what a path carries (REMB), from the spacing of abs-send-time stamps.

The delay filter and the over-use detector are aiortc's, which are those of draft-ietf-rmcat-gcc-02 section 5 in
its first form, a Kalman filter at the receiver. The rate control is our own: aiortc's, as gcc-02's, stays careful
near the last known limit however long ago that was, and needs most of half a minute after a bottleneck is gone
(libwebrtc probes with bursts instead, which needs feedback of every packet).
"""

from __future__ import annotations

import math
from collections import deque

from aiortc.rate import (
    INTER_ARRIVAL_SHIFT,
    TIMESTAMP_GROUP_LENGTH_MS,
    TIMESTAMP_TO_MS,
    BandwidthUsage,
    InterArrival,
    OveruseDetector,
    OveruseEstimator,
    RateCounter,
)

RATE_WINDOW_MS = 1000
FEEDBACK_INTERVAL_MS, URGENT_INTERVAL_MS = 500, 150
"""While the path is overused the estimate is repeated at the second: the way back may be just as full."""
FIRST_ESTIMATE_MS = 3000
"""Sooner, nothing but over-use is reported: the sender has only begun."""
FIRST_KBPS = 600.0
"""The least first estimate where nothing was overused: a still picture says nothing of the path. The sending end
begins with as much (send_estimate.START_KBPS)."""
BACK_OFF = 0.85
"""gcc-02 section 5.5 (beta)."""
GROWTH_PER_S, LATE_GROWTH_PER_S = 1.08, 1.25
"""gcc-02 section 5.5 (eta); and the growth when nothing was in the way for LATE_MS."""
LATE_MS = 6000
NEAR_LIMIT_MS = 4000
"""For this long after over-use the rate grows by steps; then the limit is taken to have moved."""
NEAR_LIMIT_KBPS_PER_S = 20.0
CUT_INTERVAL_MS = 500
"""What a cut did is not seen sooner: a round trip, and half of the window that the rate is measured in."""
DRAINING_SHARE = 0.9
UNDER_USE_MS = 1000
"""A queue that drains is let drain for this long; a detector that says so longer looks at a lifted bottleneck."""
SENT_RATIO, SENT_FLOOR_KBPS = 1.5, 10.0
"""gcc-02 section 5.5: no more than this times what arrives."""
MIN_KBPS = 30.0
MIN_QUEUE_MS, HOLD_QUEUE_MS, MAX_QUEUE_MS = 8, 50, 120
"""Over-use with less delay than the first is a busy computer, not a full link; from the second on nothing grows; the
third is over-use also when it grows no more: a queue that is full has no slope, and the detector is blind to it."""
RECENT_MS = 150
"""The least delay in this long is the queue. A thread that wakes late gets its packets in a bunch, and the last of a
bunch is not late."""
BASE_SPAN_MS, BASE_SPANS = 10_000, 3
ROUTE_MS = 8000
"""A delay that stays so long although the rate was cut is another route."""


class RateControl:
    """From over-use, normal and under-use to a rate: the state machine of gcc-02 section 5.5."""

    def __init__(self) -> None:
        self._kbps: float | None = None
        self._first_ms: int | None = None
        self._last_ms: int | None = None
        self._limit_ms: int | None = None
        self._cut_ms: int | None = None
        self._queues: deque[tuple[int, int]] = deque(maxlen=512)
        self._under_use_ms: int | None = None
        self._received_kbps = 0.0

    def update(
        self, usage: BandwidthUsage, received_kbps: float | None, now_ms: int, queue_ms: int = 0
    ) -> float | None:
        """The estimate in kbit/s; None before there is one.

        Args:
            usage: what the detector says now.
            received_kbps: in the last second; None when that is not known.
            now_ms: arrival time of the newest packet.
            queue_ms: how long packets wait on the way, as far as is known.
        """
        if received_kbps is not None:
            self._received_kbps = received_kbps
            if self._first_ms is None:
                self._first_ms = now_ms
        elapsed_s = 0.0 if self._last_ms is None else min(max(now_ms - self._last_ms, 0), 1000) / 1000
        self._last_ms = now_ms
        self._queues.append((now_ms, queue_ms))
        while now_ms - self._queues[0][0] > CUT_INTERVAL_MS:
            self._queues.popleft()
        if usage is not BandwidthUsage.UNDERUSING:
            self._under_use_ms = None
        elif self._under_use_ms is None:
            self._under_use_ms = now_ms
        if usage is BandwidthUsage.OVERUSING:
            self._limit_ms = now_ms
            cut_ms = self._cut_ms
            if cut_ms is not None and (now_ms - cut_ms < CUT_INTERVAL_MS or self._is_draining(queue_ms)):
                return self._kbps
            self._cut_ms = now_ms
            # A long queue shall be gone within about a second.
            share = min(BACK_OFF, max(0.6, 1 - queue_ms / 1000))
            lower = max(share * self._received_kbps, MIN_KBPS)
            self._kbps = lower if self._kbps is None else min(self._kbps, lower)
        elif self._kbps is None:
            if self._first_ms is None or now_ms - self._first_ms < FIRST_ESTIMATE_MS:
                return None
            self._kbps = max(self._received_kbps, FIRST_KBPS)
        elif queue_ms > HOLD_QUEUE_MS:
            pass
        elif self._under_use_ms is None or now_ms - self._under_use_ms > UNDER_USE_MS:
            bound = max(self._kbps, SENT_RATIO * self._received_kbps + SENT_FLOOR_KBPS)
            self._kbps = min(self._grown(self._kbps, elapsed_s, now_ms), bound)
            if not self._is_near_limit(now_ms):
                # A still picture that begins to move: what comes without a queue is carried.
                self._kbps = max(self._kbps, self._received_kbps)
        return self._kbps

    def _is_draining(self, queue_ms: int) -> bool:
        return queue_ms < DRAINING_SHARE * self._queues[0][1]

    def _is_near_limit(self, now_ms: int) -> bool:
        return self._limit_ms is not None and now_ms - self._limit_ms < NEAR_LIMIT_MS

    def _grown(self, kbps: float, elapsed_s: float, now_ms: int) -> float:
        since_limit_ms = None if self._limit_ms is None else now_ms - self._limit_ms
        if self._is_near_limit(now_ms):
            return kbps + NEAR_LIMIT_KBPS_PER_S * elapsed_s
        late = since_limit_ms is not None and since_limit_ms < LATE_MS
        return kbps * math.pow(GROWTH_PER_S if late else LATE_GROWTH_PER_S, elapsed_s)


class QueueMeter:
    """How long packets wait on the way: the least relative delay of late against that of the last half minute."""

    def __init__(self) -> None:
        self._sent_ms = 0.0
        self._stamp: int | None = None
        self._recent: deque[tuple[int, float]] = deque(maxlen=512)
        self._bases: deque[tuple[int, float]] = deque(maxlen=BASE_SPANS)
        self._high_since_ms: int | None = None

    def add(self, abs_send_time: int, arrival_ms: int) -> int:
        """Take one packet; the queue in milliseconds."""
        if self._stamp is not None:
            ahead = ((abs_send_time - self._stamp + (1 << 23)) & 0xFFFFFF) - (1 << 23)
            self._sent_ms += ahead * 1000 / (1 << 18)
        self._stamp = abs_send_time
        delay_ms = arrival_ms - self._sent_ms
        self._recent.append((arrival_ms, delay_ms))
        while arrival_ms - self._recent[0][0] > RECENT_MS:
            self._recent.popleft()
        if not self._bases or arrival_ms - self._bases[-1][0] >= BASE_SPAN_MS:
            self._bases.append((arrival_ms, delay_ms))
        elif delay_ms < self._bases[-1][1]:
            self._bases[-1] = (self._bases[-1][0], delay_ms)
        least_ms = min(each for _, each in self._recent)
        queue_ms = int(least_ms - min(each for _, each in self._bases))
        if queue_ms <= MAX_QUEUE_MS:
            self._high_since_ms = None
        elif self._high_since_ms is None:
            self._high_since_ms = arrival_ms
        elif arrival_ms - self._high_since_ms > ROUTE_MS:
            self._bases.clear()
            self._bases.append((arrival_ms, least_ms))
            return 0
        return queue_ms


class ReceiveEstimator:
    """Takes every packet of one sender that bears an abs-send-time stamp. Pure: the arrival times are passed in."""

    def __init__(self) -> None:
        self._received = RateCounter(RATE_WINDOW_MS, 8000)
        self._inter_arrival = InterArrival(
            (TIMESTAMP_GROUP_LENGTH_MS << INTER_ARRIVAL_SHIFT) // 1000, TIMESTAMP_TO_MS
        )
        self._filter = OveruseEstimator()
        self._detector = OveruseDetector()
        self._queue = QueueMeter()
        self._control = RateControl()
        self._reported_ms: int | None = None
        self._last_arrival_ms: int | None = None

    def add(self, *, abs_send_time: int, arrival_ms: int, payload_bytes: int) -> float | None:
        """Take one packet; the estimate in kbit/s when it is time to report it, else None.

        Args:
            abs_send_time: 24 bits, 6.18 seconds (the header extension as it is).
            arrival_ms: any monotonic clock.
            payload_bytes: with padding, without headers.
        """
        if self._last_arrival_ms is not None:
            arrival_ms = max(arrival_ms, self._last_arrival_ms)
        self._last_arrival_ms = arrival_ms
        if self._received.rate(arrival_ms) is None:
            self._received.reset()
        self._received.add(payload_bytes, arrival_ms)
        deltas = self._inter_arrival.compute_deltas(abs_send_time << 8, arrival_ms, payload_bytes)
        if deltas is not None:
            sent_ms = deltas.timestamp * TIMESTAMP_TO_MS
            self._filter.update(deltas.arrival_time, sent_ms, deltas.size, self._detector.state(), arrival_ms)
            self._detector.detect(self._filter.offset(), sent_ms, self._filter.num_of_deltas(), arrival_ms)
        queue_ms = self._queue.add(abs_send_time, arrival_ms)
        usage = self._detector.state()
        if queue_ms > MAX_QUEUE_MS:
            usage = BandwidthUsage.OVERUSING
        elif usage is BandwidthUsage.OVERUSING and queue_ms < MIN_QUEUE_MS:
            usage = BandwidthUsage.NORMAL
        interval_ms = URGENT_INTERVAL_MS if usage is BandwidthUsage.OVERUSING else FEEDBACK_INTERVAL_MS
        if self._reported_ms is not None and arrival_ms - self._reported_ms <= interval_ms:
            return None
        received_bps = self._received.rate(arrival_ms)
        kbps = self._control.update(
            usage, None if received_bps is None else received_bps / 1000, arrival_ms, queue_ms
        )
        if kbps is not None:
            self._reported_ms = arrival_ms
        return kbps
