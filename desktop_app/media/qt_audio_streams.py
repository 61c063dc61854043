"""One microphone or speaker of QtMultimedia, found by its words, reopened when devices come and go.

Runs in the helper process only (qt_audio_helper).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QIODevice, QObject, QTimer, Slot
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSink, QAudioSource, QMediaDevices

from desktop_app.media.audio_link import Kind, Need, pack_captured, pack_json, pack_need

if TYPE_CHECKING:
    from desktop_app.media.ring import BoundedBuffer

RATE_HZ = 48_000
FRAME_BYTES = 1920
BYTES_PER_MS = 96
RETRY_MS = 1000
CAPTURE_BUFFER_MS = 1000
"""How long this process may be held up before sound of the microphone is lost; it adds no delay."""
PLAY_BUFFER_MS = 200
TARGET_MS, MAX_TARGET_MS, TARGET_STEP_MS = 100, 160, 20
"""How much sound waits in the device: as little as lasts, more after each time that it ran dry."""
ANSWER_LIMIT_S = 0.2

Send: TypeAlias = "BoundedBuffer[bytes]"


def audio_format() -> QAudioFormat:
    """Mono, 48 kHz, 16 bit."""
    chosen = QAudioFormat()
    chosen.setSampleRate(RATE_HZ)
    chosen.setChannelCount(1)
    chosen.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return chosen


def device_id(device: QAudioDevice) -> str:
    """The device's id as text."""
    return bytes(device.id().data()).decode(errors="replace")


class PresentDevices:
    """What the sound server itself says, to leave out the devices that Qt still lists after they were removed."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()

    def update(self, names: frozenset[str]) -> None:
        """The names of now. Only what was seen before counts as gone: Qt may know devices that the server does not."""
        self._gone = (self._gone | self.names) - names
        self.names = names

    def only(self, devices: list[QAudioDevice]) -> list[QAudioDevice]:
        """Those of Qt's devices that are there."""
        return [device for device in devices if device_id(device) not in self._gone]


present = PresentDevices()


class Stream(QObject):
    """One microphone or speaker: found by its words, opened, reopened when devices come and go."""

    noun = ""

    def __init__(self, number: int, words: str, send: Send, parent: QObject) -> None:
        super().__init__(parent)
        self._number = number
        self._words = words
        self._send = send
        self._opened_id: str | None = None
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self.reconsider)

    def devices(self) -> list[QAudioDevice]:
        """The devices of this kind."""
        raise NotImplementedError

    def default_device(self) -> QAudioDevice:
        """The default one; a null device when there is none."""
        raise NotImplementedError

    def open_device(self, device: QAudioDevice) -> bool:
        """Open it; False when that fails."""
        raise NotImplementedError

    def close_device(self) -> None:
        """Close what is open, if anything."""
        raise NotImplementedError

    def tick(self) -> None:
        """Look after the device; called every 20 ms."""
        raise NotImplementedError

    @Slot()
    def reconsider(self) -> None:
        """Open, reopen or give up the device, after the devices of the machine changed or a failure."""
        device = self._find()
        if device is None:
            self.shut()
            missing = f'The {self.noun} "{self._words}" is not connected.'
            self._report(False, missing if self._words else f"No {self.noun} was found.")
            return
        if self._opened_id == device_id(device):
            return
        self.shut()
        if self.open_device(device):
            self._opened_id = device_id(device)
            self._report(True, "")
        else:
            self.fail(
                f'The {self.noun} "{device.description()}" cannot be opened; another program may be using it.'
            )

    def fail(self, sentence: str) -> None:
        """Give the device up for now and try again in a second."""
        self.shut()
        self._report(False, sentence)
        self._retry.start()

    def shut(self) -> None:
        """Close the device."""
        self._retry.stop()
        self._opened_id = None
        self.close_device()

    def _find(self) -> QAudioDevice | None:
        found = self.devices()
        if not self._words:
            default = self.default_device()
            # After the last device is gone the default one still claims to be there.
            ids = {device_id(device) for device in found}
            return default if not default.isNull() and device_id(default) in ids else None
        for device in found:
            if self._words in (device_id(device), device.description()):
                return device
        return None

    def _report(self, live: bool, message: str) -> None:
        self._send.put(pack_json(Kind.STATUS, self._number, {"live": live, "message": message}))


class MicrophoneStream(Stream):
    """A microphone: what it captures goes out in frames with the time of their first sample."""

    noun = "microphone"

    def __init__(self, number: int, words: str, send: Send, parent: QObject) -> None:
        super().__init__(number, words, send, parent)
        self._source: QAudioSource | None = None
        self._device: QIODevice | None = None
        self._buffer = bytearray()

    def devices(self) -> list[QAudioDevice]:
        """All microphones."""
        return present.only(QMediaDevices.audioInputs())

    def default_device(self) -> QAudioDevice:
        """The default microphone."""
        return QMediaDevices.defaultAudioInput()

    def open_device(self, device: QAudioDevice) -> bool:
        """Start capturing."""
        self._source = QAudioSource(device, audio_format(), self)
        self._source.setBufferSize(CAPTURE_BUFFER_MS * BYTES_PER_MS)
        self._device = self._source.start()
        if _failed_to_start(self._device, self._source):
            self.close_device()
            return False
        # Sound comes in pieces of 21 ms: taking them at once costs less than a timer and delays nothing.
        self._device.readyRead.connect(self._captured)
        return True

    def close_device(self) -> None:
        """Stop capturing."""
        source, self._source, self._device = self._source, None, None
        self._buffer.clear()
        if source is not None:
            source.stop()
            source.deleteLater()

    def tick(self) -> None:
        """Notice when the device fails."""
        if self._source is not None and _error_of(self._source):
            self.fail("The microphone stopped.")

    @Slot()
    def _captured(self) -> None:
        """Send the frames that are complete."""
        if self._device is None:
            return
        self._buffer += self._device.readAll().data()
        now_s = time.monotonic()
        while len(self._buffer) >= FRAME_BYTES:
            captured_at_s = now_s - len(self._buffer) / (BYTES_PER_MS * 1000)
            self._send.put(pack_captured(self._number, captured_at_s, bytes(self._buffer[:FRAME_BYTES])))
            del self._buffer[:FRAME_BYTES]


class SpeakerStream(Stream):
    """A speaker: asks for frames so that a little more than is needed waits in the device."""

    noun = "speaker"

    def __init__(self, number: int, words: str, send: Send, parent: QObject) -> None:
        super().__init__(number, words, send, parent)
        self._sink: QAudioSink | None = None
        self._device: QIODevice | None = None
        self._asked = 0
        self._asked_at_s = 0.0
        self._target_ms = TARGET_MS
        self._underruns = 0
        self._has_sound = False

    def devices(self) -> list[QAudioDevice]:
        """All speakers."""
        return present.only(QMediaDevices.audioOutputs())

    def default_device(self) -> QAudioDevice:
        """The default speaker."""
        return QMediaDevices.defaultAudioOutput()

    def open_device(self, device: QAudioDevice) -> bool:
        """Start playing."""
        self._asked, self._has_sound = 0, False
        self._sink = QAudioSink(device, audio_format(), self)
        self._sink.setBufferSize(PLAY_BUFFER_MS * BYTES_PER_MS)
        self._device = self._sink.start()
        if _failed_to_start(self._device, self._sink):
            self.close_device()
            return False
        return True

    def close_device(self) -> None:
        """Stop playing; what waits in the device is thrown away."""
        sink, self._sink, self._device = self._sink, None, None
        if sink is not None:
            sink.reset()
            sink.deleteLater()

    def play(self, frame: bytes) -> None:
        """Hand a frame to the device."""
        self._asked = max(0, self._asked - 1)
        if self._device is not None and self._device.isOpen():
            self._device.write(frame)

    def tick(self) -> None:
        """Ask for the frames that are missing."""
        if self._sink is None:
            return
        if _error_of(self._sink):
            self.fail("The speaker stopped.")
            return
        waiting = self._sink.bufferSize() - self._sink.bytesFree()
        if waiting > 0:
            self._has_sound = True
        elif self._has_sound:
            self._has_sound = False  # counted once for each time that it runs dry
            self._underruns += 1
            self._target_ms = min(self._target_ms + TARGET_STEP_MS, MAX_TARGET_MS)
        now_s = time.monotonic()
        if self._asked and now_s - self._asked_at_s > ANSWER_LIMIT_S:
            self._asked = 0  # these answers were lost
        missing = self._target_ms * BYTES_PER_MS - waiting - self._asked * FRAME_BYTES
        frames = missing // FRAME_BYTES
        if frames > 0:
            self._asked += frames
            self._asked_at_s = now_s
            self._send.put(pack_need(self._number, Need(frames, self._underruns, waiting / BYTES_PER_MS)))


def _error_of(stream: QAudioSource | QAudioSink) -> str:
    """The name of the stream's error; empty when it runs. Running dry is none of ours: it is counted apart.

    Names, because the enum's class moved from QAudio to QtAudio between versions and the two are never equal.
    """
    name: str = stream.error().name
    return "" if name in ("NoError", "UnderrunError") else name


def _failed_to_start(device: object, stream: QAudioSource | QAudioSink) -> bool:
    return device is None or _error_of(stream) != ""  # the stubs do not know that start() may return None
