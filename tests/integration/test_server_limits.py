"""Floods, dribbles and strangers: what one address and one connection may do to a real server."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from desktop_app.server.guard import site
from desktop_app.server.guard.limits import MESSAGES_BURST, MESSAGES_PER_S, GuardLimits
from desktop_app.server.hosting import HostedServer

from .server_tools import ANSWER_S, RawClient, running_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def hosted(limits: GuardLimits | None = None) -> AsyncIterator[int]:
    """A server with its own listening socket; its port."""
    server = HostedServer()
    try:
        yield await server.start("127.0.0.1", guard=limits)
    finally:
        await server.stop()


async def closed_by_server(reader: asyncio.StreamReader) -> bool:
    try:
        while await reader.read(4096):
            pass
    except ConnectionError:
        pass
    return True


async def test_an_address_has_so_many_connections_and_gets_them_back() -> None:
    async with running_server(guard=GuardLimits(connections=3)) as server, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(server.client()) for _ in range(3)]
        for number, client in enumerate(clients):
            await client.join("r", f"u{number}")
        with pytest.raises(WSServerHandshakeError) as caught:
            await server.http.ws_connect(server.url())
        assert caught.value.status == 429
        await clients[0].socket.close()
        await server.wait_for_gauge("bridgecall_connections", 2)
        async with server.client() as another:
            await another.join("r", "another")


async def test_pages_of_other_sites_may_not_connect() -> None:
    limits = GuardLimits(origins=("https://friend.example",))
    async with running_server(guard=limits) as server:

        async def status(origin: str, **headers: str) -> int:
            try:
                async with server.http.ws_connect(server.url(), headers={"Origin": origin, **headers}):
                    return 101
            except WSServerHandshakeError as error:
                return error.status

        here = f"127.0.0.1:{server.port}"
        assert await status(f"http://{here}") == 101
        assert await status(f"HTTP://{here}".lower()) == 101
        assert await status("https://friend.example") == 101
        for origin in (
            "https://evil.example",
            "null",
            f"http://127.0.0.1:{server.port + 1}",
            f"http://{here}.evil.example",
            f"http://evil.example:{server.port}",
            "file://",
            "http://",
            "http://[::1",
        ):
            assert await status(origin) == 403, origin
        assert await status("https://calls.example", **{"X-Forwarded-Host": "calls.example"}) == 403


async def test_only_behind_a_proxy_the_forwarded_address_counts() -> None:
    limits = GuardLimits(connections=1, behind_proxy=True)
    async with running_server(guard=limits) as server, AsyncExitStack() as stack:

        async def connect(forwarded: str) -> RawClient:
            headers = {"X-Forwarded-For": forwarded}
            socket = await stack.enter_async_context(server.http.ws_connect(server.url(), headers=headers))
            return RawClient(socket)

        await connect("192.0.2.1")
        await connect("192.0.2.1, 192.0.2.2")
        with pytest.raises(WSServerHandshakeError):
            await connect("192.0.2.9, 192.0.2.1")  # what stands before the last one anybody can write
        await connect("2001:db8::1")
        with pytest.raises(WSServerHandshakeError):
            await connect("[2001:db8::2]:4711")  # the same network
    async with running_server(guard=GuardLimits(connections=1)) as server, server.client():
        with pytest.raises(WSServerHandshakeError):
            await server.http.ws_connect(server.url(), headers={"X-Forwarded-For": "192.0.2.1"})


async def test_who_does_not_join_is_sent_away_and_who_waits_is_not() -> None:
    async with (
        running_server(join_limit_s=0.6) as server,
        server.client() as idle,
        server.client() as ann,
        server.client() as bob,
        server.client() as left,
    ):
        await ann.join("r", "ann")
        await ann.send(type="set-room", lobby=True)
        await bob.send(type="join-room", roomId="r", userId="bob")
        await bob.expect("waiting")
        await left.join("other", "left")
        await left.send(type="leave-room")
        await idle.expect_error("not-joined")
        assert await idle.expect_close() == 1008
        await left.expect_error("not-joined")
        assert (await ann.receive())["type"] == "knock"
        await ann.send(type="admit", userId="bob")
        await bob.expect("welcome")


async def test_a_flood_is_slowed_down_and_then_cut_while_others_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.server.guard.guard.TOO_FAST_S", 0.5)
    async with (
        running_server() as server,
        server.client() as ann,
        server.client() as bob,
        server.client() as mad,
    ):
        await ann.join("r", "ann")
        await bob.join("r", "bob")
        await ann.expect("new-peer")
        await mad.join("elsewhere", "mad")

        codes: list[str] = []

        async def flood() -> None:
            while "too-fast" not in codes:  # it would never read why if it went on
                await mad.send(type="signal", targetUserId="nobody", data=1)
                await asyncio.sleep(0)  # the server lives on the same loop

        async def hear() -> None:
            async for frame in mad.socket:
                codes.append(json.loads(frame.data)["code"])

        began_s = time.monotonic()
        flooding, hearing = asyncio.create_task(flood()), asyncio.create_task(hear())
        exchanged = 0
        while not hearing.done():
            await ann.send(type="signal", targetUserId="bob", data=exchanged)
            assert (await bob.expect("signal"))["data"] == exchanged
            exchanged += 1
            await asyncio.sleep(0.01)
        await asyncio.wait([flooding])
        assert codes[-1] == "too-fast"
        assert mad.socket.close_code == 1008
        allowed = MESSAGES_BURST + MESSAGES_PER_S * (time.monotonic() - began_s)
        assert MESSAGES_BURST <= codes.count("unknown-target") <= allowed
        assert exchanged >= 10


async def test_headers_that_do_not_end_and_connections_that_say_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop_app.server.hosting.REQUEST_LIMIT_S", 0.5)
    async with hosted() as port:
        silent, mute = await asyncio.open_connection("127.0.0.1", port)
        reader, dribbling = await asyncio.open_connection("127.0.0.1", port)

        async def dribble() -> None:
            try:
                for each in b"GET /ws HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 100:
                    dribbling.write(bytes([each]))
                    await dribbling.drain()
                    await asyncio.sleep(0.02)
            except ConnectionError:
                return

        task = asyncio.create_task(dribble())
        async with asyncio.timeout(10):
            assert await closed_by_server(silent)
            assert await closed_by_server(reader)
        task.cancel()
        await asyncio.wait([task])
        mute.close()
        dribbling.close()
        async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as response:
            assert response.status == 200


async def test_who_reads_a_page_slowly_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "HTTP_LIMIT_S", 0.5)
    async with hosted() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /web/main.js HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        async with ClientSession() as http, http.ws_connect(f"http://127.0.0.1:{port}/ws") as socket:
            client = RawClient(socket)
            await client.join("r", "ann")
            await asyncio.sleep(1.0)
            transport.resume_reading()
            async with asyncio.timeout(10):
                assert await closed_by_server(reader)
            await client.send(type="signal", targetUserId="bob", data=1)
            await client.expect_error("unknown-target")  # a WebSocket stays
        writer.close()


async def test_sockets_of_one_address_are_bounded_before_they_say_anything() -> None:
    limits = GuardLimits(connections=5)
    async with hosted(limits) as port:
        taken = []
        for _ in range(limits.sockets + 20):
            taken.append(await asyncio.open_connection("127.0.0.1", port))
        closed = await asyncio.wait_for(
            asyncio.gather(*(closed_by_server(reader) for reader, _ in taken[limits.sockets :])), 10
        )
        assert all(closed)
        assert not any(reader.at_eof() for reader, _ in taken[: limits.sockets])
        for _, writer in taken:
            writer.close()


def test_who_raises_the_limit_has_so_many_at_once() -> None:
    usual, raised = GuardLimits(), GuardLimits(5000)
    assert usual.opened_burst < usual.connections
    assert raised.opened_burst >= raised.connections
    assert raised.usual_per_s >= 2 * raised.connections


async def test_pings_are_answered_in_their_turn_and_a_flood_of_them_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop_app.server.guard.guard.TOO_FAST_S", 0.2)
    async with running_server() as server, server.client() as mad:
        await mad.join("r", "mad")
        await mad.socket.ping(b"are you there")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        # 10,000 masked pings without a payload; pongs are b"\x8a\x00".
        writer.write(bytes([0x89, 0x80, 1, 2, 3, 4]) * 10_000)
        heard = b""
        while b"too-fast" not in heard:
            more = await asyncio.wait_for(reader.read(4096), ANSWER_S)
            assert more, "it was closed without a word"
            heard += more
        assert MESSAGES_BURST <= heard.count(b"\x8a\x00") < 2 * MESSAGES_BURST
        writer.close()
