"""Freezes as the W3C counts them (webrtc-stats, RTCInboundRtpStreamStats.freezeCount)."""

from __future__ import annotations

from collections import deque

WINDOW_FRAMES = 30
MIN_EXCESS_S = 0.150


class FreezeDetector:
    """A frame interval of max(3 d, d + 150 ms) or more is a freeze, d being the mean of the last 30 intervals."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=WINDOW_FRAMES)
        self._last_s: float | None = None
        self.freeze_count = 0
        self.total_freezes_duration_s = 0.0

    def frame_shown(self, now_s: float) -> None:
        """A frame was handed over for display."""
        if self._last_s is not None:
            interval_s = now_s - self._last_s
            if self._intervals:
                mean_s = sum(self._intervals) / len(self._intervals)
                if interval_s >= max(3 * mean_s, mean_s + MIN_EXCESS_S):
                    self.freeze_count += 1
                    self.total_freezes_duration_s += interval_s
            self._intervals.append(interval_s)
        self._last_s = now_s

    def pause(self) -> None:
        """The sender stopped its camera on purpose: the gap up to the next frame is no freeze."""
        self._last_s = None
