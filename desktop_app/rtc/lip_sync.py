"""How long pictures or sound are kept back so that lips and voice belong together. Pure: times are arguments.

Whatever is early waits, and no longer than is needed to be within what people do not notice: they detect sound that is
45 ms ahead of the picture or 125 ms behind it (ITU-R BT.1359-1).
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass

SOUND_BEHIND_S = 0.055
"""Nothing is done about sound that is no more than this behind the picture,"""
SOUND_AHEAD_S = 0.040
"""or this ahead of it."""
HYSTERESIS_S = 0.020
"""Delays that would have to change by no more than this stay as they are,"""
PEAK_S = 10.0
"""unless so long, or not at all, they were not needed to that extent."""
MAX_HOLD_S = 0.250
MAX_SOUND_S = 0.150
HOLD_SLEW, SOUND_SLEW = 0.040, 0.020
"""Growth, in seconds a second: neither a stutter nor a change of the pitch is noticed. The sound follows its minimum a
moment later, so its way is the slower one."""
RELEASE_SLEW = 0.100
"""Sound that was late comes back at about this rate, and a tenth quicker is no motion that anybody notices."""
MAX_OFFSET_S = 5.0
"""A larger difference is no delay but two clocks that have nothing to do with each other."""
WINDOW_UPDATES = 10
"""The median of so many counts: at ten updates a second, nonsense of less than half a second does nothing."""
STOPPED_S = 2.0
"""What has not been heard or seen for so long is off."""
MAX_STEP_S = 0.5
"""A longer time between two updates is a stall; nothing is made up for."""


@dataclass(slots=True)
class _Delay:
    """One of the two delays, on its way to what is needed."""

    limit_s: float
    slew: float
    value_s: float = 0.0
    _moving: bool = False
    _peaks_s: tuple[float, float] = (0.0, 0.0)
    """The most that was needed in the half of PEAK_S before this one, and in this one."""
    _half_s: float = 0.0

    def approach(self, needed_s: float, elapsed_s: float) -> None:
        needed_s = min(self.limit_s, max(0.0, needed_s))
        self._moving |= abs(needed_s - self.value_s) > HYSTERESIS_S or needed_s == 0
        peak_s = self._peak_s(needed_s, elapsed_s)
        change_s = (needed_s if self._moving else min(self.value_s, peak_s)) - self.value_s
        step_s = min(self.slew * elapsed_s, max(-RELEASE_SLEW * elapsed_s, change_s))
        self.value_s += step_s
        self._moving &= step_s != change_s

    def release(self) -> None:
        self.value_s, self._moving = 0.0, False

    def _peak_s(self, needed_s: float, elapsed_s: float) -> float:
        older_s, newer_s = self._peaks_s
        self._half_s += elapsed_s
        if self._half_s > PEAK_S / 2:
            self._half_s, older_s, newer_s = 0.0, newer_s, 0.0
        self._peaks_s = older_s, max(newer_s, needed_s)
        return max(self._peaks_s)


class LipSync:
    """Decides from the two delays, "capture to speaker" and "capture to display".

    Both may be wrong by the same amount: only their difference counts.
    """

    def __init__(self) -> None:
        self._hold = _Delay(MAX_HOLD_S, HOLD_SLEW)
        self._sound = _Delay(MAX_SOUND_S, SOUND_SLEW)
        self._differences_s: deque[float] = deque(maxlen=WINDOW_UPDATES)
        """Sound behind pictures that nobody holds."""
        self._updated_s = -math.inf
        self._heard_s = self._seen_s = -math.inf

    @property
    def hold_s(self) -> float:
        """How long each picture is to be kept back."""
        return self._hold.value_s

    @property
    def sound_minimum_s(self) -> float:
        """The least playout delay that the sound shall have."""
        return self._sound.value_s

    @property
    def offset_s(self) -> float | None:
        """How far the sound is behind the picture; None while it is not known."""
        if not self._differences_s:
            return None
        return statistics.median(self._differences_s) - self._hold.value_s

    def update(self, now_s: float, sound_s: float | None, picture_s: float | None) -> None:
        """Take the delays of now, the picture's without what it is held; to be called ten times a second.

        None: no sound (no picture) comes, or it is not known when it was captured.
        """
        elapsed_s = min(MAX_STEP_S, max(0.0, now_s - self._updated_s))
        self._updated_s = now_s
        if sound_s is not None and picture_s is not None:
            if abs(sound_s - picture_s) <= MAX_OFFSET_S:
                self._differences_s.append(sound_s - picture_s)
            else:
                sound_s = picture_s = None
        if sound_s is not None:
            self._heard_s = now_s
        if picture_s is not None:
            self._seen_s = now_s
        stopped_s = now_s - STOPPED_S
        if self._heard_s <= stopped_s or self._seen_s <= stopped_s:
            self._differences_s.clear()
            self._hold.release()
            if self._heard_s <= stopped_s:
                self._sound.release()
            else:
                self._sound.approach(0.0, elapsed_s)
        elif (offset_s := self.offset_s) is not None:
            self._hold.approach(self._hold.value_s + offset_s - SOUND_BEHIND_S, elapsed_s)
            self._sound.approach(self._sound.value_s - offset_s - SOUND_AHEAD_S, elapsed_s)
