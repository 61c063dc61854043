"""How good the connection to one person is, from what arrives of them: 0 to 100, and a word.

Each impairment takes points away as far as people notice it: loss, round trip and jitter after the simplified
E-model (ITU-T G.107; Cole and Rosenbluth, "Voice over IP performance monitoring", 2001: R falls slowly until 177 ms
one way and quickly beyond), concealed sound, frozen and slow pictures by how much of the last second they were. The
worst of sound and picture counts. The score falls at once and rises slowly: a call that was bad a moment ago is not
good yet (as LiveKit's connection quality).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

FALL_S = 0.5
RISE_S = 8.0
"""Time constants of the score."""
EXCELLENT_FROM, GOOD_FROM = 85.0, 60.0
LOST_AFTER_S = 4.0
"""Without a packet for this long the person is not reached."""
BAD_AGAIN_MARGIN = 3.0
"""A word changes for the better only this far beyond its bound."""


class Quality(StrEnum):
    """The score as a word."""

    EXCELLENT = "excellent"
    GOOD = "good"
    POOR = "poor"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScoreInput:
    """What the last second was like. None: not known, or there is nothing of the kind (a camera that is off)."""

    loss_pct: float = 0.0
    round_trip_ms: float | None = None
    jitter_ms: float = 0.0
    frames_per_second: float | None = None
    expected_fps: float = 30.0
    """What the far end sends; a rate lowered on purpose is no fault."""
    frozen_pct: float = 0.0
    """Part of the last second in which the picture stood still."""
    concealed_pct: float | None = None
    receiving: bool = True
    """Whether anything came in the last second."""


@dataclass(frozen=True, slots=True)
class Score:
    """The answer."""

    value: float
    quality: Quality


def momentary(given: ScoreInput) -> float:
    """The score of one second by itself, 0 to 100."""
    one_way_ms = (_known(given.round_trip_ms) / 2) + 2 * _known(given.jitter_ms)
    delay = 0.024 * one_way_ms + (0.11 * (one_way_ms - 177.3) if one_way_ms > 177.3 else 0.0)
    # Most of what the network loses is repaired: what was not shows as concealment and freezes.
    loss = 15 * math.log1p(min(_known(given.loss_pct), 100.0) / 4)
    sound = (
        0.0 if given.concealed_pct is None else 22 * math.log1p(min(_known(given.concealed_pct), 100.0) / 2)
    )
    picture = 0.6 * min(_known(given.frozen_pct), 100.0)
    if given.frames_per_second is not None and given.expected_fps >= 1:
        missing = 1 - min(_known(given.frames_per_second) / given.expected_fps, 1.0)
        picture = max(picture, 60 * max(0.0, missing - 0.1))
    return min(max(100 - delay - loss - max(sound, picture), 0.0), 100.0)


def _known(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) and value > 0 else 0.0


class QualityScorer:
    """One person's score. Pure: the time is passed in."""

    def __init__(self) -> None:
        self._value: float | None = None
        self._last_s = 0.0
        self._silent_since_s: float | None = None
        self._quality = Quality.UNKNOWN

    def update(self, now_s: float, given: ScoreInput | None) -> Score:
        """The score at `now_s`; None for `given` says that there is no connection to judge."""
        if given is None:
            self._value, self._silent_since_s, self._quality = None, None, Quality.UNKNOWN
            return Score(0.0, Quality.UNKNOWN)
        elapsed_s = max(0.0, now_s - self._last_s)
        if self._value is None:
            self._value = momentary(given)
        elif given.receiving:
            target = momentary(given)
            constant_s = FALL_S if target < self._value else RISE_S
            self._value += (target - self._value) * (1 - math.exp(-elapsed_s / constant_s))
        else:
            self._value *= math.exp(-elapsed_s / FALL_S)
        self._last_s = now_s
        if given.receiving:
            self._silent_since_s = None
        elif self._silent_since_s is None:
            self._silent_since_s = now_s
        self._quality = self._word(now_s, self._value)
        return Score(self._value, self._quality)

    def _word(self, now_s: float, value: float) -> Quality:
        if self._silent_since_s is not None and now_s - self._silent_since_s >= LOST_AFTER_S:
            return Quality.LOST
        excellent, good = EXCELLENT_FROM, GOOD_FROM
        if self._quality in (Quality.GOOD, Quality.POOR, Quality.LOST):
            excellent += BAD_AGAIN_MARGIN
        if self._quality in (Quality.POOR, Quality.LOST):
            good += BAD_AGAIN_MARGIN
        if value >= excellent:
            return Quality.EXCELLENT
        return Quality.GOOD if value >= good else Quality.POOR
