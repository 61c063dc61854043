"""Opening and closing everything twenty times leaves no thread, no descriptor and no memory behind."""

from __future__ import annotations

import gc
import os
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from desktop_app.media.audio import AudioFrame, silence
from desktop_app.media.audio_sinks import NullSink, WavRecorder
from desktop_app.media.audio_sources import open_audio_source
from desktop_app.media.camera import CameraReader
from desktop_app.media.frame_slot import FrameSlot
from desktop_app.media.processing import AudioProcessor
from desktop_app.media.source_status import SourceState
from desktop_app.media.video_source import VideoFormat
from desktop_app.media.video_sources import open_video_source
from desktop_app.media.video_thread import ThreadedVideoSource
from tests.waiting import StatusLog, eventually

from .media_files import sine, write_audio, write_video
from .test_camera import PacedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = VideoFormat(640, 480, 30)
TIMES = 20
SPARE_MIB = 12


def check(work: Callable[[], None]) -> None:
    """Run `work` twice to warm up, then count before and after twenty more times."""
    process = psutil.Process()
    work()
    work()
    gc.collect()
    threads, descriptors, rss = (
        threading.active_count(),
        len(os.listdir("/proc/self/fd")),
        process.memory_info().rss,
    )
    natively = process.num_threads()
    for _ in range(TIMES):
        work()
    gc.collect()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert process.num_threads() <= natively
    assert process.memory_info().rss - rss < SPARE_MIB * 2**20


@pytest.mark.parametrize("spec", ["test", "none", "film.mp4", "missing.mp4", "99"])
def test_video_sources(tmp_path: Path, spec: str) -> None:
    write_video(tmp_path / "film.mp4", frames=10)
    where = str(tmp_path / spec) if spec.endswith(".mp4") else spec

    def work() -> None:
        slot = FrameSlot()
        source = open_video_source(where, FORMAT, slot=slot, on_status=StatusLog())
        source.start()
        if spec != "none":
            eventually(slot.newest, "a frame")
        source.stop()

    check(work)


def test_cameras(tmp_path: Path) -> None:
    path = write_video(tmp_path / "film.mp4", frames=30)

    def work() -> None:
        slot = FrameSlot()
        source = ThreadedVideoSource(
            "camera",
            lambda stopping: CameraReader("The camera", lambda: PacedFile(path, 60), FORMAT, stopping),
            FORMAT,
            slot=slot,
            on_status=StatusLog(),
        )
        source.start()
        eventually(slot.newest, "a frame")
        source.stop()

    check(work)


@pytest.mark.parametrize("spec", ["test", "none", "sound.wav", "missing.wav", ""])
def test_audio_sources(tmp_path: Path, spec: str) -> None:
    write_audio(tmp_path / "sound.wav", sine(440, 1.0))
    where = str(tmp_path / spec) if spec.endswith(".wav") else spec

    def work() -> None:
        frames: list[AudioFrame] = []
        source = open_audio_source(where, on_status=StatusLog())
        source.start(lambda frame, _at_s: frames.append(frame))
        eventually(lambda: frames, "a frame")
        source.stop()

    check(work)


def test_recorders(tmp_path: Path) -> None:
    def work() -> None:
        status = StatusLog()
        sink = WavRecorder(tmp_path / "a.wav", NullSink(on_status=status), on_status=StatusLog())
        sink.start(silence)
        status.wait_for(SourceState.LIVE)
        sink.stop()

    check(work)


def test_processors() -> None:
    def work() -> None:
        processor = AudioProcessor(True, True, True)
        processor.process_capture(silence())
        processor.process_render(silence())
        processor.close()

    check(work)
