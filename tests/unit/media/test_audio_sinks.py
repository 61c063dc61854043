"""Sinks of sound without a device: the one that throws it away, and the recorder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from desktop_app.media.audio import AudioFrame, silence
from desktop_app.media.audio_sinks import NullSink, WavRecorder
from desktop_app.media.audio_sources import ToneReader
from desktop_app.media.source_status import SourceState
from tests.waiting import StatusLog, eventually

from .media_files import frequency_hz


class Counter:
    """A pull that counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> AudioFrame:
        """A frame of silence."""
        self.count += 1
        return silence()


def samples_of(path: Path) -> AudioFrame:
    """The sound of a WAV file, as its header describes it."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def test_the_null_sink_keeps_pulling() -> None:
    status, counter = StatusLog(), Counter()
    sink = NullSink(on_status=status)
    sink.start(counter)
    sink.start(counter)
    eventually(lambda: counter.count >= 20, "20 frames")
    sink.stop()
    count = counter.count
    sink.stop()
    sink.start(counter)
    assert counter.count == count
    assert sink.underruns == 0
    assert sink.latency_ms == 0.0
    assert status.states == ["live", "off"]


@pytest.mark.expected_warnings("the null sink's pull failed")
def test_a_pull_that_raises_does_not_end_the_sink() -> None:
    calls: list[int] = []

    def broken() -> AudioFrame:
        calls.append(1)
        raise RuntimeError("broken")

    sink = NullSink(on_status=StatusLog())
    sink.start(broken)
    eventually(lambda: len(calls) >= 3, "more calls")
    sink.stop()


def test_a_recording_holds_what_was_played(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    tone, pulled = ToneReader(880.0), Counter()

    def pull() -> AudioFrame:
        pulled()
        return tone.read()

    status = StatusLog()
    recorder = WavRecorder(path, NullSink(on_status=StatusLog()), on_status=status)
    recorder.start(pull)
    eventually(lambda: pulled.count >= 60, "60 frames")
    recorder.stop()
    recorder.stop()
    samples = samples_of(path)
    assert len(samples) == pulled.count * 960
    assert path.stat().st_size == 44 + 2 * len(samples)
    assert frequency_hz(samples[:48_000]) == pytest.approx(880.0, abs=1)
    assert status.states == []
    assert (recorder.underruns, recorder.latency_ms) == (0, 0.0)


def test_a_recording_without_a_sound_is_still_a_wav_file(tmp_path: Path) -> None:
    recorder = WavRecorder(tmp_path / "call.wav", NullSink(on_status=StatusLog()), on_status=StatusLog())
    recorder.start(silence)
    recorder.stop()
    assert len(samples_of(tmp_path / "call.wav")) % 960 == 0


def test_a_killed_recorder_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    code = f"""
from pathlib import Path
from desktop_app.media.audio_sinks import NullSink, WavRecorder
from desktop_app.media.audio_sources import ToneReader
import threading
path = Path({str(path)!r})
recorder = WavRecorder(path, NullSink(on_status=print), on_status=print)
recorder.start(ToneReader(880.0).read)
threading.Event().wait()
"""
    root = str(Path(__file__).resolve().parents[3])
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": root}) as process:
        try:
            eventually(
                lambda: path.exists() and path.stat().st_size > 150_000,
                "a second and a half of sound",
                limit_s=30,
            )
        finally:
            process.send_signal(signal.SIGKILL)
    samples = samples_of(path)
    assert 48_000 * 0.9 < len(samples) <= (path.stat().st_size - 44) // 2
    assert frequency_hz(samples[: 48_000 // 2]) == pytest.approx(880.0, abs=2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.expected_warnings("the recording .* failed")
def test_a_full_disk_is_said_and_the_sound_goes_on() -> None:
    status, counter = StatusLog(), Counter()
    recorder = WavRecorder(Path("/dev/full"), NullSink(on_status=StatusLog()), on_status=status)
    recorder.start(counter)
    assert (
        status.wait_for(SourceState.FAILED).message == 'The recording "full" ends: No space left on device.'
    )
    before = counter.count
    eventually(lambda: counter.count > before + 10, "more frames")
    recorder.stop()


@pytest.mark.expected_warnings("the recording .* failed")
def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    status = StatusLog()
    recorder = WavRecorder(tmp_path / "no" / "a.wav", NullSink(on_status=StatusLog()), on_status=status)
    recorder.start(silence)
    assert (
        status.wait_for(SourceState.FAILED).message
        == 'The recording "a.wav" ends: No such file or directory.'
    )
    recorder.stop()
