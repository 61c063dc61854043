"""From what the path carries and what the computer manages to what is sent.

Sound first: it gets its bitrate before the picture gets any. What is left picks a step of the ladder (ladder.py).

- Down at once, as many steps as it takes, when the estimate leaves less than the step is good for: after a second,
  or immediately when it is far below or when over 5 % of loss confirms it.
- Up one step at a time, when the estimate has left UP_MARGIN more than the next step's minimum all through a quiet
  time. A step up that fails doubles the quiet time before the next try (up to a minute); one that holds makes it
  short again. So a noisy path is answered by ever fewer changes, and never by swinging.
- An encoder that needs over 85 % of the time between two frames steps down too; up again when the larger picture
  would, by its count of pixels a second, still leave a good reserve.
- Under AUDIO_ONLY_KBPS for the whole path there is sound alone. The way back: either the estimate climbs (the
  estimator may let it, to half as much again as is sent), or, as nothing much is sent that could prove the path
  wider, the lowest step is simply tried when the quiet time is over and the sound arrives whole. If that fails the
  quiet time doubles.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .ladder import LEAST_KBPS, LOW_FRAME_RATE, Step, make_ladder

Mode: TypeAlias = Literal["automatic", "low-data", "audio-only"]
Reason: TypeAlias = Literal["network", "cpu", "setting", "recovered", ""]

AUDIO_KBPS, LESS_AUDIO_KBPS, LEAST_AUDIO_KBPS = 32.0, 24.0, 16.0
"""Wide-band speech; still wide-band; the least that is pleasant to listen to (Opus, RFC 6716 2.1.1)."""
LESS_AUDIO_BELOW_KBPS, LEAST_AUDIO_BELOW_KBPS = 80.0, 40.0
AUDIO_ONLY_KBPS = 100.0
VIDEO_AGAIN_KBPS = 130.0
HIGH_LOSS_PCT = 5.0
DOWN_AFTER_S = 1.0
FAR_BELOW = 0.7
UP_MARGIN = 1.3
QUIET_S, MAX_QUIET_S = 3.0, 60.0
TRIAL_S = 10.0
"""A step up that does not last this long has failed."""
CALM_S = 30.0
"""After this long without a step down the quiet time halves."""
AUDIO_ONLY_QUIET_S, MAX_AUDIO_ONLY_QUIET_S = 6.0, 20.0
TRIAL_GRACE_S = 2.5
"""The first report after a pause tells of what was lost before it."""
TRY_KBPS = LEAST_KBPS
"""For the picture when the path's capacity is not known."""
CPU_HIGH, CPU_RESERVE = 0.85, 0.60
CPU_SMOOTHING_S = 3.0
CPU_SETTLING_S = 4.0
LOW_DATA_KBPS, LOW_DATA_WIDTH_PX = 250.0, 320
"""For everything together; and the widest picture of it."""


@dataclass(frozen=True, slots=True)
class QualityInput:
    """What is known now."""

    estimate_kbps: float
    """Payload that the narrowest path carries, sound and pictures together."""
    loss_pct: float
    """The worst among the paths."""
    encode_ms: float
    """Mean time to encode one picture; 0 when none was."""
    frame_interval_ms: float
    """Time between two pictures as they are sent; 0 when none are."""
    source_width_px: int
    """0 when there is no picture; likewise the others."""
    source_height_px: int
    source_fps: float
    mode: Mode = "automatic"


@dataclass(frozen=True, slots=True)
class QualityDecision:
    """What to send from now on."""

    width_px: int
    height_px: int
    frame_rate: float
    video_kbps: float
    """0 when there is no video."""
    audio_kbps: float
    video_enabled: bool
    step: int
    """0 is the best; one more than the ladder has means sound alone."""
    description: str
    """For people: "640 × 480, 30 fps" or "Sound only"."""
    reason: Reason
    """Of the newest change of step; empty before the first one."""


class QualityController:
    """Call `update` once to four times a second."""

    def __init__(self) -> None:
        self._ladder: tuple[Step, ...] = ()
        self._source = (0, 0, 0.0)
        self._mode: Mode = "automatic"
        self._step: int | None = None
        self._reason: Reason = ""
        self._quiet_s = QUIET_S
        self._audio_quiet_s = AUDIO_ONLY_QUIET_S
        self._changed_s = -math.inf
        self._up_s = -math.inf
        self._tried_video_s = -math.inf
        self._calm_since_s = -math.inf
        self._below_since_s: float | None = None
        self._estimates: deque[tuple[float, float]] = deque(maxlen=512)
        self._cpu_load: float | None = None
        self._cpu_best = 0
        """The best step that the computer manages."""
        self._last_s: float | None = None

    def update(self, now_s: float, given: QualityInput) -> QualityDecision:
        """Decide anew.

        Args:
            now_s: any monotonic clock.
            given: what is known now.
        """
        estimate = given.estimate_kbps if math.isfinite(given.estimate_kbps) else 0.0
        audio_kbps = audio_share_kbps(estimate)
        self._take_source(now_s, given)
        self._take_mode(now_s, given.mode)
        self._take_load(now_s, given)
        available = max(0.0, min(estimate, self._most_kbps()) - audio_kbps)
        self._remember(now_s, available)
        if self._step is None:
            self._step = self._fitting(available)
            self._changed_s = self._calm_since_s = now_s
        elif self._mode != "audio-only":
            self._judge(now_s, estimate, available, given.loss_pct)
        self._last_s = now_s
        return self._decision(available, audio_kbps)

    # --- what is given --------------------------------------------------------------------------

    def _take_source(self, now_s: float, given: QualityInput) -> None:
        width, height, fps = given.source_width_px, given.source_height_px, given.source_fps
        if width < 2 or height < 2 or not fps >= 1:
            if self._ladder:
                return
            width, height, fps = 640, 480, 30.0
        old_width, old_height, old_fps = self._source
        # A camera's rate wobbles with the light; a new ladder for each wobble would mean a new step.
        if (width, height) == (old_width, old_height) and 0.6 * old_fps < fps < 1.4 * old_fps:
            return
        old = self._current()
        audio_only = self._step is not None and self._step >= len(self._ladder)
        self._source = (width, height, fps)
        self._ladder = make_ladder(width, height, float(round(fps)))
        self._cpu_best = 0
        self._cpu_load = None
        if audio_only:
            self._step = len(self._ladder)
        elif old is not None:
            self._step = next(
                (index for index, each in enumerate(self._ladder) if each.max_kbps <= old.max_kbps),
                len(self._ladder) - 1,
            )
            self._changed_s = now_s

    def _take_mode(self, now_s: float, mode: Mode) -> None:
        if mode == self._mode and (mode != "audio-only" or self._step is not None):
            return
        self._mode = mode
        self._estimates.clear()
        if mode == "audio-only":
            self._step = len(self._ladder)
            self._reason = "setting"
        elif self._step is not None:
            self._step = None  # as at the beginning: what fits now
            self._reason = "setting"
        elif mode == "low-data":
            self._reason = "setting"
        self._quiet_s, self._audio_quiet_s = QUIET_S, AUDIO_ONLY_QUIET_S
        self._changed_s = now_s

    def _take_load(self, now_s: float, given: QualityInput) -> None:
        if given.encode_ms <= 0 or given.frame_interval_ms <= 0:
            return
        load = min(given.encode_ms / given.frame_interval_ms, 10.0)
        if self._cpu_load is None:
            self._cpu_load = load
            return
        elapsed_s = 0.0 if self._last_s is None else max(0.0, now_s - self._last_s)
        self._cpu_load += (load - self._cpu_load) * (1 - math.exp(-elapsed_s / CPU_SMOOTHING_S))

    def _remember(self, now_s: float, available: float) -> None:
        self._estimates.append((now_s, available))
        while now_s - self._estimates[0][0] > MAX_QUIET_S:
            self._estimates.popleft()

    # --- steps ----------------------------------------------------------------------------------

    def _current(self) -> Step | None:
        if self._step is None or self._step >= len(self._ladder):
            return None
        return self._ladder[self._step]

    def _most_kbps(self) -> float:
        return LOW_DATA_KBPS if self._mode == "low-data" else math.inf

    def _best(self) -> int:
        """The best step that setting and computer allow."""
        best = self._cpu_best
        if self._mode == "low-data":
            allowed = (
                index
                for index, each in enumerate(self._ladder)
                if each.width_px <= LOW_DATA_WIDTH_PX and each.frame_rate <= 1.2 * LOW_FRAME_RATE
            )
            best = max(best, next(allowed, len(self._ladder) - 1))
        return min(best, len(self._ladder) - 1)

    def _fitting(self, available: float) -> int:
        """The best step whose minimum is left for it; sound alone when none is."""
        for index in range(self._best(), len(self._ladder)):
            if available >= self._ladder[index].min_kbps:
                return index
        return len(self._ladder) - 1 if available >= TRY_KBPS else len(self._ladder)

    def _judge(self, now_s: float, estimate: float, available: float, loss_pct: float) -> None:
        step = self._current()
        if step is None:
            self._judge_return(now_s, estimate, loss_pct)
        elif self._judge_down(now_s, step, estimate, available, loss_pct):
            return
        elif not self._judge_load(now_s, step):
            self._judge_up(now_s)
            if now_s - self._calm_since_s > CALM_S:
                self._calm_since_s = now_s
                self._quiet_s = max(QUIET_S, self._quiet_s / 2)
                self._audio_quiet_s = max(AUDIO_ONLY_QUIET_S, self._audio_quiet_s / 2)

    def _judge_down(
        self, now_s: float, step: Step, estimate: float, available: float, loss_pct: float
    ) -> bool:
        assert self._step is not None
        last = self._step == len(self._ladder) - 1
        least = AUDIO_ONLY_KBPS - audio_share_kbps(AUDIO_ONLY_KBPS) if last else step.min_kbps
        # A trial of the lowest step is not called off by the estimate that could not grow before it.
        trial_s = now_s - self._tried_video_s
        if last and (trial_s < TRIAL_GRACE_S or (trial_s < TRIAL_S and loss_pct <= HIGH_LOSS_PCT)):
            least = 0.0 if trial_s < TRIAL_GRACE_S else min(least, TRY_KBPS * FAR_BELOW)
        if available >= least:
            self._below_since_s = None
            return False
        if self._below_since_s is None:
            self._below_since_s = now_s
        confirmed = loss_pct > HIGH_LOSS_PCT and self._is_falling(now_s)
        if not confirmed and available > FAR_BELOW * least and now_s - self._below_since_s < DOWN_AFTER_S:
            return False
        if last and now_s - self._tried_video_s < CALM_S:
            self._audio_quiet_s = min(2 * self._audio_quiet_s, MAX_AUDIO_ONLY_QUIET_S)
        target = len(self._ladder) if estimate < AUDIO_ONLY_KBPS else self._fitting(available)
        self._go(now_s, max(target, self._step + 1), "network")
        return True

    def _is_falling(self, now_s: float) -> bool:
        newest = self._estimates[-1][1]
        return any(value > 1.05 * newest for at_s, value in self._estimates if now_s - at_s <= 3)

    def _judge_load(self, now_s: float, step: Step) -> bool:
        assert self._step is not None
        if self._cpu_load is None or now_s - self._changed_s < CPU_SETTLING_S:
            return False
        lowest = self._step == len(self._ladder) - 1
        if self._cpu_load > CPU_HIGH and not lowest:
            self._cpu_best = self._step + 1
            self._go(now_s, self._step + 1, "cpu")
            return True
        if self._cpu_best and self._step == self._cpu_best and now_s - self._changed_s >= self._quiet_s:
            better = self._ladder[self._cpu_best - 1]
            growth = _pixels_a_second(better) / _pixels_a_second(step)
            if self._cpu_load * growth < CPU_RESERVE:
                self._cpu_best -= 1
        return False

    def _judge_up(self, now_s: float) -> None:
        assert self._step is not None
        if self._step <= self._best() or now_s - self._changed_s < self._quiet_s:
            return
        needed = UP_MARGIN * self._ladder[self._step - 1].min_kbps
        if self._lasting(now_s, self._quiet_s) >= needed:
            self._go(now_s, self._step - 1, "recovered")

    def _judge_return(self, now_s: float, estimate: float, loss_pct: float) -> None:
        """From sound alone to the lowest step."""
        if now_s - self._changed_s < self._audio_quiet_s or loss_pct > HIGH_LOSS_PCT:
            return
        if estimate < VIDEO_AGAIN_KBPS and self._is_falling(now_s):
            return
        self._tried_video_s = now_s
        self._go(now_s, len(self._ladder) - 1, "recovered")

    def _lasting(self, now_s: float, seconds: float) -> float:
        return min(value for at_s, value in self._estimates if now_s - at_s <= seconds)

    def _go(self, now_s: float, step: int, reason: Reason) -> None:
        assert self._step is not None
        if step > self._step:
            if now_s - self._up_s < max(TRIAL_S, self._quiet_s):
                self._quiet_s = min(2 * self._quiet_s, MAX_QUIET_S)
            self._calm_since_s = now_s
        else:
            self._up_s = now_s
        self._step, self._reason = step, reason
        self._changed_s = now_s
        self._below_since_s = None
        self._cpu_load = None

    # --- the answer -----------------------------------------------------------------------------

    def _decision(self, available: float, audio_kbps: float) -> QualityDecision:
        assert self._step is not None
        step = self._current()
        shown = step or self._ladder[-1]
        width, height = shown.width_px, shown.height_px
        if self._mode == "low-data" and width > LOW_DATA_WIDTH_PX:
            height = max(2, round(height * LOW_DATA_WIDTH_PX / width / 2) * 2)
            width = LOW_DATA_WIDTH_PX
        return QualityDecision(
            width_px=width,
            height_px=height,
            frame_rate=shown.frame_rate,
            video_kbps=0.0 if step is None else min(max(available, TRY_KBPS), step.max_kbps),
            audio_kbps=audio_kbps,
            video_enabled=step is not None,
            step=self._step,
            description="Sound only" if step is None else step.description,
            reason=self._reason,
        )


def audio_share_kbps(estimate_kbps: float) -> float:
    """What the sound gets of a path, before anything else."""
    if estimate_kbps >= LESS_AUDIO_BELOW_KBPS:
        return AUDIO_KBPS
    return LESS_AUDIO_KBPS if estimate_kbps >= LEAST_AUDIO_BELOW_KBPS else LEAST_AUDIO_KBPS


def _pixels_a_second(step: Step) -> float:
    return step.width_px * step.height_px * step.frame_rate
