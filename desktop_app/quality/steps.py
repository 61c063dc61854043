"""Fewer steps of something after a second of trouble, more of them after a quiet time.

- Down one step after DOWN_AFTER_S of trouble. What was asked for takes a moment to change: nothing is judged for
  SETTLING_S after a step.
- Up one step after a quiet time. A step up that fails within TRIAL_S doubles it, up to MAX_QUIET_S; one that holds
  for CALM_S halves it. So what there is no room for is tried ever less often.

Pure: the time is passed in.
"""

from __future__ import annotations

import math

DOWN_AFTER_S = 1.0
SETTLING_S = 2.5
QUIET_S, MAX_QUIET_S = 8.0, 128.0
TRIAL_S = 10.0
CALM_S = 60.0


class Steps:
    """Call `update` a few times a second; `index` is 0 while everything is well, and grows up to `last`."""

    def __init__(self, last: int) -> None:
        self.index = 0
        self._last = last
        self._changed_s = self._up_s = self._calm_since_s = -math.inf
        self._quiet_s = QUIET_S
        self._bad_since_s: float | None = None
        self._good_since_s: float | None = None

    def update(self, now_s: float, *, bad: bool, good: bool, at_least: int = 0) -> None:
        """Decide anew.

        Args:
            now_s: any monotonic clock.
            bad: whether there is trouble now.
            good: whether there is none at all.
            at_least: how far down the next step down goes at least.
        """
        self._bad_since_s = (now_s if self._bad_since_s is None else self._bad_since_s) if bad else None
        self._good_since_s = (now_s if self._good_since_s is None else self._good_since_s) if good else None
        if now_s - self._changed_s < SETTLING_S:
            return
        if self._bad_since_s is not None:
            if now_s - max(self._bad_since_s, self._changed_s + SETTLING_S) >= DOWN_AFTER_S:
                self._down(now_s, at_least)
        elif self._is_quiet(now_s) and self.index:
            self.index -= 1
            self._changed_s = self._up_s = self._calm_since_s = now_s
        if self._up_s == self._changed_s and now_s - self._calm_since_s > CALM_S:
            self._calm_since_s = now_s
            self._quiet_s = max(QUIET_S, self._quiet_s / 2)

    def _is_quiet(self, now_s: float) -> bool:
        since_s = self._good_since_s
        return since_s is not None and now_s - max(since_s, self._changed_s) >= self._quiet_s

    def _down(self, now_s: float, at_least: int) -> None:
        if self.index == self._last:
            return
        if now_s - self._up_s < TRIAL_S + DOWN_AFTER_S:
            self._quiet_s = min(2 * self._quiet_s, MAX_QUIET_S)
        self.index = min(self._last, max(self.index + 1, at_least))
        self._changed_s = now_s
        self._bad_since_s = None
