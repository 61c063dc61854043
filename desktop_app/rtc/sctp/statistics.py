"""What can be read of the data channels of one connection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .receiver import DataReceiver
    from .sender import DataSender


@dataclass(frozen=True, slots=True)
class DataCounters:
    """Counted since the connection exists; bytes are of messages, without headers and repetitions."""

    messages_sent: int
    bytes_sent: int
    messages_received: int
    bytes_received: int
    chunks_sent: int
    chunks_retransmitted: int
    chunks_received: int
    duplicates_received: int
    refused: int
    """What the far end sent that was dropped: malformed, too long, too much, or not possible."""
    queued_bytes: int
    in_flight_bytes: int
    window_bytes: int
    smoothed_round_trip_ms: float | None
    least_round_trip_ms: float | None
    queue_ms: float
    """How long packets wait on the way, as the congestion control sees it."""
    rate_kbps: float
    """What arrives, of the best of the last eight round trips."""
    timeouts: int
    probes: int


def counters(sender: DataSender, receiver: DataReceiver, now_s: float, refused: int) -> DataCounters:
    """Everything counted so far."""
    outstanding = sender.outstanding
    smoothed_s, least_s = outstanding.round_trip.smoothed_s, outstanding.round_trip.least_s
    return DataCounters(
        messages_sent=sender.messages_sent,
        bytes_sent=sender.bytes_sent,
        messages_received=receiver.messages_received,
        bytes_received=receiver.bytes_received,
        chunks_sent=sender.chunks_sent,
        chunks_retransmitted=sender.chunks_retransmitted,
        chunks_received=receiver.chunks_received,
        duplicates_received=receiver.duplicates_received,
        refused=refused + sender.sacks_refused + receiver.chunks_refused + receiver.reassembly.refused,
        queued_bytes=sender.scheduler.queued_bytes,
        in_flight_bytes=outstanding.in_flight_bytes,
        window_bytes=sender.congestion.window_bytes(now_s),
        smoothed_round_trip_ms=None if smoothed_s is None else smoothed_s * 1000,
        least_round_trip_ms=None if math.isinf(least_s) else least_s * 1000,
        queue_ms=sender.congestion.queue_s * 1000,
        rate_kbps=sender.congestion.rate_kbps,
        timeouts=sender.timeouts,
        probes=sender.probes,
    )
