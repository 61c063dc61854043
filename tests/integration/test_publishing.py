"""What we send through an SFU: published again when it fails."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from desktop_app.call.topology.publishing import Publishing
from desktop_app.protocol.topology import SfuPublish
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.sfu.publisher import PublisherFeeds
from desktop_app.rtc.state import PeerState
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.protocol.topology import TopologyClientMessage


class Published:
    """A publishing end, and what it says."""

    def __init__(self) -> None:
        self.said: list[TopologyClientMessage] = []
        self.states: list[PeerState] = []
        self.publishing = Publishing(
            3,
            ice=IceConfiguration,
            feeds=PublisherFeeds(audio=None, camera=None, thumbnail=None),
            say=self.said.append,
            on_change=lambda: self.states.append(self.publishing.state),
        )

    @property
    def offers(self) -> list[SfuPublish]:
        return [each for each in self.said if isinstance(each, SfuPublish)]

    async def offered(self, count: int) -> SfuPublish:
        await until(lambda: len(self.offers) == count)
        return self.offers[-1]


@contextlib.asynccontextmanager
async def publishing() -> AsyncIterator[Published]:
    published = Published()
    published.publishing.begin()
    try:
        yield published
    finally:
        published.publishing.close()
        await published.publishing.wait_closed()


@contextlib.asynccontextmanager
async def answering(offer: SfuPublish) -> AsyncIterator[str]:
    """The other end of one publication, and its answer."""
    end = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    await end.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
    await end.setLocalDescription(await end.createAnswer())
    try:
        yield end.localDescription.sdp
    finally:
        await end.close()


async def test_what_the_server_calls_lost_is_published_again_and_counted() -> None:
    async with publishing() as published:
        first = await published.offered(1)
        assert [track.kind for track in first.tracks] == ["audio", "camera", "thumbnail"]
        published.publishing.lost("Gone.")
        assert published.publishing.told == (PeerState.RECONNECTING, "Gone.")
        second = await published.offered(2)
        assert (first.number, second.number) == (1, 2)
        assert first.sdp != second.sdp
        async with answering(second) as answer:
            published.publishing.take_answer(answer, second.number)
            await until(lambda: published.publishing.state is PeerState.CONNECTED)


async def test_the_answer_to_an_older_publication_is_not_taken_for_the_new_one() -> None:
    async with publishing() as published:
        first = await published.offered(1)
        published.publishing.lost("Gone.")
        second = await published.offered(2)
        async with answering(first) as late, answering(second) as answer:
            published.publishing.take_answer(late, first.number)
            published.publishing.take_answer(answer, second.number)
            await until(lambda: published.publishing.state is PeerState.CONNECTED)
        assert len(published.offers) == 2


async def test_a_server_that_does_not_count_is_believed() -> None:
    async with publishing() as published, answering(await published.offered(1)) as answer:
        published.publishing.take_answer(answer)
        await until(lambda: published.publishing.state is PeerState.CONNECTED)


@pytest.mark.expected_warnings("describes nothing", "could not be taken")
async def test_answers_that_cannot_be_used_are_followed_by_other_publications() -> None:
    async with publishing() as published:
        for count in (1, 2, 3):
            offer = await published.offered(count)
            published.publishing.take_answer("v=0\r\n", offer.number)
        await published.offered(4)
        assert PeerState.FAILED in published.states
        assert published.publishing.publisher is not None


async def test_after_the_end_nothing_is_published() -> None:
    async with publishing() as published:
        await published.offered(1)
        published.publishing.lost("Gone.")
        published.publishing.close()
        await published.publishing.wait_closed()
        assert len(published.offers) == 1
        assert published.publishing.publisher is None
