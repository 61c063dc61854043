"""A client that does not read is cut, with a reason if it reads in time; nobody else waits for it."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

from aiohttp import WSMsgType

from .server_tools import ANSWER_S, RunningServer, running_server

if TYPE_CHECKING:
    from .server_tools import RawClient

BULK = "x" * 60_000


async def _handshake(server: RunningServer) -> socket.socket:
    """A WebSocket by hand on a socket with a small receive buffer, which nobody reads."""
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", server.port))
    await loop.sock_sendall(
        raw,
        b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    assert (await loop.sock_recv(raw, 1000)).startswith(b"HTTP/1.1 101")
    join = b'{"type":"join-room","roomId":"R","userId":"slow"}'
    # A client frame is masked (RFC 6455 5.3); a mask of zeros leaves the text as it is.
    await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(join), 0, 0, 0, 0]) + join)
    return raw


async def _flood(sender: RawClient, watcher: RawClient) -> None:
    """Send to the slow one until it is gone; what goes to the watcher in between arrives all the time."""
    async with asyncio.timeout(60):
        for number in range(1000):
            await sender.send(type="signal", targetUserId="slow", data=BULK)
            await sender.send(type="signal", targetUserId="watcher", data=number)
            message = await watcher.receive()
            if message == {"type": "peer-left", "userId": "slow"}:
                return
            assert message == {"type": "signal", "from": "sender", "data": number}
    raise AssertionError("the slow reader was never cut")


async def test_a_slow_reader_is_cut_while_others_go_on() -> None:
    async with running_server() as server, server.client() as sender, server.client() as watcher:
        await sender.join("R", "sender")
        await watcher.join("R", "watcher")
        slow = await _handshake(server)
        try:
            assert (await watcher.expect("new-peer"))["userId"] == "slow"
            await _flood(sender, watcher)
            assert await server.gauge('bridgecall_refusals_total{code="slow-reader"}') == 1
            # It never reads the reason, so the socket is cut in the end, and nothing of it is left.
            await server.wait_for_gauge("bridgecall_connections", 2)
        finally:
            slow.close()
        async with server.client() as late:
            welcome = await late.join("R", "late")
            assert [item["userId"] for item in welcome["participants"]] == ["sender", "watcher"]


async def test_a_slow_reader_that_wakes_up_in_time_reads_why() -> None:
    async with running_server() as server, server.client() as sender, server.client() as watcher:
        await sender.join("R", "sender")
        await watcher.join("R", "watcher")
        async with server.client() as slow:
            await slow.join("R", "slow")
            await watcher.expect("new-peer")
            # aiohttp's client stops reading its socket while nobody takes its messages.
            await _flood(sender, watcher)
            async with asyncio.timeout(ANSWER_S):
                while (message := await slow.socket.receive()).type is WSMsgType.TEXT:
                    last = json.loads(message.data)
            assert (last["type"], last["code"]) == ("error", "slow-reader")
            assert slow.socket.close_code == 1008
