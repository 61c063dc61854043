"""Spreads the packets of a large frame over time.

A keyframe of thirty packets that leaves in one burst overflows the short queue of a home router, or fills it and
delays the sound behind it (draft-ietf-rmcat-gcc 3; libwebrtc paces at 2.5 times the target, too).
"""

from __future__ import annotations

PACING_FACTOR, NARROW_FACTOR = 2.5, 1.5
"""The second where a queue was seen of late: what a burst of pictures puts there, the sound has to wait for."""
MIN_KBPS, NARROW_MIN_KBPS = 300.0, 100.0
BURST_S = 0.005
"""Packets that are due within this time go at once: timers are no finer than a millisecond or two."""
MAX_WAIT_S = 0.100
"""No single packet waits longer."""


class Pacer:
    """Pure: says how long the next packet has to wait. Without a target nothing waits."""

    def __init__(self) -> None:
        self._kbps = 0.0
        self._free_at_s = 0.0

    def set_target_kbps(self, kbps: float, *, is_narrow: bool = False) -> None:
        """The stream's bitrate; packets leave at PACING_FACTOR or NARROW_FACTOR times that."""
        if is_narrow:
            self._kbps = max(NARROW_MIN_KBPS, kbps * NARROW_FACTOR)
        else:
            self._kbps = max(MIN_KBPS, kbps * PACING_FACTOR)

    def wait_s(self, payload_bytes: int, now_s: float) -> float:
        """Seconds until this packet may leave (0 is at once); the packet is counted."""
        if not self._kbps:
            return 0.0
        due_s = min(max(self._free_at_s, now_s), now_s + MAX_WAIT_S)
        self._free_at_s = due_s + payload_bytes * 8 / (self._kbps * 1000)
        wait_s = due_s - now_s
        return wait_s if wait_s > BURST_S else 0.0
