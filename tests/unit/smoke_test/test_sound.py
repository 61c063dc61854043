"""The speaker of the smoke test tells its tone from everything else."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.audio_sources import ToneReader
from desktop_app.media.clock import AUDIO_RATE_HZ
from desktop_app.smoke_test.sound import ListeningSink, SmokeAudio, tone_share

WINDOW = AUDIO_RATE_HZ // 5


def tone(frequency_hz: float, amplitude: float = 8000.0, phase: float = 0.0) -> np.ndarray:
    angles = phase + 2 * np.pi * frequency_hz * np.arange(WINDOW) / AUDIO_RATE_HZ
    return (amplitude * np.sin(angles)).astype(np.int16)


@given(st.floats(0, 6.3), st.floats(300, 30000))
def test_a_tone_has_all_its_energy_at_its_frequency(phase: float, amplitude: float) -> None:
    samples = tone(1000.0, amplitude, phase)
    assert tone_share(samples, 1000.0) > 0.99
    assert tone_share(samples, 440.0) < 0.01


def test_noise_silence_and_the_other_tone_do_not_count() -> None:
    noise = np.random.default_rng(1).normal(0, 8000, WINDOW).astype(np.int16)
    assert tone_share(noise, 1000.0) < 0.05
    assert tone_share(np.zeros(WINDOW, np.int16), 1000.0) == 0.0
    mixed = tone(1000.0, 4000) + tone(440.0, 8000)
    assert tone_share(mixed, 1000.0) == pytest.approx(0.2, abs=0.02)


def test_the_speaker_hears_what_is_played_and_only_that() -> None:
    audio = SmokeAudio(1000.0)
    assert audio.hears(440.0) == (0, 0.0)
    speaker = audio.open_speaker("", lambda _status: None)
    assert isinstance(speaker, ListeningSink)
    reader = ToneReader(440.0)
    enough = threading.Event()
    pulls = 0

    def pull() -> np.ndarray:
        nonlocal pulls
        pulls += 1
        if pulls > 52:  # the last second has no fade-in
            enough.set()
        return reader.read()

    speaker.start(pull)
    assert enough.wait(20)
    speaker.stop()
    clear, level = audio.hears(440.0)
    assert clear == 5
    assert level == pytest.approx(0.177, abs=0.01)
    assert audio.hears(1000.0)[0] == 0
