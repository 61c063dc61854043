"""A playout that decodes nothing, for load tests: it counts what would have been heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.media.audio import silence
from desktop_app.media.clock import AUDIO_FRAME_SAMPLES

from .audio_playout import INACTIVE_S, AudioPlayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.media.audio import AudioFrame

    from .red import Copy

_MAX_WAITING = 25
"""Frames: half a second."""
_PREFETCH = 3


class CountingPlayout(AudioPlayout):
    """Plays silence; a frame for which no packet was there counts as concealed."""

    _waiting = 0

    def put(
        self,
        sequence_number: int,
        timestamp: int,
        payload: bytes,
        arrival_s: float,
        copies: Sequence[Copy] = (),
    ) -> None:
        """Take one packet, whatever is in it."""
        with self._lock:
            self._last_arrival_s = arrival_s
            self._waiting = min(self._waiting + 1, _MAX_WAITING)

    def pull(self, now_s: float) -> AudioFrame:
        """The next 20 ms."""
        first = False
        with self._lock:
            if not self._playing and self._waiting >= _PREFETCH:
                self._playing = first = True
            if self._playing:
                self.total_samples += AUDIO_FRAME_SAMPLES
                if self._waiting:
                    self._waiting -= 1
                elif self._last_arrival_s is not None and now_s - self._last_arrival_s < INACTIVE_S:
                    self.concealed_samples += AUDIO_FRAME_SAMPLES
        if first and self._on_first_frame is not None:
            self._on_first_frame()
            self._on_first_frame = None
        return silence()

    def restart(self) -> None:
        """What follows comes from another source."""
        with self._lock:
            self._playing, self._waiting = False, 0

    @property
    def buffered_s(self) -> float:
        """What waits."""
        return self._waiting * 0.02
