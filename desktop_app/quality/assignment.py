"""Which participants get the high encoding and which the low one.

One encoding is enough as long as the paths are alike: a path is put on the low encoding when it carries less than
DOWN_SHARE of what the widest can use, which would soon cost the others a step of the ladder (ladder.MIN_SHARE).

Nobody swings: down after a second, or at once when the path is far too narrow; up when the share was above UP_SHARE
all through a quiet time, which doubles each time that the move up did not hold.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DOWN_SHARE, UP_SHARE = 0.36, 0.41
"""The second must be within reach of a path that gets the low encoding alone: an estimate grows to half as much again
as is sent and a little (rtc/send_estimate.py), which is 0.42 to 0.60 of the widest, by the camera's size."""
FAR_BELOW = 0.6
DOWN_AFTER_S = 1.0
QUIET_S, MAX_QUIET_S = 5.0, 120.0
TRIAL_S = 20.0
"""A move up that does not last this long has failed."""


class Encoding(StrEnum):
    """What a participant gets beside the sound."""

    HIGH = "high"
    LOW = "low"
    NONE = "none"
    """Sound alone."""


@dataclass(slots=True)
class _Member:
    low: bool
    changed_s: float
    up_s: float = -math.inf
    quiet_s: float = QUIET_S
    below_since_s: float | None = None
    above_since_s: float | None = None

    def judge(self, now_s: float, share: float) -> None:
        """Move if it is time; `share` is the path's part of the widest."""
        if self.low:
            if share < UP_SHARE:
                self.above_since_s = None
                return
            if self.above_since_s is None:
                self.above_since_s = now_s
            if now_s - max(self.above_since_s, self.changed_s) >= self.quiet_s:
                self._go(now_s, low=False)
                self.up_s = now_s
            return
        if share >= DOWN_SHARE:
            self.below_since_s = None
            return
        if self.below_since_s is None:
            self.below_since_s = now_s
        if share < FAR_BELOW * DOWN_SHARE or now_s - self.below_since_s >= DOWN_AFTER_S:
            failed = now_s - self.up_s < TRIAL_S
            self.quiet_s = min(2 * self.quiet_s, MAX_QUIET_S) if failed else QUIET_S
            self._go(now_s, low=True)

    def _go(self, now_s: float, *, low: bool) -> None:
        self.low, self.changed_s = low, now_s
        self.below_since_s = self.above_since_s = None


class EncodingAssignment:
    """Call `update` once to four times a second."""

    def __init__(self) -> None:
        self._members: dict[str, _Member] = {}

    def update(
        self, now_s: float, estimates_kbps: Mapping[str, float], most_kbps: float
    ) -> dict[str, Encoding]:
        """Who gets which encoding from now on; somebody is always on the high one.

        Args:
            now_s: any monotonic clock.
            estimates_kbps: what each path carries, by participant; only those that get pictures.
            most_kbps: what the best picture that could be sent takes, with its sound: more is of no use.
        """
        usable = {user: min(kbps, most_kbps) for user, kbps in estimates_kbps.items()}
        widest = max(usable.values(), default=0.0)
        shares = {user: kbps / widest if widest > 0 else 1.0 for user, kbps in usable.items()}
        for gone in self._members.keys() - shares.keys():
            del self._members[gone]
        for user, share in shares.items():
            member = self._members.get(user)
            if member is None:
                self._members[user] = _Member(share < DOWN_SHARE, now_s)
            else:
                member.judge(now_s, share)
        if all(member.low for member in self._members.values()):
            # Those whom the low encoding was made for are left alone: begin anew.
            self._members = {user: _Member(share < DOWN_SHARE, now_s) for user, share in shares.items()}
        return {user: Encoding.LOW if member.low else Encoding.HIGH for user, member in self._members.items()}
