"""What the sound gets of a path, before anything else."""

from __future__ import annotations

AUDIO_KBPS, LESS_AUDIO_KBPS, LEAST_AUDIO_KBPS = 32.0, 24.0, 16.0
"""Wide-band speech; still wide-band; the least that is pleasant to listen to (Opus, RFC 6716 2.1.1)."""
LESS_AUDIO_BELOW_KBPS, LEAST_AUDIO_BELOW_KBPS = 80.0, 40.0
HIGH_LOSS_PCT = 5.0
"""Above it sound is heard to suffer, and a falling estimate is believed at once."""


def audio_share_kbps(estimate_kbps: float) -> float:
    """The sound's bitrate on a path that carries this much in all."""
    if estimate_kbps >= LESS_AUDIO_BELOW_KBPS:
        return AUDIO_KBPS
    return LESS_AUDIO_KBPS if estimate_kbps >= LEAST_AUDIO_BELOW_KBPS else LEAST_AUDIO_KBPS
