"""What we receive through an SFU: made again when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.call.topology.subscription import Subscription
from desktop_app.protocol.topology import SfuOffer, SfuSubscribe, WantedFeed
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.state import PeerState
from tests.waiting import until

if TYPE_CHECKING:
    from desktop_app.protocol.topology import TopologyClientMessage


@pytest.mark.expected_warnings("describes nothing", "could not be answered")
async def test_offers_that_cannot_be_used_are_followed_by_others() -> None:
    said: list[TopologyClientMessage] = []
    told: list[PeerState] = []
    subscription = Subscription(
        3,
        ice=IceConfiguration,
        sinks_of=lambda _user: None,
        say=said.append,
        on_change=lambda: told.append(subscription.state),
    )

    def restarts() -> int:
        return sum(isinstance(each, SfuSubscribe) and each.restart for each in said)

    subscription.want((WantedFeed("bob", "audio"),))
    subscription.begin()
    try:
        for number in range(3):
            subscription.take(SfuOffer(3, number, "v=0\r\n", ()))
            await until(lambda number=number: restarts() == number + 2)  # type: ignore[misc]
            assert subscription.subscriber is None
            assert subscription.told[0] is PeerState.RECONNECTING
    finally:
        subscription.close()
        await subscription.wait_closed()
    assert PeerState.FAILED in told
