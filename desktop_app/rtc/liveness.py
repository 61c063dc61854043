"""Whether a connection lives, judged by what comes on it. Pure: time is passed in."""

from __future__ import annotations

UNSTABLE_S = 1.5
SILENT_S = 3.0
"""Of silence: from here on it is recovered."""
SILENT = "Nothing comes from this participant."
LATE_S = 0.5
"""Who looks so much too late was kept from looking, and packets from being read."""


class Liveness:
    """One connection's. To be looked at every `interval_s`."""

    def __init__(self, interval_s: float, now_s: float) -> None:
        self._interval_s = interval_s
        self._looked_s = now_s
        self.heard_s = now_s
        """When something came last."""
        self._packets = 0

    def heard(self, now_s: float) -> None:
        """Something has come."""
        self.heard_s = max(self.heard_s, now_s)

    def look(self, now_s: float, packets: int) -> float:
        """How long nothing has come (s); `packets` are those received so far.

        Time in which nobody looked does not count: then it was this process that stood still, or the machine slept.
        """
        late_s = now_s - self._looked_s - self._interval_s
        if late_s > LATE_S:
            self.heard_s += late_s
        self._looked_s = now_s
        if packets != self._packets:
            self._packets = packets
            self.heard(now_s)
        return max(0.0, now_s - self.heard_s)
