"""A PulseAudio server of our own for tests: private socket, null sinks, virtual microphones, record and play.

    with PulseServer(tmp_path) as pulse:
        pulse.load_null_sink("headphones")
        pulse.load_virtual_microphone("studio")         # what is played to "studio_feed" is heard by it
        subprocess.Popen([...], env={**os.environ, **pulse.environment})
        pulse.play("studio_feed", samples)              # background; returns the process
        heard = pulse.record("headphones.monitor", 1.0)

The server runs as the user of the tests (root included), never touches another PulseAudio, and takes no fixed port.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

RATE_HZ = 48000
START_LIMIT_S = 20.0


class PulseServer:
    """One PulseAudio daemon in a folder of its own. Start it with `start` or as a context manager."""

    def __init__(self, folder: Path) -> None:
        # A Unix socket's path may have 107 bytes, and pytest's folders can be longer than that.
        self._short = Path(tempfile.mkdtemp(prefix="pulse-"))
        self._socket = self._short / "native"
        self._log = folder / "pulseaudio.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs in its environment to use this server and no other."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_RUNTIME_PATH": str(self._short),
            "XDG_RUNTIME_DIR": str(self._short),
            "PULSE_COOKIE": str(self._short / "cookie"),
        }

    @property
    def pid(self) -> int:
        """The daemon's process id, for tests that stop (SIGSTOP) or kill it."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def start(self) -> None:
        """Start the daemon and wait until it answers; raises RuntimeError with its log when it does not."""
        if self._process is not None:
            _end(self._process)  # it was killed, and is started again
        self._short.mkdir(mode=0o700, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        command = [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
            *("--disable-shm=yes", "--realtime=no", "--log-target=stderr", "--log-level=notice"),
            *("-L", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._own_environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._socket.exists() and self._pactl("info", check=False).returncode == 0:
                return
            select.select([], [], [], 0.02)
        log_text = self._log.read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"pulseaudio did not start: {log_text[-2000:]}")

    def stop(self) -> None:
        """End the daemon and every helper process; safe to call twice."""
        for child in self._children:
            _end(child)
        self._children.clear()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            _end(self._process)
            self._process = None
        shutil.rmtree(self._short, ignore_errors=True)

    def __enter__(self) -> PulseServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def load_null_sink(self, name: str) -> int:
        """A speaker that nobody hears; `name`.monitor is what was played. Returns the module's index."""
        # Without norewinds the sink renders two seconds ahead, and the first sound comes that much too late.
        arguments = (
            f"sink_name={name}",
            f"sink_properties=device.description={name}",
            "rate=48000",
            "norewinds=1",
        )
        return self.load_module("module-null-sink", *arguments)

    def load_virtual_microphone(self, name: str) -> int:
        """A microphone that hears what is played to the sink `name`_feed. Returns the microphone's module index."""
        self.load_null_sink(f"{name}_feed")
        return self.load_module(
            "module-remap-source",
            f"source_name={name}",
            f"master={name}_feed.monitor",
            f"source_properties=device.description={name}",
        )

    def load_module(self, name: str, *arguments: str) -> int:
        """Load any PulseAudio module; returns its index for `unload`."""
        return int(self._pactl("load-module", name, *arguments).stdout)

    def unload(self, module: int) -> None:
        """Unload a module: with a sink or a source this is what pulling the plug looks like."""
        self._pactl("unload-module", str(module))

    def set_default_sink(self, name: str) -> None:
        """Make `name` the default speaker."""
        self._pactl("set-default-sink", name)

    def set_default_source(self, name: str) -> None:
        """Make `name` the default microphone."""
        self._pactl("set-default-source", name)

    def play(self, sink: str, samples: npt.NDArray[np.int16]) -> subprocess.Popen[bytes]:
        """Play mono 48 kHz `samples` once in the background; `stop` ends it too."""
        file = self._folder / f"play-{len(self._children)}-{time.monotonic_ns()}.raw"
        samples.astype("<i2").tofile(file)
        with file.open("rb") as raw:
            process = subprocess.Popen(
                ["pacat", "--playback", f"--device={sink}", *_FORMAT], env=self._own_environment(), stdin=raw
            )
        self._children.append(process)
        return process

    def play_tone(self, sink: str, frequency_hz: float, seconds: float = 60.0) -> subprocess.Popen[bytes]:
        """Play a sine at a quarter of full scale in the background."""
        t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
        return self.play(sink, (8192 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.int16))

    def record(self, source: str, seconds: float) -> npt.NDArray[np.int16]:
        """Record mono 48 kHz for `seconds` of sound; raises TimeoutError when it does not come."""
        with self.recording(source) as process:
            return read_samples(process, int(seconds * RATE_HZ), limit_s=seconds + 20.0)

    @contextlib.contextmanager
    def recording(self, source: str) -> Iterator[subprocess.Popen[bytes]]:
        """A running recorder, for `read_samples` in pieces."""
        process = subprocess.Popen(
            ["parec", f"--device={source}", *_FORMAT], env=self._own_environment(), stdout=subprocess.PIPE
        )
        self._children.append(process)
        try:
            yield process
        finally:
            _end(process)
            self._children.remove(process)

    def _own_environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.environment,
            "HOME": str(self._short),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }

    def _pactl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *arguments],
            env=self._own_environment(),
            capture_output=True,
            text=True,
            timeout=20,
            check=check,
        )


_FORMAT = ("--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=30")


def read_samples(process: subprocess.Popen[bytes], count: int, *, limit_s: float) -> npt.NDArray[np.int16]:
    """The next `count` samples of a recorder; raises TimeoutError after `limit_s` and EOFError when it ended."""
    assert process.stdout is not None
    wanted, data, deadline = count * 2, bytearray(), time.monotonic() + limit_s
    while len(data) < wanted:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([process.stdout], [], [], remaining)[0]:
            raise TimeoutError(f"only {len(data) // 2} of {count} samples in {limit_s:.0f} s")
        piece = os.read(process.stdout.fileno(), wanted - len(data))
        if not piece:
            raise EOFError("the recorder ended")
        data += piece
    return np.frombuffer(bytes(data), dtype="<i2").astype(np.int16)


def loudest_frequency_hz(samples: npt.NDArray[np.int16]) -> float:
    """The frequency of the strongest partial (resolution: rate / number of samples)."""
    windowed = samples.astype(np.float64) * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(windowed))
    spectrum[0] = 0.0
    return float(np.argmax(spectrum)) * RATE_HZ / len(samples)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)
    if process.stdout is not None:
        process.stdout.close()
