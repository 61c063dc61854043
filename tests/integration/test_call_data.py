"""Whole sessions that talk: over real data channels, new connections and a server that goes away."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

import pytest

from desktop_app.call import call as call_module
from desktop_app.call import remote_participant
from desktop_app.call.call import JoinRequest
from desktop_app.call.events import CallEvent, CallState, CallStateChanged, PeerStateChanged, StatsUpdated
from desktop_app.call.session import NoCallError, Session
from desktop_app.data.chat import ChatError
from desktop_app.data.events import ChatEntry, ChatLineChanged, HandChanged, ReactionShown
from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.rtc.state import PeerState
from desktop_app.server.hosting import HostedServer

from .peer_tools import until
from .server_tools import running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktop_app.call.call_data import CallData

E = TypeVar("E")


class Talker:
    """A session without devices, and everything that it told."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.session = Session()
        self.events: list[CallEvent] = []
        self.session.events.subscribe(self.events.append)
        self._url = url

    async def join(self) -> None:
        """Enter the room."""
        await self.session.join(JoinRequest(self._url, "room", ParticipantInfo(self.name, self.name.title())))

    @property
    def data(self) -> CallData:
        """What is said directly."""
        return self.session.data

    def told(self, kind: type[E]) -> list[E]:
        """All events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def heard(self) -> list[ChatEntry]:
        """Others' lines, as often as they were shown."""
        return [event.entry for event in self.told(ChatLineChanged) if not event.entry.own]

    def texts(self) -> list[str]:
        """All lines, in order."""
        return [entry.text for entry in self.data.chat.entries()]

    def is_linked_to(self, user_id: str) -> bool:
        """Whether the two have greeted each other."""
        link = self.data.hub.links.get(user_id)
        return link is not None and link.is_ready


@contextlib.asynccontextmanager
async def talkers(url: str, *names: str) -> AsyncIterator[list[Talker]]:
    """Sessions that are not in a room yet."""
    made = [Talker(name, url) for name in names]
    try:
        yield made
    finally:
        for each in made:
            await each.session.close()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """The address of a real server."""
    async with running_server() as server:
        yield server.url().replace("http", "ws")


async def linked(alice: Talker, bob: Talker) -> None:
    """Wait until the two have greeted each other."""
    await until(lambda: alice.is_linked_to("bob") and bob.is_linked_to("alice"))


async def in_state(state: CallState, *people: Talker) -> None:
    """Wait until their calls are in this state."""
    await until(lambda: all(each.told(CallStateChanged)[-1].state is state for each in people))


async def test_lines_reactions_and_hands_both_ways_and_their_statistics(url: str) -> None:
    async with talkers(url, "alice", "bob") as (alice, bob):
        with pytest.raises(NoCallError):
            _ = alice.data
        await alice.join()
        alice.data.signs.raise_hand(True)
        alice.data.chat.say("before you came")
        await bob.join()
        await linked(alice, bob)
        await until(lambda: len(bob.heard()) == 1 and bool(bob.told(HandChanged)))
        assert bob.told(HandChanged) == [HandChanged("alice", True)]
        bob.data.chat.say("<b>hello</b>", "alice")
        bob.data.signs.react("🎉")
        await until(lambda: len(alice.heard()) == 1 and len(alice.told(ReactionShown)) == 1)
        assert (alice.heard()[0].text, alice.heard()[0].author_name) == ("<b>hello</b>", "Bob")
        await until(lambda: [entry.state for entry in bob.data.chat.entries()] == ["delivered", "delivered"])
        with pytest.raises(ChatError):
            alice.data.chat.say("x", "nobody")
        count = len(bob.told(StatsUpdated))
        await until(lambda: len(bob.told(StatsUpdated)) > count)
        channels = {each.label: each for each in bob.told(StatsUpdated)[-1].stats.peers["alice"].channels}
        assert channels["chat"].state == "open"
        assert channels["chat"].messages_sent >= 3  # what is known, the line, and that one was received
        assert channels["chat"].bytes_received > 100
        assert not any(channel.messages_dropped for channel in channels.values())


async def test_a_new_connection_keeps_the_link_and_loses_no_line(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_module, "REDIAL_DELAYS_S", (0.05,))
    async with talkers(url, "alice", "bob") as (alice, bob):
        await alice.join()
        await bob.join()
        await linked(alice, bob)
        link = alice.data.hub.links["bob"]
        bob.data.chat.say("under way when it breaks")
        call = alice.session.call
        assert call is not None
        call.participants["bob"].peer._fail("for the test")
        alice.data.chat.say("while there is none")
        assert not alice.is_linked_to("bob")
        await until(lambda: len(alice.heard()) == 1 and len(bob.heard()) == 1)
        assert alice.data.hub.links["bob"] is link
        assert alice.is_linked_to("bob")
        assert set(alice.texts()) == set(bob.texts())
        assert len(alice.texts()) == 2


async def test_the_server_goes_away_and_comes_back_and_the_links_stay() -> None:
    server = HostedServer()
    port = await server.start("127.0.0.1", 0)
    async with talkers(f"ws://127.0.0.1:{port}/ws", "alice", "bob") as (alice, bob):
        try:
            await alice.join()
            await bob.join()
            await linked(alice, bob)
            links = alice.data.hub.links["bob"], bob.data.hub.links["alice"]
            await server.stop()
            await in_state(CallState.SERVER_LOST, alice, bob)
            alice.data.chat.say("without a server")
            await until(lambda: len(bob.heard()) == 1)
            await server.start("127.0.0.1", port)
            await in_state(CallState.IN_CALL, alice, bob)
            alice.data.chat.say("and with one again", "bob")
            await until(lambda: len(bob.heard()) == 2)
            assert (alice.data.hub.links["bob"], bob.data.hub.links["alice"]) == links
            assert bob.texts() == ["without a server", "and with one again"]
            await until(lambda: alice.data.chat.entries()[-1].state == "delivered")
            assert not [e for e in alice.told(ChatLineChanged) if e.entry.state == "failed"]
        finally:
            await server.stop()


async def test_who_does_not_return_after_the_server_does_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_module, "RETURN_S", 0.2)
    server = HostedServer()
    port = await server.start("127.0.0.1", 0)
    async with talkers(f"ws://127.0.0.1:{port}/ws", "alice", "bob") as (alice, bob):
        try:
            await alice.join()
            await bob.join()
            await linked(alice, bob)
            await server.stop()
            await in_state(CallState.SERVER_LOST, alice)
            await bob.session.leave()
            entry = alice.data.chat.say("are you there?", "bob")
            await server.start("127.0.0.1", port)
            await until(lambda: alice.data.hub.links == {})
            [line] = alice.data.chat.entries()
            assert (line.id, line.state) == (entry.id, "failed")
        finally:
            await server.stop()


async def test_somebody_without_data_channels_is_seen_and_is_told_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talkers(url, "alice", "bob") as (alice, bob):
        await alice.join()
        monkeypatch.setattr(remote_participant, "CHANNELS", ())
        await bob.join()
        await until(lambda: any(event.state is PeerState.CONNECTED for event in alice.told(PeerStateChanged)))
        entry = alice.data.chat.say("do you hear me?")
        assert (entry.state, entry.recipients) == ("waiting", 0)
        link = alice.data.hub.links["bob"]
        await bob.session.leave()
        await until(lambda: "bob" not in alice.data.hub.links)
        control = next(each for each in link.counters() if each.label == "control")
        assert not link.is_ready
        assert control.messages_received == 0
        assert {each.messages_sent for each in link.counters() if each.label != "control"} == {0}
