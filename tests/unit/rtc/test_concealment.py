"""Made-up and stretched sound: no click, no NaN, no lasting noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.media.clock import AUDIO_RATE_HZ
from desktop_app.rtc.concealment import (
    HISTORY_SAMPLES,
    MAX_LAG,
    MIN_LAG,
    OVERLAP,
    STRETCH_SAMPLES,
    Continuation,
    Samples,
    cross_fade,
    lengthen,
    shorten,
)

from .playout_simulation import AMPLITUDE, tone


def largest_step(samples: Samples) -> float:
    """The largest change between two samples; a click is a large one."""
    return float(np.abs(np.diff(samples)).max())


def steepest_of(hz: float) -> float:
    """The largest step of a sine itself."""
    return AMPLITUDE * 2 * np.pi * hz / AUDIO_RATE_HZ


@pytest.mark.parametrize("hz", [70.0, 100.0, 163.0, 220.0, 391.0, 440.0, 1000.0, 3000.0])
def test_a_continued_sine_has_no_click_and_keeps_its_level(hz: float) -> None:
    past = tone(HISTORY_SAMPLES, hz)
    continuation = Continuation(past)
    made_up = np.concatenate([continuation.take(count) for count in (960, 17, 960, 2000)])
    assert largest_step(np.concatenate((past, made_up))) <= 1.3 * steepest_of(hz)
    rms = float(np.sqrt(np.mean(made_up**2)))
    assert 0.6 * AMPLITUDE / np.sqrt(2) <= rms <= 1.15 * AMPLITUDE / np.sqrt(2)


@pytest.mark.parametrize("hz", [100.0, 220.0, 391.0])
def test_a_continued_sine_keeps_its_pitch(hz: float) -> None:
    made_up = Continuation(tone(HISTORY_SAMPLES, hz)).take(AUDIO_RATE_HZ // 2)
    spectrum = np.abs(np.fft.rfft(made_up * np.hanning(len(made_up))))
    assert int(np.argmax(spectrum)) * 2 == pytest.approx(hz, rel=0.02)


def test_pieces_join_to_the_same_sound_as_one() -> None:
    past = tone(HISTORY_SAMPLES, 200)
    whole = Continuation(past).take(1000)
    pieces = Continuation(past)
    np.testing.assert_array_equal(np.concatenate([pieces.take(300), pieces.take(700)]), whole)


@pytest.mark.parametrize("hz", [80.0, 150.0, 300.0, 440.0, 1000.0])
def test_shortening_takes_out_one_period_without_a_click(hz: float) -> None:
    samples = tone(2880, hz)
    shorter = shorten(samples)
    removed = len(samples) - len(shorter)
    assert MIN_LAG <= removed <= MAX_LAG
    periods = removed / (AUDIO_RATE_HZ / hz)
    assert periods == pytest.approx(round(periods), abs=0.06)
    assert largest_step(shorter) <= 1.3 * steepest_of(hz)
    np.testing.assert_array_equal(shorter[OVERLAP:], samples[removed + OVERLAP :])
    assert shorter[0] == samples[0]


def test_silence_is_shortened_by_the_most() -> None:
    assert len(shorten(np.zeros(STRETCH_SAMPLES, dtype=np.float32))) == STRETCH_SAMPLES - MAX_LAG


def test_what_is_shortened_by_no_more_than_a_limit_is_still_whole() -> None:
    shorter = shorten(tone(2880, 400.0), longest=400)
    removed = 2880 - len(shorter)
    assert MIN_LAG <= removed <= 400
    assert removed / 120 == pytest.approx(round(removed / 120), abs=0.06)


@pytest.mark.parametrize("hz", [80.0, 150.0, 300.0, 440.0, 1000.0])
def test_lengthening_puts_in_one_period_without_a_click(hz: float) -> None:
    samples = tone(STRETCH_SAMPLES, hz)
    longer = lengthen(samples)
    added = len(longer) - len(samples)
    assert MIN_LAG <= added <= MAX_LAG
    periods = added / (AUDIO_RATE_HZ / hz)
    assert periods == pytest.approx(round(periods), abs=0.06)
    assert largest_step(longer) <= 1.3 * steepest_of(hz)
    np.testing.assert_array_equal(longer[:added], samples[:added])
    np.testing.assert_array_equal(longer[added + OVERLAP :], samples[OVERLAP:])


def test_silence_is_lengthened_by_the_most() -> None:
    assert len(lengthen(np.zeros(STRETCH_SAMPLES, dtype=np.float32))) == STRETCH_SAMPLES + MAX_LAG


def test_a_cross_fade_begins_and_ends_with_its_parts() -> None:
    faded = cross_fade(np.full(OVERLAP, 100, dtype=np.float32), np.full(OVERLAP, -50, dtype=np.float32))
    assert faded[0] == 100
    assert faded[-1] == -50
    assert np.all(np.diff(faded) <= 0)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["silence", "noise", "full scale", "impulse", "one bit"]),
)
def test_any_sound_gives_finite_samples_within_reason(seed: int, kind: str) -> None:
    generator = np.random.default_rng(seed)
    past = np.zeros(HISTORY_SAMPLES, dtype=np.float32)
    if kind == "noise":
        past = generator.normal(0, 3000, HISTORY_SAMPLES).astype(np.float32)
    elif kind == "full scale":
        past = generator.choice([-32768.0, 32767.0], HISTORY_SAMPLES).astype(np.float32)
    elif kind == "impulse":
        past[generator.integers(HISTORY_SAMPLES)] = 32767
    elif kind == "one bit":
        past = generator.integers(0, 2, HISTORY_SAMPLES).astype(np.float32)
    made_up = Continuation(past).take(5000)
    assert made_up.dtype == np.float32
    assert np.isfinite(made_up).all()
    # What is left of the step at the seam may come on top, three full scales at worst, and is gone after 5 ms.
    assert np.abs(made_up[OVERLAP:]).max() <= 32768
    for stretched in (shorten(past), lengthen(past)):
        assert np.isfinite(stretched).all()
        assert np.abs(stretched).max() <= 32768
