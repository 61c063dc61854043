"""A camera through OpenCV. Its blocking calls run in a daemon thread, so that a dead camera cannot hold anything up."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.media.clock import now_s
from desktop_app.media.devices import DEVICE_FILES, Camera, find_cameras
from desktop_app.media.errors import DeviceError
from desktop_app.media.opencv import cv2
from desktop_app.media.picture import picture_from_image
from desktop_app.media.video_thread import TimedPicture

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from desktop_app.media.video_source import VideoFormat

logger = logging.getLogger(__name__)

OPEN_LIMIT_S = 8.0
FRAME_LIMIT_S = 3.0
JOIN_LIMIT_S = 1.0
FAILED_READS = 3
MJPG_FROM_PIXELS = 1280 * 720


class Capture(Protocol):
    """What we use of cv2.VideoCapture."""

    def read(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        """Block until the next picture; False when there is none."""

    def release(self) -> None:
        """Close the device."""


def open_camera(spec: str, video_format: VideoFormat) -> Capture:
    """Open the camera that `spec` names: empty for the first one, an index, a device file, or a name.

    Raises DeviceError with the reason in a sentence. Blocks for as long as the driver does.
    """
    camera = resolve_camera(spec, find_cameras())
    api = cv2.CAP_ANY
    if sys.platform == "linux":
        api = cv2.CAP_V4L2
        device_file = DEVICE_FILES / f"video{camera.index}"
        if not device_file.exists():
            raise DeviceError(f"There is no camera with the number {camera.index}.")
        if not os.access(device_file, os.R_OK | os.W_OK):
            raise DeviceError(
                f'This account may not use the camera "{camera.name}" (it needs the group "video").'
            )
    capture = cv2.VideoCapture(camera.index, api)
    if not capture.isOpened():
        capture.release()
        if sys.platform != "linux" and spec.isdecimal():
            raise DeviceError(
                f"There is no camera with the number {camera.index}, or another program uses it."
            )
        raise DeviceError(f'The camera "{camera.name}" is used by another program or does not answer.')
    if video_format.width_px * video_format.height_px >= MJPG_FROM_PIXELS:
        # Uncompressed 720p does not fit through USB 2 at more than 10 pictures a second.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, video_format.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, video_format.height_px)
    capture.set(cv2.CAP_PROP_FPS, video_format.frame_rate)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a picture that waits in the driver is an old picture
    return capture  # type: ignore[return-value]  # the stubs of OpenCV know no element type


def resolve_camera(spec: str, cameras: tuple[Camera, ...]) -> Camera:
    """The camera that `spec` means among those that are connected; raises DeviceError when there is none."""
    if spec == "":
        if not cameras:
            raise DeviceError("No camera was found.")
        return cameras[0]
    index = _index_of(spec)
    for camera in cameras:
        if camera.name == spec or camera.index == index:
            return camera
    if index is not None:
        return Camera(index, spec)  # one that does not list itself; opening it will tell
    raise DeviceError(f'The camera "{spec}" is not connected.')


def _index_of(spec: str) -> int | None:
    if re.fullmatch(r"[0-9]{1,4}", spec):
        return int(spec)
    if spec.startswith(f"{DEVICE_FILES}/"):
        target = os.path.realpath(Path(spec))  # /dev/v4l/by-id/... are links
        match = re.fullmatch(rf"{DEVICE_FILES}/video(\d+)", target)
        return int(match[1]) if match else None
    return None


_stuck: dict[str, threading.Thread] = {}
"""Capture threads that the operating system did not give back, by camera: at most one for each."""


class CameraReader:
    """The newest picture of a camera, converted, at no more than the rate asked for."""

    def __init__(
        self,
        label: str,
        open_capture: Callable[[], Capture],
        video_format: VideoFormat,
        stopping: threading.Event,
        *,
        frame_limit_s: float = FRAME_LIMIT_S,
        open_limit_s: float = OPEN_LIMIT_S,
    ) -> None:
        self._label = label
        self._open_capture = open_capture
        self._format = video_format
        self._stopping = stopping
        self._frame_limit_s = frame_limit_s
        self._open_limit_s = open_limit_s
        self._changed = threading.Condition()
        self._newest: tuple[npt.NDArray[np.uint8], float] | None = None
        self._error: BaseException | None = None
        self._opened = False
        self._ended = False
        self._alive_at_s = now_s()
        self._due_s = 0.0
        stuck = _stuck.get(label)
        if stuck is not None and stuck.is_alive():
            raise DeviceError(f"{label} does not answer.")
        _stuck.pop(label, None)
        self._thread = threading.Thread(target=self._capture, name=f"capture-{label}", daemon=True)
        self._thread.start()

    def read(self, wait_s: float) -> TimedPicture | None:
        """The newest picture that is due; raises DeviceError when the camera is lost or delivers nothing."""
        give_up_s = now_s() + wait_s
        interval_s = 1.0 / self._format.frame_rate
        while True:
            taken = self._take(give_up_s)
            if taken is None:
                return None
            image, at_s = taken
            # A quarter of an interval of jitter is let pass; a camera that is too fast loses pictures evenly.
            if at_s >= self._due_s - interval_s / 4:
                self._due_s = max(self._due_s + interval_s, at_s)
                return TimedPicture(picture_from_image(image, self._format), at_s)

    def _take(self, give_up_s: float) -> tuple[npt.NDArray[np.uint8], float] | None:
        with self._changed:
            while not self._stopping.is_set():
                if self._newest is not None:
                    taken, self._newest = self._newest, None
                    return taken
                if self._error is not None:
                    raise self._error
                limit_s = self._frame_limit_s if self._opened else self._open_limit_s
                if now_s() - self._alive_at_s > limit_s:
                    what = "delivers no pictures" if self._opened else "does not answer"
                    raise DeviceError(f"{self._label} {what}.")
                remaining_s = give_up_s - now_s()
                if remaining_s <= 0:
                    return None
                self._changed.wait(min(remaining_s, 0.1))  # stop() does not know of this condition
        return None

    def close(self) -> None:
        """Ask the capture thread to release the camera; a thread that does not come back is left to itself."""
        with self._changed:
            self._ended = True
        self._thread.join(JOIN_LIMIT_S)
        if self._thread.is_alive():
            logger.warning("%s does not answer; its capture thread will end when it does", self._label)
            _stuck[self._label] = self._thread

    def _capture(self) -> None:
        try:
            capture = self._open_capture()
            try:
                self._read_until_ended(capture)
            finally:
                capture.release()
        except Exception as error:  # noqa: BLE001 - raised again on the source's thread
            with self._changed:
                self._error = error
                self._changed.notify()

    def _read_until_ended(self, capture: Capture) -> None:
        self._note(opened=True)
        failed = 0
        while not self._ended:
            delivered, image = capture.read()
            if delivered:
                failed = 0
                self._note(picture=(image, now_s()))
                continue
            failed += 1
            if failed >= FAILED_READS:
                raise DeviceError(f"{self._label} delivers no pictures any more.")
            self._stopping.wait(0.05)

    def _note(
        self, *, opened: bool = False, picture: tuple[npt.NDArray[np.uint8], float] | None = None
    ) -> None:
        with self._changed:
            self._opened = self._opened or opened
            self._alive_at_s = now_s()
            if picture is not None:
                self._newest = picture
                self._changed.notify()
