"""Relays of Debian's coturn in calls between two of our peers, and servers that are dead."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from desktop_app.core.tasks import TaskOwner
from desktop_app.protocol.messages import IceServer
from desktop_app.rtc.aiortc_internals import relay as relays
from desktop_app.rtc.aiortc_internals import turn_client
from desktop_app.rtc.aiortc_internals.gathering import GATHER_LIMIT_S, Gathering
from desktop_app.rtc.aiortc_internals.relay import Relay, RelayError
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.ice_choice import IceChoice
from desktop_app.rtc.ice_servers import usable
from desktop_app.rtc.relay_race import first_relay
from tests.integration.peer_tools import calling
from tests.turn_server import TurnServer, silent_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aioice import Candidate, Connection

    from desktop_app.rtc.ice_address import ServerAddress
    from tests.integration.peer_tools import Person

pytestmark = pytest.mark.needs_program("turnserver")


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with TurnServer(tmp_path_factory.mktemp("coturn")) as server:
        yield server


@pytest.fixture
def trusted(coturn: TurnServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[TurnServer]:
    """Its certificate is one that the system trusts."""
    relays.tls_context.cache_clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(coturn.certificate))
    yield coturn
    relays.tls_context.cache_clear()


def ice_of(person: Person) -> Connection:
    connection = person.peer._connection
    assert connection is not None
    (transport,) = {each.receiver.transport.transport for each in connection.pc.getTransceivers()}
    return transport._connection


def types(candidates: list[Candidate]) -> set[str]:
    return {each.type for each in candidates}


class Heard(asyncio.DatagramProtocol):
    """What comes out of a relay."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.is_lost = False

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.data.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


async def test_a_relay_that_comes_late_is_told(coturn: TurnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The description does not wait for a slow server, and the far end hears of its relay all the same."""
    allocate = Relay.allocate

    async def slow(server: ServerAddress, limit_s: float) -> Relay:
        await asyncio.sleep(2 * GATHER_LIMIT_S)
        return await allocate(server, limit_s)

    monkeypatch.setattr(Relay, "allocate", slow)
    async with calling(IceConfiguration((coturn.ice_server("udp"),))) as pair:
        pair.alice.peer.make_call()
        await pair.until_connected()
        connections = [ice_of(pair.alice), ice_of(pair.bob)]
        for person in (pair.alice, pair.bob):
            assert person.peer._connection is not None
            described = person.peer._connection.pc.localDescription.sdp
            assert "typ relay" not in described
            assert "end-of-candidates" not in described
        await until(lambda: all("relay" in types(each.remote_candidates) for each in connections))
        await until(lambda: all(each._remote_candidates_end for each in connections))


async def test_dead_servers_are_no_reason_to_wait(coturn: TurnServer) -> None:
    silent, port = silent_port()
    with silent:
        dead = IceServer((f"turn:127.0.0.1:{port}", f"stun:127.0.0.1:{port}", "turn:127.0.0.1:1"), "a", "b")
        wrong = IceServer((coturn.url(),), "ann", "wrong")
        loop = asyncio.get_running_loop()
        async with calling(IceConfiguration((dead, wrong))) as pair:
            begun_s = loop.time()
            pair.alice.peer.make_call()
            await pair.until_connected()
            assert loop.time() - begun_s < 5  # aioice alone waits 5 s on either side
            connection = pair.alice.peer._connection
            assert connection is not None
            gathering = connection.pc._gathering
            assert isinstance(gathering, Gathering)
            assert gathering.is_late


async def test_the_servers_are_ranked_before_a_call(trusted: TurnServer) -> None:
    silent, port = silent_port()
    choice = IceChoice()
    with silent:
        dead = IceServer((f"turn:127.0.0.1:{port}", "turn:127.0.0.1:1"), "a", "b")
        wrong = IceServer((trusted.url(),), "ann", "wrong")
        stun = IceServer((f"stun:127.0.0.1:{trusted.port}",))
        choice.use((dead, wrong, trusted.ice_server("tls", "tcp", "udp"), stun))

        def good() -> list[ServerAddress]:
            return [each for each in choice.ranked() if choice.is_good(each)]

        await until(lambda: len(good()) == 4)
        assert [(each.is_turn, each.transport) for each in good()][2:] == [(True, "tcp"), (True, "tls")]
        assert {each.is_turn for each in good()[:2]} == {True, False}
        assert not {each.url for each in good()} & set(dead.urls)
        choice.renew()
        assert not good()
        await until(lambda: len(good()) == 4)
        choice.stop()
        await choice.wait_closed()


async def test_a_certificate_that_nobody_vouches_for_is_refused(coturn: TurnServer) -> None:
    relays.tls_context.cache_clear()
    (server,) = usable((coturn.ice_server("tls"),))
    with pytest.raises(RelayError, match="its certificate is not to be trusted"):
        await Relay.allocate(server, 5.0)


async def test_a_relay_outlives_its_lifetime_and_its_permissions(
    trusted: TurnServer, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that ends after minutes ends after two seconds here, also the nonce."""
    options = ("permission-lifetime=2", "channel-lifetime=2", "stale-nonce=1", "max-allocate-lifetime=2")
    monkeypatch.setattr(relays, "BIND_AGAIN_S", 0.8)
    monkeypatch.setattr(turn_client, "LIFETIME_S", 2)
    with TurnServer(tmp_path_factory.mktemp("short"), options=options) as short:
        (server,) = usable((short.ice_server(),))
        relay = await Relay.allocate(server, 5.0)
        heard = Heard()
        relay.attach(heard)
        begun_s = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - begun_s < 3.5:
            heard.data.clear()
            relay.sendto(b"on and on", relay.relayed_address)
            await until(lambda: bool(heard.data))
            await asyncio.sleep(0.1)
        assert not heard.is_lost
        await relay.wait_closed()
        await until(lambda: heard.is_lost)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_end_of_a_server_holds_nobody_up(
    tmp_path_factory: pytest.TempPathFactory, transport: str
) -> None:
    with TurnServer(tmp_path_factory.mktemp("killed")) as server:
        (address,) = usable((server.ice_server(transport),))
        relay = await Relay.allocate(address, 5.0)
        heard = Heard()
        relay.attach(heard)
        server.kill()
        if transport == "tcp":
            await until(lambda: heard.is_lost)
        await relay.wait_closed()
        await until(lambda: heard.is_lost)


async def test_who_lost_the_race_gives_back_its_relay(coturn: TurnServer) -> None:
    """The probes' relays, too: nothing stays on the server."""
    choice, losers = IceChoice(), TaskOwner("losers")
    before = coturn.output().count("lifetime=0")
    choice.use((coturn.ice_server("udp", "tcp"),))
    await until(lambda: all(choice.is_good(each) for each in choice.ranked()))
    choice.stop()
    await choice.wait_closed()
    relay = await first_relay([*choice.ranked(), *choice.ranked()], None, losers)
    assert relay is not None
    await losers.drain()
    await relay.wait_closed()
    await until(lambda: coturn.output().count("lifetime=0") >= before + 3)


async def test_an_ipv6_server_in_brackets(tmp_path_factory: pytest.TempPathFactory) -> None:
    if not socket.has_ipv6:
        return
    with TurnServer(tmp_path_factory.mktemp("six"), "::1") as server:
        (address,) = usable((IceServer((f"turn:[::1]:{server.port}",), "ann", "a-password"),))
        with pytest.raises(RelayError, match="error 440"):  # there, but it relays to no IPv4 address
            await Relay.allocate(address, 5.0)
