"""How much of a path repairs may take.

On a full link every repair makes the next loss: unbounded, the answers to NACKs outweigh the pictures and keep the
queue full for seconds after the rate was lowered. What is not repaired costs one keyframe.
"""

from __future__ import annotations

from collections import OrderedDict

SHARE = 0.35
"""Of the path's estimate, lastingly: enough for a loss of a quarter."""
BURST_S = 0.4
"""Of the estimate, at once: a cut of a third of a second is repaired without waiting."""
MIN_BURST_BYTES = 6000
MIN_AGAIN_S = 0.020
LOSSY = 0.03
REMEMBERED = 512


class RetransmissionBudget:
    """A token bucket in bytes, and who was answered when. Pure: the time is passed in."""

    def __init__(self, estimate_kbps: float) -> None:
        self._estimate_kbps = estimate_kbps
        self._bytes = self._capacity
        self._last_s: float | None = None
        self._answered: OrderedDict[int, float] = OrderedDict()

    @property
    def _capacity(self) -> float:
        return max(MIN_BURST_BYTES, self._estimate_kbps * 125 * BURST_S)

    def set_estimate(self, kbps: float) -> None:
        """What the path carries from now on."""
        self._estimate_kbps = kbps
        self._bytes = min(self._bytes, self._capacity)

    def copies(
        self,
        now_s: float,
        sequence_number: int,
        size_bytes: float,
        round_trip_s: float,
        fraction_lost: float = 0.0,
    ) -> int:
        """How often this packet is sent again now: not, once, or twice.

        A second round trip is a freeze to see. So two copies go out to whom the first answer was lost, and to
        everybody on a path that loses more than LOSSY: at 5 % loss that is another twentieth of the packets, and
        one in four hundred repairs fails instead of one in twenty.
        """
        again = sequence_number in self._answered or fraction_lost > LOSSY
        if not self.allow(now_s, sequence_number, size_bytes, round_trip_s):
            return 0
        if again and self._bytes >= size_bytes:
            self._bytes -= size_bytes
            return 2
        return 1

    def allow(self, now_s: float, sequence_number: int, size_bytes: float, round_trip_s: float) -> bool:
        """Whether this packet may be sent again now; True spends.

        A second request within a round trip was sent before the first answer came: it is not answered.
        """
        if self._last_s is not None:
            self._bytes += max(0.0, now_s - self._last_s) * self._estimate_kbps * 125 * SHARE
            self._bytes = min(self._bytes, self._capacity)
        self._last_s = now_s
        answered_s = self._answered.get(sequence_number)
        if answered_s is not None and now_s - answered_s < max(MIN_AGAIN_S, 0.8 * round_trip_s):
            return False
        if self._bytes < size_bytes:
            return False
        self._bytes -= size_bytes
        self._answered[sequence_number] = now_s
        self._answered.move_to_end(sequence_number)
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        return True
