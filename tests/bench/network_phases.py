"""The weather that both kinds of participants meet, in order."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.netlab import NetLab

LINK = "a-b"
ONE_WAY_MS = 25.0
CLEAR = {"loss": 0.0, "jitter": 0.0, "rate": 0.0, "queue": 300.0, "delay": ONE_WAY_MS, "block": 0.0}
CUT_S, CUT_EVERY_S = 0.3, 5.0
SETTLE_S = 4.0
"""Not measured: from the change of the weather to the window's begin."""
REST_S = 4.0
"""Clear weather before the next change."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of weather on both directions of the link between the two."""

    name: str
    title: str
    changes: dict[str, float] = field(default_factory=dict)
    settle_s: float = SETTLE_S
    rest_before: bool = True
    cuts: bool = False
    probes: bool = True
    """False: nothing but the call itself runs in the browser, so that its CPU is its own."""


PHASES = (
    Phase("clean", "clean, 50 ms round trip", rest_before=False),
    Phase("cpu", "clean, without the probes in the page", rest_before=False, probes=False, settle_s=1.0),
    Phase("loss5", "5 % loss", {"loss": 5}, rest_before=False),
    Phase("loss10", "10 % loss", {"loss": 10}),
    Phase("loss20", "20 % loss", {"loss": 20}),
    Phase("bursts", "300 ms cut every 5 s", settle_s=0.0, cuts=True),
    Phase("jitter30", "30 ms jitter with reordering", {"jitter": 30}),
    Phase("rate500", "500 kbit/s, 300 ms queue", {"rate": 500}),
    Phase("rate200", "200 kbit/s, 300 ms queue", {"rate": 200}),
    Phase("lifted", "the bottleneck lifted", settle_s=0.0, rest_before=False),
)
BY_NAME = {phase.name: phase for phase in PHASES}


async def change(lab: NetLab, **changes: float) -> None:
    """Set the weather of the link; what is not named is clear."""
    await asyncio.to_thread(lambda: lab.set(LINK, **{**CLEAR, **changes}))


async def cut_now_and_then(lab: NetLab, length_s: float) -> list[float]:
    """Cut both directions for CUT_S every CUT_EVERY_S; when each cut ended."""
    ends_s = []
    begin_s = time.monotonic()
    next_s = begin_s + 1.0
    while next_s + CUT_S + 2.0 <= begin_s + length_s:
        await asyncio.sleep(next_s - time.monotonic())
        await change(lab, block=1)
        await asyncio.sleep(CUT_S)
        await change(lab)
        ends_s.append(time.monotonic())
        next_s += CUT_EVERY_S
    await asyncio.sleep(max(0.0, begin_s + length_s - time.monotonic()))
    return ends_s


class LinkMeter:
    """Bytes on each direction of the link, twice a second, until `stop`."""

    INTERVAL_S = 0.5

    def __init__(self, lab: NetLab) -> None:
        self._lab = lab
        self._samples: list[tuple[float, dict[str, int]]] = []
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            stats = await asyncio.to_thread(self._lab.stats)
            self._samples.append((time.monotonic(), {link: each["bytes"] for link, each in stats.items()}))
            await asyncio.sleep(self.INTERVAL_S)

    async def stop(self) -> None:
        """Count no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def kbps(self, link: str, begin_s: float, end_s: float) -> float | None:
        """What a direction a>b carried, whole IP packets; None without two samples in the interval."""
        inside = [(at_s, values[link]) for at_s, values in self._samples if begin_s <= at_s <= end_s]
        if len(inside) < 2:
            return None
        (first_s, first), (last_s, last) = inside[0], inside[-1]
        return (last - first) * 8 / 1000 / (last_s - first_s)

    def regained_after_s(self, link: str, begin_s: float, end_s: float, wanted_kbps: float) -> float:
        """From `begin_s` until the mean of one second reaches `wanted_kbps`; the whole interval when it never does."""
        at_s = begin_s + 1.0
        while at_s < end_s:
            kbps = self.kbps(link, at_s - 1.3, at_s)
            if kbps is not None and kbps >= wanted_kbps:
                return at_s - begin_s
            at_s += self.INTERVAL_S
        return end_s - begin_s
