"""Data channels between two real peers, and with clients that have none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from desktop_app.rtc.channel_spec import ChannelSpec
from desktop_app.rtc.data_channels import MAX_FOREIGN_CHANNELS, DataChannels
from desktop_app.rtc.state import PeerState

from .foreign_client import ForeignClient, answers_of
from .peer_tools import Pair, Person, calling, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONNECTED = PeerState.CONNECTED
SPECS = (
    ChannelSpec("talk", 100, priority="high"),
    ChannelSpec("bulk", 101, binary=True),
    ChannelSpec("spot", 102, ordered=False, max_retransmits=0),
)


class Ears:
    """Everything that one person's channels tell."""

    def __init__(self, person: Person) -> None:
        self.channels: DataChannels | None = None
        self.told: list[bool] = []
        """True for new channels, False for a connection that was given up."""
        self.heard: list[tuple[str, str | bytes]] = []
        self.closed: list[str] = []
        self.wrong = 0
        person.channels, person.on_channels = SPECS, self.take

    def take(self, channels: DataChannels | None) -> None:
        self.channels = channels
        self.told.append(channels is not None)
        for channel in channels or ():
            label = channel.spec.label
            channel.on_message = lambda data, label=label: self.heard.append((label, data))
            channel.on_closed = lambda label=label: self.closed.append(label)
            channel.on_wrong_kind = self._count_wrong

    def _count_wrong(self) -> None:
        self.wrong += 1

    @property
    def open(self) -> bool:
        return self.channels is not None and all(channel.is_open for channel in self.channels)

    def send(self, label: str, data: str | bytes) -> bool:
        assert self.channels is not None
        return self.channels[label].send(data)


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people who are not connected yet."""
    async with calling() as made:
        yield made


@pytest.fixture
async def ears(pair: Pair) -> tuple[Ears, Ears]:
    """Alice's and Bob's."""
    made = Ears(pair.alice), Ears(pair.bob)
    pair.connect()
    return made


async def test_both_ends_have_the_same_channels_beside_sound_and_picture(
    pair: Pair, ears: tuple[Ears, Ears]
) -> None:
    alice, bob = ears
    pair.alice.peer.make_call()
    await until(lambda: alice.open and bob.open)
    await pair.until_media()
    assert alice.send("talk", "one")
    assert alice.send("bulk", b"two")
    assert bob.send("spot", "three")
    assert bob.send("talk", "")
    await until(lambda: len(alice.heard) == 2 and len(bob.heard) == 2)
    assert sorted(bob.heard) == [("bulk", b"two"), ("talk", "one")]
    assert sorted(alice.heard) == [("spot", "three"), ("talk", "")]


async def test_a_new_connection_has_new_channels_and_the_old_ones_say_nothing(
    pair: Pair, ears: tuple[Ears, Ears]
) -> None:
    alice, bob = ears
    pair.alice.peer.make_call()
    await until(lambda: alice.open and bob.open)
    older = alice.channels
    pair.alice.peer.make_call()
    await until(lambda: alice.channels is not older and alice.open and bob.open)
    assert alice.told == bob.told == [True, True]
    assert alice.send("talk", "again")
    await until(lambda: bob.heard == [("talk", "again")])
    assert not alice.closed
    assert not bob.closed
    await pair.hang_up()
    assert alice.told == bob.told == [True, True, False]


@pytest.mark.expected_warnings(r"rtc\.data_channels: a message on talk could not be handled")
async def test_what_a_listener_raises_ends_nothing(pair: Pair, ears: tuple[Ears, Ears]) -> None:
    alice, bob = ears
    pair.alice.peer.make_call()
    await until(lambda: alice.open and bob.open)
    assert bob.channels is not None

    def fail(data: str | bytes) -> None:
        bob.heard.append(("failed", data))
        raise RuntimeError("a defect")

    bob.channels["talk"].on_message = fail
    alice.send("talk", "first")
    alice.send("talk", "second")
    await until(lambda: len(bob.heard) == 2)
    assert bob.heard == [("failed", "first"), ("failed", "second")]
    assert pair.states() == (CONNECTED, CONNECTED)


async def test_the_wrong_kind_of_message_is_dropped_and_told_of(pair: Pair, ears: tuple[Ears, Ears]) -> None:
    alice, bob = ears
    pair.alice.peer.make_call()
    await until(lambda: alice.open and bob.open)
    alice.send("talk", b"bytes")
    alice.send("bulk", "text")
    alice.send("talk", "right")
    await until(lambda: bob.wrong == 2 and bool(bob.heard))
    assert bob.heard == [("talk", "right")]


async def test_without_channels_at_one_end_the_call_goes_on(pair: Pair) -> None:
    ears = Ears(pair.alice)
    pair.connect()
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    # Bob's end is aiortc's own association: it opens, and nobody says anything on it.
    await until(lambda: ears.open)
    assert not ears.heard


async def test_an_answer_that_refuses_the_section_leaves_the_call_intact(pair: Pair) -> None:
    ears = Ears(pair.alice)

    def refuse(data: Any) -> None:
        if data.get("type") == "answer":
            sections = re.split(r"(?=^m=)", data["sdp"], flags=re.MULTILINE)
            assert sections[-1].startswith("m=application ")
            sections[-1] = (
                "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n"
            )
            data = {**data, "sdp": "".join(sections).replace("BUNDLE 0 1 2", "BUNDLE 0 1")}
        pair.alice.peer.handle_signal(data)

    pair.connect()
    pair.bob.connect("alice", refuse)
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()
    assert ears.channels is not None
    assert not any(channel.is_open for channel in ears.channels)
    assert set(ears.closed) == {spec.label for spec in SPECS}


async def test_an_offer_that_refuses_the_section_is_answered_so(pair: Pair, ears: tuple[Ears, Ears]) -> None:
    client = ForeignClient()
    client.pc.createDataChannel("theirs")
    offer = await client.offer("audio")
    bob = Ears(pair.bob)
    pair.bob.connect("client", lambda _data: None)
    sdp = re.sub(r"m=application \d+", "m=application 0", offer["sdp"])
    pair.bob.peer.handle_signal({**offer, "sdp": sdp})
    await answers_of(pair.bob, 1)
    [answer] = [message for message in pair.bob.sent if message.get("type") == "answer"]
    assert "m=application 0 " in answer["sdp"]
    assert re.search(r"a=group:BUNDLE 0\r\n", answer["sdp"])
    assert bob.told == []
    await client.take_answer(pair.bob)
    await until(lambda: pair.bob.peer.state is CONNECTED)
    await client.pc.close()


async def test_a_foreign_offer_with_and_without_a_section_is_answered(pair: Pair) -> None:
    for wants_data in (False, True):
        client = ForeignClient()
        bob = Ears(pair.bob)
        pair.bob.connect("client", lambda _data: None)
        if wants_data:
            client.pc.createDataChannel("theirs")
        pair.bob.peer.handle_signal(await client.offer("audio", "video"))
        await answers_of(pair.bob, 1 + int(wants_data))
        await client.take_answer(pair.bob)
        await until(lambda: pair.bob.peer.state is CONNECTED)
        assert bob.told == ([True] if wants_data else [])
        if wants_data:
            await until(lambda: bob.open)  # noqa: B023 - it is awaited in this turn
        await client.pc.close()


async def test_an_offer_of_data_alone_is_answered(pair: Pair) -> None:
    client = ForeignClient()
    mine = client.pc.createDataChannel("talk", negotiated=True, id=100)
    bob = Ears(pair.bob)
    pair.bob.connect("client", lambda _data: None)
    pair.bob.peer.handle_signal(await client.offer())
    await answers_of(pair.bob, 1)
    await client.take_answer(pair.bob)
    await until(lambda: bob.open and mine.readyState == "open")
    mine.send("hello")
    await until(lambda: bob.heard == [("talk", "hello")])
    await client.pc.close()


@pytest.mark.expected_warnings(r"rtc\.data_channels: the far end opens channel after channel")
async def test_channels_that_the_far_end_opens_are_closed_and_too_many_end_the_data_alone(
    pair: Pair, ears: tuple[Ears, Ears]
) -> None:
    alice, bob = ears
    pair.alice.peer.make_call()
    await until(lambda: alice.open and bob.open)
    connection = pair.alice.peer._connection
    assert connection is not None
    theirs = connection.pc.createDataChannel("foreign")
    await until(lambda: theirs.readyState == "closed")
    assert alice.open
    assert bob.open
    for number in range(MAX_FOREIGN_CHANNELS + 1):
        connection.pc.createDataChannel(f"foreign {number}")
    await until(lambda: len(bob.closed) == len(SPECS))
    await pair.until_media()
    assert pair.states() == (CONNECTED, CONNECTED)


async def test_a_plain_browserlike_answer_with_data_works() -> None:
    """aiortc as it comes answers an offer of ours."""
    alice = Person(440.0)
    ears = Ears(alice)
    alice.connect("client", lambda _data: None)
    alice.peer.make_call()
    await until(lambda: any(message.get("type") == "offer" for message in alice.sent))
    offer = next(message for message in alice.sent if message.get("type") == "offer")
    assert len(re.findall(r"^m=application [1-9]", offer["sdp"], re.MULTILINE)) == 1
    pc = RTCPeerConnection()
    await pc.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
    await pc.setLocalDescription(await pc.createAnswer())
    alice.peer.handle_signal({"type": "answer", "sdp": pc.localDescription.sdp})
    await until(lambda: alice.peer.state is CONNECTED and ears.open)
    await pc.close()
    await alice.close()
