"""Carries the quality planner's decisions into the encoders, and tells of each step."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from desktop_app.quality.assignment import Encoding
from desktop_app.quality.controller import Source
from desktop_app.quality.planner import Load, PathState, QualityPlanner

from .encoder_meter import EncoderMeter
from .events import QualityChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from desktop_app.media.video_source import VideoFormat
    from desktop_app.quality.controller import QualityDecision, Reason
    from desktop_app.quality.planner import Mode, QualityPlan
    from desktop_app.rtc.send_estimate import PathEstimate

    from .encoder_meter import EncoderLoad
    from .events import CallEvent

logger = logging.getLogger(__name__)

MAX_REPAIR_SHARE = 0.3
"""Of a path; a moment with more repairs is over soon."""


class SteeredMedia(Protocol):
    """The part of LocalMedia that is steered."""

    @property
    def video_format(self) -> VideoFormat | None:
        """The camera's picture; None while nothing is chosen."""

    def encoder_load(self, encoding: Encoding) -> EncoderLoad:
        """Counts of one of the video encoders."""

    def set_video(
        self, encoding: Encoding, width_px: int, height_px: int, frame_rate: float, kbps: float
    ) -> None:
        """How the picture of one encoding is sent from now on."""

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
        self._planner = QualityPlanner()
        self._meters = {Encoding.HIGH: EncoderMeter(), Encoding.LOW: EncoderMeter()}
        self._told: tuple[str, bool, str] | None = None
        self._told_of: dict[str, tuple[str, bool, str]] = {}
        """The participants who were last said to get something else than the others."""
        self.plan: QualityPlan | None = None
        """The newest; None before the first path was there."""

    def update(self, now_s: float, paths: Mapping[str, PathEstimate], mode: Mode) -> None:
        """Decide for the paths of now, by participant."""
        media = self._media
        media.pause_video("quality", mode == "audio-only")  # also while the first path is being found
        if not paths:
            return
        for encoding, meter in self._meters.items():
            meter.update(now_s, media.encoder_load(encoding))
        source = media.video_format
        plan = self._planner.update(
            now_s,
            {user: _state(path) for user, path in paths.items()},
            self._load(),
            Source(0, 0, 0.0)
            if source is None
            else Source(source.even_width_px, source.even_height_px, source.frame_rate),
            mode,
        )
        self.plan = plan
        # One encoding of the sound serves all: the narrowest path decides, and the worst loss.
        media.set_audio_kbps(plan.main.audio_kbps)
        media.set_expected_loss(max(each.sound_loss for each in paths.values()) * 100)
        self._set_video(Encoding.HIGH, plan.main)
        if plan.low is not None:
            self._set_video(Encoding.LOW, plan.low)
        self._tell(plan)

    def close(self) -> None:
        """The call is over; the next one begins with a picture."""
        self._media.pause_video("quality", False)

    def _load(self) -> Load:
        high, low = self._meters[Encoding.HIGH], self._meters[Encoding.LOW]
        if high.frames_per_s <= 0:
            return Load()
        interval_ms = 1000 / high.frames_per_s
        return Load((high.busy + low.busy) * interval_ms, interval_ms)

    def _set_video(self, encoding: Encoding, decision: QualityDecision) -> None:
        if decision.video_enabled:
            kbps = self._meters[encoding].ask_kbps(decision.video_kbps)
            self._media.set_video(encoding, decision.width_px, decision.height_px, decision.frame_rate, kbps)

    # --- what is told ---------------------------------------------------------------------------

    def _tell(self, plan: QualityPlan) -> None:
        main = _outline(plan.main)
        if main != self._told:
            first, self._told = self._told is None, main
            if not first or plan.main.reason:  # the beginning is no change
                self._tell_step(plan.main, plan.main.reason)
        for gone in self._told_of.keys() - plan.assignment.keys():
            del self._told_of[gone]
        for user in plan.assignment:
            self._tell_of(plan, user)

    def _tell_of(self, plan: QualityPlan, user: str) -> None:
        """Of one participant, when they get something else than the others or do so no longer."""
        decision, told = plan.sent_to(user), self._told_of.get(user)
        outline = _outline(decision)
        if decision.description != plan.main.description:
            if outline != told:
                self._told_of[user] = outline
                self._tell_step(decision, decision.reason, user)
        elif told is not None and told[0] != decision.description:
            del self._told_of[user]
            self._tell_step(decision, plan.reasons.get(user, decision.reason), user)

    def _tell_step(self, decision: QualityDecision, reason: Reason, user: str = "") -> None:
        logger.info("quality%s: %s (%s)", f" for {user}" if user else "", decision.description, reason)
        self._emit(
            QualityChanged(
                step=decision.description,
                width_px=decision.width_px,
                height_px=decision.height_px,
                frame_rate=decision.frame_rate,
                video_kbps=decision.video_kbps,
                video_enabled=decision.video_enabled,
                reason=reason,
                user_id=user,
            )
        )


def exceptions(plan: QualityPlan) -> dict[str, int]:
    """What is sent to some instead of the main picture, and to how many."""
    told = (plan.sent_to(user).description for user in plan.assignment)
    return dict(Counter(each for each in told if each != plan.main.description))


def _state(path: PathEstimate) -> PathState:
    repairs_kbps = min(path.repair_kbps, MAX_REPAIR_SHARE * path.kbps)
    settled_kbps = max(path.kbps, path.settled_kbps)
    return PathState(settled_kbps - repairs_kbps, path.fraction_lost * 100, path.kbps - repairs_kbps)


def _outline(decision: QualityDecision) -> tuple[str, bool, str]:
    return decision.description, decision.video_enabled, decision.reason
