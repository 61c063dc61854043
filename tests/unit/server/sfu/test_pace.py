"""How often somebody may change their mind."""

from __future__ import annotations

import asyncio

from desktop_app.protocol.topology import SfuSubscribe, WantedFeed
from desktop_app.server.sfu.pace import BURST, Pace


def wants(number: int, *, restart: bool = False) -> SfuSubscribe:
    return SfuSubscribe(1, (WantedFeed(f"u{number}", "audio"),), restart)


async def test_a_burst_goes_through_at_once_and_then_the_newest_in_its_turn() -> None:
    acted: list[SfuSubscribe] = []
    done = asyncio.Event()

    def act(message: SfuSubscribe) -> None:
        acted.append(message)
        if message.feeds == wants(99).feeds:
            done.set()

    pace = Pace(act)
    for number in range(100):
        pace.put(wants(number, restart=number == 50))
    assert acted == [wants(number) for number in range(BURST)]
    await asyncio.wait_for(done.wait(), 5)
    assert acted[BURST:] == [wants(99, restart=True)]
    pace.close()


async def test_nothing_comes_after_the_end() -> None:
    acted: list[SfuSubscribe] = []
    pace = Pace(acted.append)
    for number in range(BURST + 1):
        pace.put(wants(number))
    pace.close()
    await asyncio.sleep(0.5)  # longer than a turn
    assert len(acted) == BURST
