"""One tile's picture, which may come by two ways at a time: it is the newest way's, once that has brought one."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from desktop_app.media.clock import now_s
from desktop_app.media.frame_slot import FrameSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

FLOWING_FRAMES = 5
"""A way begins with a keyframe, behind which the next pictures may have to queue: it is taken when they flow,"""
GAP_S = 0.150
"""or when the other way has stopped."""
LIVE_S = 1.0


class PictureWay(FrameSlot):
    """What a decoder takes for the tile: holds nothing itself. Its methods may be called from any thread."""

    def __init__(self, switch: PictureSwitch) -> None:
        super().__init__()
        self._switch = switch
        self.has_come = False
        """Whether there ever was a picture."""

    def put(self, frame: av.VideoFrame) -> None:
        """Show it, if this is the way that is shown, or that shall be."""
        self.has_come = True
        self._switch.put(self, frame)


class PictureSwitch:
    """In front of a participant's slot. `put` runs on the decoders' threads, the rest on the engine loop."""

    def __init__(self, slot: FrameSlot, clock_s: Callable[[], float] = now_s) -> None:
        self._slot = slot
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._wanted: PictureWay | None = None
        self._shown: PictureWay | None = None
        self._come = 0
        self._shown_s = -math.inf
        self.frames_shown = 0

    def way(self, *, decode: bool = True) -> PictureWay:
        """Another way for pictures to come by; without `decode` they are blank."""
        way = PictureWay(self)
        way.wants_pictures = decode
        return way

    def prefer(self, way: PictureWay) -> None:
        """Show `way` as soon as pictures flow by it, and until then what was shown before."""
        with self._lock:
            if way is not self._wanted:
                self._come = 0
            self._wanted = way
            if self._shown is None:
                self._shown = way

    def is_preferred(self, way: PictureWay) -> bool:
        """Whether it is the way that shall be shown."""
        return self._wanted is way

    @property
    def has_come(self) -> bool:
        """Whether pictures have come by the preferred way since it is that, so that it is shown."""
        return self._shown is self._wanted and self._come > 0

    @property
    def is_live(self) -> bool:
        """Whether a picture was shown of late."""
        return self._clock_s() - self._shown_s < LIVE_S

    def put(self, way: PictureWay, frame: av.VideoFrame) -> None:
        """A picture has come by `way`."""
        with self._lock:
            at_s = self._clock_s()
            if way is self._wanted:
                self._come += 1
                if self._come >= FLOWING_FRAMES or at_s - self._shown_s > GAP_S:
                    self._shown = way
            if way is not self._shown:
                return
            self.frames_shown += 1
            self._shown_s = at_s
            # Under the lock, so that an older picture of the other way cannot come after it.
            self._slot.put(frame)
