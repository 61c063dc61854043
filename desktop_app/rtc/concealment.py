"""Making up sound that is missing, and taking away sound that is too much, without a click.

Waveform similarity in the manner of WSOLA (Verhelst and Roelands, ICASSP 1993): the best lag is where the
recent past resembles itself most, and pieces are joined there with a cross-fade.
All arrays are float32 mono at 48 kHz, full scale 32768.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

MIN_LAG = 120
"""400 Hz, the upper end of voice pitch."""
MAX_LAG = 720
"""67 Hz, the lower end."""
OVERLAP = 240
"""5 ms of cross-fade."""

_FADE_IN = np.linspace(0.0, 1.0, OVERLAP, dtype=np.float32)
_FADE_OUT = (1.0 - _FADE_IN).astype(np.float32)


def best_lag(past: Samples) -> int:
    """The pitch period in samples: the lag (MIN_LAG to MAX_LAG) at which the end of `past` repeats itself."""
    template = past[-OVERLAP:]
    region = past[-(OVERLAP + MAX_LAG) : -MIN_LAG]
    if len(region) < OVERLAP:
        return MIN_LAG
    # One in four samples finds the lag well enough and costs a quarter.
    windows = np.lib.stride_tricks.sliding_window_view(region, OVERLAP)[:, ::4]
    products = windows @ template[::4]
    energies = np.sqrt(np.sum(windows * windows, axis=1)) + 1.0
    best = int(np.argmax(products / energies))
    return len(region) - best - OVERLAP + MIN_LAG


def extrapolate(past: Samples, count: int) -> Samples:
    """Continue `past` (at least MAX_LAG + OVERLAP samples) for `count` samples by repeating its last period."""
    lag = best_lag(past)
    period = past[-lag:].copy()
    # The seam between two repetitions is faded, so that no click stands at every period.
    fade = min(lag // 2, OVERLAP)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    before = past[-lag - fade : -lag]
    if len(before) == fade:
        period[-fade:] = period[-fade:] * (1 - ramp) + before * ramp
    repeats = -(-count // lag)
    return np.tile(period, repeats)[:count].astype(np.float32)


def cross_fade(ending: Samples, beginning: Samples) -> Samples:
    """Fade from `ending` to `beginning`, both OVERLAP samples long."""
    return (ending * _FADE_OUT + beginning * _FADE_IN).astype(np.float32)


def shorten(samples: Samples) -> Samples:
    """Take one pitch period out of `samples` (at least MAX_LAG + 2 OVERLAP long)."""
    head = samples[:OVERLAP]
    region = samples[MIN_LAG : MAX_LAG + OVERLAP]
    windows = np.lib.stride_tricks.sliding_window_view(region, OVERLAP)[:, ::4]
    products = windows @ head[::4]
    energies = np.sqrt(np.sum(windows * windows, axis=1)) + 1.0
    lag = int(np.argmax(products / energies)) + MIN_LAG
    joined = cross_fade(head, samples[lag : lag + OVERLAP])
    return np.concatenate((joined, samples[lag + OVERLAP :]))
