"""What one directed link does to a packet: block, loss, a rate limit with a bounded queue, delay, jitter.

A packet that would wait longer than `queue_ms` for the rate limit is dropped (a tail-drop bottleneck, as a
home router has). Jitter is uniform in 0..jitter_ms and may reorder packets, as Wi-Fi does. Loss is
independent for each packet.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_QUEUE_MS = 400.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """The weather on a link. The command line and NetLab.set() know each value by the name in KEYS."""

    loss_pct: float = 0.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    queue_ms: float = DEFAULT_QUEUE_MS
    rate_kbps: float = 0.0
    """0 is unlimited."""
    block: bool = False

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0, not {value}")
        if self.loss_pct > 100:
            raise ValueError(f"loss_pct is at most 100, not {self.loss_pct}")


KEYS = {
    "loss": "loss_pct",
    "delay": "delay_ms",
    "jitter": "jitter_ms",
    "queue": "queue_ms",
    "rate": "rate_kbps",
    "block": "block",
}


def changed(conditions: Conditions, changes: dict[str, float]) -> Conditions:
    """`conditions` with some values replaced, each named by its key.

    Raises:
        ValueError: a key that does not exist, or a value out of range.
    """
    values = asdict(conditions)
    for key, value in changes.items():
        if key not in KEYS:
            raise ValueError(f"no such key: {key} (there are {', '.join(KEYS)})")
        values[KEYS[key]] = bool(value) if key == "block" else float(value)
    return Conditions(**values)


@dataclass(slots=True)
class Counters:
    """What happened on a link since it was made."""

    sent: int = 0
    bytes: int = 0
    lost: int = 0
    """Dropped by chance or by a block."""
    overflow: int = 0
    """Dropped because the queue was full."""


@dataclass(slots=True)
class Link:
    """One direction between two hosts."""

    conditions: Conditions = field(default_factory=Conditions)
    counters: Counters = field(default_factory=Counters)
    _free_at_s: float = 0.0

    def arrival_s(self, size_bytes: int, now_s: float, chance: Callable[[], float]) -> float | None:
        """When a packet sent now arrives, or None when it never does.

        Args:
            size_bytes: of the whole IP packet.
            now_s: any monotonic clock.
            chance: gives a new number in [0, 1) with each call.
        """
        weather, counters = self.conditions, self.counters
        if weather.block or (weather.loss_pct and chance() * 100 < weather.loss_pct):
            counters.lost += 1
            return None
        leaves_s = now_s
        if weather.rate_kbps:
            begins_s = max(now_s, self._free_at_s)
            if (begins_s - now_s) * 1000 > weather.queue_ms:
                counters.overflow += 1
                return None
            leaves_s = self._free_at_s = begins_s + size_bytes * 8 / (weather.rate_kbps * 1000)
        counters.sent += 1
        counters.bytes += size_bytes
        jitter_ms = chance() * weather.jitter_ms if weather.jitter_ms else 0.0
        return leaves_s + (weather.delay_ms + jitter_ms) / 1000
