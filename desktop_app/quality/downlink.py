"""How many of the others' pictures our downlink carries, in a room with an SFU.

Nobody adapts to it for us: an SFU passes on what was sent to it. So we ask for less when packets are lost or queue up
on the way: for fewer large pictures first, then for thumbnails alone, then for sound alone.

- Down one level after DOWN_AFTER_S of trouble, several at once when a good part of everything is lost. What was asked
  for takes a moment to change, and a queue to empty: nothing is judged for SETTLING_S after a step.
- Up one level after a quiet time. A step up that fails within TRIAL_S doubles it, up to MAX_QUIET_S; one that holds
  for CALM_S halves it. So a narrow path is tried ever less often.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.rtc.sfu.reception import DownlinkState

DOWN_AFTER_S = 1.0
SETTLING_S = 2.5
QUIET_S, MAX_QUIET_S = 8.0, 128.0
TRIAL_S = 10.0
CALM_S = 60.0
LOSS_BAD, LOSS_GOOD = 0.06, 0.02
"""More than the first is more than repairs hide; a path that is merely lossy stays below it."""
LOSS_AWFUL = 0.20
QUEUE_BAD_S, QUEUE_GOOD_S = 0.200, 0.080


@dataclass(frozen=True, slots=True)
class Level:
    """What may be asked for."""

    max_large: int
    thumbnails: bool


LEVELS = (Level(3, True), Level(2, True), Level(1, True), Level(0, True), Level(0, False))
"""Best first; sound is asked for on every one."""
THUMBNAILS_ALONE = 3


class DownlinkControl:
    """Call `update` a few times a second."""

    def __init__(self) -> None:
        self._index = 0
        self._changed_s = self._up_s = self._calm_since_s = -math.inf
        self._quiet_s = QUIET_S
        self._bad_since_s: float | None = None
        self._good_since_s: float | None = None

    @property
    def level(self) -> Level:
        """What may be asked for now."""
        return LEVELS[self._index]

    def update(self, now_s: float, seen: DownlinkState) -> Level:
        """Decide anew.

        Args:
            now_s: any monotonic clock.
            seen: what is not a number counts as bad.
        """
        bad = not (seen.fraction_lost <= LOSS_BAD and seen.queue_s <= QUEUE_BAD_S)
        good = seen.fraction_lost <= LOSS_GOOD and seen.queue_s <= QUEUE_GOOD_S
        self._bad_since_s = (now_s if self._bad_since_s is None else self._bad_since_s) if bad else None
        self._good_since_s = (now_s if self._good_since_s is None else self._good_since_s) if good else None
        if now_s - self._changed_s < SETTLING_S:
            return self.level
        if self._bad_since_s is not None:
            if now_s - max(self._bad_since_s, self._changed_s + SETTLING_S) >= DOWN_AFTER_S:
                self._down(now_s, awful=seen.fraction_lost > LOSS_AWFUL)
        elif self._is_quiet(now_s) and self._index:
            self._index -= 1
            self._changed_s = self._up_s = self._calm_since_s = now_s
        if self._up_s == self._changed_s and now_s - self._calm_since_s > CALM_S:
            self._calm_since_s = now_s
            self._quiet_s = max(QUIET_S, self._quiet_s / 2)
        return self.level

    def _is_quiet(self, now_s: float) -> bool:
        since_s = self._good_since_s
        return since_s is not None and now_s - max(since_s, self._changed_s) >= self._quiet_s

    def _down(self, now_s: float, *, awful: bool) -> None:
        if self._index == len(LEVELS) - 1:
            return
        if now_s - self._up_s < TRIAL_S + DOWN_AFTER_S:
            self._quiet_s = min(2 * self._quiet_s, MAX_QUIET_S)
        following = self._index + 1
        self._index = (
            max(following, THUMBNAILS_ALONE) if awful and following < THUMBNAILS_ALONE else following
        )
        self._changed_s = now_s
        self._bad_since_s = None
