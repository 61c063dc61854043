"""Changes of the network are noticed as the kernel tells of them, in a network namespace of our own."""

from __future__ import annotations

import asyncio

import pytest

from desktop_app.call import network_watch
from desktop_app.call.network_watch import NetworkChange, NetworkWatch, local_addresses
from tests.netlab import NetLab
from tests.waiting import until


@pytest.fixture
def changes() -> list[NetworkChange]:
    return []


@pytest.mark.needs_netlab
async def test_another_address_is_noticed_at_once(changes: list[NetworkChange]) -> None:
    with NetLab(hosts=2) as lab:

        def here() -> frozenset[str]:
            with lab.inside("a"):
                return local_addresses()

        with lab.inside("a"):
            watch = NetworkWatch(changes.append, addresses=here)
        try:
            before = lab.address("a")
            assert before in here()
            after = await asyncio.to_thread(lab.move, "a")
            await until(lambda: any(after in change.come for change in changes))
            assert any(before in change.gone for change in changes)
            back = await asyncio.to_thread(lab.move, "a")
            await until(lambda: any(back in change.come for change in changes[1:]))
        finally:
            await watch.close()


async def test_a_clock_that_ran_on_means_that_the_machine_slept(
    changes: list[NetworkChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_watch, "CLOCK_INTERVAL_S", 0.01)
    ahead_s = 0.0
    watch = NetworkWatch(changes.append, addresses=frozenset, clock_s=lambda: ahead_s)
    try:
        await asyncio.sleep(0.03)
        assert not changes
        ahead_s = 3600.0
        await until(lambda: bool(changes))
        assert changes == [NetworkChange(slept_s=3600.0)]
    finally:
        await watch.close()


async def test_addresses_that_come_and_go_are_told_once(changes: list[NetworkChange]) -> None:
    now: frozenset[str] = frozenset({"192.0.2.1"})
    watch = NetworkWatch(changes.append, addresses=lambda: now)
    try:
        now = frozenset({"192.0.2.2"})
        watch.look()
        watch.look()
        await until(lambda: bool(changes))
        watch.look()
        await asyncio.sleep(2 * network_watch.SETTLE_S)
        assert changes == [NetworkChange(frozenset({"192.0.2.1"}), frozenset({"192.0.2.2"}))]
    finally:
        await watch.close()
