"""Negotiation with all kinds of clients: slow, foreign, hostile."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from desktop_app.rtc import peer_negotiation
from desktop_app.rtc.state import PeerState

from .foreign_client import ForeignClient, answers_of
from .peer_tools import Pair, Person, calling, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


NEW, CONNECTING, CONNECTED, UNSTABLE, RECONNECTING, FAILED, CLOSED = PeerState


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people who are not connected yet."""
    async with calling() as made:
        yield made


def without_candidates(description: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A description as a trickling client sends it, and its candidates as the messages that follow."""
    lines = description["sdp"].splitlines(keepends=True)
    held_back = re.compile(r"a=(candidate:|end-of-candidates)")
    kept = "".join(line for line in lines if not held_back.match(line))
    candidates = dict.fromkeys(line.strip()[2:] for line in lines if line.startswith("a=candidate:"))
    session = {"session": description["session"]} if "session" in description else {}
    messages = [
        {"type": "candidate", "candidate": {"candidate": each, "sdpMid": "0", "sdpMLineIndex": 0}, **session}
        for each in candidates
    ]
    return {**description, "sdp": kept}, messages


@pytest.mark.parametrize("with_session", [True, False])
async def test_candidates_that_come_before_their_description_are_kept(with_session: bool) -> None:
    alice, bob = Person(440.0), Person(880.0)
    loop = asyncio.get_running_loop()

    def trickle(to: Person, data: Any) -> None:
        if "sdp" not in data:
            return  # the end of candidates, which would come too early as well
        if not with_session:
            data = {key: value for key, value in data.items() if key != "session"}
        description, candidates = without_candidates(data)
        assert candidates
        for message in [*candidates, description]:
            loop.call_soon(to.peer.handle_signal, message)

    alice.connect("bob", lambda data: trickle(bob, data))
    bob.connect("alice", lambda data: trickle(alice, data))
    alice.peer.make_call()
    await until(lambda: (alice.peer.state, bob.peer.state) == (CONNECTED, CONNECTED))
    await alice.close()
    await bob.close()


async def test_candidates_of_an_older_session_are_not_applied_to_a_newer_one(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    stale: dict[str, Any] = {"type": "candidate", "candidate": None, "session": "an older one"}
    pair.bob.peer.handle_signal({**stale, "candidate": "candidate:1 1 udp 1 203.0.113.1 9 typ host"})
    pair.bob.peer.handle_signal(stale)
    first = pair.alice.counters.connection
    pair.alice.peer.make_call()
    await until(lambda: pair.alice.counters.connection > first)
    await pair.until_media()


async def test_a_foreign_offer_in_the_middle_of_our_own_wins_and_later_tracks_keep_the_connection() -> None:
    alice = Person(440.0)
    alice.connect("foreigner", lambda _data: None)
    foreigner = ForeignClient()
    alice.peer.make_call()
    await until(lambda: bool(alice.sent))  # our own offer is out, nobody answers it
    alice.peer.handle_signal(await foreigner.offer("audio"))
    await answers_of(alice, 1)
    await foreigner.take_answer(alice)
    await until(lambda: alice.peer.state is CONNECTED)
    assert not alice.peer.is_offerer
    assert alice.states == [CONNECTING, CONNECTED]
    assert all("session" not in message for message in alice.sent if message.get("type") == "answer")

    connection = alice.counters.connection
    alice.peer.handle_signal(await foreigner.offer("video"))
    await answers_of(alice, 2)
    await foreigner.take_answer(alice)
    assert alice.counters.connection == connection
    assert alice.states == [CONNECTING, CONNECTED]
    await until(lambda: [track.kind for track in foreigner.tracks] == ["audio", "video"])

    alice.peer.handle_signal({"type": "answer", "sdp": "m=audio"})  # nobody waits for one
    alice.peer.handle_signal(await foreigner.offer())
    await answers_of(alice, 3)
    assert alice.counters.connection == connection
    assert alice.peer.state is CONNECTED

    await foreigner.pc.close()
    await until(lambda: alice.peer.state is FAILED)
    await alice.close()


async def test_more_streams_than_there_are_tiles_for_do_no_harm() -> None:
    alice = Person(440.0)
    alice.connect("foreigner", lambda _data: None)
    foreigner = ForeignClient()
    alice.peer.handle_signal(await foreigner.offer("audio", "video", "video", "audio"))
    await answers_of(alice, 1)
    await foreigner.take_answer(alice)
    await until(lambda: alice.peer.state is CONNECTED)
    await foreigner.pc.close()
    await alice.close()


HOSTILE_SDP = {
    "only a line": "m=audio",
    "cut off": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio",
    "no codec of ours": (
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 99\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:99 speex/8000\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\na=rtcp-mux\r\n"
        "a=fingerprint:sha-256 00\r\na=sendrecv\r\n"
    ),
}


@pytest.mark.expected_warnings("desktop_app.rtc.peer_negotiation: (negotiation with|a malformed signal from)")
@pytest.mark.parametrize("name", HOSTILE_SDP)
async def test_a_hostile_offer_fails_only_its_peer_and_a_good_one_repairs_it(pair: Pair, name: str) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    carol = Person(100.0)
    carol.connect("mallory", lambda _data: None)
    carol.peer.handle_signal({"type": "offer", "sdp": HOSTILE_SDP[name]})
    await until(lambda: carol.peer.state is FAILED)
    assert carol.states == [CONNECTING, FAILED]
    assert carol.reasons[-1] == "The connection could not be negotiated."
    await pair.until_media()

    foreigner = ForeignClient()
    carol.peer.handle_signal(await foreigner.offer("audio", "video"))
    await answers_of(carol, 1)
    await foreigner.take_answer(carol)
    await until(lambda: carol.peer.state is CONNECTED)
    await foreigner.pc.close()
    await carol.close()


@pytest.mark.expected_warnings("desktop_app.rtc.peer_negotiation: negotiation with")
async def test_a_hostile_answer_fails_the_peer(pair: Pair) -> None:
    pair.alice.connect("mallory", lambda _data: None)
    pair.alice.peer.make_call()
    await until(lambda: bool(pair.alice.sent))
    pair.alice.peer.handle_signal({"type": "answer", "sdp": HOSTILE_SDP["cut off"]})
    await until(lambda: pair.alice.peer.state is FAILED)
    assert pair.alice.states == [CONNECTING, FAILED]


@pytest.mark.expected_warnings(
    "desktop_app.rtc.peer_negotiation: (a malformed signal|a candidate of)", "aioice", "aiortc"
)
async def test_hostile_signals_in_a_running_call_change_nothing(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    line = "candidate:1 1 udp 1 {} {} typ {}"
    hostile: list[Any] = [
        None,
        7,
        [],
        {"type": "offer"},
        {"type": "candidate", "candidate": 1},
        {"candidate": line.format("not-an-address", 9, "host")},
        {"candidate": line.format("name.local", 9, "host")},
        {"candidate": line.format("::1", 0, "host")},
        {"candidate": line.format("203.0.113.1", 0, "prflx")},
        {"candidate": line.format("255.255.255.255", 9, "relay"), "sdpMid": "nowhere"},
        {"candidate": line.format("224.0.0.1", 9, "srflx"), "sdpMLineIndex": -5},
        *({"candidate": line.format("203.0.113.2", port, "host")} for port in range(1, 150)),
        {"candidate": None},
        {"candidate": line.format("203.0.113.3", 9, "host")},
    ]
    for data in hostile:
        pair.alice.peer.handle_signal(data)
    await until(lambda: pair.alice.peer._negotiation.operations.empty())
    await pair.until_media()
    assert pair.alice.states == [CONNECTING, CONNECTED]


@pytest.mark.expected_warnings("signals faster than they can be handled")
async def test_a_flood_of_signals_is_bounded(pair: Pair) -> None:
    for _ in range(10 * peer_negotiation.MAX_WAITING_OPERATIONS):
        pair.bob.peer.handle_signal({"candidate": "candidate:1 1 udp 1 203.0.113.2 9 typ host"})
    assert pair.bob.peer._negotiation.operations.qsize() == peer_negotiation.MAX_WAITING_OPERATIONS
    await until(lambda: pair.bob.peer._negotiation.operations.empty())
    assert len(pair.bob.peer._negotiation.waiting_candidates) == peer_negotiation.MAX_WAITING_CANDIDATES
    pair.alice.peer.make_call()
    await pair.until_connected()
