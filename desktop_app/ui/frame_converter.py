"""From a FrameSlot to a picture that Qt can paint: conversion and scaling in worker threads.

A feed is a one-place pipeline: writer's thread -> worker (swscale releases the GIL) -> Qt thread -> painted.
The next conversion starts only when the last picture was painted, and then takes the newest frame; so a tile
that is not painted (hidden, minimised, a stalled window) costs nothing, and nothing ever queues.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from av.video.reformatter import Interpolation, VideoReformatter
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from .picture_fit import Fit, fit_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from desktop_app.media.frame_slot import FrameSlot, NewestFrame

logger = logging.getLogger(__name__)

WORKERS = 2
MAX_TARGET_PX = 8192


class Picture(NamedTuple):
    """A frame ready to be painted. `image` reads the memory of `frame`: keep both together."""

    image: QImage
    frame: av.VideoFrame
    fit: Fit
    box: tuple[int, int]
    """The tile's size in device pixels that `fit` was made for."""
    source_size: tuple[int, int]
    serial: int


class _Stage(Enum):
    IDLE = "idle"
    CONVERTING = "converting"
    DELIVERED = "delivered"


class ConversionPool(QObject):
    """The worker threads of all tiles, and the way from them to the Qt thread."""

    _finished = Signal(object)

    def __init__(self, parent: QObject | None = None, *, workers: int = WORKERS) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="frame-converter")
        self._lock = threading.Lock()
        self._closed = False
        self._conversions = 0
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def conversions(self) -> int:
        """How many frames were converted so far."""
        return self._conversions

    def submit(self, feed: FrameFeed) -> None:
        """Convert the feed's newest frame soon; nothing happens after `close`."""
        with self._lock:
            if not self._closed:
                self._executor.submit(self._run, feed)

    def close(self) -> None:
        """End the threads; waits for a conversion under way (a few milliseconds). Safe to call twice."""
        with self._lock:
            self._closed = True
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _run(self, feed: FrameFeed) -> None:
        converted = feed.convert()
        with self._lock:
            self._conversions += converted
            if not self._closed:  # after close() this object may be deleted at any time
                self._finished.emit(feed)

    @Slot(object)
    def _deliver(self, feed: FrameFeed) -> None:
        feed.deliver()


class FrameFeed:
    """Carries the newest frame of one slot to one painter.

    Everything but `convert` is called on the Qt thread. `on_picture` gets a picture, or None when the slot
    was cleared; the painter calls `painted` when it has drawn the picture.
    """

    def __init__(
        self,
        pool: ConversionPool,
        slot: FrameSlot,
        on_picture: Callable[[Picture | None], None],
        *,
        whole: bool = False,
    ) -> None:
        """Of a `whole` picture nothing is cut off to fill the painter."""
        self._pool = pool
        self._slot = slot
        self._whole = whole
        self._on_picture = on_picture
        self._scaler = VideoReformatter()
        self._converter = VideoReformatter()
        self._lock = threading.Lock()
        self._stage = _Stage.IDLE
        self._changed = False
        self._box = (0, 0)
        self._result: Picture | None = None
        self._closed = False
        self._failed = False
        self._unsubscribe = slot.subscribe(self._slot_changed)
        if slot.newest() is not None:
            self._changed = True

    def set_box(self, width_px: int, height_px: int) -> None:
        """The painter's size in device pixels; the newest frame is scaled anew when it changed."""
        box = (max(0, min(width_px, MAX_TARGET_PX)), max(0, min(height_px, MAX_TARGET_PX)))
        with self._lock:
            if box == self._box:
                return
            self._box = box
            self._changed = self._changed or self._slot.newest() is not None
        self._start_if_due()

    def painted(self) -> None:
        """The picture handed over last is on the screen: the next may come."""
        with self._lock:
            if self._stage is not _Stage.DELIVERED:
                return
            self._stage = _Stage.IDLE
        self._start_if_due()

    def close(self) -> None:
        """Stop; `on_picture` is not called any more."""
        self._unsubscribe()
        with self._lock:
            self._closed = True

    def _slot_changed(self) -> None:
        with self._lock:
            self._changed = True
        self._start_if_due()

    def _start_if_due(self) -> None:
        with self._lock:
            if self._closed or not self._changed or self._stage is not _Stage.IDLE or 0 in self._box:
                return
            self._stage = _Stage.CONVERTING
        self._pool.submit(self)

    def convert(self) -> bool:
        """Convert the newest frame, if there is one (worker thread)."""
        with self._lock:
            self._changed = False
            box = self._box
            closed = self._closed
        newest = None if closed else self._slot.newest()
        result = None
        if newest is not None:
            try:
                result = self._convert(newest, box)
            except Exception:
                # Frames come from the network: a bad one must not end the picture.
                if not self._failed:  # once; thirty tracebacks a second would fill the log
                    logger.exception("a frame could not be converted")
                self._failed = True
        with self._lock:
            self._result = result
        return newest is not None

    def _convert(self, newest: NewestFrame, box: tuple[int, int]) -> Picture:
        source = newest.frame
        fit = fit_picture(source.width, source.height, *box, whole=self._whole)
        # In two steps, for each of which swscale has a fast path: 640x360 to 413x232 takes 0.15 ms in all, and
        # 1.3 ms in one step. One thread: the pool is the parallelism, not threads of swscale's for every tile.
        scaled = self._scaler.reformat(
            source,
            width=fit.width,
            height=fit.height,
            format="yuv420p",
            interpolation=Interpolation.AREA if fit.width < source.width else Interpolation.BILINEAR,
            threads=1,
        )
        # The byte order of QImage's Format_RGB32, which is painted with no conversion.
        frame = self._converter.reformat(scaled, format="bgra", threads=1)
        plane = frame.planes[0]
        image = QImage(
            memoryview(plane), frame.width, frame.height, plane.line_size, QImage.Format.Format_RGB32
        )
        return Picture(image, frame, fit, box, (source.width, source.height), newest.serial)

    def deliver(self) -> None:
        """Hand the result to the painter (Qt thread)."""
        with self._lock:
            if self._closed:
                return
            result = self._result
            self._result = None
            # With no picture there is nothing to paint and to wait for.
            self._stage = _Stage.DELIVERED if result is not None else _Stage.IDLE
        self._on_picture(result)
        self._start_if_due()
