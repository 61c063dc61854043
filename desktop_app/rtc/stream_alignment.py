"""Lip sync at work: the two delays are read from the receivers, and what LipSync decides is set there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .lip_sync import LipSync

if TYPE_CHECKING:
    from collections.abc import Callable

    from .receivers import AudioReceiver, VideoReceiver

INTERVAL_S = 0.1
CODEC_S = 0.0065
"""libopus looks ahead by 312 samples: sound leaves its decoder so much later than its timestamp says (RFC 7845 4.2)."""
OLD_S = 1.0
"""What was played or decoded longer ago says nothing of now. A sender that saves silence (DTX) sends every 0.4 s."""


class StreamAlignment:
    """Keeps one participant's sound and pictures together. Lives on the engine loop.

    Args:
        sound: where the sound comes in.
        pictures: where the pictures come in.
        speaker_latency_s: how long what is played waits in the device.
    """

    def __init__(
        self, sound: AudioReceiver, pictures: VideoReceiver, speaker_latency_s: Callable[[], float]
    ) -> None:
        self._sound = sound
        self._pictures = pictures
        self._speaker_latency_s = speaker_latency_s
        self._lip_sync = LipSync()

    @property
    def offset_s(self) -> float | None:
        """How far the sound is behind the picture; None while it is not known."""
        return self._lip_sync.offset_s

    def update(self, now_s: float) -> None:
        """Compare and correct; to be called every INTERVAL_S."""
        self._lip_sync.update(now_s, self._sound_s(now_s), self._picture_s(now_s))
        self._pictures.decoder.set_hold(self._lip_sync.hold_s)
        self._sound.playout.minimum_s = self._lip_sync.sound_minimum_s

    def end(self) -> None:
        """Leave no delay behind: the playout outlives the connection."""
        self._sound.playout.minimum_s = 0.0

    def _sound_s(self, now_s: float) -> float | None:
        timestamp, at_s = self._sound.playout.at_speaker() or (0, -math.inf)
        if now_s - at_s > OLD_S:
            return None
        captured_s = self._sound.clock.captured_s(timestamp)
        return None if captured_s is None else at_s + CODEC_S + self._speaker_latency_s() - captured_s

    def _picture_s(self, now_s: float) -> float | None:
        typical = self._pictures.decoder.typical_picture()
        if typical is None or now_s - typical.newest_s > OLD_S:
            return None
        captured_s = self._pictures.clock.captured_s(typical.timestamp)
        return None if captured_s is None else typical.ready_s - captured_s
