"""Sources of sound without a device: tone, silence, files, and what a spec means."""

from __future__ import annotations

import math
import shutil
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media.audio import AudioFrame, rms_level, silence
from desktop_app.media.audio_file import AudioFileReader
from desktop_app.media.audio_sources import ToneReader, ToneSource, WavFileSource, open_audio_source
from desktop_app.media.clock import now_s
from desktop_app.media.errors import DeviceError
from desktop_app.media.source_status import SourceState
from tests.waiting import StatusLog, eventually

from .frame_listener import Listener
from .media_files import frequency_hz, sine, write_audio, write_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read(reader: AudioFileReader | ToneReader, frames: int) -> AudioFrame:
    """The next frames as one piece."""
    pieces = [reader.read() for _ in range(frames)]
    assert all(piece.shape == (960,) and piece.dtype == np.int16 for piece in pieces)
    return np.concatenate(pieces)


def test_rms_level() -> None:
    assert rms_level(silence()) == 0.0
    assert rms_level(np.zeros(0, dtype=np.int16)) == 0.0
    assert rms_level(sine(1000, 0.02, amplitude=1.0)) == pytest.approx(math.sqrt(0.5), abs=0.001)
    assert rms_level(np.full(960, -32768, dtype=np.int16)) == 1.0


def test_a_tone_has_its_frequency_and_no_clicks() -> None:
    tone = ToneReader(440.0)
    samples = read(tone, 50)
    tone.frequency_hz = 1234.0
    samples = np.concatenate([samples, read(tone, 50)])
    assert frequency_hz(samples[:48_000]) == pytest.approx(440.0, abs=1)
    assert frequency_hz(samples[48_000:]) == pytest.approx(1234.0, abs=1)
    steepest = 2 * math.pi * 1234 / 48_000 * 0.25 * 32767
    assert np.abs(np.diff(samples.astype(int))).max() <= steepest + 2
    assert np.abs(samples[:48]).max() < 1500  # faded in
    assert rms_level(samples[4800:]) == pytest.approx(0.25 * math.sqrt(0.5), abs=0.01)


def test_a_tone_source_keeps_the_pace_and_stamps_it() -> None:
    status, listener = StatusLog(), Listener()
    source = ToneSource(status, frequency_hz=500.0)
    source.start(listener)
    source.start(listener)
    samples = listener.wait_for(60)
    assert abs(listener.times_s[-1] - now_s()) < 1.0
    source.stop()
    source.stop()
    assert source.frequency_hz == 500.0
    assert frequency_hz(samples[:48_000]) == pytest.approx(500.0, abs=1)
    steps = [after - before for before, after in pairwise(listener.times_s)]
    assert min(steps) > 0
    assert np.median(steps) == pytest.approx(0.02, abs=1e-6)
    assert status.states == ["opening", "live", "off"]


@pytest.mark.expected_warnings("the listener of audio source .* failed")
def test_a_listener_that_raises_does_not_end_the_sound() -> None:
    calls: list[float] = []

    def broken(_frame: AudioFrame, captured_at_s: float) -> None:
        calls.append(captured_at_s)
        raise RuntimeError("broken")

    source = open_audio_source("test", on_status=StatusLog())
    source.start(broken)
    eventually(lambda: len(calls) >= 3, "more frames")
    source.stop()


def test_no_microphone_is_silence_that_counts_as_off() -> None:
    status, listener = StatusLog(), Listener()
    source = open_audio_source("none", on_status=status)
    source.start(listener)
    assert not listener.wait_for(5).any()
    source.stop()
    assert status.states == []


def test_a_device_without_a_backend_is_silence_with_a_reason() -> None:
    status, listener = StatusLog(), Listener()
    source = open_audio_source("", on_status=status)
    source.start(listener)
    assert "cannot be used here" in status.wait_for(SourceState.FAILED).message
    assert not listener.wait_for(5).any()
    source.stop()


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_any_rate_and_channels_become_mono_at_48_khz(tmp_path: Path, rate_hz: int, layout: str) -> None:
    path = write_audio(tmp_path / "a.wav", sine(1000, 2.0, rate_hz), rate_hz=rate_hz, layout=layout)
    reader = AudioFileReader(path)
    samples = read(reader, 60)
    reader.close()
    assert frequency_hz(samples[4800:52_800]) == pytest.approx(1000, abs=2)
    assert rms_level(samples[4800:52_800]) == pytest.approx(0.25 * math.sqrt(0.5), rel=0.05)


@pytest.mark.parametrize(
    ("name", "codec", "sample_format"),
    [
        ("a.wav", "pcm_u8", "u8"),
        ("a.wav", "pcm_s24le", "s32"),
        ("a.wav", "pcm_f32le", "flt"),
        ("a.flac", "flac", "s16"),
        ("a.ogg", "libopus", "flt"),
        ("a.mp3", "libmp3lame", "fltp"),
    ],
)
def test_any_width_and_codec(tmp_path: Path, name: str, codec: str, sample_format: str) -> None:
    path = write_audio(tmp_path / name, sine(1000, 2.0), codec=codec, sample_format=sample_format)
    reader = AudioFileReader(path)
    samples = read(reader, 60)
    reader.close()
    assert frequency_hz(samples[4800:52_800]) == pytest.approx(1000, abs=2)


def test_a_file_loops_without_a_gap(tmp_path: Path) -> None:
    reader = AudioFileReader(write_audio(tmp_path / "a.wav", sine(100, 1.5)))
    samples = read(reader, 200)
    reader.close()
    assert np.array_equal(samples[:72_000], samples[72_000:144_000])
    assert np.abs(np.diff(samples.astype(int))).max() < 120  # 150 whole periods: the seam cannot be heard


def test_a_very_short_file_is_not_opened_fifty_times_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_audio(tmp_path / "blip.wav", sine(4800, 10 / 48_000))
    opened: list[int] = []
    original = AudioFileReader._decode_pass

    def counting(self: AudioFileReader) -> Iterator[AudioFrame]:
        opened.append(1)
        return original(self)

    monkeypatch.setattr(AudioFileReader, "_decode_pass", counting)
    reader = AudioFileReader(path)
    samples = read(reader, 100)
    reader.close()
    assert frequency_hz(samples[:48_000]) == pytest.approx(4800, abs=2)
    assert len(opened) <= 3


def test_sound_of_a_film_is_not_demanded_from_a_silent_one(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="holds no sound"):
        AudioFileReader(write_video(tmp_path / "silent.mp4", frames=5))


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"\0" * 5000, b"not sound" * 99]
)
def test_hostile_files_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    status, listener = StatusLog(), Listener()
    source = WavFileSource(path, status)
    source.start(listener)
    message = status.wait_for(SourceState.FAILED).message
    assert message.startswith('The file "bad.wav" ')
    assert message.endswith(".")
    assert not listener.wait_for(5).any()
    source.stop()


@pytest.mark.parametrize("rate_hz", [0, 1, 0xFFFFFFFF])
def test_a_header_that_lies_about_the_rate_is_survived(tmp_path: Path, rate_hz: int) -> None:
    data = bytearray(write_audio(tmp_path / "a.wav", sine(440, 0.5)).read_bytes())
    data[24:28] = rate_hz.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    listener = Listener()
    source = WavFileSource(tmp_path / "a.wav", StatusLog())
    source.start(listener)
    listener.wait_for(10)
    source.stop()


def test_a_file_that_vanishes_becomes_silence_and_comes_back(tmp_path: Path) -> None:
    original = write_audio(tmp_path / "original.wav", sine(440, 1.1))
    path = tmp_path / "a.wav"
    shutil.copy(original, path)
    status, listener = StatusLog(), Listener()
    source = open_audio_source(str(path), on_status=status)
    source.start(listener)
    status.wait_for(SourceState.LIVE)
    path.unlink()
    failed = status.wait_for(SourceState.FAILED)
    assert failed.message == 'The file "a.wav" does not exist.'
    count = len(listener.frames)
    listener.wait_for(count + 20)
    assert not np.concatenate(listener.frames[count + 2 : count + 20]).any()
    shutil.copy(original, path)
    status.wait_for(SourceState.LIVE, after=status.all.index(failed))
    source.stop()
    assert status.states == ["opening", "live", "failed", "live", "off"]
