"""Echo, noise and gain with the real module: floors below which it is broken. The bench has the figures."""

from __future__ import annotations

import sys
import threading

import numpy as np
import numpy.typing as npt
import pytest

from desktop_app.media.audio import AudioFrame, silence
from desktop_app.media.processing import AudioProcessor

FRAME = 960
Samples = npt.NDArray[np.float64]


def frames_of(signal: Samples) -> list[AudioFrame]:
    """A signal in frames."""
    count = len(signal) // FRAME
    return [signal[i * FRAME : (i + 1) * FRAME].astype(np.int16) for i in range(count)]


def babble(seconds: float, seed: int = 1) -> Samples:
    """Noise in syllables: as good as speech for an echo canceller."""
    random = np.random.default_rng(seed)
    count = int(seconds * 48_000)
    loudness = np.interp(
        np.arange(count), np.arange(0, count, 6000), random.uniform(0, 1, len(range(0, count, 6000)))
    )
    smooth = np.convolve(random.standard_normal(count), np.ones(12) / 12, mode="same")
    return np.clip(smooth * loudness * 12_000, -32_000, 32_000)


def decibel(before: Samples, after: Samples) -> float:
    """By how much `after` is weaker."""
    return 10 * float(np.log10(float(np.mean(before**2)) / max(float(np.mean(after**2)), 1e-6)))


def echo_left(processor: AudioProcessor, *, delay_ms: int = 80) -> tuple[Samples, Samples]:
    """A far voice whose echo the microphone hears: the last second of what went in and of what came out."""
    far = babble(4.0)
    echo = 0.5 * np.concatenate([np.zeros(delay_ms * 48), far])[: len(far)]
    processor.set_delay_ms(delay_ms)
    out = []
    for far_frame, near_frame in zip(frames_of(far), frames_of(echo), strict=True):
        processor.process_render(far_frame)
        out.append(processor.process_capture(near_frame))
    return echo[-48_000:], np.concatenate(out)[-48_000:].astype(np.float64)


def test_echo_is_removed() -> None:
    processor = AudioProcessor(True, False, False)
    before, after = echo_left(processor)
    processor.close()
    assert decibel(before, after) > 25
    assert processor.problem == ""


def test_echo_stays_when_cancellation_is_off() -> None:
    processor = AudioProcessor(False, False, True)
    before, after = echo_left(processor)
    processor.close()
    assert decibel(before, after) < 6


def test_steady_noise_is_suppressed() -> None:
    processor = AudioProcessor(False, True, False)
    noise = 300 * np.random.default_rng(2).standard_normal(4 * 48_000)
    out = np.concatenate([processor.process_capture(frame) for frame in frames_of(noise)]).astype(np.float64)
    processor.close()
    assert decibel(noise[-48_000:], out[-48_000:]) > 8


def test_a_quiet_voice_gets_louder_with_automatic_gain() -> None:
    processor = AudioProcessor(False, False, True)
    voice = babble(5.0) * 0.05
    out = np.concatenate([processor.process_capture(frame) for frame in frames_of(voice)]).astype(np.float64)
    processor.close()
    assert decibel(voice[-48_000:], out[-48_000:]) < -3


def test_nothing_is_touched_when_all_is_off() -> None:
    processor = AudioProcessor(False, False, False)
    frame = babble(0.02).astype(np.int16)
    processor.process_render(frame)
    assert processor.process_capture(frame) is frame
    processor.close()


def test_input_is_not_changed_and_shape_is_kept() -> None:
    processor = AudioProcessor(True, True, True)
    frame = babble(0.02).astype(np.int16)
    copy = frame.copy()
    out = processor.process_capture(frame)
    processor.process_render(frame)
    processor.close()
    assert np.array_equal(frame, copy)
    assert out.shape == frame.shape
    assert out.dtype == np.int16


def test_switches_work_while_it_runs() -> None:
    processor = AudioProcessor(False, False, False)
    noise = frames_of(300 * np.random.default_rng(2).standard_normal(3 * 48_000))
    assert processor.process_capture(noise[0]) is noise[0]
    processor.noise_suppression = True
    out = np.concatenate([processor.process_capture(frame) for frame in noise]).astype(np.float64)
    assert decibel(np.concatenate(noise)[-48_000:].astype(np.float64), out[-48_000:]) > 8
    processor.noise_suppression = False
    assert processor.process_capture(noise[0]) is noise[0]
    processor.close()


@pytest.mark.parametrize("delay_ms", [-5, 0, 80.4, 10_000])
def test_any_delay_is_taken(delay_ms: float) -> None:
    processor = AudioProcessor(True, False, False)
    processor.set_delay_ms(delay_ms)
    processor.process_render(silence())
    assert not processor.process_capture(silence()).any()
    processor.close()
    assert processor.problem == ""


def test_frames_pass_after_closing() -> None:
    processor = AudioProcessor(True, True, True)
    processor.process_capture(silence())
    processor.close()
    processor.close()
    frame = babble(0.02).astype(np.int16)
    assert processor.process_capture(frame) is frame
    processor.process_render(frame)


def test_render_capture_and_switches_from_three_threads() -> None:
    processor = AudioProcessor(True, True, True)
    frames = frames_of(babble(1.0))
    done: list[str] = []

    def render() -> None:
        for frame in frames:
            processor.process_render(frame)
        done.append("render")

    def switch() -> None:
        for number in range(20):
            processor.noise_suppression = bool(number % 2)
            processor.set_delay_ms(number)
        done.append("switch")

    threads = [threading.Thread(target=work) for work in (render, switch)]
    for thread in threads:
        thread.start()
    out = [processor.process_capture(frame) for frame in frames]
    for thread in threads:
        thread.join(20)
    processor.close()
    assert sorted(done) == ["render", "switch"]
    assert len(out) == len(frames)
    assert processor.problem == ""


@pytest.mark.expected_warnings("audio processing is not available")
def test_sound_passes_when_the_library_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit", None)
    processor = AudioProcessor(True, True, True)
    frame = babble(0.02).astype(np.int16)
    assert processor.process_capture(frame) is frame
    assert processor.process_capture(frame) is frame
    processor.process_render(frame)
    assert "headphones" in processor.problem
    processor.close()


@pytest.mark.expected_warnings("processing a frame failed")
def test_a_frame_of_another_length_ends_processing_not_the_sound() -> None:
    processor = AudioProcessor(True, True, True)
    odd = np.zeros(123, dtype=np.int16)
    assert processor.process_capture(odd) is odd
    assert processor.process_capture(silence()).shape == (960,)
    assert "headphones" in processor.problem
    processor.close()
