"""Sources of pictures from outside: what a spec means, pace, timestamps, status, stopping."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media import video_thread
from desktop_app.media.clock import now_s
from desktop_app.media.errors import DeviceError
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.media_file import is_file_spec
from desktop_app.media.pattern import read_counter
from desktop_app.media.picture import TIME_BASE, filled_picture
from desktop_app.media.source_status import SourceState, SourceStatus
from desktop_app.media.video_source import VideoFormat
from desktop_app.media.video_sources import open_video_source
from desktop_app.media.video_thread import ThreadedVideoSource, TimedPicture
from tests.waiting import StatusLog, eventually

from .media_files import rgb

if TYPE_CHECKING:
    from pathlib import Path

    import av

SMALL = VideoFormat(160, 120, 30)


class Recorder:
    """Keeps every frame of a slot."""

    def __init__(self, slot: FrameSlot) -> None:
        self._slot = slot
        self.frames: list[av.VideoFrame] = []
        slot.subscribe(self._take)

    def _take(self) -> None:
        newest = self._slot.newest()
        if newest is not None:
            self.frames.append(newest.frame)


def test_the_test_pattern_comes_at_its_rate_with_steady_timestamps() -> None:
    slot, status = FrameSlot(), StatusLog()
    recorder = Recorder(slot)
    source = open_video_source("test", SMALL, slot=slot, on_status=status)
    assert slot.newest() is None
    source.start()
    source.start()
    eventually(lambda: len(recorder.frames) >= 40, "40 frames")
    assert source.slot is slot
    assert 20 < source.delivered_fps < 40
    source.stop()
    source.stop()
    frames = recorder.frames
    assert {(frame.width, frame.height, frame.format.name) for frame in frames} == {(160, 120, "yuv420p")}
    assert {frame.time_base for frame in frames} == {TIME_BASE}
    stamps = [frame.pts for frame in frames if frame.pts is not None]
    counters = [read_counter(rgb(frame)) for frame in frames]
    assert len(stamps) == len(frames)
    # One number of the counter is 3000 ticks: the pts tells when the picture was due, not when the thread woke up.
    numbers = [counter for counter in counters if counter is not None]
    assert len(numbers) == len(frames)
    assert np.abs(np.diff(stamps) - 3000 * np.diff(numbers)).max() <= 1
    assert (np.diff(stamps) > 0).all()
    assert abs(stamps[-1] / 90_000 - now_s()) < 5
    assert status.states == ["opening", "live", "off"]
    assert slot.newest() is None
    assert source.delivered_fps == 0.0


def test_odd_sizes_become_even() -> None:
    slot = FrameSlot()
    source = open_video_source("test", VideoFormat(161, 91, 30), slot=slot, on_status=StatusLog())
    source.start()
    eventually(slot.newest, "a frame")
    newest = slot.newest()
    source.stop()
    assert newest is not None
    assert (newest.frame.width, newest.frame.height) == (160, 90)


def test_no_camera_is_an_empty_slot() -> None:
    slot, status = FrameSlot(), StatusLog()
    pattern = open_video_source("test", SMALL, slot=slot, on_status=StatusLog())
    pattern.start()
    eventually(slot.newest, "a frame")
    pattern.stop()
    source = open_video_source("none", SMALL, slot=slot, on_status=status)
    source.start()
    assert slot.newest() is None
    assert source.delivered_fps == 0.0
    source.stop()
    assert set(status.states) <= {"off"}


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("99", "There is no camera with the number 99."),
        ("/dev/video99", "There is no camera with the number 99."),
        ("Holodeck Cam", 'The camera "Holodeck Cam" is not connected.'),
        ("/nowhere/film.mp4", 'The file "film.mp4" does not exist.'),
        ("film.webm", 'The file "film.webm" does not exist.'),
    ],
)
def test_what_is_missing_is_said_and_shown(spec: str, sentence: str) -> None:
    slot, status = FrameSlot(), StatusLog()
    recorder = Recorder(slot)
    source = open_video_source(spec, SMALL, slot=slot, on_status=status)
    source.start()
    assert status.wait_for(SourceState.FAILED) == SourceStatus(SourceState.FAILED, sentence)
    eventually(lambda: len(recorder.frames) >= 3, "placeholders")
    source.stop()
    assert status.states == ["opening", "failed", "off"]
    assert source.delivered_fps == 0.0
    grey = recorder.frames[-1].to_ndarray(format="gray")
    assert np.median(grey) < 60
    assert grey.max() > 150  # the sentence
    stamps = [frame.pts or 0 for frame in recorder.frames]
    assert (np.diff(stamps) > 0).all()


def test_stopping_does_not_wait_for_a_retry() -> None:
    source = open_video_source("Holodeck Cam", SMALL, slot=FrameSlot(), on_status=StatusLog())
    source.start()
    source.stop()  # the guard of all tests fails when the thread is still there


def test_stop_before_start_and_start_after_stop_do_nothing() -> None:
    slot, status = FrameSlot(), StatusLog()
    source = open_video_source("test", SMALL, slot=slot, on_status=status)
    source.stop()
    source.start()
    assert status.states == []
    assert slot.newest() is None


@pytest.mark.expected_warnings("video source .* failed", "the status listener of .* failed")
def test_defects_become_one_plain_sentence_and_do_not_end_the_thread() -> None:
    opened: list[int] = []

    class Reader:
        def read(self, wait_s: float) -> TimedPicture:
            opened.append(1)
            raise RuntimeError("a defect")

        def close(self) -> None:
            return None

    class Broken(StatusLog):
        def __call__(self, status: SourceStatus) -> None:
            super().__call__(status)
            raise RuntimeError("a broken listener")

    status = Broken()
    source = ThreadedVideoSource(
        "broken", lambda _stopping: Reader(), SMALL, slot=FrameSlot(), on_status=status
    )
    source.start()
    assert "log has the details" in status.wait_for(SourceState.FAILED).message
    eventually(lambda: len(opened) >= 2, "another try")
    source.stop()


def test_a_reader_that_never_comes_back_is_abandoned(
    monkeypatch: pytest.MonkeyPatch, expected_warnings: object
) -> None:
    monkeypatch.setattr(video_thread, "STOP_LIMIT_S", 0.2)
    assert callable(expected_warnings)
    expected_warnings("does not end; its thread is abandoned")
    inside, release = threading.Event(), threading.Event()

    class Reader:
        def read(self, wait_s: float) -> TimedPicture:
            inside.set()
            release.wait()
            return TimedPicture(filled_picture(160, 120), now_s())

        def close(self) -> None:
            return None

    slot, status = FrameSlot(), StatusLog()
    source = ThreadedVideoSource("stuck", lambda _stopping: Reader(), SMALL, slot=slot, on_status=status)
    source.start()
    assert inside.wait(5)
    source.stop()
    assert status.states == ["opening", "off"]
    release.set()
    eventually(
        lambda: all("stuck" not in thread.name for thread in threading.enumerate()), "the thread's end"
    )
    assert slot.newest() is None
    assert status.states == ["opening", "off"]


def test_a_failure_is_reported_once_and_again_when_the_reason_changes() -> None:
    sentences = iter(["One.", "One.", "Two."])

    def fail(_stopping: threading.Event) -> object:
        raise DeviceError(next(sentences, "Two."))

    status = StatusLog()
    source = ThreadedVideoSource("failing", fail, SMALL, slot=FrameSlot(), on_status=status)  # type: ignore[arg-type]
    source.start()
    eventually(lambda: len(status.all) >= 3, "the second reason")
    source.stop()
    assert [each.message for each in status.all] == ["", "One.", "Two.", ""]


def test_what_counts_as_a_file(tmp_path: Path) -> None:
    real = tmp_path / "no-suffix"
    real.write_bytes(b"x")
    for spec in (str(real), "/a/b", "./x", "~/film", "film.mp4", "SOUND.WAV", "C:\\films\\a.mkv"):
        assert is_file_spec(spec), spec
    cards = (
        "Family 17h/19h HD Audio",
        "alsa_input.usb-Blue_Yeti.mono",
        "bluez_source.a2dp",
        "HD Webcam C525 v2.0",
    )
    for spec in ("", "0", "12", "/dev/video0", "test card", *cards, "/dev/null"):
        assert not is_file_spec(spec), spec
