"""How many copies of earlier frames the sound's packets carry: the loss asks for them, the path pays. Pure."""

from __future__ import annotations

from .send_estimate import QUEUE_S, START_KBPS

MAX_COPIES = 2
MORE_FROM_LOSS = (0.025, 0.08)
"""From the first on one copy, from the second on two: with p lost, about p² and p³ stay lost."""
LESS_BELOW_LOSS = (0.010, 0.06)
AFFORDED_FROM_KBPS = (60.0, 200.0)
"""Below, so many copies would take more than about a third, and starve the picture or the sound itself."""
FIRST_SMOOTHING, SMOOTHING = 0.4, 0.2
"""Of the difference, with each full report; the first while nothing is repeated: two reports of 5 % are enough."""
FULL_REPORT_PACKETS = 50
"""A receiver report tells of about one second; of fewer packets it tells less."""


class RedundancyControl:
    """One peer's. Tell it what is reported and estimated, and ask for `copies` with each packet."""

    def __init__(self) -> None:
        self._loss = 0.0
        self._wanted = 0
        self._path_kbps = START_KBPS
        self._queue_s = 0.0

    @property
    def copies(self) -> int:
        """0 to MAX_COPIES earlier frames."""
        if self._queue_s > QUEUE_S:
            return 0
        return min(self._wanted, sum(self._path_kbps >= kbps for kbps in AFFORDED_FROM_KBPS))

    def set_path(self, kbps: float, queue_s: float) -> None:
        """What the path carries, and the queue that stands in it."""
        self._path_kbps, self._queue_s = kbps, queue_s

    def note_loss(self, fraction_lost: float, packets: int) -> None:
        """A new receiver report on so many packets."""
        if self._queue_s > QUEUE_S:
            return  # dropped by a full queue, which more bytes would not empty
        change = min(max(fraction_lost, 0.0), 1.0) - self._loss
        smoothing = SMOOTHING if self._wanted else FIRST_SMOOTHING
        self._loss += smoothing * min(1.0, packets / FULL_REPORT_PACKETS) * change
        while self._wanted < MAX_COPIES and self._loss >= MORE_FROM_LOSS[self._wanted]:
            self._wanted += 1
        while self._wanted > 0 and self._loss < LESS_BELOW_LOSS[self._wanted - 1]:
            self._wanted -= 1
