"""Making up sound that is missing, taking away sound that is too much and drawing out what is too little.

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
HISTORY_SAMPLES = MAX_LAG + 2 * OVERLAP
"""What `Continuation` needs to know of the past."""
STRETCH_SAMPLES = MAX_LAG + OVERLAP
"""What `shorten` and `lengthen` need at least."""
SILENCE_RMS = 16.0
"""-66 dBFS: below, any piece is as good as any other."""

_FADE_IN = np.linspace(0.0, 1.0, OVERLAP, dtype=np.float32)
_FADE_OUT = (1.0 - _FADE_IN).astype(np.float32)


def _most_similar(region: Samples, template: Samples) -> int:
    """Where in `region` the piece begins that resembles `template` (OVERLAP samples) most."""
    # One in four samples finds the place well enough and costs a quarter.
    windows = np.lib.stride_tricks.sliding_window_view(region, OVERLAP)[:, ::4]
    products = windows @ template[::4]
    norms = np.sqrt(np.sum(windows * windows, axis=1)) + 1.0
    return int(np.argmax(products / norms))


class Continuation:
    """Goes on with the last pitch period of `past` (HISTORY_SAMPLES), over and over."""

    def __init__(self, past: Samples) -> None:
        place = _most_similar(past[-(OVERLAP + MAX_LAG) : -MIN_LAG], past[-OVERLAP:])
        lag = MAX_LAG - place
        period = past[-lag:].copy()
        # The seam between two repetitions is faded, so that no click stands at every period.
        fade = min(lag // 2, OVERLAP)
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        period[-fade:] = period[-fade:] * (1 - ramp) + past[-lag - fade : -lag] * ramp
        # The first sample follows the real end of the past; what is left of a step there fades out.
        self._step = float(past[-1] + (past[-1] - past[-2]) - period[0])
        self._period = period
        self._position = 0

    def take(self, count: int) -> Samples:
        """The next `count` samples."""
        positions = np.arange(self._position, self._position + count)
        samples = self._period[positions % len(self._period)]
        if self._position < OVERLAP:
            fading = np.clip(1.0 - positions / OVERLAP, 0.0, 1.0).astype(np.float32)
            samples = samples + self._step * fading
        self._position += count
        return samples.astype(np.float32)


def cross_fade(ending: Samples, beginning: Samples) -> Samples:
    """Fade from `ending` to `beginning`, both OVERLAP samples long."""
    return (ending * _FADE_OUT + beginning * _FADE_IN).astype(np.float32)


def _pitch_period(samples: Samples, longest: int) -> int:
    """The lag at which the beginning of `samples` resembles what follows most; the longest one in silence."""
    if float(np.sqrt(np.mean(np.square(samples[: longest + OVERLAP])))) < SILENCE_RMS:
        return longest
    return MIN_LAG + _most_similar(samples[MIN_LAG : longest + OVERLAP], samples[:OVERLAP])


def shorten(samples: Samples, longest: int = MAX_LAG) -> Samples:
    """Take one pitch period, no longer than `longest`, out of the beginning of `samples` (STRETCH_SAMPLES or more)."""
    lag = _pitch_period(samples, longest)
    joined = cross_fade(samples[:OVERLAP], samples[lag : lag + OVERLAP])
    return np.concatenate((joined, samples[lag + OVERLAP :]))


def lengthen(samples: Samples) -> Samples:
    """Play the first pitch period of `samples` (STRETCH_SAMPLES or more) twice."""
    lag = _pitch_period(samples, MAX_LAG)
    joined = cross_fade(samples[lag : lag + OVERLAP], samples[:OVERLAP])
    return np.concatenate((samples[:lag], joined, samples[OVERLAP:]))
