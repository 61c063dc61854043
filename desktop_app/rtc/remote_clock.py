"""From an RTP timestamp to the time at which the far end captured it, as its sender reports tell (RFC 3550 6.4.1)."""

from __future__ import annotations

from .reception import timestamp_delta

NTP_UNITS = 1 << 32
"""Of an NTP timestamp's 64 bits the lower half is the fraction of a second."""
TOLERANCE_S = 0.100
"""What a report may differ from the ones before: a sample clock that is 300 ppm off needs five minutes without a report
for that."""
SMOOTHING = 0.25
"""Weight of a new report: a sender's thread that woke up late does not move the sound."""


class RemoteClock:
    """The clock of one stream. Reports may be lost, late, double or false; none of them raises.

    The newest pair of times is extrapolated at the nominal rate, which a real clock misses by less than a millisecond
    from one report to the next.
    """

    def __init__(self, clock_rate_hz: int) -> None:
        self._clock_rate_hz = clock_rate_hz
        self._reference: tuple[int, float] | None = None
        """An RTP timestamp, and the NTP time at which it was captured."""
        self._suspect: tuple[int, float] | None = None
        """The newest report, when it contradicts the reference."""

    def restart(self) -> None:
        """What follows is another source."""
        self._reference = self._suspect = None

    def add_report(self, ntp_timestamp: int, rtp_timestamp: int) -> None:
        """Take a sender report's pair: 64 bits of NTP time, 32 bits of media time.

        One that contradicts is ignored; when the next one says the same, the sender has set a clock anew.
        """
        if ntp_timestamp == 0:
            return  # a sender without a clock (RFC 3550 6.4.1)
        pair = (rtp_timestamp, ntp_timestamp / NTP_UNITS)
        deviation_s = self._deviation_s(self._reference, pair)
        if abs(deviation_s) <= TOLERANCE_S:
            self._reference = (rtp_timestamp, pair[1] - (1 - SMOOTHING) * deviation_s)
            self._suspect = None
        elif self._reference is None or abs(self._deviation_s(self._suspect, pair)) <= TOLERANCE_S:
            self._reference, self._suspect = pair, None
        else:
            self._suspect = pair

    def captured_s(self, rtp_timestamp: int) -> float | None:
        """The far end's NTP time (seconds since 1900) at a timestamp; None before the first report."""
        return None if self._reference is None else self._extrapolated_s(self._reference, rtp_timestamp)

    def _extrapolated_s(self, reference: tuple[int, float], rtp_timestamp: int) -> float:
        return reference[1] + timestamp_delta(rtp_timestamp, reference[0]) / self._clock_rate_hz

    def _deviation_s(self, reference: tuple[int, float] | None, pair: tuple[int, float]) -> float:
        if reference is None:
            return float("inf")
        return pair[1] - self._extrapolated_s(reference, pair[0])
