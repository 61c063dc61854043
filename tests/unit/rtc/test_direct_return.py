"""When a connection through a relay tries the direct path: in virtual time, over hours."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, cast

from desktop_app.core.tasks import TaskOwner
from desktop_app.rtc.direct_return import GAPS_S, LASTING_S, SETTLE_S, DirectReturn

from .virtual_loop import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_app.rtc.peer_session import PeerSession

LOOK_S = 0.25


class Path:
    """A connection, and the path that it has."""

    def __init__(self) -> None:
        self.connection = self.pc = self  # as far as is asked for
        self.was_up = True
        self.relayed = False
        self.works = False
        self.on_heard_directly: Callable[[], None] = lambda: None

    def is_relayed(self) -> bool:
        return self.relayed

    async def take_direct_path(self) -> bool:
        await asyncio.sleep(0.8)
        if self.works:
            self.relayed = False
        return self.works


class Call:
    """A peer with one connection."""

    def __init__(self) -> None:
        self.path = Path()
        self.renewed = 0
        self.tasks = TaskOwner("direct")
        self.direct = DirectReturn(self, self.tasks)
        self.tried_s: list[float] = []

    @property
    def current(self) -> PeerSession:
        return cast("PeerSession", self.path)

    def recover(self) -> None:
        self.renewed += 1

    async def goes_on(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while loop.time() < end_s:
            before = self.direct.trials
            self.direct.look()
            await asyncio.sleep(LOOK_S)
            self.tried_s += [loop.time()] * (self.direct.trials - before)


def test_trials_come_at_growing_distances_and_an_hour_has_few() -> None:
    async def main() -> None:
        call = Call()
        await call.goes_on(10)
        assert not call.tried_s
        call.path.relayed = True
        begun_s = asyncio.get_running_loop().time()
        await call.goes_on(3600)
        expected_s = [sum(GAPS_S[: n + 1]) for n in range(3)] + [sum(GAPS_S) + 600 * n for n in range(1, 5)]
        assert len(call.tried_s) == len(expected_s)
        for tried_s, wanted_s in zip(call.tried_s, expected_s, strict=True):
            assert math.isclose(tried_s - begun_s, wanted_s, abs_tol=4 * LOOK_S)
        assert call.renewed == 0
        await call.tasks.close()

    run(main())


def test_a_direct_path_that_does_not_hold_is_not_tried_as_often_as_at_first() -> None:
    async def main() -> None:
        call = Call()
        call.path.works = True
        for lasted_s in (60.0, 60.0, 60.0):
            call.path.relayed = True
            await call.goes_on(700)
            assert not call.path.relayed
            await call.goes_on(lasted_s - 700 % LOOK_S)
            call.direct._direct_s = asyncio.get_running_loop().time() - lasted_s
        assert len(call.tried_s) == 3
        call.path.relayed = True
        before = len(call.tried_s)
        await call.goes_on(GAPS_S[0] + 2)
        assert len(call.tried_s) == before  # the next one is in ten minutes
        await call.goes_on(700 + LASTING_S)
        assert len(call.tried_s) == before + 1
        call.path.relayed = True
        await call.goes_on(GAPS_S[0] + 2)
        assert len(call.tried_s) == before + 2  # it held, and so the gaps began anew
        await call.tasks.close()

    run(main())


def test_a_changed_network_is_tried_at_once_and_another_address_by_another_connection_now_and_then() -> None:
    async def main() -> None:
        call = Call()
        call.direct.network_changed(has_new_address=True)
        await call.goes_on(10)
        assert (len(call.tried_s), call.renewed) == (0, 0)  # it is direct
        call.path.relayed = True
        await call.goes_on(1)
        call.direct.network_changed(has_new_address=False)
        await call.goes_on(SETTLE_S + 2)
        assert (len(call.tried_s), call.renewed) == (1, 0)
        for _ in range(20):
            call.direct.network_changed(has_new_address=True)
            await call.goes_on(2)
        assert call.renewed == 2
        call.path.works = True
        call.direct.network_changed(has_new_address=True)
        await call.goes_on(5)
        assert not call.path.relayed
        assert call.renewed == 2
        await call.tasks.close()

    run(main())


def test_who_hears_of_the_far_end_past_the_relay_tries_but_not_for_each_packet() -> None:
    async def main() -> None:
        call = Call()
        call.path.relayed = True
        await call.goes_on(1)
        for _ in range(200):
            call.path.on_heard_directly()
            await call.goes_on(0.1)
        assert 3 <= len(call.tried_s) <= 12
        await call.tasks.close()

    run(main())
