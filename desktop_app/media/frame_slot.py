"""The newest video frame: one writer, any number of readers, no queue."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

logger = logging.getLogger(__name__)


class NewestFrame(NamedTuple):
    """A frame and its serial number; the number grows by one with every frame put into the slot."""

    serial: int
    frame: av.VideoFrame


class FrameSlot:
    """Holds the newest frame (yuv420p, any size). All methods may be called from any thread.

    Listeners are called on the writer's thread with no argument; they must return at once
    (set a flag, post an event) and fetch the frame later with `newest`. A reader that is slow
    skips frames; it never makes anybody wait.
    """

    wants_pictures = True
    """False: that there was a frame is enough, whatever is on it, so that none needs to be decoded."""

    is_steady = True
    """False: pictures come when something changes (a screen), so that a gap between them is no freeze."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: NewestFrame | None = None
        self._serial = 0
        self._is_dark = False
        self._listeners: tuple[Callable[[], None], ...] = ()

    def put(self, frame: av.VideoFrame) -> None:
        """Replace the newest frame and call the listeners. The frame must not be changed afterwards."""
        with self._lock:
            if self._is_dark:
                return
            self._serial += 1
            self._newest = NewestFrame(self._serial, frame)
            listeners = self._listeners
        self._notify(listeners)

    def newest(self) -> NewestFrame | None:
        """The newest frame, or None when there is none (yet, or after `clear`)."""
        with self._lock:
            return self._newest

    def clear(self) -> None:
        """Forget the frame (camera off, participant gone) and call the listeners."""
        with self._lock:
            self._newest = None
            listeners = self._listeners
        self._notify(listeners)

    def set_dark(self, is_dark: bool) -> None:
        """Hold no frame, and take none: one that was decoded a moment too late must not stay for good."""
        with self._lock:
            self._is_dark = is_dark
        if is_dark:
            self.clear()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change; returns the function that ends that."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return unsubscribe

    def _notify(self, listeners: tuple[Callable[[], None], ...]) -> None:
        for listener in listeners:
            try:
                listener()
            except Exception:
                logger.exception("a frame listener failed")
