"""What servers tell each other of a room, with a real Redis in between."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import signal
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.errors import ProtocolError
from desktop_app.protocol.messages import JoinRoom
from tests.redis_server import RedisServer
from tests.waiting import until

from .shared_server import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.needs_program("redis-server")


@pytest.fixture
async def pair(redis: RedisServer) -> AsyncIterator[tuple[Server, Server]]:
    one, two = Server(redis.url), Server(redis.url)
    await one.shared.start()
    await two.shared.start()
    yield one, two
    await one.shared.close()
    await two.shared.close()


async def test_messages_reach_all_in_one_order(pair: tuple[Server, Server]) -> None:
    one, two = pair
    await one.join("ann")
    await two.join("bob")
    for turn in range(50):
        one.bus.publish("r", {"from": 1, "turn": turn})
        two.bus.publish("r", {"from": 2, "turn": turn})
        await asyncio.sleep(0)
    await until(lambda: len(one.messages) == len(two.messages) == 100)
    assert one.messages == two.messages
    assert [each[1]["turn"] for each in one.messages if each[1]["from"] == 2] == list(range(50))


async def test_a_server_without_participants_of_a_room_hears_nothing_of_it(
    pair: tuple[Server, Server],
) -> None:
    one, two = pair
    await one.join("ann")
    await two.join("bob", "other")
    one.bus.publish("r", {"n": 1})
    two.bus.publish("other", {"n": 2})
    await until(lambda: bool(one.messages and two.messages))
    assert (one.messages, two.messages) == ([("r", {"n": 1})], [("other", {"n": 2})])


async def test_there_is_one_leader_and_a_successor_has_what_was_stored(pair: tuple[Server, Server]) -> None:
    one, two = pair
    await one.join("ann")
    assert one.bus.is_leader("r")
    one.bus.store("r", {"epoch": 3, "name": "ö"})
    await two.join("bob")
    await until(lambda: two.bus.stored("r") == {"epoch": 3, "name": "ö"})
    assert not two.bus.is_leader("r")
    one.bus.store("r", {"epoch": 4})
    await until(lambda: two.bus.stored("r") == {"epoch": 4})
    one.leave("ann")
    await until(lambda: two.leads == ["r"])
    assert two.bus.is_leader("r")
    assert not one.bus.is_leader("r")
    two.bus.store("r", {"epoch": 5})
    await one.join("ann")
    await until(lambda: one.bus.stored("r") == {"epoch": 5})
    assert not one.bus.is_leader("r")
    assert one.leads == []


async def test_a_stale_leader_stores_nothing(pair: tuple[Server, Server]) -> None:
    one, two = pair
    await one.join("ann")
    await two.join("bob")
    one.bus.store("r", {"from": "one"})
    two.bus.store("r", {"from": "two"})
    await until(lambda: two.bus.stored("r") == {"from": "one"} or one.bus.stored("r") == {"from": "two"})
    assert one.bus.stored("r") == {"from": "one"}


async def test_what_was_stored_goes_with_the_room(pair: tuple[Server, Server], redis: RedisServer) -> None:
    one, _ = pair
    await one.join("ann")
    one.bus.store("r", {"epoch": 3})
    one.leave("ann")
    await one.join("ann")
    assert one.bus.stored("r") == {}
    one.leave("ann")
    await one.shared.close()
    assert not [key for key in await redis.keys() if ":room" in key]


async def test_who_is_capable_of_less_makes_the_room_smaller_for_all_servers(
    pair: tuple[Server, Server],
) -> None:
    one, two = pair
    for server in pair:
        server.rooms.capacity = lambda _room_id, capabilities: 4 if "sfu" in capabilities else 2
    await one.join("ann")
    await two.shared.join("bob", JoinRoom("r", "bob", capabilities=("sfu",)))
    with pytest.raises(ProtocolError, match="2 participants"):
        await two.shared.join("cem", JoinRoom("r", "cem", capabilities=("sfu",)))
    one.leave("ann")
    await until(lambda: two.users() == ["bob"])
    for user in ("cem", "dan", "eve"):
        await one.shared.join(user, JoinRoom("r", user, capabilities=("sfu",)))
    with pytest.raises(ProtocolError, match="4 participants"):
        await two.shared.join("fay", JoinRoom("r", "fay", capabilities=("sfu",)))


async def test_a_leader_that_vanishes_is_replaced(redis: RedisServer) -> None:
    one, two = Server(redis.url), Server(redis.url)
    await one.shared.start()
    await two.shared.start()
    await one.join("ann")
    await two.join("bob")
    await one.vanish()
    await until(lambda: two.bus.is_leader("r"), 5.0)
    assert two.leads == ["r"]
    assert two.users() == ["bob"]
    await two.shared.close()
    assert [key for key in await redis.keys() if "number" not in key] == []


@pytest.mark.expected_warnings(r"desktop_app\.server\.shared\.link: Redis (was lost|is there again)")
async def test_what_was_stored_outlives_redis(pair: tuple[Server, Server], redis: RedisServer) -> None:
    one, two = pair
    await one.join("ann")
    await two.join("bob")
    one.bus.store("r", {"epoch": 7})
    await until(lambda: two.bus.stored("r") == {"epoch": 7})
    redis.kill()
    await redis.restart()
    await until(lambda: one.shared.linked and two.shared.linked)
    third = Server(redis.url)
    await third.shared.start()
    await third.join("cem")
    await until(lambda: third.bus.stored("r") == {"epoch": 7})
    await until(lambda: third.users() == ["ann", "bob", "cem"])
    await third.shared.close()


@pytest.mark.expected_warnings(r"desktop_app\.server\.shared\.link: Redis (was lost|is there again)")
async def test_without_redis_a_leader_goes_on_for_those_who_are_all_here(
    pair: tuple[Server, Server], redis: RedisServer
) -> None:
    one, two = pair
    await one.join("ann")
    await one.join("alone", "mine")
    await two.join("bob")
    redis.kill()
    await until(lambda: not one.bus.is_leader("r"), 10.0)  # whoever decides now is not known
    assert one.bus.is_leader("mine")
    one.bus.publish("mine", {"n": 1})
    assert one.messages == [("mine", {"n": 1})]
    await redis.restart()
    await until(lambda: one.bus.is_leader("r") or two.bus.is_leader("r"), 10.0)
    await until(lambda: one.users() == two.users() == ["ann", "bob"], 10.0)
    await until(lambda: one.bus.is_leader("r") != two.bus.is_leader("r"), 10.0)


async def test_rediss_is_tls_with_a_password(tmp_path: Path) -> None:
    async with RedisServer(password="hunter2", tls=certificate(tmp_path)) as redis:
        server = Server(redis.url)
        await server.shared.start()
        await server.join("ann")
        with pytest.raises(ProtocolError):
            await server.shared.join("two", JoinRoom("r", "ann"))
        await server.shared.close()
        untrusting = Server(redis.url.partition("?")[0])
        with pytest.raises(UserFacingError) as caught:
            await untrusting.shared.start()
        assert str(caught.value).endswith("cannot be reached, or its certificate cannot be trusted.")
        assert "hunter2" not in str(caught.value)


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    paths[1].touch(mode=0o600)
    paths[1].write_bytes(pem)
    assert os.path.getsize(paths[1])
    return paths


@pytest.mark.expected_warnings("^desktop_app.server.shared.link: Redis (was lost|is there again)")
async def test_what_a_leader_stored_without_redis_is_what_counts_afterwards(
    pair: tuple[Server, Server], redis: RedisServer
) -> None:
    one, two = pair
    await one.join("ann")
    one.bus.store("r", {"epoch": 1})
    await one.join("bob")  # by then Redis has it
    redis.signal(signal.SIGSTOP)
    await until(lambda: not one.shared.linked)
    one.bus.store("r", {"epoch": 2})
    redis.signal(signal.SIGCONT)
    await until(lambda: one.shared.linked and two.shared.linked)
    await two.join("cem")
    await until(lambda: two.bus.stored("r") == {"epoch": 2})
    assert one.bus.stored("r") == {"epoch": 2}
