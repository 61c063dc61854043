"""The devices of this machine, as the window lists them, and the cameras among them."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import struct
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.media.clock import now_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SYSFS_CAMERAS = Path("/sys/class/video4linux")
DEVICE_FILES = Path("/dev")
PROBED_INDICES = 4
PROBE_KEPT_S = 30.0

# linux/videodev2.h: VIDIOC_QUERYCAP is _IOR('V', 0, struct v4l2_capability), a struct of 104 bytes.
_VIDIOC_QUERYCAP = 0x80685600
_CAPABILITY_BYTES = 104
_CAP_VIDEO_CAPTURE = 0x00000001
_CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
_CAP_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True, slots=True)
class Device:
    """One device: `id` is what its backend opens, `name` is what a person reads and the settings keep."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Devices:
    """What is connected now."""

    cameras: tuple[Device, ...] = ()
    microphones: tuple[Device, ...] = ()
    speakers: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera and the index that OpenCV opens it by; `name` is unique among the cameras of now."""

    index: int
    name: str


def list_cameras() -> tuple[Device, ...]:
    """The cameras of now. Both id and name of a device are the camera's name, which survives replugging.

    On Linux this takes under a millisecond. Elsewhere cameras are opened to see whether they are there, which may
    take a second each (the answer is kept for half a minute): call it from a worker thread.
    """
    return tuple(Device(camera.name, camera.name) for camera in find_cameras())


def find_cameras() -> tuple[Camera, ...]:
    """The cameras of now with their OpenCV indices."""
    return linux_cameras() if sys.platform == "linux" else _probe.cameras()


def linux_cameras(sysfs: Path = SYSFS_CAMERAS, device_files: Path = DEVICE_FILES) -> tuple[Camera, ...]:
    """The V4L2 devices that capture video, by index.

    A webcam has several nodes of the same name (metadata, a second format): only those that say they capture count.
    """
    found = []
    with contextlib.suppress(OSError):
        for entry in sysfs.iterdir():
            match = re.fullmatch(r"video(\d+)", entry.name)
            if match and _captures(entry, device_files / entry.name):
                found.append(Camera(int(match[1]), _sysfs_name(entry)))
    return _with_unique_names(sorted(found, key=lambda camera: camera.index))


def _sysfs_name(entry: Path) -> str:
    try:
        name = (entry / "name").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = ""
    return name or f"Camera {entry.name.removeprefix('video')}"


def _captures(entry: Path, device_file: Path) -> bool:
    import fcntl  # not there on Windows

    try:
        descriptor = os.open(device_file, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            return False
        return _is_first_node(entry)  # no permission, or in use: listed, so that opening it can say why
    try:
        capability = bytearray(_CAPABILITY_BYTES)
        fcntl.ioctl(descriptor, _VIDIOC_QUERYCAP, capability)
    except OSError:
        return _is_first_node(entry)
    finally:
        os.close(descriptor)
    of_driver, of_node = struct.unpack_from("=II", capability, 84)
    capabilities = of_node if of_driver & _CAP_DEVICE_CAPS else of_driver
    return bool(capabilities & (_CAP_VIDEO_CAPTURE | _CAP_VIDEO_CAPTURE_MPLANE))


def _is_first_node(entry: Path) -> bool:
    try:
        return (entry / "index").read_text().strip() == "0"
    except OSError:
        return True


def _with_unique_names(cameras: Iterable[Camera]) -> tuple[Camera, ...]:
    seen: Counter[str] = Counter()
    unique = []
    for camera in cameras:
        seen[camera.name] += 1
        count = seen[camera.name]
        unique.append(camera if count == 1 else Camera(camera.index, f"{camera.name} ({count})"))
    return tuple(unique)


class CameraProbe:
    """Finds cameras by trying the first indices, where the system offers no list; the answer is kept for a while."""

    def __init__(self, can_open: Callable[[int], bool]) -> None:
        self._can_open = can_open
        self._lock = threading.Lock()
        self._found: tuple[Camera, ...] = ()
        self._found_at_s: float | None = None

    def cameras(self) -> tuple[Camera, ...]:
        """The cameras, up to the first index that does not open."""
        with self._lock:
            if self._found_at_s is None or now_s() - self._found_at_s > PROBE_KEPT_S:
                found = []
                for index in range(PROBED_INDICES):
                    if not self._can_open(index):
                        break
                    found.append(Camera(index, f"Camera {index + 1}"))
                self._found, self._found_at_s = tuple(found), now_s()
            return self._found


def _opencv_can_open(index: int) -> bool:
    from desktop_app.media.opencv import cv2  # costs 0.3 s; Linux never needs it here

    capture = cv2.VideoCapture(index)
    try:
        return capture.isOpened()
    finally:
        capture.release()


_probe = CameraProbe(_opencv_can_open)
