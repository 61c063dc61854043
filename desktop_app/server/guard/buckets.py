"""Token buckets: so many at once, and so many a second in the long run. Pure: the time comes from outside."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

MAX_KEYS = 20_000


@dataclass(slots=True)
class Bucket:
    """One bucket; `burst` tokens at most, `rate` new ones a second."""

    rate: float
    burst: float
    tokens: float
    at_s: float

    def take(self, now_s: float, cost: float = 1.0) -> float:
        """Take `cost` tokens, also those that are still to come; returns the seconds until they have come."""
        self._fill(now_s)
        self.tokens -= cost
        return max(0.0, -self.tokens / self.rate)

    def give_back(self, cost: float = 1.0) -> None:
        """Undo a `take`."""
        self.tokens = min(self.burst, self.tokens + cost)

    def wait_s(self, now_s: float, cost: float = 1.0) -> float:
        """Seconds until `cost` tokens are there; takes none."""
        self._fill(now_s)
        return max(0.0, (cost - self.tokens) / self.rate)

    def _fill(self, now_s: float) -> None:
        self.tokens = min(self.burst, self.tokens + max(0.0, now_s - self.at_s) * self.rate)
        self.at_s = max(self.at_s, now_s)


def take_if_there(now_s: float, *buckets: Bucket) -> bool:
    """Take a token of each, if all have one."""
    if any(bucket.wait_s(now_s) > 0 for bucket in buckets):
        return False
    for bucket in buckets:
        bucket.take(now_s)
    return True


class Buckets:
    """A bucket for each key; the keys that were used least recently are forgotten beyond `MAX_KEYS`."""

    def __init__(self, rate: float, burst: float, max_keys: int = MAX_KEYS) -> None:
        self._rate = rate
        self._burst = burst
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, key: str, now_s: float) -> Bucket:
        """The bucket of `key`, full when it is new."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate, self._burst, self._burst, now_s)
            if len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket

    def __len__(self) -> int:
        return len(self._buckets)
