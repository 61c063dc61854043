"""Our end of the audio helper, with a helper process that has no Qt: what works, and all that can go wrong with it."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from desktop_app.media import audio_helper, device_audio
from desktop_app.media.audio import AudioFrame, rms_level, silence
from desktop_app.media.audio_link import (
    MAX_PAYLOAD_BYTES,
    Kind,
    Need,
    pack,
    pack_captured,
    pack_need,
    read_message,
    unpack_captured,
    unpack_need,
)
from desktop_app.media.audio_sources import open_audio_source
from desktop_app.media.devices import Device
from desktop_app.media.qt_audio import QtAudioBackend
from desktop_app.media.source_status import SourceState
from tests.waiting import StatusLog, eventually

from .frame_listener import Listener
from .media_files import frequency_hz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAKE = Path(__file__).with_name("fake_audio_helper.py")


@pytest.fixture
def make_backend() -> Iterator[Callable[[str], QtAudioBackend]]:
    """Backends whose helper misbehaves in a given way."""
    made: list[QtAudioBackend] = []

    def make(mode: str) -> QtAudioBackend:
        made.append(QtAudioBackend(helper_command=[sys.executable, str(FAKE), mode]))
        return made[-1]

    yield make
    for backend in made:
        backend.close()
        backend.close()


def test_messages_survive_the_pipe() -> None:
    frame = bytes(range(240)) * 8
    pipe = io.BytesIO(
        pack(Kind.PLAY, 3, frame)
        + pack_captured(4, 12.5, frame)
        + pack_need(5, Need(70_000, 2, 41.5))
        + b"\x01"
    )
    played, captured, need = (read_message(pipe) for _ in range(3))
    assert played == (Kind.PLAY, 3, frame)
    assert captured is not None
    assert unpack_captured(captured.payload) == (12.5, frame)
    assert need is not None
    assert unpack_need(need.payload) == Need(65_535, 2, 41.5)
    assert read_message(pipe) is None


@pytest.mark.parametrize(
    "data", [b"\xff" * 7, (MAX_PAYLOAD_BYTES + 1).to_bytes(4, "little").rjust(7, b"\x03")]
)
def test_what_is_not_a_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - either of two: an unknown kind, a size beyond reason
        read_message(io.BytesIO(data + bytes(100)))


def test_devices_are_listed(make_backend: Callable[[str], QtAudioBackend]) -> None:
    backend = make_backend("good")
    assert backend.microphones() == (Device("mic-id", "Microphone"),)
    assert backend.speakers() == (Device("speaker-id", "Speaker"),)


def test_a_microphone_flows(make_backend: Callable[[str], QtAudioBackend]) -> None:
    status, listener = StatusLog(), Listener()
    source = open_audio_source("mic-id", on_status=status, device_backend=make_backend("good"))
    source.start(listener)
    status.wait_for(SourceState.LIVE)
    start = len(listener.frames)
    eventually(lambda: len(listener.frames) >= start + 55, "a second of sound")
    source.stop()
    source.stop()
    assert frequency_hz(np.concatenate(listener.frames[-50:])) == pytest.approx(1000.0, abs=60)
    assert (np.diff(listener.times_s) > 0).all()
    assert status.states == ["opening", "live", "off"]


def test_a_speaker_flows(make_backend: Callable[[str], QtAudioBackend]) -> None:
    status, pulled = StatusLog(), []
    sink = make_backend("good").open_speaker("", status)

    def pull() -> AudioFrame:
        pulled.append(1)
        return silence()

    sink.start(pull)
    status.wait_for(SourceState.LIVE)
    eventually(lambda: len(pulled) > 30 and sink.underruns > 3, "frames")
    assert sink.latency_ms == 40.0
    sink.stop()
    count = len(pulled)
    sink.stop()
    assert len(pulled) == count
    assert status.states == ["opening", "live", "off"]


def test_a_device_that_is_missing_keeps_the_pace(make_backend: Callable[[str], QtAudioBackend]) -> None:
    backend = make_backend("good")
    microphone_status, speaker_status, listener, pulled = StatusLog(), StatusLog(), Listener(), []

    def pull() -> AudioFrame:
        pulled.append(1)
        return silence()

    microphone = backend.open_microphone("none", microphone_status)
    speaker = backend.open_speaker("none", speaker_status)
    microphone.start(listener)
    speaker.start(pull)
    assert microphone_status.wait_for(SourceState.FAILED).message == "Not connected."
    assert speaker_status.wait_for(SourceState.FAILED).message == "Not connected."
    frames, pulls = len(listener.frames), len(pulled)
    eventually(lambda: len(listener.frames) > frames + 20 and len(pulled) > pulls + 20, "the pace")
    assert not np.concatenate(listener.frames).any()
    microphone.stop()
    speaker.stop()


@pytest.mark.expected_warnings("audio helper process", "audio_helper")
@pytest.mark.parametrize("mode", ["die", "garbage"])
def test_a_helper_that_dies_is_started_again_and_again(
    make_backend: Callable[[str], QtAudioBackend], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[float] = []
    original = audio_helper.AudioHelper._run_once

    def counting(self: audio_helper.AudioHelper) -> None:
        started.append(time.monotonic())
        original(self)

    monkeypatch.setattr(audio_helper.AudioHelper, "_run_once", counting)
    status, listener = StatusLog(), Listener()
    microphone = make_backend(mode).open_microphone("", status)
    microphone.start(listener)
    assert status.wait_for(SourceState.FAILED).message == "The sound system of this machine does not answer."
    eventually(lambda: len(started) >= 3, "more tries")
    pauses = np.diff(started)
    assert pauses[1] > pauses[0] * 0.9  # ever longer
    frames = len(listener.frames)
    eventually(lambda: len(listener.frames) > frames + 10, "silence at its pace")
    microphone.stop()


@pytest.mark.expected_warnings("does not answer and is restarted")
def test_a_helper_that_is_killed_comes_back_with_its_streams(
    make_backend: Callable[[str], QtAudioBackend],
) -> None:
    backend = make_backend("good")
    status, listener = StatusLog(), Listener()
    microphone = backend.open_microphone("", status)
    microphone.start(listener)
    status.wait_for(SourceState.LIVE)
    process = backend._helper._state.process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    failed = status.wait_for(SourceState.FAILED)
    status.wait_for(SourceState.LIVE, after=status.all.index(failed))
    eventually(lambda: rms_level(listener.frames[-1]) > 0.1, "sound")
    microphone.stop()


@pytest.mark.expected_warnings("does not answer and is restarted")
@pytest.mark.parametrize(
    ("mode", "sentence"),
    [("hang", "The microphone delivers no sound."), ("silent", "The microphone delivers no sound.")],
)
def test_a_helper_that_hangs_is_replaced(
    make_backend: Callable[[str], QtAudioBackend], monkeypatch: pytest.MonkeyPatch, mode: str, sentence: str
) -> None:
    monkeypatch.setattr(device_audio, "STALL_S", 0.6)
    monkeypatch.setattr(device_audio, "OPEN_LIMIT_S", 1.0)
    backend = make_backend(mode)
    status, listener = StatusLog(), Listener()
    microphone = backend.open_microphone("", status)
    microphone.start(listener)
    eventually(lambda: backend._helper._state.process, "the first helper")
    first = backend._helper._state.process
    assert status.wait_for(SourceState.FAILED).message == sentence
    eventually(lambda: backend._helper._state.process not in (None, first), "another helper")
    microphone.stop()
    assert status.states[-1] == "off"


@pytest.mark.expected_warnings("the audio helper process failed")
def test_a_helper_that_cannot_be_started_is_said() -> None:
    backend = QtAudioBackend(helper_command=["/nowhere/helper"])
    status, listener = StatusLog(), Listener()
    microphone = backend.open_microphone("", status)
    microphone.start(listener)
    assert status.wait_for(SourceState.FAILED).message == "The sound system of this machine does not answer."
    eventually(lambda: len(listener.frames) > 10, "silence")
    microphone.stop()
    backend.close()


def test_devices_of_a_closed_backend_are_none(make_backend: Callable[[str], QtAudioBackend]) -> None:
    backend = make_backend("good")
    backend.close()
    assert backend.microphones() == ()
    status = StatusLog()
    microphone = backend.open_microphone("", status)
    microphone.start(Listener())
    microphone.stop()
    assert status.states[-1] == "off"


@pytest.mark.expected_warnings("what microphone is connected to failed")
def test_a_listener_that_raises_does_not_end_the_microphone(
    make_backend: Callable[[str], QtAudioBackend],
) -> None:
    calls: list[float] = []

    def broken(_frame: AudioFrame, captured_at_s: float) -> None:
        calls.append(captured_at_s)
        raise RuntimeError("broken")

    microphone = make_backend("good").open_microphone("", StatusLog())
    microphone.start(broken)
    eventually(lambda: len(calls) > 20, "more frames")
    microphone.stop()


def test_nothing_is_left_after_twenty_openings(make_backend: Callable[[str], QtAudioBackend]) -> None:
    backend = make_backend("good")
    backend.microphones()
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        status = StatusLog()
        microphone, speaker = backend.open_microphone("", status), backend.open_speaker("", status)
        microphone.start(Listener())
        speaker.start(silence)
        eventually(lambda log=status: log.states.count("live") == 2, "both")  # type: ignore[misc]
        microphone.stop()
        speaker.stop()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert backend._helper._state.streams == {}
