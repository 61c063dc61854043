"""Recovery after recovery, and offers without end, cost neither sockets nor memory nor processor time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktop_app.rtc import peer, peer_recovery, peer_sessions
from desktop_app.rtc.state import PeerState

from .peer_tools import Pair, calling, until
from .recovery_tools import left, recover

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RECOVERIES = 8


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with calling() as both:
        both.alice.peer.make_call()
        await both.until_connected()
        await both.until_media()
        yield both


async def test_recoveries_in_a_row_leave_nothing_behind(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_sessions, "KEPT_S", 0.0)
    await recover(pair, 2)  # what is imported and cached with the first ones
    before = await left(pair)
    await recover(pair, RECOVERIES)
    after = await left(pair)
    assert (after.files, after.threads) == (before.files, before.threads)
    assert after.tasks <= before.tasks + 2  # what waits for a moment, as feedback does
    assert PeerState.FAILED not in pair.alice.states + pair.bob.states


async def test_offers_without_end_are_answered_as_often_as_one_may(pair: Pair) -> None:
    offer = next(signal for signal in pair.alice.sent if signal["type"] == "offer")
    answers = sum(signal["type"] == "answer" for signal in pair.bob.sent)
    for number in range(150):
        sdp = offer["sdp"].replace("a=ice-ufrag:", f"a=ice-ufrag:{number:03d}")
        pair.bob.peer.handle_signal({"type": "offer", "sdp": sdp, "session": f"hostile {number}"})
        assert len(pair.bob.peer.sessions()) <= 2 + peer_sessions.MAX_ATTEMPTS
    await until(lambda: pair.bob.peer._negotiation.operations.empty())
    await asyncio.sleep(0)
    answered = sum(signal["type"] == "answer" for signal in pair.bob.sent) - answers
    assert 0 < answered <= peer.OFFERS + 20
    assert len(pair.bob.peer.sessions()) <= 1 + peer_sessions.MAX_ATTEMPTS
    await pair.until_media()
    assert pair.bob.peer.state is PeerState.CONNECTED


async def test_requests_for_offers_without_end_are_heard_as_often_as_one_may(pair: Pair) -> None:
    offers = sum(signal["type"] == "offer" for signal in pair.alice.sent)
    for _ in range(1000):
        pair.alice.peer.handle_signal({"type": "reconnect"})
        pair.bob.peer.handle_signal({"type": "reconnect"})  # who does not offer
    await until(lambda: pair.alice.peer._negotiation.operations.empty())
    await pair.until_media()
    offered = sum(signal["type"] == "offer" for signal in pair.alice.sent) - offers
    assert 1 <= offered <= peer_recovery.REQUESTS
    assert not [signal for signal in pair.bob.sent if signal["type"] == "offer"]
