"""What packet loss says of a path's capacity (draft-ietf-rmcat-gcc-02 section 6), and what it does not.

Loss that does not fall with the rate is not ours, a bad radio link for example, and does not pull the rate down for
ever; gcc-02 has no such rule and ends at its minimum. Pure: the time is passed in.
"""

from __future__ import annotations

import math

LOW_LOSS, HIGH_LOSS = 0.02, 0.10
LOSS_SMOOTHING = 0.5
MIN_LOSS_PACKETS = 20
"""Fewer say too little of the path: one of ten would be a tenth."""
LOSS_SETTLING_S = 1.5
"""A report tells of the second before it: none of this long after a cut is counted."""
LOSS_JUDGING_S = 6.0
"""Whether a cut helped is judged in this time after it."""
FOREIGN_LOSS_HOLD_S = 30.0
"""After this long it is tried again whether the loss was ours."""
MORE_LOSS = 0.10
"""Loss that grew by this much has another cause than what was judged."""
FOREIGN_LOSS_FLOOR_KBPS = 250.0
"""Loss that is not ours takes no more than this away: half a picture beside the sound."""
CERTAIN_LOSS = 0.35
"""No link that a call is possible on loses so much by itself: the rate goes to what arrives at once."""
BACK_OFF = 0.85
"""gcc-02 section 5.5 (beta)."""


class LossWindow:
    """Joins the fractions lost of several streams' receiver reports, weighted by what each has sent."""

    def __init__(self) -> None:
        self._sent: dict[str, int] = {}
        self._expected = 0.0
        self._lost = 0.0

    def add(self, stream: str, fraction_lost: float, packets_sent: int) -> None:
        """Take one new report; `packets_sent` counts since the stream began."""
        packets = max(0, packets_sent - self._sent.get(stream, 0))
        self._sent[stream] = packets_sent
        self.add_packets(packets, fraction_lost * packets)

    def add_packets(self, expected: float, lost: float) -> None:
        """Take so many packets, of which so many were lost."""
        self._expected += expected
        self._lost += min(max(lost, 0.0), expected)

    def take(self) -> float | None:
        """The fraction lost since the last answer; None while too few packets were reported on."""
        if self._expected < MIN_LOSS_PACKETS:
            return None
        loss = self._lost / self._expected
        self._expected = self._lost = 0.0
        return loss


class LossControl:
    """Cuts the rate where loss asks for it."""

    def __init__(self) -> None:
        self.loss: float | None = None
        """Smoothed, 0 to 1; None before the first report."""
        self.at_s = -math.inf
        """Of the newest report."""
        self._cut_s = -math.inf
        self._loss_at_cut = 0.0
        self._cut_ratio = 1.0
        self._foreign_until_s = -math.inf

    def update(
        self,
        now_s: float,
        fraction_lost: float,
        *,
        kbps: float,
        used_kbps: float,
        queueing: bool,
        lowered_s: float = -math.inf,
    ) -> float:
        """The rate after one report.

        Args:
            now_s: any monotonic clock.
            fraction_lost: 0 to 1, in about the last second.
            kbps: the rate before it.
            used_kbps: the most that was sent in the time that the report speaks of: what got lost was part of that.
            queueing: packets wait on the way.
            lowered_s: when the rate was last lowered by anybody.
        """
        self.at_s = now_s
        if now_s - max(self._cut_s, lowered_s) < LOSS_SETTLING_S:
            return kbps
        old = self.loss or 0.0
        self.loss = old + LOSS_SMOOTHING * (min(max(fraction_lost, 0.0), 1.0) - old)
        if self.loss <= HIGH_LOSS or self._is_foreign(now_s, self.loss, queueing):
            return kbps
        return self._cut(now_s, self.loss, kbps, used_kbps, queueing)

    def _is_foreign(self, now_s: float, loss: float, queueing: bool) -> bool:
        """Whether the loss is not of our making: a cut did not change it.

        On a full link what arrives stays the same when less is sent, so after a cut to `ratio` of the rate a loss
        of p becomes 1 - (1 - p) / ratio; on a link that loses at random it stays p. The nearer one is taken.
        """
        if loss > CERTAIN_LOSS:
            return False
        if now_s < self._foreign_until_s:
            return loss < self._loss_at_cut + MORE_LOSS
        if now_s - self._cut_s > LOSS_JUDGING_S or queueing:
            return False
        if_ours = max(0.0, 1 - (1 - self._loss_at_cut) / self._cut_ratio)
        if loss <= (if_ours + self._loss_at_cut) / 2:
            return False
        self._foreign_until_s = now_s + FOREIGN_LOSS_HOLD_S
        return True

    def is_known_foreign(self, now_s: float) -> bool:
        """Whether the loss of now was found not to be ours."""
        return now_s < self._foreign_until_s and (self.loss or 0.0) < self._loss_at_cut + MORE_LOSS

    def _cut(self, now_s: float, loss: float, kbps: float, used_kbps: float, queueing: bool) -> float:
        # gcc-02 section 6, but from what was really sent.
        if loss > CERTAIN_LOSS:
            lower = used_kbps * (1 - loss) * BACK_OFF
        else:
            lower = max(used_kbps * (1 - 0.5 * loss), 0.0 if queueing else FOREIGN_LOSS_FLOOR_KBPS)
        lower = min(kbps, lower)
        self._cut_s, self._loss_at_cut = now_s, loss
        self._cut_ratio = min(1.0, max(lower, 1.0) / used_kbps)
        return lower
