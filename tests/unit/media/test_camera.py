"""The camera's own machinery, with OpenCV reading real files and pipes in place of a device."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from desktop_app.media.camera import CameraReader, Capture, resolve_camera
from desktop_app.media.clock import now_s
from desktop_app.media.devices import Camera
from desktop_app.media.errors import DeviceError
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.opencv import cv2
from desktop_app.media.pattern import read_counter
from desktop_app.media.picture import planes_of
from desktop_app.media.source_status import SourceState
from desktop_app.media.video_source import VideoFormat
from desktop_app.media.video_thread import ThreadedVideoSource
from tests.waiting import StatusLog, eventually

from .media_files import rgb, write_video

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from tests.conftest import ExpectWarning

FORMAT = VideoFormat(320, 240, 30)
CAMERAS = (Camera(0, "HD Webcam"), Camera(2, "HD Webcam (2)"), Camera(4, "Capture Card"))


class PacedFile:
    """cv2.VideoCapture of a file, at the pace of a camera."""

    def __init__(self, path: Path, rate: float) -> None:
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        assert self._capture.isOpened()
        self._interval_s = 1 / rate
        self._due_s = now_s()
        self.released = False

    def read(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        """The next picture at its time."""
        self._due_s += self._interval_s
        time.sleep(max(0.0, self._due_s - now_s()))
        return cast("tuple[bool, npt.NDArray[np.uint8]]", self._capture.read())

    def release(self) -> None:
        """Close the file."""
        self._capture.release()
        self.released = True


def camera_source(
    open_capture: Callable[[], Capture], status: StatusLog, slot: FrameSlot
) -> ThreadedVideoSource:
    """A source with this in place of the device."""
    return ThreadedVideoSource(
        "camera",
        lambda stopping: CameraReader("The camera", open_capture, FORMAT, stopping),
        FORMAT,
        slot=slot,
        on_status=status,
    )


def test_pictures_go_the_whole_way(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", frames=90)
    captures: list[PacedFile] = []

    def open_capture() -> Capture:
        captures.append(PacedFile(path, 30))
        return captures[-1]

    slot, status = FrameSlot(), StatusLog()
    numbers: list[int] = []

    def take() -> None:
        newest = slot.newest()
        number = None if newest is None else read_counter(rgb(newest.frame))
        if number is not None:
            numbers.append(number)

    slot.subscribe(take)
    source = camera_source(open_capture, status, slot)
    source.start()
    eventually(lambda: len(numbers) >= 30, "30 pictures")
    assert 15 < source.delivered_fps < 40
    source.stop()
    assert (np.diff(numbers) > 0).all()
    assert captures[0].released
    assert status.states == ["opening", "live", "off"]


def test_a_camera_that_ends_fails_and_comes_back(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", frames=10)
    slot, status = FrameSlot(), StatusLog()
    source = camera_source(lambda: PacedFile(path, 30), status, slot)
    source.start()
    failed = status.wait_for(SourceState.FAILED)
    assert failed.message == "The camera delivers no pictures any more."
    status.wait_for(SourceState.LIVE, after=status.all.index(failed))
    source.stop()


def test_a_camera_that_is_too_fast_is_thinned_out_evenly(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", frames=120, rate=60)
    stopping = threading.Event()
    reader = CameraReader("The camera", lambda: PacedFile(path, 60), VideoFormat(320, 240, 20), stopping)
    read = [reader.read(5.0) for _ in range(15)]
    reader.close()
    times_s = [timed.captured_at_s for timed in read if timed is not None]
    assert len(times_s) == 15
    assert (times_s[-1] - times_s[0]) / 14 == pytest.approx(1 / 20, rel=0.2)


@pytest.fixture
def blocked_pipe(tmp_path: Path) -> Path:
    """A pipe that nobody writes to: reading it blocks as a dead camera does."""
    path = tmp_path / "dead-camera"
    os.mkfifo(path)
    return path


class BlockedCapture:
    """A device whose read does not return until the pipe gets a writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.released = threading.Event()

    def read(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        """Block in the operating system."""
        with self._path.open("rb") as pipe:
            pipe.read()
        return False, np.zeros((1, 1, 3), dtype=np.uint8)

    def release(self) -> None:
        """Note it."""
        self.released.set()


def test_a_camera_that_delivers_nothing_fails_and_cannot_hold_up_the_stop(
    blocked_pipe: Path, expected_warnings: ExpectWarning
) -> None:
    film = write_video(blocked_pipe.with_name("film.mp4"), frames=30)
    expected_warnings("does not answer; its capture thread will end when it does")
    capture = BlockedCapture(blocked_pipe)
    stopping = threading.Event()
    reader = CameraReader("The dead camera", lambda: capture, FORMAT, stopping, frame_limit_s=0.2)
    with pytest.raises(DeviceError, match="The dead camera delivers no pictures"):
        reader.read(5.0)
    reader.close()
    with pytest.raises(DeviceError, match="The dead camera does not answer"):  # no second thread is risked
        CameraReader("The dead camera", lambda: capture, FORMAT, stopping)
    with blocked_pipe.open("wb"):
        pass
    assert capture.released.wait(5)  # the thread that was left behind tidied up
    eventually(lambda: all("dead" not in thread.name for thread in threading.enumerate()), "its end")
    once_more = CameraReader("The dead camera", lambda: PacedFile(film, 30), FORMAT, stopping)
    assert once_more.read(5.0) is not None
    once_more.close()


def test_a_camera_that_does_not_open_in_time_fails(expected_warnings: ExpectWarning) -> None:
    expected_warnings("does not answer")
    release = threading.Event()

    def open_capture() -> Capture:
        release.wait()
        raise DeviceError("too late")

    reader = CameraReader("The slow camera", open_capture, FORMAT, threading.Event(), open_limit_s=0.2)
    with pytest.raises(DeviceError, match="The slow camera does not answer"):
        reader.read(5.0)
    release.set()
    reader.close()


def test_reading_ends_when_stopping() -> None:
    stopping = threading.Event()
    release = threading.Event()

    def open_capture() -> Capture:
        release.wait()
        raise DeviceError("closed")

    reader = CameraReader("The camera", open_capture, FORMAT, stopping)
    assert reader.read(0.05) is None
    stopping.set()
    assert reader.read(60.0) is None
    release.set()
    reader.close()


@pytest.mark.parametrize(
    ("spec", "index"),
    [
        ("", 0),
        ("0", 0),
        ("2", 2),
        ("HD Webcam", 0),
        ("HD Webcam (2)", 2),
        ("Capture Card", 4),
        ("/dev/video4", 4),
        ("7", 7),
    ],
)
def test_a_camera_is_found_by_its_words(spec: str, index: int) -> None:
    assert resolve_camera(spec, CAMERAS).index == index


@pytest.mark.parametrize(
    ("spec", "cameras", "sentence"),
    [
        ("", (), "No camera was found."),
        ("Nobody", CAMERAS, 'The camera "Nobody" is not connected.'),
        ("/dev/v4l/by-id/usb-gone", CAMERAS, 'The camera "/dev/v4l/by-id/usb-gone" is not connected.'),
        ("99999999999999999999", CAMERAS, 'The camera "99999999999999999999" is not connected.'),
        ("٣", CAMERAS, 'The camera "٣" is not connected.'),
    ],
)
def test_a_camera_that_is_not_there_is_named(spec: str, cameras: tuple[Camera, ...], sentence: str) -> None:
    with pytest.raises(DeviceError) as caught:
        resolve_camera(spec, cameras)
    assert str(caught.value) == sentence


def test_opencv_reads_the_pattern_as_a_camera_would(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", frames=5)
    reader = CameraReader("The camera", lambda: PacedFile(path, 30), FORMAT, threading.Event())
    timed = reader.read(5.0)
    reader.close()
    assert timed is not None
    assert read_counter(planes_of(timed.picture).y) is not None
