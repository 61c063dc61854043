"""From grabbed pixels to pictures, at most so many a second, and hardly any while nothing changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from desktop_app.media.clock import now_s
from desktop_app.media.opencv import cv2
from desktop_app.media.pacing import Pacer, wait_until
from desktop_app.media.video_thread import TimedPicture

from .source import Grabbed, Preview, screen_format

if TYPE_CHECKING:
    import threading

    from desktop_app.media.picture import Picture
    from desktop_app.media.video_source import VideoFormat

    from .source import Grabber

REFINE_S = 1.0
"""So long after a change the same picture is passed on at the full rate: the encoder makes it sharper with each one,
which costs next to no bits."""
STILL_S = 0.5
"""After that a picture that stands still is passed on this often: whoever comes, or has lost a packet, needs one."""
PREVIEW_PX = (240, 150)


def picture_of(grabbed: Grabbed, most: VideoFormat) -> Picture:
    """The pixels as a picture, scaled down to `most` if need be, the ratio kept.

    Averaging over areas keeps text legible, where other ways leave out lines of it.
    """
    width, height = screen_format(grabbed.width_px, grabbed.height_px, most)
    image = np.frombuffer(grabbed.pixels, dtype=np.uint8).reshape(grabbed.height_px, grabbed.width_px, 4)
    if (width, height) == (grabbed.width_px & ~1, grabbed.height_px & ~1):
        image = np.ascontiguousarray(
            image[:height, :width]
        )  # an odd last line goes rather than all being blurred
    else:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    picture: Picture = cv2.cvtColor(image, cv2.COLOR_BGRA2YUV_I420)  # type: ignore[assignment]
    return picture


def preview_of(grabbed: Grabbed) -> Preview:
    """The pixels as a small picture."""
    scale = min(1.0, PREVIEW_PX[0] / grabbed.width_px, PREVIEW_PX[1] / grabbed.height_px)
    size = max(1, round(grabbed.width_px * scale)), max(1, round(grabbed.height_px * scale))
    image = np.frombuffer(grabbed.pixels, dtype=np.uint8).reshape(grabbed.height_px, grabbed.width_px, 4)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return Preview(*size, cv2.cvtColor(small, cv2.COLOR_BGRA2RGB).tobytes())


class ScreenReader:
    """A PictureReader over a Grabber. Pictures may have another size from one to the next, as windows do."""

    def __init__(self, grabber: Grabber, most: VideoFormat, stopping: threading.Event) -> None:
        self._grabber = grabber
        self._most = most
        self._stopping = stopping
        self._pacer = Pacer(most.frame_rate, start_s=now_s(), max_late_s=1.0 / most.frame_rate)
        self._before: Grabbed | None = None
        self._picture: Picture | None = None
        self._changed_s = self._passed_s = -math.inf

    def read(self, wait_s: float) -> TimedPicture | None:
        """The picture of the next deadline; None when it is not worth passing on."""
        _, due_s = self._pacer.next(now_s())
        if not wait_until(due_s, self._stopping):
            return None
        at_s = now_s()
        grabbed = self._grabber.grab()
        if grabbed is not None and grabbed != self._before:
            self._before, self._picture = grabbed, picture_of(grabbed, self._most)
            self._changed_s = at_s
        since_s = at_s - self._passed_s
        if self._picture is None or (at_s - self._changed_s > REFINE_S and since_s < STILL_S):
            return None
        self._passed_s = at_s
        return TimedPicture(self._picture, at_s)

    def refresh(self) -> None:
        """Pass on what there is as if it had changed: somebody needs a whole picture of it. Any thread."""
        self._changed_s = now_s()

    def close(self) -> None:
        """Let go of the screen or window."""
        self._grabber.close()
