"""From what the paths of one encoding carry and what the computer manages to the picture that is sent.

Sound first: it gets its bitrate before the picture gets any. What is left picks a step of the ladder (ladder.py).
Whether there are pictures at all is decided for each path (picture_gate.py).

- Down at once, as many steps as it takes, when the estimate leaves less than the step is good for: after a second,
  or immediately when it is far below or when over 5 % of loss confirms it.
- Up one step at a time, when the estimate has left UP_MARGIN more than the next step's minimum all through a quiet
  time; half of it is enough for SURE_MARGIN, and then for every step that as much is left for. A step up that fails
  doubles the quiet time before the next try (up to a minute), unless the path has become clearly wider than it looked
  then; one that holds makes it short again. So a noisy path is answered by ever fewer changes, and never by swinging.
- An encoder that needs over 85 % of the time between two frames steps down too; up again when the larger picture
  would, by its count of pixels a second, still leave a good reserve.

Pure: the time is passed in.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .ladder import LOW_FRAME_RATE, Step, make_ladder
from .picture_gate import TRY_KBPS
from .sound import AUDIO_KBPS, HIGH_LOSS_PCT, audio_share_kbps

Reason: TypeAlias = Literal["network", "cpu", "setting", "recovered", ""]

DOWN_AFTER_S = 1.0
FAR_BELOW = 0.7
UP_MARGIN, SURE_MARGIN = 1.3, 2.5
SURE_SHARE, WIDER = 0.5, 1.5
QUIET_S, MAX_QUIET_S = 3.0, 60.0
TRIAL_S = 10.0
"""A step up that does not last this long has failed."""
CALM_S = 30.0
"""After this long without a step down the quiet time halves."""
CPU_HIGH, CPU_RESERVE = 0.85, 0.60
CPU_SMOOTHING_S = 3.0
CPU_SETTLING_S = 4.0
LOW_DATA_KBPS, LOW_DATA_WIDTH_PX = 250.0, 320
"""For everything together; and the widest picture of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The picture that there is to send; zeros when there is none."""

    width_px: int
    height_px: int
    frame_rate: float

    @property
    def halved(self) -> Source:
        """Half as wide and half as high."""
        return Source(self.width_px // 4 * 2, self.height_px // 4 * 2, self.frame_rate)


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
    source: Source
    low_data: bool = False
    limit_kbps: float = math.inf
    """What may be sent at the moment, while a queue empties: no reason for another step."""


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
    """0 is the best; as many as the ladder has steps means sound alone."""
    description: str
    """For people: "640 × 480, 30 fps" or "Sound only"."""
    reason: Reason
    """Of the newest change of step; empty before the first one."""


class QualityController:
    """One encoding's. Call `update` once to four times a second.

    Args:
        reason: why there is a new one.
    """

    def __init__(self, reason: Reason = "") -> None:
        self._ladder: tuple[Step, ...] = ()
        self._source = Source(0, 0, 0.0)
        self._low_data = False
        self._step: int | None = None
        self._reason: Reason = reason
        self._quiet_s = QUIET_S
        self._changed_s = -math.inf
        self._up_s = -math.inf
        self._tried_kbps = self._failed_kbps = 0.0
        """What was left for the picture at the newest step up, and at the newest one that failed."""
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
        self.take_source(now_s, given.source, low_data=given.low_data)
        self._take_load(now_s, given)
        available = max(0.0, min(estimate, self._allowed_kbps()) - audio_kbps)
        self._remember(now_s, available)
        if self._step is None:
            self._step = self._fitting(available)
            self._changed_s = self._calm_since_s = now_s
        else:
            self._judge(now_s, available, given.loss_pct)
        self._last_s = now_s
        return self._decision(min(available, given.limit_kbps - audio_kbps), audio_kbps)

    def begin_low(self, now_s: float) -> None:
        """Pictures are tried again on a path of which nothing is known: on the lowest step. After `take_source`."""
        self._step, self._reason = len(self._ladder) - 1, "recovered"
        self._changed_s = self._up_s = self._calm_since_s = now_s
        self._below_since_s = None
        self._cpu_load = None

    @property
    def most_kbps(self) -> float:
        """What the best step that setting and computer allow takes, with its sound. Not before `take_source`."""
        return min(self._allowed_kbps(), self._ladder[self._best()].max_kbps + AUDIO_KBPS)

    def least_kbps(self, estimate_kbps: float) -> float:
        """What the picture that a path could have takes at least, with its sound; 0 when half of the source's width
        is as much. Not before `take_source`."""
        step = self._ladder[self._fitting(estimate_kbps - audio_share_kbps(estimate_kbps))]
        return 0.0 if step.width_px <= self._source.halved.width_px else step.min_kbps + AUDIO_KBPS

    @property
    def step_count(self) -> int:
        """Of the ladder."""
        return len(self._ladder)

    # --- what is given --------------------------------------------------------------------------

    def take_source(self, now_s: float, source: Source, *, low_data: bool) -> None:
        """The picture that there is to send, and whether little shall be sent of it."""
        self._take_picture(now_s, source)
        if low_data == self._low_data:
            return
        self._low_data = low_data
        self._estimates.clear()
        self._step = None  # as at the beginning: what fits now
        self._reason = "setting"
        self._quiet_s = QUIET_S

    def _take_picture(self, now_s: float, source: Source) -> None:
        old_source, old = self._source, self._current()
        # A camera's rate wobbles with the light; a new ladder for each wobble would mean a new step.
        if (source.width_px, source.height_px) == (old_source.width_px, old_source.height_px) and (
            0.6 * old_source.frame_rate < source.frame_rate < 1.4 * old_source.frame_rate
        ):
            return
        self._source = source
        self._ladder = make_ladder(source.width_px, source.height_px, float(round(source.frame_rate)))
        self._cpu_best = 0
        self._cpu_load = None
        if old is not None:
            self._step = next(
                (index for index, each in enumerate(self._ladder) if each.max_kbps <= old.max_kbps),
                len(self._ladder) - 1,
            )
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
        return None if self._step is None else self._ladder[self._step]

    def _allowed_kbps(self) -> float:
        return LOW_DATA_KBPS if self._low_data else math.inf

    def _best(self) -> int:
        """The best step that setting and computer allow."""
        best = self._cpu_best
        if self._low_data:
            allowed = (
                index
                for index, each in enumerate(self._ladder)
                if each.width_px <= LOW_DATA_WIDTH_PX and each.frame_rate <= 1.2 * LOW_FRAME_RATE
            )
            best = max(best, next(allowed, len(self._ladder) - 1))
        return min(best, len(self._ladder) - 1)

    def _fitting(self, available: float) -> int:
        """The best step whose minimum is left for it; the lowest when none is."""
        last = len(self._ladder) - 1
        steps = range(self._best(), len(self._ladder))
        return next((index for index in steps if available >= self._ladder[index].min_kbps), last)

    def _judge(self, now_s: float, available: float, loss_pct: float) -> None:
        assert self._step is not None
        step = self._ladder[self._step]
        if self._judge_down(now_s, step, available, loss_pct) or self._judge_load(now_s, step):
            return
        self._judge_up(now_s)
        if now_s - self._calm_since_s > CALM_S:
            self._calm_since_s = now_s
            self._quiet_s = max(QUIET_S, self._quiet_s / 2)

    def _judge_down(self, now_s: float, step: Step, available: float, loss_pct: float) -> bool:
        assert self._step is not None
        if available >= step.min_kbps or self._step == len(self._ladder) - 1:
            self._below_since_s = None
            return False
        if self._below_since_s is None:
            self._below_since_s = now_s
        confirmed = loss_pct > HIGH_LOSS_PCT and self._is_falling(now_s)
        far_below = available <= FAR_BELOW * step.min_kbps
        if not (confirmed or far_below or now_s - self._below_since_s >= DOWN_AFTER_S):
            return False
        self._go(now_s, max(self._fitting(available), self._step + 1), "network")
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
        if self._step <= self._best():
            return
        least = self._ladder[self._step - 1].min_kbps
        for floor_kbps, quiet_s in (
            (WIDER * self._failed_kbps, SURE_SHARE * QUIET_S),
            (0.0, SURE_SHARE * self._quiet_s),
        ):
            lasting = self._lasting(now_s, quiet_s)
            if now_s - self._changed_s >= quiet_s and lasting >= max(SURE_MARGIN * least, floor_kbps):
                self._go(now_s, self._fitting(lasting / SURE_MARGIN), "recovered")
                return
        if (
            now_s - self._changed_s >= self._quiet_s
            and self._lasting(now_s, self._quiet_s) >= UP_MARGIN * least
        ):
            self._go(now_s, self._step - 1, "recovered")

    def _lasting(self, now_s: float, seconds: float) -> float:
        return min(value for at_s, value in self._estimates if now_s - at_s <= seconds)

    def _go(self, now_s: float, step: int, reason: Reason) -> None:
        assert self._step is not None
        if step > self._step:
            if now_s - self._up_s < max(TRIAL_S, self._quiet_s):
                self._quiet_s = min(2 * self._quiet_s, MAX_QUIET_S)
                self._failed_kbps = self._tried_kbps
            self._calm_since_s = now_s
        else:
            self._up_s, self._tried_kbps = now_s, self._estimates[-1][1]
        self._step, self._reason = step, reason
        self._changed_s = now_s
        self._below_since_s = None
        self._cpu_load = None

    # --- the answer -----------------------------------------------------------------------------

    def _decision(self, available: float, audio_kbps: float) -> QualityDecision:
        assert self._step is not None
        step = self._ladder[self._step]
        width, height = step.width_px, step.height_px
        if self._low_data and width > LOW_DATA_WIDTH_PX:
            height = max(2, round(height * LOW_DATA_WIDTH_PX / width / 2) * 2)
            width = LOW_DATA_WIDTH_PX
        return QualityDecision(
            width_px=width,
            height_px=height,
            frame_rate=step.frame_rate,
            video_kbps=min(max(available, TRY_KBPS), step.max_kbps),
            audio_kbps=audio_kbps,
            video_enabled=True,
            step=self._step,
            description=step.description,
            reason=self._reason,
        )


def _pixels_a_second(step: Step) -> float:
    return step.width_px * step.height_px * step.frame_rate
