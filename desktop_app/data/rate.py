"""How much a participant may ask of us: beyond it messages are dropped unread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .channels import BULK, FILES, POINTER

if TYPE_CHECKING:
    from collections.abc import Callable


class TokenBucket:
    """Lets `per_s` through on average, and up to `burst` at once."""

    def __init__(self, per_s: float, burst: float, now_s: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = burst
        self._now_s = now_s
        self._tokens = burst
        self._at_s = now_s()

    def take(self, amount: float = 1.0) -> bool:
        """Whether so much may pass now; if not, nothing is used up."""
        at_s = self._now_s()
        self._tokens = min(self._burst, self._tokens + (at_s - self._at_s) * self._per_s)
        self._at_s = at_s
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one channel from one participant."""

    messages_per_s: float
    messages_burst: float
    bytes_per_s: float
    bytes_burst: float


_MIB = 1024 * 1024
_TEXT = Rate(300, 3000, 4 * _MIB, 24 * _MIB)
"""Decoding 4 MiB of JSON takes 2 to 5 % of a second; a whiteboard with 10,000 strokes comes at once."""
_RATES = {
    # A file may come or go as fast as bulk lets it, and each 64 KiB of it are confirmed.
    FILES.label: Rate(1200, 3000, 4 * _MIB, 24 * _MIB),
    POINTER.label: Rate(120, 240, _MIB, 2 * _MIB),
    BULK.label: Rate(5000, 10_000, 64 * _MIB, 128 * _MIB),
}


class FloodGate:
    """Judges each message of one channel from one participant."""

    def __init__(self, label: str, now_s: Callable[[], float]) -> None:
        rate = _RATES.get(label, _TEXT)
        self._messages = TokenBucket(rate.messages_per_s, rate.messages_burst, now_s)
        self._bytes = TokenBucket(rate.bytes_per_s, rate.bytes_burst, now_s)

    def admits(self, size_bytes: int) -> bool:
        """Whether the message is to be read."""
        return self._messages.take() and self._bytes.take(size_bytes)
