"""Echo cancellers compared: python -m tests.bench.audio_processing [--seconds 20]

Each candidate that is installed hears a synthetic call at 48 kHz: speech-like sound from the far end, its echo through
a room (80 ms of exponential decay, -6 dB) after a delay, a little noise, and for the double-talk part a near voice.
Capture and render are handed over in bursts of one to three frames, as threads and devices do. Columns:

  echo -dB     how much of the echo is gone, far end alone, second half of the run (more is better)
  kept dB      level of the near voice after processing, both talking (0 is untouched; -20 is swallowed)
  SDR dB       near voice against everything else after processing, both talking (the input has about 0)
  noise -dB    stationary noise removed by noise suppression, nobody talking
  ms/frame     CPU of one 20 ms frame, capture and render together
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

RATE_HZ, FRAME, BLOCK = 48_000, 960, 480


class Canceller(Protocol):
    """What a candidate must do; frames are int16 of shape (960,)."""

    def capture(self, frame: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Process a microphone frame."""

    def render(self, frame: npt.NDArray[np.int16]) -> None:
        """Take note of a speaker frame."""

    def set_delay_ms(self, delay_ms: int) -> None:
        """The delay between render and capture."""


class Livekit:
    """livekit's rtc.AudioProcessingModule."""

    def __init__(self, echo: bool, noise: bool, gain: bool) -> None:
        from livekit import rtc

        self._rtc = rtc
        self._apm = rtc.AudioProcessingModule(
            echo_cancellation=echo, noise_suppression=noise, high_pass_filter=True, auto_gain_control=gain
        )

    def capture(self, frame: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Two blocks of 10 ms."""
        out = []
        for start in (0, BLOCK):
            block = self._rtc.AudioFrame(frame[start : start + BLOCK].tobytes(), RATE_HZ, 1, BLOCK)
            self._apm.process_stream(block)
            out.append(np.frombuffer(block.data, dtype=np.int16))
        return np.concatenate(out)

    def render(self, frame: npt.NDArray[np.int16]) -> None:
        """Two blocks of 10 ms."""
        for start in (0, BLOCK):
            block = self._rtc.AudioFrame(frame[start : start + BLOCK].tobytes(), RATE_HZ, 1, BLOCK)
            self._apm.process_reverse_stream(block)

    def set_delay_ms(self, delay_ms: int) -> None:
        """Pass it on."""
        self._apm.set_stream_delay_ms(delay_ms)


class AecAudioProcessing:
    """aec-audio-processing's AudioProcessor."""

    def __init__(self, echo: bool, noise: bool, gain: bool) -> None:
        library = importlib.import_module("aec_audio_processing")  # it has no type information
        self._apm = library.AudioProcessor(
            enable_aec=echo, enable_ns=noise, enable_agc=gain, enable_vad=False
        )
        self._apm.set_stream_format(RATE_HZ, 1, RATE_HZ, 1)
        self._apm.set_reverse_stream_format(RATE_HZ, 1)

    def capture(self, frame: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Two blocks of 10 ms."""
        out = b"".join(self._apm.process_stream(frame[i : i + BLOCK].tobytes()) for i in (0, BLOCK))
        return np.frombuffer(out, dtype=np.int16)

    def render(self, frame: npt.NDArray[np.int16]) -> None:
        """Two blocks of 10 ms."""
        for start in (0, BLOCK):
            self._apm.process_reverse_stream(frame[start : start + BLOCK].tobytes())

    def set_delay_ms(self, delay_ms: int) -> None:
        """Pass it on."""
        self._apm.set_stream_delay(delay_ms)


CANDIDATES: dict[str, tuple[str, Callable[[bool, bool, bool], Canceller]]] = {
    "livekit": ("livekit", Livekit),
    "aec-audio-processing": ("aec_audio_processing", AecAudioProcessing),
}


def voice(seconds: float, seed: int) -> npt.NDArray[np.float64]:
    """Speech-like sound: harmonics of a wandering pitch through moving formants, hiss, syllables and pauses."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE_HZ)
    t = np.arange(count) / RATE_HZ

    def wander(low: float, high: float, hz: float) -> npt.NDArray[np.float64]:
        points = random.uniform(low, high, int(seconds * hz) + 3)
        return np.interp(t * hz, np.arange(len(points)), points)

    phase = 2 * np.pi * np.cumsum(wander(90, 220, 3)) / RATE_HZ
    formants = [wander(300, 800, 5), wander(900, 2300, 5), wander(2400, 3400, 5)]
    pitch = np.gradient(phase) * RATE_HZ / (2 * np.pi)
    sound = np.zeros(count)
    for harmonic in range(1, 26):
        frequency = harmonic * pitch
        gain = sum(np.exp(-(((frequency - formant) / 180) ** 2)) for formant in formants)
        sound += gain * np.sin(harmonic * phase)
    sound += 0.15 * random.standard_normal(count) * np.clip(wander(-1, 1, 6), 0, 1)
    syllables = np.clip(wander(-0.5, 1, 8), 0, 1) * (wander(-1, 2, 0.8) > 0)
    sound *= np.convolve(syllables, np.ones(480) / 480, mode="same")
    loud: npt.NDArray[np.float64] = sound * (3000 / np.sqrt(np.mean(sound**2)))
    return loud


def room(seed: int) -> npt.NDArray[np.float64]:
    """An impulse response of 80 ms, -6 dB in all."""
    taps = int(0.08 * RATE_HZ)
    random = np.random.default_rng(seed)
    response = random.standard_normal(taps) * np.exp(-np.arange(taps) / (0.015 * RATE_HZ))
    response[0] = 3.0
    scaled: npt.NDArray[np.float64] = response * (0.5 / np.sqrt(np.sum(response**2)))
    return scaled


def run(
    canceller: Canceller, near: npt.NDArray[np.float64], far: npt.NDArray[np.float64], delay_ms: int
) -> tuple[npt.NDArray[np.float64], float]:
    """Feed a call in irregular bursts; returns what comes out and the CPU seconds of a frame."""
    random = np.random.default_rng(5)
    frames = len(near) // FRAME
    out, rendered, captured = [], 0, 0
    canceller.set_delay_ms(delay_ms)
    started = time.process_time()
    while captured < frames:
        burst = int(random.integers(1, 4))
        for _ in range(min(burst, frames - rendered)):
            canceller.render(far[rendered * FRAME : (rendered + 1) * FRAME].astype(np.int16))
            rendered += 1
        behind = int(random.integers(0, 2))
        while captured < rendered - behind or (rendered == frames and captured < frames):
            frame = near[captured * FRAME : (captured + 1) * FRAME]
            out.append(canceller.capture(np.clip(frame, -32768, 32767).astype(np.int16)))
            captured += 1
    return np.concatenate(out).astype(np.float64), (time.process_time() - started) / frames


def decibel(ratio: float) -> float:
    """Of a power ratio."""
    return 10 * float(np.log10(max(ratio, 1e-12)))


def power(signal: npt.NDArray[np.float64]) -> float:
    """Mean square."""
    return float(np.mean(signal**2))


def near_voice_in(out: npt.NDArray[np.float64], near: npt.NDArray[np.float64]) -> tuple[float, float]:
    """How loud and how clean the near voice is in `out`: level against the input and SDR, in dB.

    A filter of 4 ms is fitted from input to output first, so that the canceller's own delay and its high-pass do not
    count as distortion.
    """
    lag = int(np.argmax(np.abs(np.fft.irfft(np.fft.rfft(out) * np.conj(np.fft.rfft(near, len(out)))))[:4800]))
    aligned = np.roll(near, lag)
    taps = 192
    step = 7  # every sample would only be slower
    columns = np.stack([np.roll(aligned, k)[::step] for k in range(-taps // 2, taps // 2, 2)], axis=1)
    fitted = columns @ np.linalg.lstsq(columns, out[::step], rcond=None)[0]
    return decibel(power(fitted) / power(aligned[::step])), decibel(
        power(fitted) / power(out[::step] - fitted)
    )


def measure(
    make: Callable[[bool, bool, bool], Canceller], seconds: float, delay_ms: int, told_ms: int
) -> list[float]:
    """One row of the table."""
    random = np.random.default_rng(9)
    far = np.clip(voice(seconds, 1), -30000, 30000)
    shift = delay_ms * RATE_HZ // 1000
    echo = np.concatenate([np.zeros(shift), np.convolve(far, room(2))])[: len(far)]
    hiss = 8 * random.standard_normal(len(far))
    half = slice(len(far) // 2 // FRAME * FRAME, len(far) // FRAME * FRAME)

    alone, cpu_s = run(make(True, False, False), echo + hiss, far, told_ms)
    removed = decibel(power((echo + hiss)[half]) / power(alone[half]))
    near = voice(seconds, 7)
    near *= np.sqrt(power(echo[half]) / power(near[half]))  # as loud as the echo: a hard case
    both, _ = run(make(True, False, False), near + echo + hiss, far, told_ms)
    kept, sdr = near_voice_in(both[half], near[half])
    steady = 300 * random.standard_normal(len(far))
    quiet, _ = run(make(False, True, False), steady, np.zeros(len(far)), told_ms)
    return [removed, kept, sdr, decibel(power(steady[half]) / power(quiet[half])), cpu_s * 1000]


def footprint(name: str, module: str) -> str:
    """What importing and creating one costs, in a process of its own."""
    code = f"""
import time, numpy, psutil, sys
process = psutil.Process()
before, threads, started = process.memory_info().rss, process.num_threads(), time.perf_counter()
from tests.bench.audio_processing import CANDIDATES
make = CANDIDATES[{name!r}][1]
one = make(True, True, True)
took = time.perf_counter() - started
after_threads = process.num_threads()
import numpy as np
for _ in range(200):
    one.render(np.zeros(960, np.int16)); one.capture(np.zeros(960, np.int16))
print(f"{{took * 1000:8.0f}} {{(process.memory_info().rss - before) / 2**20:8.1f}} {{after_threads - threads:8d}}")
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    spec = importlib.util.find_spec(module)
    folders = list(spec.submodule_search_locations or []) if spec else []
    size = sum(
        file.stat().st_size for folder in folders for file in Path(folder).rglob("*") if file.is_file()
    )
    return f"{size / 2**20:8.1f} {result.stdout.rstrip() or result.stderr[-200:]}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    installed = {n: c for n, c in CANDIDATES.items() if importlib.util.find_spec(c[0]) is not None}
    print(
        f"{'':22} {'delay ms':>9} {'told ms':>8} {'echo -dB':>9} {'kept dB':>8} {'SDR dB':>7} {'noise -dB':>9} ms/frame"
    )
    for delay_ms, told_ms in ((40, 40), (120, 120), (120, 40), (250, 250), (250, 0)):
        for name, (_, make) in installed.items():
            row = measure(make, seconds, delay_ms, told_ms)
            echo, kept, sdr, noise, cost = row
            print(
                f"{name:22} {delay_ms:9} {told_ms:8} {echo:9.1f} {kept:8.1f} {sdr:7.1f} {noise:9.1f} {cost:8.3f}"
            )
    print(f"\n{'':22} {'MB disk':>8} {'import':>8} {'MB RSS':>8} {'threads':>8}")
    for name, (module, _) in installed.items():
        print(f"{name:22} {footprint(name, module)}")
    print(f"\n{psutil.cpu_count()} CPUs, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
