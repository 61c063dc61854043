"""How fast a transfer is, and how long it takes still. Pure."""

from __future__ import annotations

from collections import deque

SPAN_S = 5.0
"""A rate is that of so much time, so that the time left does not jump."""
_MIN_SPAN_S = 0.2
_MAX_SAMPLES = 64


class RateMeter:
    """Fed with how many bytes there are, of one connection."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=_MAX_SAMPLES)

    def restart(self, now_s: float, done_bytes: int) -> None:
        """A transfer begins or goes on at `done_bytes`."""
        self._samples.clear()
        self._samples.append((now_s, done_bytes))

    def update(self, now_s: float, done_bytes: int) -> None:
        """So much is done by now; at most a few times a second."""
        while len(self._samples) > 1 and now_s - self._samples[1][0] >= SPAN_S:
            self._samples.popleft()
        self._samples.append((now_s, done_bytes))

    def stop(self) -> None:
        """Nothing goes on any more."""
        self._samples.clear()

    @property
    def bytes_per_s(self) -> float:
        """Over the last seconds; 0 before there is anything to tell from."""
        if len(self._samples) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._samples[0], self._samples[-1]
        if last_s - first_s < _MIN_SPAN_S:
            return 0.0
        return max(0.0, (last - first) / (last_s - first_s))

    def left_s(self, rest_bytes: int) -> float | None:
        """How long `rest_bytes` take; None while it cannot be told."""
        rate = self.bytes_per_s
        return rest_bytes / rate if rate > 0 else None
