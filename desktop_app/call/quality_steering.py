"""Carries the quality controller's decisions into the encoders, and tells of each step."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktop_app.quality.controller import QualityController, QualityDecision, QualityInput

from .events import QualityChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from desktop_app.media.video_source import VideoFormat
    from desktop_app.quality.controller import Mode
    from desktop_app.rtc.send_estimate import PathEstimate

    from .events import CallEvent

logger = logging.getLogger(__name__)

LOAD_WINDOW_S = 1.0
"""What one picture costs is averaged over this long."""
MAX_REPAIR_SHARE = 0.3
"""Of a path; a moment with more repairs is over soon."""
OVERSHOOT_SMOOTHING = 0.4
MAX_OVERSHOOT = 1.5
"""A rate control that is further off than this has a picture that cannot be made any smaller."""


@dataclass(frozen=True, slots=True)
class EncoderLoad:
    """What the video encoder has done since it was made."""

    frames: int
    encode_s: float
    encoded_bytes: int = 0


class SteeredMedia(Protocol):
    """The part of LocalMedia that is steered."""

    @property
    def video_format(self) -> VideoFormat | None:
        """The camera's picture; None while nothing is chosen."""

    @property
    def encoder_load(self) -> EncoderLoad:
        """Counts of the video encoder."""

    def set_video(self, width_px: int, height_px: int, frame_rate: float, kbps: float) -> None:
        """How the picture is sent from now on."""

    def set_audio_kbps(self, kbps: float) -> None:
        """The bitrate of the sound from now on."""

    def set_expected_loss(self, percent: float) -> None:
        """How much loss the sound shall survive by the codec's own means."""

    def pause_video(self, reason: str, paused: bool) -> None:
        """Send no picture for as long as there is a reason."""


class QualitySteering:
    """One call's. `update` is called a few times a second on the engine loop."""

    def __init__(self, media: SteeredMedia, emit: Callable[[CallEvent], None]) -> None:
        self._media = media
        self._emit = emit
        self._controller = QualityController()
        self._told: tuple[str, bool, str] | None = None
        self._load_at_s = -math.inf
        self._load = EncoderLoad(0, 0.0)
        self._encode_ms = 0.0
        self._interval_ms = 0.0
        self._asked_kbps = 0.0
        self._overshoot = 1.0
        """What the encoder makes of what it is asked for; as in libwebrtc's EncoderOvershootDetector."""
        self.decision: QualityDecision | None = None
        """The newest; None before the first path was there."""

    def update(self, now_s: float, paths: Iterable[PathEstimate], mode: Mode) -> None:
        """Decide for the paths of now. One encoding serves all: the narrowest decides, and the worst loss."""
        if mode == "audio-only":
            self._media.pause_video("quality", True)  # not even while the first path is being found
        known = list(paths)
        if not known:
            return
        media = self._media
        self._measure_load(now_s)
        loss_pct = max(each.fraction_lost for each in known) * 100
        source = media.video_format
        decision = self._controller.update(
            now_s,
            QualityInput(
                estimate_kbps=min(
                    each.kbps - min(each.repair_kbps, MAX_REPAIR_SHARE * each.kbps) for each in known
                ),
                loss_pct=loss_pct,
                encode_ms=self._encode_ms,
                frame_interval_ms=self._interval_ms,
                source_width_px=0 if source is None else source.even_width_px,
                source_height_px=0 if source is None else source.even_height_px,
                source_fps=0.0 if source is None else source.frame_rate,
                mode=mode,
            ),
        )
        self.decision = decision
        media.set_audio_kbps(decision.audio_kbps)
        media.set_expected_loss(max(each.sound_loss for each in known) * 100)
        if decision.video_enabled:
            self._asked_kbps = decision.video_kbps / self._overshoot
            media.set_video(decision.width_px, decision.height_px, decision.frame_rate, self._asked_kbps)
        media.pause_video("quality", not decision.video_enabled)
        self._tell(decision)

    def close(self) -> None:
        """The call is over; the next one begins with a picture."""
        self._media.pause_video("quality", False)

    def _measure_load(self, now_s: float) -> None:
        if now_s - self._load_at_s < LOAD_WINDOW_S:
            return
        load = self._media.encoder_load
        frames, seconds = load.frames - self._load.frames, now_s - self._load_at_s
        if frames > 0 and math.isfinite(seconds):
            self._encode_ms = (load.encode_s - self._load.encode_s) * 1000 / frames
            self._interval_ms = seconds * 1000 / frames
            made_kbps = (load.encoded_bytes - self._load.encoded_bytes) * 8 / 1000 / seconds
            if self._asked_kbps > 0:
                ratio = min(max(made_kbps / self._asked_kbps, 1.0), MAX_OVERSHOOT)
                self._overshoot += OVERSHOOT_SMOOTHING * (ratio - self._overshoot)
        else:
            self._encode_ms = self._interval_ms = 0.0
        self._load, self._load_at_s = load, now_s

    def _tell(self, decision: QualityDecision) -> None:
        state = (decision.description, decision.video_enabled, decision.reason)
        if state == self._told or (self._told is None and not decision.reason):
            self._told = state  # the beginning is no change
            return
        self._told = state
        logger.info("quality: %s (%s)", decision.description, decision.reason)
        self._emit(
            QualityChanged(
                step=decision.description,
                width_px=decision.width_px,
                height_px=decision.height_px,
                frame_rate=decision.frame_rate,
                video_kbps=decision.video_kbps,
                video_enabled=decision.video_enabled,
                reason=decision.reason,
            )
        )
