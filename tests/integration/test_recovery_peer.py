"""A direct connection notices silence, and another one takes over: real peers, and a network that loses everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.rtc import attempts, peer, peer_recovery, peer_sessions
from desktop_app.rtc.channel_spec import ChannelSpec
from desktop_app.rtc.state import PeerState

from .cut_network import CutNetwork
from .peer_tools import Pair, calling, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NEW, CONNECTING, CONNECTED, UNSTABLE, RECONNECTING, FAILED, CLOSED = PeerState
TALK = (ChannelSpec("talk", 100),)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with calling() as both:
        yield both


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge a silent network within a second."""
    monkeypatch.setattr(peer, "UNSTABLE_S", 0.5)
    monkeypatch.setattr(peer_recovery, "UNSTABLE_S", 0.5)
    monkeypatch.setattr(peer, "SILENT_S", 0.8)
    monkeypatch.setattr(peer_sessions, "KEPT_S", 0.3)


async def test_a_network_that_comes_back_before_anything_else_does(
    pair: Pair, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FIRST_S", (60.0,))
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    first = pair.bob.counters.connection
    network = CutNetwork(pair.bob.peer)
    await until(lambda: pair.bob.peer.state is RECONNECTING)
    assert pair.bob.reasons[-1] == "Nothing comes from this participant."
    network.mend()
    await until(lambda: pair.bob.peer.state is CONNECTED)
    await pair.until_media()
    assert pair.bob.states == [CONNECTING, CONNECTED, UNSTABLE, RECONNECTING, CONNECTED]
    assert pair.bob.counters.connection == first


@pytest.mark.parametrize("silent", ["alice", "bob"])
async def test_a_connection_that_stays_silent_is_replaced_whoever_notices(
    pair: Pair, hasty: None, silent: str
) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    deaf = pair.alice if silent == "alice" else pair.bob
    first = deaf.counters.connection
    CutNetwork(deaf.peer)
    await until(lambda: deaf.counters.connection > first and deaf.peer.state is CONNECTED)
    await pair.until_media()
    await until(lambda: len(pair.alice.peer.sessions()) == len(pair.bob.peer.sessions()) == 1)
    assert deaf.states[:4] == [CONNECTING, CONNECTED, UNSTABLE, RECONNECTING]
    assert FAILED not in pair.alice.states + pair.bob.states
    asked = [signal for signal in pair.bob.sent if signal["type"] == "reconnect"]
    assert bool(asked) is (silent == "bob")


async def test_a_changed_network_does_not_wait_for_silence(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    first = pair.bob.counters.connection
    pair.bob.peer.recover()
    await until(lambda: pair.bob.counters.connection > first)
    await pair.until_media()
    assert pair.bob.states == pair.alice.states == [CONNECTING, CONNECTED]
