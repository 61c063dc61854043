"""Peers that hang up, at any moment, twenty times: nothing stays behind."""

from __future__ import annotations

import asyncio
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from desktop_app.protocol.messages import IceServer
from desktop_app.rtc.ice import IceConfiguration
from desktop_app.rtc.state import PeerState

from .peer_tools import Pair, Person, calling, collect_garbage, open_files, resident_mb, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


NEW, CONNECTING, CONNECTED, UNSTABLE, RECONNECTING, FAILED, CLOSED = PeerState


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two people who are not connected yet."""
    async with calling() as made:
        yield made


async def test_hanging_up_is_final_idempotent_and_at_once(pair: Pair) -> None:
    pair.alice.peer.make_call()
    await pair.until_connected()
    for _ in range(3):
        pair.alice.peer.hang_up()
        assert pair.alice.peer.state is CLOSED
    pair.alice.peer.make_call()
    pair.alice.peer.handle_signal({"type": "offer", "sdp": "m=audio"})
    pair.alice.peer.handle_signal({"candidate": None})
    await pair.alice.peer.wait_closed()
    await pair.alice.peer.wait_closed()
    assert pair.alice.states == [CONNECTING, CONNECTED, CLOSED]
    assert pair.alice.peer.closed
    assert pair.alice.peer.counters() is None


async def test_a_peer_that_never_did_anything_hangs_up_as_well() -> None:
    person = Person(440.0)
    person.connect("nobody", lambda _data: None)
    person.peer.hang_up()
    await person.peer.wait_closed()
    assert person.states == [CLOSED]
    await person.close()


@pytest.mark.parametrize("first", [0, 1, 2, 3])
async def test_hanging_up_at_any_moment_of_connecting_leaves_nothing_behind(pair: Pair, first: int) -> None:
    async def call(turns: int) -> None:
        pair.connect()
        pair.alice.peer.make_call()
        for _ in range(turns):
            await asyncio.sleep(0)
        await pair.hang_up()

    await call(100)
    collect_garbage()
    before = open_files(), len(asyncio.all_tasks())
    for turns in [*range(first, 60, 4), 80 + first, 150 + first]:
        await call(turns)
    collect_garbage()
    await until(lambda: len(asyncio.all_tasks()) <= before[1])
    assert open_files() == before[0]


@pytest.mark.expected_warnings("a connection did not end cleanly")
async def test_a_connection_that_aiortc_cannot_close_is_closed_all_the_same(pair: Pair) -> None:
    collect_garbage()
    files = open_files()
    pair.alice.peer.make_call()
    await pair.until_connected()
    connection = pair.alice.peer._connection
    assert connection is not None
    receiver: Any = connection.pc.getReceivers()[0]
    receiver.setTransport(None)  # as hostile descriptions have done
    await pair.hang_up()
    collect_garbage()
    await until(lambda: open_files() <= files)


async def test_hanging_up_from_within_a_change_of_state(pair: Pair) -> None:
    alice = pair.alice
    original = alice.peer._on_state

    def hang_up_when_connecting(state: PeerState, reason: str) -> None:
        original(state, reason)
        if state is CONNECTING:
            alice.peer.hang_up()

    alice.peer._on_state = hang_up_when_connecting
    alice.peer.make_call()
    await until(lambda: alice.peer.closed)
    assert alice.states == [CONNECTING, CLOSED]
    assert not alice.peer.sessions()


@pytest.mark.expected_warnings("the listener for the state of bob failed")
async def test_a_broken_listener_breaks_no_call(pair: Pair) -> None:
    def broken(_state: PeerState, _reason: str) -> None:
        raise KeyError

    pair.alice.peer._on_state = broken
    pair.alice.peer.make_call()
    await pair.until_connected()
    await pair.until_media()


async def test_twenty_calls_leave_no_task_thread_socket_or_file_behind(pair: Pair) -> None:
    connections: list[weakref.ref[object]] = []

    async def call() -> None:
        pair.connect()
        pair.alice.peer.make_call()
        await pair.until_connected()
        await pair.until_media(2)
        connections.extend(weakref.ref(person.peer._connection) for person in (pair.alice, pair.bob))
        await pair.hang_up()

    await pair.hang_up()
    for _ in range(4):
        await call()
    collect_garbage()
    before = open_files(), len(asyncio.all_tasks()), threading.active_count()
    memory_mb = resident_mb()
    for _ in range(20):
        await call()
    collect_garbage()
    await until(lambda: len(asyncio.all_tasks()) <= before[1] and threading.active_count() <= before[2])
    assert open_files() == before[0]
    assert not any(connection() for connection in connections)
    assert resident_mb() - memory_mb < 15


async def test_a_silent_stun_server_delays_the_end_of_nothing_but_itself() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        ice = IceConfiguration((IceServer((f"stun:127.0.0.1:{port}",)),))
        files = open_files()
        person = Person(440.0)
        person.connect("bob", lambda _data: None, ice)
        person.peer.make_call()
        await until(lambda: open_files() > files)  # it gathers
        person.peer.hang_up()
        assert person.states == [CONNECTING, CLOSED]
        await person.peer.wait_closed()
        await person.close()
        assert open_files() == files
