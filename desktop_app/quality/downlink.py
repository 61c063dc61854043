"""How many of the others' pictures our downlink carries, in a room with an SFU.

Nobody adapts to it for us: an SFU passes on what was sent to it. So we ask for less when packets are lost or queue up
on the way: for fewer large pictures first, then for thumbnails alone, then for sound alone.

Down one level after a second of trouble, several at once when a good part of everything is lost, and up again as
`steps.py` says.

Pure: the time is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .steps import Steps

if TYPE_CHECKING:
    from desktop_app.rtc.sfu.reception import DownlinkState

LOSS_BAD, LOSS_GOOD = 0.06, 0.02
"""More than the first is more than repairs hide; a path that is merely lossy stays below it."""
LOSS_AWFUL = 0.20
QUEUE_BAD_S, QUEUE_GOOD_S = 0.200, 0.080


@dataclass(frozen=True, slots=True)
class Level:
    """What may be asked for."""

    max_large: int
    thumbnails: bool


LEVELS = (Level(3, True), Level(2, True), Level(1, True), Level(0, True), Level(0, False))
"""Best first; sound is asked for on every one."""
THUMBNAILS_ALONE = 3


class DownlinkControl:
    """Call `update` a few times a second."""

    def __init__(self) -> None:
        self._steps = Steps(len(LEVELS) - 1)

    @property
    def level(self) -> Level:
        """What may be asked for now."""
        return LEVELS[self._steps.index]

    def update(self, now_s: float, seen: DownlinkState) -> Level:
        """Decide anew.

        Args:
            now_s: any monotonic clock.
            seen: what is not a number counts as bad.
        """
        awful = seen.fraction_lost > LOSS_AWFUL
        self._steps.update(
            now_s,
            bad=not (seen.fraction_lost <= LOSS_BAD and seen.queue_s <= QUEUE_BAD_S),
            good=seen.fraction_lost <= LOSS_GOOD and seen.queue_s <= QUEUE_GOOD_S,
            at_least=THUMBNAILS_ALONE if awful else 0,
        )
        return self.level
