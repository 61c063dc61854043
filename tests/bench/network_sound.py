"""Speech at the far end against speech at the near one: delay, PESQ, and how soon it is back after a cut."""

from __future__ import annotations

import importlib
import statistics
from typing import TYPE_CHECKING

import numpy as np

from .network_media import RATE_HZ, resampled
from .network_model import Window

if TYPE_CHECKING:
    from .network_media import Samples
    from .network_model import FloatArray, PictureTime, TimedSound
    from .network_pictures import Glass

MAX_DELAY_S = 2.0
WINDOW_S, STEP_S = 1.6, 0.8
SEARCH_HZ = 8_000
MIN_CORRELATION = 0.5
AUDIBLE_RMS = 300.0
"""Of 32768; below it is a pause."""

PESQ_HZ = 16_000
PESQ_PIECE_S = 10.0
"""PESQ is made for 8 to 12 s (ITU-T P.862.3)."""

BACK_WINDOW_S, BACK_STEP_S, BACK_LIMIT_S = 0.16, 0.02, 3.0
BACK_CORRELATION = 0.75
BACK_LOUDNESS = 0.3
BACK_EARLIER_S, BACK_LATER_S = 0.1, 0.5


def delays_s(spoken: TimedSound, heard: TimedSound, window: Window) -> list[float]:
    """Mouth to ear, for every stretch of the window in which speech is recognised."""
    return [delay_s for _, delay_s in stretches(spoken, heard, window)]


def stretches(spoken: TimedSound, heard: TimedSound, window: Window) -> list[tuple[Window, float]]:
    """Likewise, with the stretches."""
    found = []
    at_s = window.begin_s
    while at_s + WINDOW_S <= window.end_s:
        delay_s = _delay_s(spoken, heard, at_s)
        if delay_s is not None:
            found.append((Window(window.phase, at_s, at_s + WINDOW_S), delay_s))
        at_s += STEP_S
    return found


def behind_picture_s(
    heard: list[tuple[Window, float]], shown: list[PictureTime], glass: Glass
) -> float | None:
    """How far sound is behind the pictures of the same stretch, in the median; None when no stretch has both."""
    found = []
    for stretch, delay_s in heard:
        pictures_s = glass.delays_s(shown, stretch)
        if pictures_s:
            found.append(delay_s - statistics.median(pictures_s))
    return statistics.median(found) if found else None


def _delay_s(spoken: TimedSound, heard: TimedSound, at_s: float) -> float | None:
    pattern = _at_search_rate(heard.between(at_s, at_s + WINDOW_S))
    if _rms(pattern) < AUDIBLE_RMS:
        return None
    begin_s = at_s - MAX_DELAY_S
    region = _at_search_rate(spoken.between(begin_s, at_s + WINDOW_S + 0.05))
    correlation = _correlation(region, pattern)
    best = int(correlation.argmax())
    if correlation[best] < MIN_CORRELATION:
        return None
    return MAX_DELAY_S - best / SEARCH_HZ


def pesq_wb(spoken: TimedSound, heard: TimedSound, window: Window, delay_s: float) -> float | None:
    """Mean MOS-LQO (ITU-T P.862.2) of the window's pieces; None when no piece can be judged."""
    library = importlib.import_module("pesq")  # of the `bench` extra; the type checks do without it
    pesq, NoUtterancesError = library.pesq, library.NoUtterancesError

    pieces = max(1, round(window.length_s / PESQ_PIECE_S))
    length_s = window.length_s / pieces
    scores = []
    for number in range(pieces):
        begin_s = window.begin_s + number * length_s
        reference = spoken.between(begin_s - delay_s, begin_s - delay_s + length_s)
        degraded = heard.between(begin_s, begin_s + length_s)
        try:
            score = pesq(
                PESQ_HZ,
                resampled(reference, RATE_HZ, PESQ_HZ),
                resampled(degraded, RATE_HZ, PESQ_HZ),
                "wb",
            )
        except NoUtterancesError:
            continue
        scores.append(float(score))
    return statistics.fmean(scores) if scores else None


def back_after_s(spoken: TimedSound, heard: TimedSound, cut_end_s: float, delay_s: float) -> float | None:
    """How long after a cut's end speech is heard again; None when nobody spoke then."""
    at_s = cut_end_s
    while at_s < cut_end_s + BACK_LIMIT_S:
        pattern = _at_search_rate(heard.between(at_s, at_s + BACK_WINDOW_S))
        begin_s = at_s - delay_s - BACK_LATER_S
        region = _at_search_rate(spoken.between(begin_s, at_s + BACK_WINDOW_S - delay_s + BACK_EARLIER_S))
        source = _at_search_rate(spoken.between(at_s - delay_s, at_s - delay_s + BACK_WINDOW_S))
        if _rms(source) < AUDIBLE_RMS and at_s == cut_end_s:
            return None
        correlation = _correlation(region, pattern)
        place = int(correlation.argmax())
        if _rms(pattern) >= AUDIBLE_RMS and correlation[place] >= BACK_CORRELATION:
            head = len(pattern) // 4  # a window that begins in the hole is not back yet
            if _rms(pattern[:head]) >= BACK_LOUDNESS * _rms(region[place : place + head]):
                return at_s - cut_end_s
        at_s += BACK_STEP_S
    return BACK_LIMIT_S


def _at_search_rate(samples: Samples) -> FloatArray:
    return resampled(samples, RATE_HZ, SEARCH_HZ).astype(np.float64)


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def _correlation(region: FloatArray, pattern: FloatArray) -> FloatArray:
    """Normalised correlation of `pattern` with each place of `region`."""
    size = 1 << int(len(region) + len(pattern)).bit_length()
    product = np.fft.irfft(np.fft.rfft(region, size) * np.conj(np.fft.rfft(pattern, size)), size)
    places = len(region) - len(pattern) + 1
    sums = np.concatenate(([0.0], np.cumsum(region**2)))
    energy = sums[len(pattern) :] - sums[: len(sums) - len(pattern)]
    floor = (AUDIBLE_RMS / 3) ** 2 * len(pattern)
    result: FloatArray = product[:places] / np.sqrt(np.maximum(energy[:places], floor) * np.sum(pattern**2))
    return result
