"""How much one path carries, judged at its sending end, in kbit/s of media payload (sound and pictures).

Three witnesses are heard, as in Google Congestion Control (draft-ietf-rmcat-gcc-02; Carlucci et al., "Analysis and
design of the Google congestion control for WebRTC", MMSys 2016):

- the receiver's delay-based estimate, REMB (draft-alvestrand-rmcat-remb-03): an upper bound while it is fresh;
- the loss of the receiver reports (gcc-02 section 6): under 2 % the estimate grows, up to 10 % it stays, above it
  falls. Loss that does not fall with the rate is not ours, a bad radio link for example, and does not pull the
  rate down for ever; gcc-02 has no such rule and ends at its minimum;
- the round trip (a second guard, for peers whose REMB is missing, late or wrong): what it has above its recent
  minimum is a standing queue, and the rate goes below what arrives until the queue is gone.

Pure: the time is passed in, everything is remembered in a few numbers and bounded deques.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from .loss_control import BACK_OFF, LOW_LOSS, LossControl

START_KBPS = 600.0
MIN_KBPS = 30.0
MAX_KBPS = 10_000.0
GROWTH_PER_S = 1.08
"""gcc-02 section 5.5 (eta); libwebrtc uses the same for loss."""
FAST_GROWTH_PER_S = 1.25
"""Until the first sign of a limit, so that a path is found in seconds instead of half a minute; and while a fresh
REMB is above the estimate, since the receiver watches the delay of every packet."""
NEAR_LIMIT_GROWTH_PER_S = 1.03
"""For NEAR_LIMIT_S after a queue was seen, with nobody but the round trip to see the next one."""
NEAR_LIMIT_S = 8.0
QUEUE_S, DRAINED_S = 0.100, 0.040
"""A round trip this much above its minimum is a standing queue; below the other it is drained."""
DEEP_QUEUE_S = 0.200
"""One sample is enough; jitter of a radio link stays below."""
DELAY_CUT_INTERVAL_S = 0.8
NOTICEABLY_LOWER = 0.95
REPORT_SPAN_S = 2.0
DRAINED_KBPS = 80.0
"""A queue takes no more than this away: sound alone fills none, and what it waits in is not ours."""
DRAIN_LIMIT_S = 8.0
"""A round trip that stays high although little is sent is another route, not our queue."""
BASE_WINDOW_S = 60.0
SENT_RATIO, SENT_FLOOR_KBPS = 1.5, 100.0
"""What was not sent was not tried: the estimate grows to SENT_RATIO of it plus this (gcc-02 section 5.5)."""
LITTLE_SENT, UNTRIED_RATIO = 0.4, 0.9
"""Less than the first share of the estimate is little. A receiver bounds its own estimate by what arrives, and goes to
BACK_OFF of that or lower when it sees a queue: above the second share of what arrived it saw none."""
UNTRIED_AFTER_S = 2.5
"""Before that the rate has only begun to rise, and the least of it says nothing."""
REPORT_FRESH_S = 3.5
REMB_FRESH_S = 6.0
"""Our own ends send one twice a second while pictures come, Janus every 5 s."""


@dataclass(frozen=True, slots=True)
class PathEstimate:
    """What is known of a path now."""

    kbps: float
    """Payload of sound and pictures together."""
    fraction_lost: float
    """Smoothed, 0 to 1."""
    queue_s: float
    """The round trip above its recent minimum."""
    repair_kbps: float = 0.0
    """What is sent again, or twice from the beginning, takes of it."""
    settled_kbps: float = 0.0
    """What it will carry when its queue is gone, where that is more."""
    sound_loss: float = 0.0
    """0 to 1: what is left of the loss for the sound, when the copies in its packets have come."""


class SendEstimator:
    """One peer's path. Call `update` a few times a second, also when nothing new was reported."""

    def __init__(self, start_kbps: float = START_KBPS) -> None:
        self._kbps = start_kbps
        self._starting = True
        self._now_s: float | None = None
        self._begun_s = 0.0
        self._sent: deque[tuple[float, float]] = deque(maxlen=64)
        self._lowered_s = -math.inf
        self._losses = LossControl()
        self._round_trips: deque[tuple[float, float]] = deque(maxlen=240)
        self._queue_s = 0.0
        self._draining_since_s: float | None = None
        self._delay_cut_s = -math.inf
        self._capacity_kbps = 0.0

    @property
    def estimate(self) -> PathEstimate:
        """The newest answer, with what it rests on."""
        return PathEstimate(self._kbps, self._losses.loss or 0.0, self._queue_s)

    def update(
        self,
        now_s: float,
        *,
        remb_kbps: float | None,
        fraction_lost: float | None,
        round_trip_s: float | None,
        sent_kbps: float,
        receiver_watches: bool = False,
    ) -> float:
        """The estimate at `now_s`, in kbit/s.

        Args:
            now_s: any monotonic clock.
            remb_kbps: the receiver's estimate for sound and pictures together; None when there is no fresh one.
            fraction_lost: 0 to 1, of a report that came since the last call; None when none did.
            round_trip_s: one sample, not smoothed, that came since the last call; None when none did.
            sent_kbps: payload that was sent in about the last second, sound and pictures.
            receiver_watches: REMB comes so often that the far end must be watching its queue. The round trip, which
                cannot tell our queue from theirs, then only holds growth back.
        """
        elapsed_s = 0.0 if self._now_s is None else min(max(now_s - self._now_s, 0.0), 1.0)
        if self._now_s is None:
            self._begun_s = now_s
        self._now_s = now_s
        before = self._kbps
        self._note_sent(now_s, sent_kbps)
        if fraction_lost is not None:
            self._kbps = self._losses.update(
                now_s,
                fraction_lost,
                kbps=self._kbps,
                used_kbps=self._used_kbps,
                queueing=self._queue_s > QUEUE_S,
                lowered_s=self._lowered_s,
            )
            self._starting = self._starting and (self._losses.loss or 0.0) < LOW_LOSS
        if round_trip_s is not None and 0 <= round_trip_s < 10:
            self._note_round_trip(now_s, round_trip_s, receiver_watches)
        if self._may_grow(now_s):
            if self._starting or remb_kbps is not None:
                factor = FAST_GROWTH_PER_S
            else:
                near = now_s - self._delay_cut_s < NEAR_LIMIT_S
                factor = NEAR_LIMIT_GROWTH_PER_S if near else GROWTH_PER_S
            self._grow(elapsed_s, factor, sent_kbps)
        if remb_kbps is not None and remb_kbps < self._kbps:
            untried = self._is_untried(now_s, remb_kbps, before)
            self._starting = self._starting and untried
            self._kbps = max(remb_kbps, min(before, START_KBPS)) if untried else remb_kbps
        self._kbps = min(max(self._kbps, MIN_KBPS), MAX_KBPS)
        if self._kbps < NOTICEABLY_LOWER * before:
            self._lowered_s = now_s
        return self._kbps

    def _note_sent(self, now_s: float, sent_kbps: float) -> None:
        self._sent.append((now_s, sent_kbps))
        while now_s - self._sent[0][0] > REPORT_SPAN_S:
            self._sent.popleft()

    def _is_untried(self, now_s: float, remb_kbps: float, kbps: float) -> bool:
        """Whether the receiver knows no more of the path than that little was sent: a still picture, a dark room."""
        if now_s - self._begun_s < UNTRIED_AFTER_S:
            return False
        least = min(sent for _, sent in self._sent)
        return least < LITTLE_SENT * min(kbps, START_KBPS) and remb_kbps >= UNTRIED_RATIO * least

    @property
    def _used_kbps(self) -> float:
        """The most that was sent in the time that the newest reports speak of: what got lost was part of that."""
        return max(max(kbps for _, kbps in self._sent), MIN_KBPS)

    # --- growth ---------------------------------------------------------------------------------

    def _may_grow(self, now_s: float) -> bool:
        return (
            self._draining_since_s is None
            and self._queue_s < QUEUE_S
            and self._losses.loss is not None
            and self._losses.loss < LOW_LOSS
            and now_s - self._losses.at_s < REPORT_FRESH_S
        )

    def _grow(self, elapsed_s: float, factor: float, sent_kbps: float) -> None:
        # The bound holds growth back and takes nothing away: a camera that is switched off says nothing of the path.
        bound = max(self._kbps, SENT_RATIO * sent_kbps + SENT_FLOOR_KBPS)
        self._kbps = min(self._kbps * factor**elapsed_s + elapsed_s, bound)

    # --- delay ----------------------------------------------------------------------------------

    def _note_round_trip(self, now_s: float, round_trip_s: float, receiver_watches: bool) -> None:
        while self._round_trips and now_s - self._round_trips[0][0] > BASE_WINDOW_S:
            self._round_trips.popleft()
        last = self._round_trips[-1] if self._round_trips else (now_s, round_trip_s)
        self._round_trips.append((now_s, round_trip_s))
        base_s = min(each for _, each in self._round_trips)
        newest_s = round_trip_s - base_s
        # Two samples agree, or one is beyond doubt: a single late report is the jitter of a radio link.
        self._queue_s = newest_s if newest_s > DEEP_QUEUE_S else max(0.0, min(newest_s, last[1] - base_s))
        if self._queue_s > QUEUE_S:
            self._drain(now_s, last, receiver_watches)
        elif self._draining_since_s is not None and self._queue_s < DRAINED_S:
            self._draining_since_s = None
            self._kbps = max(self._kbps, BACK_OFF * self._capacity_kbps)

    def _drain(self, now_s: float, last: tuple[float, float], receiver_watches: bool) -> None:
        self._starting = False
        newest_s = self._round_trips[-1][1]
        if self._draining_since_s is None:
            self._draining_since_s = now_s
        elif now_s - self._draining_since_s > DRAIN_LIMIT_S:
            self._accept_route(self._draining_since_s)
            return
        if receiver_watches or now_s - max(self._delay_cut_s, self._lowered_s) < DELAY_CUT_INTERVAL_S:
            return
        falling = newest_s < last[1] - 0.25 * self._queue_s
        if falling:
            return  # it drains as it is
        self._delay_cut_s = now_s
        # A queue that grows by `slope` seconds a second is fed 1 + slope times what its link carries.
        seconds = now_s - last[0]
        slope = min(max((newest_s - last[1]) / seconds, 0.0), 1.0) if seconds > 0 else 0.0
        newest_kbps = max(self._sent[-1][1], MIN_KBPS)
        delivered = newest_kbps * (1 - (self._losses.loss or 0.0)) / (1 + slope)
        # To be rid of the queue within about a second, its length is missing from that second.
        self._capacity_kbps = delivered
        lower = delivered * min(BACK_OFF, max(0.5, 1 - self._queue_s))
        self._kbps = min(self._kbps, max(lower, DRAINED_KBPS))

    def _accept_route(self, since_s: float) -> None:
        while len(self._round_trips) > 1 and self._round_trips[0][0] < since_s:
            self._round_trips.popleft()
        self._draining_since_s = None
        self._queue_s = 0.0
