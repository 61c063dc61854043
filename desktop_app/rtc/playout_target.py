"""How late a participant's packets come, and how much delay of the playout covers that. Pure."""

from __future__ import annotations

import math
from collections import deque

MIN_TARGET_S = 0.012
MAX_TARGET_S = 0.500
MARGIN_S = 0.005
"""Above what was seen: the speaker's thread and the next packet are no less late than these were."""
WINDOW_S = 5.0
MAX_PACKETS = 500
"""Five seconds of the shortest frames that anybody sends (10 ms)."""
LATE_SHARE = 0.05
"""So many packets may come later than the target covers: one outlier is no reason to delay everything,"""
MISSED_REPAIRS_SHARE = 0.005
"""but hardly any of the frames that come back from a copy, for those are needed as often as packets are lost."""
REPAIR_WINDOW_S = 5.0
MAX_OUTAGE_PACKETS = 350
"""Seven seconds: a delay that lasts longer is the path's own."""
UPDATE_EVERY_PACKETS = 5
FALL_S, FALL_PER_S = 4.0, 0.010
"""The target falls to what is seen now with this time constant, and by this much a second besides: a queue that was
there a moment ago comes again."""


class PlayoutTarget:
    """A delay is a packet's time of arrival minus its media time: only its difference to others means something."""

    def __init__(self) -> None:
        self._delays: deque[tuple[float, float]] = deque(maxlen=MAX_PACKETS)
        """Time of arrival and delay of each packet."""
        self._quick: deque[tuple[float, float]] = deque()
        """Those of them that are quicker than everything that came later: the first is the quickest of all."""
        self._repairs: dict[int, tuple[float, float]] = {}
        """Likewise of each copy, by the sequence number of the packet that did not come; the oldest first."""
        self._outage_packets = 0
        self._added = 0
        self.quickest_s = 0.0
        """The delay of the quickest packet of the window."""
        self._wanted_s = MIN_TARGET_S
        self._updated_s = 0.0
        self.minimum_s = 0.0

    @property
    def target_s(self) -> float:
        """How much later than the quickest packet a frame shall be played."""
        return max(self._wanted_s, self.minimum_s)

    def clear(self) -> None:
        """Forget all but the target."""
        self._delays.clear()
        self._quick.clear()
        self._repairs.clear()
        self._outage_packets = 0

    def add(self, sequence_number: int, arrival_s: float, delay_s: float) -> None:
        """Take the delay of one packet."""
        self._repairs.pop(sequence_number, None)  # it was not lost after all
        # What an outage held up says nothing about the jitter, and no buffer could cover it. When the delay does
        # not come back, the path is a longer one, or a shorter one: begin anew.
        late_s = delay_s - self.quickest_s if self._delays else 0.0
        if late_s > (self.target_s if self._outage_packets else MAX_TARGET_S):
            self._outage_packets += 1
            if self._outage_packets <= MAX_OUTAGE_PACKETS:
                return
            self.clear()
        elif late_s < -MAX_TARGET_S:
            self.clear()
        self._outage_packets = 0
        self._delays.append((arrival_s, delay_s))
        while self._delays[0][0] < arrival_s - WINDOW_S:
            self._delays.popleft()
        quick = self._quick
        while quick and quick[-1][1] >= delay_s:
            quick.pop()
        quick.append((arrival_s, delay_s))
        while quick[0][0] < self._delays[0][0]:
            quick.popleft()
        self.quickest_s = quick[0][1]
        self._added += 1
        if self._added % UPDATE_EVERY_PACKETS == 0 and len(self._delays) >= UPDATE_EVERY_PACKETS:
            self._update(arrival_s)

    def add_repair(self, sequence_number: int, arrival_s: float, delay_s: float) -> None:
        """A frame whose packet had not come is there as a copy, with the delay of the copy."""
        if delay_s - self.quickest_s <= MAX_TARGET_S:
            self._repairs[sequence_number] = (arrival_s, delay_s)
        for old, (at_s, _) in list(self._repairs.items()):
            if at_s >= arrival_s - REPAIR_WINDOW_S and len(self._repairs) <= MAX_PACKETS:
                break
            del self._repairs[old]

    def _update(self, arrival_s: float) -> None:
        late_s = _exceeded([delay for _, delay in self._delays], int(LATE_SHARE * len(self._delays)))
        repairs = [delay for at_s, delay in self._repairs.values() if at_s >= arrival_s - REPAIR_WINDOW_S]
        missed = int(MISSED_REPAIRS_SHARE * len(self._delays) * REPAIR_WINDOW_S / WINDOW_S)
        if missed < len(repairs):
            late_s = max(late_s, _exceeded(repairs, missed))
        wanted_s = late_s - self.quickest_s + MARGIN_S
        wanted_s = min(MAX_TARGET_S, max(MIN_TARGET_S, wanted_s))
        elapsed_s = max(0.0, arrival_s - self._updated_s)
        self._updated_s = arrival_s
        excess_s = (self._wanted_s - wanted_s) * math.exp(-elapsed_s / FALL_S) - FALL_PER_S * elapsed_s
        self._wanted_s = wanted_s + max(0.0, excess_s)


def _exceeded(delays: list[float], count: int) -> float:
    """The delay that so many of them exceed."""
    return sorted(delays)[-1 - count]
