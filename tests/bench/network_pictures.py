"""From the times of captured and of shown pictures: delay glass to glass, gaps, recovery after a cut."""

from __future__ import annotations

import bisect
import itertools
from typing import TYPE_CHECKING

from desktop_app.rtc.freeze import FreezeDetector

from .network_media import FILM_FRAMES, FRAME_RATE_HZ

if TYPE_CHECKING:
    from .network_model import PictureTime, Window

MAX_NEIGHBOUR_FRAMES = 6
PRIMING_S = 3.0
"""So much before a window is looked at to know the usual interval of pictures."""
OPEN_GAP_S = 1.0
MAX_DELAY_S = 8.0
"""The counter comes back every ten seconds."""


class Glass:
    """The near end's pictures, to be looked up by their counter.

    Not every captured picture need be known: the film runs at a steady rate, so a neighbour's time will do.
    """

    def __init__(self, captured: list[PictureTime]) -> None:
        known = sorted((at_s, counter) for at_s, counter in captured if counter is not None)
        self._times = [at_s for at_s, _ in known]
        self._counters = [counter for _, counter in known]

    def captured_at_s(self, counter: int, shown_at_s: float) -> float | None:
        """When the picture that is shown now was captured; None when that is not known."""
        i = bisect.bisect_right(self._times, shown_at_s)
        while i > 0 and shown_at_s - self._times[i - 1] < MAX_DELAY_S:
            i -= 1
            ahead = (counter - self._counters[i] + FILM_FRAMES // 2) % FILM_FRAMES - FILM_FRAMES // 2
            if abs(ahead) <= MAX_NEIGHBOUR_FRAMES:
                captured_at_s = self._times[i] + ahead / FRAME_RATE_HZ
                if captured_at_s <= shown_at_s:
                    return captured_at_s
        return None

    def delays_s(self, shown: list[PictureTime], window: Window) -> list[float]:
        """Of each picture shown in the window whose counter could be read."""
        found = []
        for at_s, counter in shown:
            if window.covers(at_s) and counter is not None:
                captured_at_s = self.captured_at_s(counter, at_s)
                if captured_at_s is not None:
                    found.append(at_s - captured_at_s)
        return found

    def back_after_s(self, shown: list[PictureTime], cut_end_s: float, limit_s: float) -> float:
        """How long after a cut's end a picture is shown that was captured after it."""
        for at_s, counter in shown:
            if cut_end_s < at_s < cut_end_s + limit_s and counter is not None:
                captured_at_s = self.captured_at_s(counter, at_s)
                if captured_at_s is not None and captured_at_s >= cut_end_s:
                    return at_s - cut_end_s
        return limit_s


def shown_fps(shown: list[PictureTime], window: Window) -> float:
    """Pictures a second."""
    return sum(window.covers(at_s) for at_s, _ in shown) / window.length_s


def longest_gap_s(shown: list[PictureTime], window: Window) -> float:
    """The longest time without a new picture, also at the window's edges."""
    times = [window.begin_s, *(at_s for at_s, _ in shown if window.covers(at_s)), window.end_s]
    return max(later - earlier for earlier, later in itertools.pairwise(times))


def frozen_s(shown: list[PictureTime], window: Window) -> float:
    """Freezes as the W3C counts them (webrtc-stats), as far as they lie in the window, ended or not."""
    detector = FreezeDetector()
    total_s, previous_s = 0.0, None
    times = [at_s for at_s, _ in shown if window.begin_s - PRIMING_S <= at_s < window.end_s]
    if not any(window.covers(at_s) for at_s in times):
        return window.length_s
    for at_s in (*times, window.end_s):
        before = detector.freeze_count
        detector.frame_shown(at_s)
        if detector.freeze_count > before and previous_s is not None and at_s > window.begin_s:
            total_s += at_s - max(previous_s, window.begin_s)
        previous_s = at_s
    return total_s


def open_gap_s(shown: list[PictureTime], window: Window) -> float:
    """How long the window's last picture had stood at its end, when that was a freeze; else 0."""
    gap_s = window.end_s - max((at_s for at_s, _ in shown if window.covers(at_s)), default=window.begin_s)
    return gap_s if gap_s >= OPEN_GAP_S else 0.0
