"""Reception statistics of one RTP stream (RFC 3550 6.4.1 and appendix A)."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_DROPOUT = 3000
"""A jump of more than this many packets, either way, is a restarted source (RFC 3550 A.1)."""
MAX_TRANSIT_CHANGE_S = 10.0
"""A larger change between two packets is a restarted media clock, no jitter."""
REMEMBERED = 2048
"""Packets whose arrival is remembered, to tell a repair from a mere repetition."""
_NOTHING = (-(1 << 62), False)


def sequence_delta(newer: int, older: int) -> int:
    """`newer - older` in RTP sequence numbers, -32768 to 32767."""
    return ((newer - older + 0x8000) & 0xFFFF) - 0x8000


def timestamp_delta(newer: int, older: int) -> int:
    """`newer - older` in RTP timestamps, signed 32 bits."""
    return ((newer - older + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@dataclass(slots=True)
class ReceptionStatistics:
    """Counts of one SSRC. `arrival_s` comes from the caller's monotonic clock."""

    clock_rate_hz: int
    packets_received: int = 0
    bytes_received: int = 0
    """RTP payload bytes (W3C bytesReceived)."""
    repaired: int = 0
    """Packets that came only as a retransmission; they count against the loss, not as network arrivals."""
    _base: int | None = None
    _highest: int = 0
    """Extended highest sequence number."""
    _seen: list[tuple[int, bool]] = field(default_factory=lambda: [_NOTHING] * REMEMBERED)
    """By extended number modulo REMEMBERED: the number, and whether a retransmission brought it."""
    _jitter_s: float = 0.0
    _last_transit_s: float | None = None
    _last_timestamp: int = 0
    _media_s: float = 0.0
    _expected_prior: int = 0
    _received_prior: int = 0
    _restarting: bool = False

    def restart(self) -> None:
        """The next packet is the first one of another source (a new SSRC); the counts go on."""
        self._restarting = self._base is not None

    def add(self, sequence_number: int, timestamp: int, payload_bytes: int, arrival_s: float) -> None:
        """Count one packet that came on the stream itself."""
        if self._base is None:
            self._base = self._highest = sequence_number
        extended = self._extended(sequence_number)
        if self._restarting or abs(extended - self._highest) > MAX_DROPOUT:
            self._begin_again(sequence_number)
            extended = sequence_number
        elif extended > self._highest:
            self._highest = extended
        self.packets_received += 1
        self.bytes_received += payload_bytes
        if self._seen[extended % REMEMBERED] == (extended, True):
            self.repaired -= 1  # the original came after all, later than its retransmission
        self._seen[extended % REMEMBERED] = (extended, False)
        self._update_jitter(timestamp, arrival_s)

    def add_repaired(self, sequence_number: int) -> None:
        """Count a packet that came as a retransmission; one that was here already repairs nothing.

        Browsers repeat packets on the RTX stream just to probe the bandwidth.
        """
        if self._base is None:
            return
        extended = self._extended(sequence_number)
        in_memory = self._base <= extended <= self._highest and self._highest - extended < REMEMBERED
        if in_memory and self._seen[extended % REMEMBERED][0] != extended:
            self._seen[extended % REMEMBERED] = (extended, True)
            self.repaired += 1

    def _extended(self, sequence_number: int) -> int:
        return self._highest + sequence_delta(sequence_number, self._highest & 0xFFFF)

    def _begin_again(self, sequence_number: int) -> None:
        self._restarting = False
        # Keep what is counted: the packet at hand is the first one expected of the new source.
        self._base = sequence_number - self.packets_expected
        self._highest = sequence_number
        self._seen = [_NOTHING] * REMEMBERED
        self._last_transit_s = None

    def _update_jitter(self, timestamp: int, arrival_s: float) -> None:
        # RFC 3550 A.8, in seconds: the transit time is relative, only its changes count. Packets of one frame
        # share a timestamp; the sender's pacing between them is no jitter.
        if self._last_transit_s is not None and timestamp == self._last_timestamp:
            return
        if self._last_transit_s is not None:
            self._media_s += timestamp_delta(timestamp, self._last_timestamp) / self.clock_rate_hz
        transit_s = arrival_s - self._media_s
        if self._last_transit_s is not None:
            change_s = abs(transit_s - self._last_transit_s)
            if change_s <= MAX_TRANSIT_CHANGE_S:
                self._jitter_s += (change_s - self._jitter_s) / 16
        self._last_transit_s = transit_s
        self._last_timestamp = timestamp

    @property
    def packets_expected(self) -> int:
        """Packets that the far end has sent, as far as sequence numbers tell."""
        return 0 if self._base is None else self._highest - self._base + 1

    @property
    def packets_lost(self) -> int:
        """Expected minus received; a repair counts as received, duplicates make it negative (RFC 3550)."""
        return self.packets_expected - self.packets_received - self.repaired

    @property
    def packets_missed(self) -> int:
        """Packets that the network lost, repaired or not."""
        return self.packets_expected - self.packets_received

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter."""
        return self._jitter_s * 1000

    @property
    def jitter_units(self) -> int:
        """Interarrival jitter in RTP clock units, for receiver reports."""
        return min(int(self._jitter_s * self.clock_rate_hz), 0xFFFFFFFF)

    @property
    def extended_highest(self) -> int:
        """Extended highest sequence number, for receiver reports."""
        return self._highest & 0xFFFFFFFF

    def take_fraction_lost(self) -> int:
        """Loss since the last call in 1/256 (RFC 3550 A.3)."""
        expected = self.packets_expected - self._expected_prior
        received = self.packets_received - self._received_prior
        self._expected_prior, self._received_prior = self.packets_expected, self.packets_received
        lost = expected - received
        return 0 if expected <= 0 or lost <= 0 else min(255, (lost << 8) // expected)
