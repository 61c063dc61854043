"""Whether one path gets pictures beside the sound.

Under AUDIO_ONLY_KBPS for the whole path there is sound alone. The way back: either the estimate climbs (the estimator
may let it, to half as much again as is sent), or, as nothing much is sent that could prove the path wider, pictures
are simply tried when the quiet time is over and the sound arrives whole. If that fails the quiet time doubles. No
quiet time is kept where a probe has shown the path to be wide.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from collections import deque

from .ladder import LEAST_KBPS
from .sound import HIGH_LOSS_PCT, audio_share_kbps

AUDIO_ONLY_KBPS = 100.0
VIDEO_AGAIN_KBPS = 130.0
WIDE_KBPS, WIDE_S = 400.0, 1.5
"""An estimate of so much, for so long, is no matter of chance."""
DOWN_AFTER_S = 1.0
FAR_BELOW = 0.7
TRIAL_S = 10.0
"""Not called off so long by the estimate, which could not grow before it."""
TRIAL_GRACE_S = 2.5
"""The first report after a pause tells of what was lost before it."""
CALM_S = 30.0
"""A trial that does not last this long has failed; after it the quiet time halves."""
QUIET_S, MAX_QUIET_S = 6.0, 20.0
FALLING_S = 3.0
TRY_KBPS = LEAST_KBPS
"""For the picture when the path's capacity is not known."""


class PictureGate:
    """One path's. Call `update` once to four times a second."""

    def __init__(self) -> None:
        self.is_open: bool | None = None
        """None before the first update."""
        self._changed_s = -math.inf
        self._tried_s = -math.inf
        self._calm_since_s = -math.inf
        self._below_since_s: float | None = None
        self._quiet_s = QUIET_S
        self._newest: deque[tuple[float, float]] = deque(maxlen=64)
        """Of the last FALLING_S."""

    def update(self, now_s: float, estimate_kbps: float, loss_pct: float) -> bool:
        """Whether pictures are sent from now on.

        Args:
            now_s: any monotonic clock.
            estimate_kbps: payload that the path carries, sound and pictures together.
            loss_pct: of the path.
        """
        available = max(0.0, estimate_kbps - audio_share_kbps(estimate_kbps))
        self._newest.append((now_s, available))
        while now_s - self._newest[0][0] > FALLING_S:
            self._newest.popleft()
        if self.is_open is None:
            self.is_open = available >= TRY_KBPS
            self._changed_s = self._calm_since_s = now_s
        elif self.is_open:
            self._judge_end(now_s, available, loss_pct)
        elif self._may_try(now_s, estimate_kbps, loss_pct):
            self._tried_s = self._calm_since_s = now_s
            self._go(now_s, True)
        return self.is_open

    def _judge_end(self, now_s: float, available: float, loss_pct: float) -> None:
        least = AUDIO_ONLY_KBPS - audio_share_kbps(AUDIO_ONLY_KBPS)
        trial_s = now_s - self._tried_s
        if trial_s < TRIAL_GRACE_S:
            least = 0.0
        elif trial_s < TRIAL_S and loss_pct <= HIGH_LOSS_PCT:
            least = min(least, TRY_KBPS * FAR_BELOW)
        if available >= least:
            self._below_since_s = None
            if now_s - self._calm_since_s > CALM_S:
                self._calm_since_s = now_s
                self._quiet_s = max(QUIET_S, self._quiet_s / 2)
            return
        if self._below_since_s is None:
            self._below_since_s = now_s
        confirmed = loss_pct > HIGH_LOSS_PCT and self._is_falling()
        if confirmed or available <= FAR_BELOW * least or now_s - self._below_since_s >= DOWN_AFTER_S:
            if trial_s < CALM_S:
                self._quiet_s = min(2 * self._quiet_s, MAX_QUIET_S)
            self._go(now_s, False)

    def _may_try(self, now_s: float, estimate_kbps: float, loss_pct: float) -> bool:
        if loss_pct > HIGH_LOSS_PCT:
            return False
        if now_s - self._changed_s >= WIDE_S and self._is_wide(now_s):
            return True
        if now_s - self._changed_s < self._quiet_s:
            return False
        return estimate_kbps >= VIDEO_AGAIN_KBPS or not self._is_falling()

    def _is_falling(self) -> bool:
        newest = self._newest[-1][1]
        return any(value > 1.05 * newest for _, value in self._newest)

    def _is_wide(self, now_s: float) -> bool:
        least = WIDE_KBPS - audio_share_kbps(WIDE_KBPS)
        return all(value >= least for at_s, value in self._newest if now_s - at_s <= WIDE_S)

    def _go(self, now_s: float, is_open: bool) -> None:
        self.is_open = is_open
        self._changed_s = now_s
        self._below_since_s = None
