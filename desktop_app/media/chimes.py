"""The sounds of events, made of two sines each: short, soft, and told apart without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from .clock import AUDIO_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

Chime: TypeAlias = Literal["lost", "back", "knock"]

NOTE_S = 0.14
LEVEL = 0.16
"""Of full scale: about as loud as speech."""
_NOTES_HZ: dict[Chime, tuple[float, ...]] = {
    "lost": (659.3, 440.0),  # it falls: E5, A4
    "back": (440.0, 659.3),  # it rises
    "knock": (784.0, 784.0),  # twice the same: G5
}


def chime(name: Chime) -> NDArray[np.int16]:
    """Mono samples at 48 kHz; each note fades in within 8 ms, and out over its length."""
    count = round(NOTE_S * AUDIO_RATE_HZ)
    times = np.arange(count) / AUDIO_RATE_HZ
    envelope = np.minimum(times / 0.008, 1.0) * (1 - times / NOTE_S) ** 1.5
    notes = [envelope * np.sin(2 * np.pi * pitch_hz * times) for pitch_hz in _NOTES_HZ[name]]
    samples: NDArray[np.int16] = (LEVEL * 32767 * np.concatenate(notes)).astype(np.int16)
    return samples
