"""Which participants get the high encoding and which the low one.

One encoding is enough as long as the paths are alike. A path is put on the low encoding when it would cost the others
a step of the ladder: when it does not carry the picture that the widest path could have, and clearly less than that
path. After half a second, or at once when it is far below, since otherwise the controller takes the step from
everybody. It does not matter what the high encoding sends at the moment: a wide path cannot show how wide it is while a
narrow one holds the encoding back.

Nobody swings: up goes who carried enough all through a quiet time, which doubles each time that this did not hold.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UP_MARGIN = 1.10
"""Over the least that the high picture is good for. This must be within reach of a path that gets the low encoding
alone: an estimate grows to half as much again as arrives and a little (rtc/receive_estimate.py)."""
ALIKE, ALIKE_AGAIN = 0.75, 0.85
"""Of the widest path: what carries so much costs the others little."""
NARROW_S, FAR_BELOW = 0.5, 0.65
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
    enough_since_s: float | None = None
    narrow_since_s: float | None = None

    def judge(self, now_s: float, path: _Path) -> None:
        """Move if it is time."""
        if not self.low:
            if not path.is_narrow:
                self.narrow_since_s = None
                return
            if self.narrow_since_s is None:
                self.narrow_since_s = now_s
            if path.is_far_below or now_s - self.narrow_since_s >= NARROW_S:
                failed = now_s - self.up_s < TRIAL_S
                self.quiet_s = min(2 * self.quiet_s, MAX_QUIET_S) if failed else QUIET_S
                self._go(now_s, low=True)
        elif not path.is_enough:
            self.enough_since_s = None
        elif self.enough_since_s is None:
            self.enough_since_s = now_s
        elif now_s - max(self.enough_since_s, self.changed_s) >= self.quiet_s:
            self._go(now_s, low=False)
            self.up_s = now_s

    def _go(self, now_s: float, *, low: bool) -> None:
        self.low, self.changed_s = low, now_s
        self.enough_since_s = self.narrow_since_s = None


@dataclass(frozen=True, slots=True)
class _Path:
    kbps: float
    share: float
    """Of the widest."""
    least_kbps: float

    @property
    def is_narrow(self) -> bool:
        return self.kbps < self.least_kbps and self.share < ALIKE

    @property
    def is_far_below(self) -> bool:
        return self.kbps < FAR_BELOW * self.least_kbps

    @property
    def is_enough(self) -> bool:
        return self.kbps >= UP_MARGIN * self.least_kbps or self.share >= ALIKE_AGAIN


class EncodingAssignment:
    """Call `update` once to four times a second."""

    def __init__(self) -> None:
        self._members: dict[str, _Member] = {}

    def update(
        self, now_s: float, estimates_kbps: Mapping[str, float], least_kbps: float
    ) -> dict[str, Encoding]:
        """Who gets which encoding from now on; somebody is always on the high one.

        Args:
            now_s: any monotonic clock.
            estimates_kbps: what each path carries, by participant; only those that get pictures, and no more than the
                best picture takes.
            least_kbps: what the picture that the widest of them could have takes at least, with its sound; 0 when a
                low encoding would be no smaller.
        """
        widest = max(estimates_kbps.values(), default=0.0)
        paths = {
            user: _Path(kbps, kbps / widest if widest > 0 else 1.0, least_kbps)
            for user, kbps in estimates_kbps.items()
        }
        for gone in self._members.keys() - paths.keys():
            del self._members[gone]
        for user, path in paths.items():
            if (member := self._members.get(user)) is not None:
                member.judge(now_s, path)
            else:
                self._members[user] = _Member(path.is_narrow, now_s)
        if all(member.low for member in self._members.values()):
            # Those whom the low encoding was made for are left alone: begin anew.
            self._members = {
                user: _Member(path.is_narrow, now_s, quiet_s=self._members[user].quiet_s)
                for user, path in paths.items()
            }
        return {user: Encoding.LOW if member.low else Encoding.HIGH for user, member in self._members.items()}
