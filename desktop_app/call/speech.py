"""Whether our microphone hears speech, and how loud, as the server is told of it (docs/sfu.md).

The floor is the least of the last seconds, as in minimum statistics (R. Martin, IEEE Trans. Speech Audio Process. 9(5),
2001): between syllables speech falls back to it, steady noise never leaves it. Speech is what is clearly above the
floor for most of a moment, which a keystroke is not; it has ended when little was for a while.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from collections import deque

from desktop_app.protocol.topology import SILENCE_DBOV

FLOOR_WINDOW_S = 4.0
LEAST_DBOV = -55.0
"""Nobody speaks below it into a microphone of which others shall hear anything."""
ABOVE_DB, STILL_ABOVE_DB = 12.0, 7.0
"""Above the floor: what speech begins with, and what it goes on with."""
LOWEST_FLOOR_DBOV = -75.0
BEGIN_WINDOW_S, BEGIN_SHARE = 0.45, 0.6
END_S = 0.8
TELL_S = 0.5


class SpeechDetector:
    """Call `update` ten times a second."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque()
        """Times and dBov."""
        self._speaking = False
        self._heard_s = self._told_s = -math.inf

    @property
    def speaking(self) -> bool:
        """Whether speech is heard."""
        return self._speaking

    def update(self, now_s: float, level: float) -> int | None:
        """What to tell the server now, in dBov (RFC 6464): None is nothing, -127 that speech has ended.

        Args:
            now_s: any monotonic clock.
            level: RMS of the microphone, 0 to 1; 0 while it is muted.
        """
        dbov = max(LOWEST_FLOOR_DBOV, 20 * math.log10(level)) if level > 0 else LOWEST_FLOOR_DBOV
        self._levels.append((now_s, dbov))
        while now_s - self._levels[0][0] > FLOOR_WINDOW_S:
            self._levels.popleft()
        floor = min(each for _, each in self._levels)
        if dbov >= max(floor + STILL_ABOVE_DB, LEAST_DBOV):
            self._heard_s = now_s
        if self._speaking:
            if level <= 0 or now_s - self._heard_s > END_S:
                self._speaking = False
                return SILENCE_DBOV
        elif level <= 0 or now_s - self._heard_s >= TELL_S or not self._begins(now_s, floor):
            return None  # what was heard before a mute, or as noise, is in the newest levels, too
        if now_s - self._told_s < TELL_S or now_s - self._heard_s >= TELL_S:
            return None  # no news; and who begins is told at once, so that an end has had a beginning
        self._speaking = True
        self._told_s = now_s
        loudest = max(each for at_s, each in self._levels if now_s - at_s <= TELL_S)
        return min(0, round(loudest))

    def _begins(self, now_s: float, floor: float) -> bool:
        newest = [dbov for at_s, dbov in self._levels if now_s - at_s <= BEGIN_WINDOW_S]
        if now_s - self._levels[0][0] < BEGIN_WINDOW_S:
            return False
        threshold = max(floor + ABOVE_DB, LEAST_DBOV)
        return sum(dbov >= threshold for dbov in newest) >= BEGIN_SHARE * len(newest)
