"""What is sent to whom: the pictures of one or two encodings, and the sound.

Each path has a gate (picture_gate.py) that says whether it gets pictures; those that do share one encoding while they
are alike, and two when some are much narrower (assignment.py); a controller (controller.py) picks the picture of each
encoding by the narrowest of the encoding's own paths. There is one encoding of the sound, so the narrowest path of
all decides its bitrate.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from .assignment import Encoding, EncodingAssignment
from .controller import QualityController, QualityInput, Source
from .picture_gate import PictureGate
from .sound import audio_share_kbps

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .controller import QualityDecision, Reason

Mode: TypeAlias = Literal["automatic", "low-data", "audio-only"]

UNKNOWN_SOURCE = Source(640, 480, 30.0)
"""Until a camera is chosen."""


@dataclass(frozen=True, slots=True)
class PathState:
    """One participant's path."""

    estimate_kbps: float
    """Payload that it carries, sound and pictures together."""
    loss_pct: float
    limit_kbps: float = math.inf
    """What may be sent at the moment, while a queue empties."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the encoders take of the computer, all together."""

    encode_ms: float = 0.0
    """Mean time that one picture of the high encoding takes, with what the low encoding takes in its time; 0 when none
    was encoded."""
    frame_interval_ms: float = 0.0
    """Time between two pictures of the high encoding; 0 when none are sent."""


@dataclass(frozen=True, slots=True)
class QualityPlan:
    """What to send from now on."""

    main: QualityDecision
    """What everybody gets who is not on the low encoding or on sound alone; sound alone when nobody gets pictures."""
    low: QualityDecision | None
    """None while nobody needs it."""
    assignment: Mapping[str, Encoding]
    """By participant."""
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    """Why each participant's encoding is what it is."""
    most_kbps: float = 0.0
    """What the best picture that could be sent takes, with its sound."""

    def sent_to(self, user: str) -> QualityDecision:
        """What one participant gets, and why."""
        encoding = self.assignment[user]
        reason = self.reasons.get(user, "")
        if encoding is Encoding.NONE:
            return sound_only(self.main, reason)
        if encoding is Encoding.LOW:
            assert self.low is not None
            return replace(self.low, reason=reason)
        return self.main


def sound_only(decision: QualityDecision, reason: Reason) -> QualityDecision:
    """Nothing of the picture that was decided on."""
    return replace(decision, video_kbps=0.0, video_enabled=False, description="Sound only", reason=reason)


class QualityPlanner:
    """One call's. Call `update` once to four times a second."""

    def __init__(self) -> None:
        self._mode: Mode = "automatic"
        self._source = UNKNOWN_SOURCE
        self._begin("")

    def _begin(self, reason: Reason) -> None:
        self._gates: dict[str, PictureGate] = {}
        self._assignment = EncodingAssignment()
        self._high = QualityController(reason)
        self._low: QualityController | None = None
        self._low_step = 0
        self._assigned: dict[str, Encoding] = {}
        self._reasons: dict[str, Reason] = {}

    def update(
        self, now_s: float, paths: Mapping[str, PathState], load: Load, source: Source, mode: Mode
    ) -> QualityPlan:
        """Decide anew.

        Args:
            now_s: any monotonic clock.
            paths: by participant, at least one.
            load: of the encoders.
            source: the camera's picture.
            mode: the person's choice.
        """
        paths = {user: _checked(path) for user, path in paths.items()}
        if (mode == "audio-only") != (self._mode == "audio-only"):
            self._begin("setting")
        self._mode = mode
        if source.width_px >= 4 and source.height_px >= 4 and source.frame_rate >= 1:
            self._source = source
        self._high.take_source(now_s, self._source, low_data=mode == "low-data")
        assigned = self._assign(now_s, paths)
        high = [user for user, each in assigned.items() if each is Encoding.HIGH]
        if high and self._all_had_sound_alone():
            self._bring_back(now_s, high)
        # While nobody gets pictures it is kept up to date, for the moment when somebody does.
        main = self._decide(self._high, now_s, [paths[user] for user in high or paths], load, self._source)
        low = self._decide_low(now_s, paths, assigned)
        self._note_reasons(assigned, low)
        self._assigned = assigned
        if not high:
            main = replace(sound_only(main, self._reason_for_silence()), step=self._high.step_count)
        narrowest = min(path.estimate_kbps for path in paths.values())
        main = replace(main, audio_kbps=audio_share_kbps(narrowest))
        return QualityPlan(main, low, assigned, dict(self._reasons), self._high.most_kbps)

    # --- who gets what --------------------------------------------------------------------------

    def _assign(self, now_s: float, paths: Mapping[str, PathState]) -> dict[str, Encoding]:
        if self._mode == "audio-only":
            return dict.fromkeys(paths, Encoding.NONE)
        for gone in self._gates.keys() - paths.keys():
            del self._gates[gone]
        with_pictures = {}
        for user, path in paths.items():
            gate = self._gates.setdefault(user, PictureGate())
            if gate.update(now_s, path.estimate_kbps, path.loss_pct):
                with_pictures[user] = path.estimate_kbps
        most_kbps = self._high.most_kbps
        usable = {user: min(kbps, most_kbps) for user, kbps in with_pictures.items()}
        least_kbps = self._high.least_kbps(max(usable.values(), default=0.0))
        encodings = self._assignment.update(now_s, usable, least_kbps)
        return {user: encodings.get(user, Encoding.NONE) for user in paths}

    def _reason_for_silence(self) -> Reason:
        return "setting" if self._mode == "audio-only" else "network"

    def _note_reasons(self, assigned: Mapping[str, Encoding], low: QualityDecision | None) -> None:
        for gone in self._reasons.keys() - assigned.keys():
            del self._reasons[gone]
        stepped = low is not None and low.step != self._low_step
        for user, encoding in assigned.items():
            before = self._assigned.get(user)
            if encoding is before:
                if encoding is Encoding.LOW and stepped and low is not None:
                    self._reasons[user] = low.reason
            elif encoding is Encoding.NONE:
                self._reasons[user] = self._reason_for_silence()
            elif before is Encoding.NONE or encoding is Encoding.HIGH:
                self._reasons[user] = "" if before is None else "recovered"
            else:
                self._reasons[user] = "network"
        if low is not None:
            self._low_step = low.step

    # --- the pictures of the encodings ----------------------------------------------------------

    def _all_had_sound_alone(self) -> bool:
        return bool(self._assigned) and all(each is Encoding.NONE for each in self._assigned.values())

    def _bring_back(self, now_s: float, high: Collection[str]) -> None:
        if self._assigned.keys() >= set(high):
            self._high.begin_low(now_s)
        else:  # somebody new, whose path is not known to be narrow
            self._high = QualityController("recovered")

    def _decide_low(
        self, now_s: float, paths: Mapping[str, PathState], assigned: Mapping[str, Encoding]
    ) -> QualityDecision | None:
        members = [user for user, each in assigned.items() if each is Encoding.LOW]
        if not members:
            self._low = None
            return None
        source = self._source.halved
        if self._low is None:
            self._low = QualityController()
        if all(self._assigned.get(user) is Encoding.NONE for user in members):
            self._low.take_source(now_s, source, low_data=self._mode == "low-data")
            self._low.begin_low(now_s)
        # The time that it takes is counted with the high encoding's: that one gives way, as it takes most of it.
        return self._decide(self._low, now_s, [paths[user] for user in members], Load(), source)

    def _decide(
        self,
        controller: QualityController,
        now_s: float,
        paths: Collection[PathState],
        load: Load,
        source: Source,
    ) -> QualityDecision:
        return controller.update(
            now_s,
            QualityInput(
                estimate_kbps=min(path.estimate_kbps for path in paths),
                loss_pct=max(path.loss_pct for path in paths),
                limit_kbps=min(path.limit_kbps for path in paths),
                encode_ms=load.encode_ms,
                frame_interval_ms=load.frame_interval_ms,
                source=source,
                low_data=self._mode == "low-data",
            ),
        )


def _checked(path: PathState) -> PathState:
    """With zeros for what is not a number."""
    values = (path.estimate_kbps, path.loss_pct)
    kbps, loss_pct = (value if math.isfinite(value) else 0.0 for value in values)
    limit_kbps = math.inf if math.isnan(path.limit_kbps) else max(0.0, path.limit_kbps)
    return PathState(max(0.0, kbps), max(0.0, loss_pct), limit_kbps)
