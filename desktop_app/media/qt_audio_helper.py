"""The helper process that holds microphones and speakers: QtMultimedia behind two pipes (audio_link has the messages).

    python -m desktop_app.media.qt_audio_helper

It is a process of its own because QtMultimedia (6.11, PulseAudio) blocks for ever with Python's lock held when the
sound server hangs, and aborts when a stream is opened after the server was restarted: docs/decisions.md has the tries.
Only this file and qt_audio_streams import PySide6 in `media`. No numpy and no codec is imported, to stay small.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QCoreApplication,
    QObject,
    Qt,
    QTimer,
    QtMsgType,
    Signal,
    Slot,
    qInstallMessageHandler,
)
from PySide6.QtMultimedia import QAudioDevice, QMediaDevices

from desktop_app.media.audio_link import Kind, Message, pack_json, read_message
from desktop_app.media.pulse_watch import PulseWatch
from desktop_app.media.qt_audio_streams import (
    MicrophoneStream,
    Send,
    SpeakerStream,
    Stream,
    device_id,
    present,
)
from desktop_app.media.ring import BoundedBuffer

if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO

TICK_MS = 20
OUTPUT_MESSAGES = 256


class Helper(QObject):
    """All streams, driven by one timer and by messages from the other end."""

    received = Signal(object)
    names_known = Signal(object)

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._streams: dict[int, Stream] = {}
        self._media = QMediaDevices(self)
        self._media.audioInputsChanged.connect(self._devices_changed)
        self._media.audioOutputsChanged.connect(self._devices_changed)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.received.connect(self._handle, Qt.ConnectionType.QueuedConnection)
        self.names_known.connect(self._set_names, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def start(self) -> None:
        """Tell of the devices of now."""
        self._send_devices()

    @Slot(object)
    def _set_names(self, names: frozenset[str]) -> None:
        if names != present.names:
            present.update(names)
            self._devices_changed()

    @Slot()
    def _devices_changed(self) -> None:
        self._send_devices()
        for stream in tuple(self._streams.values()):
            stream.reconsider()

    def _send_devices(self) -> None:
        lists = {
            "microphones": _listed(present.only(QMediaDevices.audioInputs())),
            "speakers": _listed(present.only(QMediaDevices.audioOutputs())),
        }
        self._send.put(pack_json(Kind.DEVICES, 0, lists))

    @Slot(object)
    def _handle(self, message: Message) -> None:
        stream = self._streams.get(message.stream)
        if message.kind is Kind.PLAY:
            if isinstance(stream, SpeakerStream):
                stream.play(message.payload)
        elif message.kind is Kind.CLOSE:
            if stream is not None:
                del self._streams[message.stream]
                stream.shut()
                stream.deleteLater()
        elif message.kind in (Kind.OPEN_MICROPHONE, Kind.OPEN_SPEAKER):
            kind = MicrophoneStream if message.kind is Kind.OPEN_MICROPHONE else SpeakerStream
            stream = kind(message.stream, message.payload.decode(errors="replace"), self._send, self)
            self._streams[message.stream] = stream
            stream.reconsider()
        if self._streams and not self._timer.isActive():
            self._timer.start()
        elif not self._streams:
            self._timer.stop()

    @Slot()
    def _tick(self) -> None:
        for stream in tuple(self._streams.values()):
            stream.tick()


def _listed(devices: list[QAudioDevice]) -> list[list[str]]:
    """Pairs of id and description, the default device first."""
    ordered = sorted(devices, key=lambda device: not device.isDefault())
    return [[device_id(device), device.description()] for device in ordered]


def _write_all(queue: BoundedBuffer[bytes], pipe: IO[bytes]) -> None:
    """The output thread: a reader that is slow costs old messages, never a stuck device."""
    while not queue.closed:
        message = queue.take(60.0)
        if message is not None:
            try:
                pipe.write(message)
                pipe.flush()
            except OSError:
                os._exit(0)  # nobody listens


def _read_all(helper: Helper, pipe: IO[bytes]) -> None:
    """The input thread. At the end of the pipe the process ends at once: the sound server tidies up behind us."""
    try:
        while (message := read_message(pipe)) is not None:
            helper.received.emit(message)
    except (OSError, ValueError):
        os._exit(1)
    os._exit(0)


def _log_to(queue: BoundedBuffer[bytes]) -> None:
    """Send Qt's messages and our exceptions through the pipe, to the application's log."""
    levels = {QtMsgType.QtCriticalMsg: logging.WARNING, QtMsgType.QtFatalMsg: logging.ERROR}

    def from_qt(kind: QtMsgType, _context: object, text: str | None) -> None:
        level = levels.get(kind, logging.DEBUG)
        queue.put(pack_json(Kind.LOG, 0, {"level": level, "message": text or ""}))

    def from_us(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        queue.put(pack_json(Kind.LOG, 0, {"level": logging.ERROR, "message": text}))

    qInstallMessageHandler(from_qt)
    sys.excepthook = from_us


def _start_afresh() -> None:
    """The sound server went, or came: Qt does not find back to it, a new process does."""
    os._exit(3)


def _end_with_parent() -> None:
    """A parent that is killed while the sound server hangs would leave us behind: let the kernel end us (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _pipe(descriptor: int, mode: str) -> IO[Any]:
    """Standard input or output in bytes, also where Python gives a windowed program (Windows) neither."""
    stream = sys.stdin if descriptor == 0 else sys.stdout
    return open(descriptor, mode, closefd=False) if stream is None else stream.buffer


def main() -> int:
    """Run until the pipe from the application ends."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the application
    queue: BoundedBuffer[bytes] = BoundedBuffer(OUTPUT_MESSAGES)
    _log_to(queue)
    application = QCoreApplication(["bridgecall"])
    application.setApplicationName("Bridgecall")  # what the sound server's mixer shows
    helper = Helper(queue)
    pipes: list[tuple[Any, tuple[Any, ...]]] = [
        (_write_all, (queue, _pipe(1, "wb"))),
        (_read_all, (helper, _pipe(0, "rb"))),
    ]
    watch = PulseWatch(helper.names_known.emit, _start_afresh, _start_afresh)
    for work, arguments in pipes:
        threading.Thread(target=work, args=arguments, daemon=True).start()
    watch.start()
    QTimer.singleShot(0, helper.start)
    return application.exec()


if __name__ == "__main__":
    raise SystemExit(main())
