"""One tile's picture, which may come by two ways at a time: it is the newest way's, once that has brought one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from desktop_app.media.frame_slot import FrameSlot

if TYPE_CHECKING:
    import av


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

    def __init__(self, slot: FrameSlot) -> None:
        self._slot = slot
        self._lock = threading.Lock()
        self._wanted: PictureWay | None = None
        self._shown: PictureWay | None = None
        self._has_come = False
        self.frames_shown = 0

    def way(self, *, decode: bool = True) -> PictureWay:
        """Another way for pictures to come by; without `decode` they are blank."""
        way = PictureWay(self)
        way.wants_pictures = decode
        return way

    def prefer(self, way: PictureWay) -> None:
        """Show `way` from its next picture on, and until then what was shown before."""
        with self._lock:
            self._has_come = self._has_come and way is self._wanted
            self._wanted = way
            if self._shown is None:
                self._shown = way

    @property
    def has_come(self) -> bool:
        """Whether a picture has come by the preferred way since it is that."""
        return self._has_come

    def put(self, way: PictureWay, frame: av.VideoFrame) -> None:
        """A picture has come by `way`."""
        with self._lock:
            if way is self._wanted:
                self._shown = way
                self._has_come = True
            if way is not self._shown:
                return
            self.frames_shown += 1
            # Under the lock, so that an older picture of the other way cannot come after it.
            self._slot.put(frame)
