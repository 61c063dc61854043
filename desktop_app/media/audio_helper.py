"""Our end of the helper process for sound devices: starts it, restarts it when it dies or hangs, passes messages."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.media.audio_link import Kind, Message, pack, read_message
from desktop_app.media.clock import now_s
from desktop_app.media.devices import Device

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

FIRST_LIST_LIMIT_S = 5.0
STEADY_S = 10.0
"""A helper that lived this long is restarted at once; one that dies young is given ever longer pauses."""
MIN_PAUSE_S, MAX_PAUSE_S = 0.2, 15.0
EXIT_LIMIT_S = 1.0
JOIN_LIMIT_S = 3.0


class StreamListener(Protocol):
    """Who owns a stream; called on the helper's thread, must return at once."""

    def handle(self, message: Message) -> None:
        """A message for this stream."""

    def lost(self) -> None:
        """The helper is gone; it is restarted and the stream opened again by itself."""


@dataclass(frozen=True)
class DeviceLists:
    """The sound devices of now, the default one first in each list."""

    microphones: tuple[Device, ...] = ()
    speakers: tuple[Device, ...] = ()


@dataclass
class _Stream:
    open_message: bytes
    listener: StreamListener


@dataclass
class _State:
    """What is shared between threads, under the lock."""

    streams: dict[int, _Stream] = field(default_factory=dict)
    next_number: int = 1
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    devices: DeviceLists | None = None
    closing: bool = False


def helper_command() -> list[str]:
    """How to start the helper: this interpreter, or this very program when it is frozen."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--audio-helper"]
    return [sys.executable, "-m", "desktop_app.media.qt_audio_helper"]


class AudioHelper:
    """The helper process and the thread that reads from it. The thread starts with the first need for it."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = list(command or helper_command())
        self._changed = threading.Condition()
        self._state = _State()
        self._thread: threading.Thread | None = None
        self._write_lock = threading.Lock()
        self._listeners: tuple[Callable[[], None], ...] = ()

    def devices(self) -> DeviceLists:
        """The devices of now; the first call waits for the helper, 5 s at most."""
        self._ensure_running()
        with self._changed:
            self._changed.wait_for(
                lambda: self._state.devices is not None or self._state.closing, FIRST_LIST_LIMIT_S
            )
            return self._state.devices or DeviceLists()

    def answers(self) -> bool:
        """Whether the helper starts and says which devices there are, be it none; waits as `devices` does."""
        self.devices()
        with self._changed:
            return self._state.devices is not None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the helper's thread when the devices change."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not listener)

        return unsubscribe

    def open(self, kind: Kind, words: str, listener: StreamListener) -> int:
        """Open a stream, and again after every restart, until `close_stream`; returns its number."""
        with self._changed:
            number = self._state.next_number
            self._state.next_number = number % 0xFFFF + 1
            message = pack(kind, number, words.encode())
            self._state.streams[number] = _Stream(message, listener)
            running = self._state.process is not None
        self._ensure_running()
        if running:
            self._write(message)
        return number

    def close_stream(self, number: int) -> None:
        """Close a stream; its listener hears nothing more."""
        with self._changed:
            self._state.streams.pop(number, None)
        self._write(pack(Kind.CLOSE, number))

    def play(self, number: int, frames: list[bytes]) -> None:
        """Frames for a speaker, in one piece: each write lets go of the interpreter and has to win it back."""
        self._write(b"".join(pack(Kind.PLAY, number, frame) for frame in frames))

    def restart(self, *, not_within_s: float) -> None:
        """End a helper that hangs; a new one is started. Nothing happens to one younger than `not_within_s`."""
        with self._changed:
            process = self._state.process
            if process is None or now_s() - self._state.started_at_s < not_within_s:
                return
        logger.warning("the audio helper process does not answer and is restarted")
        process.kill()

    def close(self) -> None:
        """End the process and the thread; safe to call twice."""
        with self._changed:
            self._state.closing = True
            process = self._state.process
            self._changed.notify_all()
        if process is not None:
            _end(process)
        if self._thread is not None:
            self._thread.join(JOIN_LIMIT_S)

    def _ensure_running(self) -> None:
        with self._changed:
            if self._thread is None and not self._state.closing:
                self._thread = threading.Thread(target=self._supervise, name="audio-helper", daemon=True)
                self._thread.start()

    def _write(self, data: bytes) -> None:
        process = self._state.process
        if process is None or process.stdin is None:
            return
        with self._write_lock, contextlib.suppress(OSError, ValueError):  # its end shows where we read
            process.stdin.write(data)
            process.stdin.flush()

    def _supervise(self) -> None:
        pause_s = MIN_PAUSE_S
        while True:
            try:
                self._run_once()
            except Exception:  # it does not start, or does not speak our language
                logger.exception("the audio helper process failed")
            with self._changed:
                lost = [stream.listener for stream in self._state.streams.values()]
            for listener in lost:
                listener.lost()
            with self._changed:
                lived_s = now_s() - self._state.started_at_s
                pause_s = MIN_PAUSE_S if lived_s > STEADY_S else min(pause_s * 2, MAX_PAUSE_S)
                if self._changed.wait_for(lambda: self._state.closing, pause_s):
                    return

    def _run_once(self) -> None:
        """Start a helper, read from it until it ends."""
        with self._changed:
            if self._state.closing:
                return
            self._state.started_at_s = now_s()
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # A windowed program of Windows has no stderr that could be inherited, and wants no console window.
                stderr=subprocess.DEVNULL if sys.stderr is None else None,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                env=_environment(),
            )
            self._state.process = process
            for stream in self._state.streams.values():
                self._write(stream.open_message)  # under the lock, so that no CLOSE overtakes its OPEN
        try:
            assert process.stdout is not None
            while (received := read_message(process.stdout)) is not None:
                self._dispatch(received)
        finally:
            with self._changed:
                self._state.process = None
            _end(process)
            logger.info("the audio helper process ended with %s", process.returncode)

    def _dispatch(self, message: Message) -> None:
        if message.kind is Kind.LOG:
            entry = json.loads(message.payload)
            logger.log(int(entry["level"]), "audio helper: %s", entry["message"])
        elif message.kind is Kind.DEVICES:
            self._set_devices(message.payload)
        else:
            with self._changed:
                stream = self._state.streams.get(message.stream)
            if stream is not None:
                stream.listener.handle(message)

    def _set_devices(self, payload: bytes) -> None:
        lists = json.loads(payload)
        devices = DeviceLists(
            *(tuple(Device(each[0], each[1]) for each in lists[key]) for key in ("microphones", "speakers"))
        )
        with self._changed:
            first = self._state.devices is None
            changed = devices != self._state.devices
            self._state.devices = devices
            self._changed.notify_all()
        if changed and not first:
            for listener in self._listeners:
                try:
                    listener()
                except Exception:  # a broken listener must not end this thread
                    logger.exception("a listener for device changes failed")


def _environment() -> dict[str, str]:
    """Ours, with the way to our own package for a process that starts in whatever folder.

    QtMultimedia says on stderr, before anybody can listen, that it found no PipeWire; only who asks shall hear it.
    """
    root = str(Path(__file__).resolve().parents[2])
    existing = os.environ.get("PYTHONPATH")
    path = f"{root}{os.pathsep}{existing}" if existing else root
    return {"QT_LOGGING_RULES": "qt.multimedia.*=false", **os.environ, "PYTHONPATH": path}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe, wait a moment, then kill: a helper that hangs in the sound server does not hear us."""
    if process.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            process.stdin.close()
    try:
        process.wait(EXIT_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            process.stdout.close()
