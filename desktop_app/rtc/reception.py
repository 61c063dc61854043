"""Reception statistics of one RTP stream (RFC 3550 6.4.1 and appendix A)."""

from __future__ import annotations

from dataclasses import dataclass

MAX_DROPOUT = 3000
"""A jump forward of more than this many packets is a restarted source (RFC 3550 A.1)."""


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
    """Packets that came as a retransmission; they count against the loss, not as network arrivals."""
    _base: int | None = None
    _highest: int = 0
    """Extended highest sequence number."""
    _jitter: float = 0.0
    _last_transit_s: float | None = None
    _last_timestamp: int = 0
    _media_s: float = 0.0
    _expected_prior: int = 0
    _received_prior: int = 0

    def add(self, sequence_number: int, timestamp: int, payload_bytes: int, arrival_s: float) -> None:
        """Count one packet that came on the stream itself."""
        self.packets_received += 1
        self.bytes_received += payload_bytes
        if self._base is None:
            self._base = self._highest = sequence_number
        else:
            delta = sequence_delta(sequence_number, self._highest & 0xFFFF)
            if delta > MAX_DROPOUT or delta < -MAX_DROPOUT:
                self._restart(sequence_number)
            elif delta > 0:
                self._highest += delta
        # RFC 3550 A.8, in seconds: the transit time is relative, only its changes count.
        if self._last_transit_s is None:
            self._last_timestamp = timestamp
        self._media_s += timestamp_delta(timestamp, self._last_timestamp) / self.clock_rate_hz
        transit_s = arrival_s - self._media_s
        if self._last_transit_s is not None and timestamp != self._last_timestamp:
            self._jitter += (abs(transit_s - self._last_transit_s) - self._jitter) / 16
        if self._last_transit_s is None or timestamp != self._last_timestamp:
            self._last_transit_s = transit_s
        self._last_timestamp = timestamp

    def _restart(self, sequence_number: int) -> None:
        lost = self.packets_lost
        self._base = self._highest = sequence_number
        # keep what is counted: expected = received + lost of before, with the new packet included
        self._base = self._highest - (self.packets_received + self.repaired + lost) + 1

    def add_repaired(self) -> None:
        """Count a packet that came as a retransmission."""
        self.repaired += 1

    @property
    def packets_expected(self) -> int:
        """Packets that the far end has sent, as far as sequence numbers tell."""
        return 0 if self._base is None else self._highest - self._base + 1

    @property
    def packets_lost(self) -> int:
        """Expected minus received; retransmissions that came repair it, duplicates make it negative (RFC 3550)."""
        return self.packets_expected - self.packets_received - self.repaired

    @property
    def packets_missed(self) -> int:
        """Packets that the network lost, repaired or not."""
        return self.packets_expected - self.packets_received

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter."""
        return self._jitter * 1000

    @property
    def jitter_units(self) -> int:
        """Interarrival jitter in RTP clock units, for receiver reports."""
        return min(int(self._jitter * self.clock_rate_hz), 0xFFFFFFFF)

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
