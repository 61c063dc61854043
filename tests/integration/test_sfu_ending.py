"""Connections with a media server that says nonsense, or that nobody wants any more: nothing is left of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktop_app.media.clock import now_s
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.sfu.publisher import BAD_ANSWER, PublisherFeeds, SfuPublisher
from desktop_app.rtc.sfu.subscriber import BAD_OFFER, SfuSubscriber, SubscribedStream
from desktop_app.rtc.state import PeerState
from tests.integration.peer_tools import open_files
from tests.waiting import until

if TYPE_CHECKING:
    from tests.conftest import ExpectWarning

NOTHING = PublisherFeeds(None, None, None)
NONSENSE = (
    "",
    "hello",
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
    "m=" * 10_000,
    "v=0\r\n" + "m=x\r\n" * 200,
)


class Told:
    """Everything that a connection said of its state."""

    def __init__(self) -> None:
        self.states: list[PeerState] = []
        self.reasons: list[str] = []

    def __call__(self, state: PeerState, reason: str) -> None:
        self.states.append(state)
        self.reasons.append(reason)


def subscriber(told: Told) -> SfuSubscriber:
    """One that nobody is known to."""
    return SfuSubscriber(IceConfiguration(), lambda _user_id: None, told)


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_an_answer_that_is_none_fails_the_publication(
    nonsense: str, expected_warnings: ExpectWarning
) -> None:
    expected_warnings("sfu.link")
    files, told = open_files(), Told()
    publisher = SfuPublisher(IceConfiguration(), NOTHING, told)
    offer = await publisher.offer()
    assert [kind for _, kind in offer.tracks] == ["audio", "camera", "thumbnail"]
    assert len({mid for mid, _ in offer.tracks}) == 3
    assert publisher.estimate_path(now_s()) is None
    assert publisher.counters() is None
    await publisher.take_answer(nonsense)
    assert told.states == [PeerState.CONNECTING, PeerState.FAILED]
    assert told.reasons[-1] == BAD_ANSWER
    await publisher.take_answer(nonsense)  # late: nobody waits for it
    await publisher.wait_closed()
    assert publisher.closed
    await until(lambda: open_files() <= files)


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_an_offer_that_is_none_fails_the_subscription(
    nonsense: str, expected_warnings: ExpectWarning
) -> None:
    expected_warnings("sfu.link")
    told = Told()
    connection = subscriber(told)
    with pytest.raises(ValueError):  # noqa: PT011 - whatever was wrong with it
        await connection.answer(nonsense, [SubscribedStream("0", "ann", "audio")])
    assert told.states[-1] is PeerState.FAILED
    assert told.reasons[-1] == BAD_OFFER
    with pytest.raises(ValueError, match="over"):
        await connection.answer(nonsense, [])
    assert connection.counters("ann") is None
    await connection.wait_closed()
    assert connection.closed


async def test_what_is_closed_while_it_is_described_ends() -> None:
    files, told = open_files(), Told()
    publisher = SfuPublisher(IceConfiguration(), NOTHING, told)
    offering = asyncio.create_task(publisher.offer())
    await asyncio.sleep(0)
    publisher.close()
    with pytest.raises(ConnectionError):
        await offering
    await publisher.wait_closed()
    assert publisher.closed
    assert told.states[-1] is PeerState.CLOSED
    await until(lambda: open_files() <= files)


async def test_what_was_never_begun_ends() -> None:
    told = Told()
    for connection in (SfuPublisher(IceConfiguration(), NOTHING, told), subscriber(told)):
        assert connection.state is PeerState.NEW
        connection.close()
        connection.close()
        await connection.wait_closed()
        assert connection.closed
    assert told.states == [PeerState.CLOSED] * 2
