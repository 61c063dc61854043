"""What both ends agree on about one data channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Priority: TypeAlias = Literal["very-low", "low", "medium", "high"]
"""W3C WebRTC Priority Control API, RTCPriorityType."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel that is negotiated out of band; reliable when neither limit is set (W3C WebRTC 6.1,
    RTCDataChannelInit).
    """

    label: str
    stream_id: int
    ordered: bool = True
    max_retransmits: int | None = None
    """0 means: never sent again."""
    max_packet_life_time_ms: int | None = None
    priority: Priority = "low"
    binary: bool = False
    """Carries binary messages and no text."""
