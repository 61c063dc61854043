"""Connections that mean harm, for recovery_hostile.py: python -m tests.bench.hostile_load PORT COUNT.

Each kind has the same share: WebSockets that never join; that flood a room of their own; that send what is no message;
that join and never read; that guess a room's password; requests whose headers never end; sockets that say nothing; and
those that connect and go, over and over. Prints one line when all have been tried, and goes on until it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING

from tests.bench.signaling import raise_file_limit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ADDRESSES = 20
OPENING_AT_ONCE = 64
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
LOST = (ConnectionError, TimeoutError, OSError, asyncio.IncompleteReadError)


def frame(text: bytes) -> bytes:
    """A masked text frame (RFC 6455 5.2); a mask of zeros leaves the text as it is."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + text


def said(**message: object) -> bytes:
    """A message as a frame."""
    return frame(json.dumps(message).encode())


class Hostile:
    """All of them.

    Args:
        port: of the server.
        count: how many.
    """

    def __init__(self, port: int, count: int) -> None:
        self.port = port
        self.outcomes: Counter[str] = Counter()
        self._opening = asyncio.Semaphore(OPENING_AT_ONCE)
        self._count = count
        self._all_tried = asyncio.Event()

    async def one(self, number: int, kind: Callable[[int, Streams], Awaitable[None]]) -> None:
        """Connect again whenever it was cut."""
        first = True
        while True:
            outcome = "refused"
            try:
                streams = await self._connect(number)
            except LOST:
                streams = None
            if first:
                self.outcomes["tried"] += 1
                first = False
                if self.outcomes["tried"] == self._count:
                    self._all_tried.set()
            if streams is not None:
                with contextlib.suppress(*LOST):
                    await kind(number, streams)
                outcome = "cut"
                streams[1].close()
            self.outcomes[outcome] += 1
            await asyncio.sleep(1.0)

    async def _connect(self, number: int) -> Streams:
        async with self._opening, asyncio.timeout(10):
            address = f"127.0.1.{number % ADDRESSES + 1}"
            return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0), limit=4096)

    async def _websocket(self, streams: Streams) -> None:
        streams[1].write(HANDSHAKE)
        status = await streams[0].readline()
        if b"101" not in status:
            raise ConnectionError
        await streams[0].readuntil(b"\r\n\r\n")

    @staticmethod
    async def _read_on(streams: Streams) -> None:
        while await streams[0].read(4096):
            pass

    async def idle(self, _number: int, streams: Streams) -> None:
        """Never joins."""
        await self._websocket(streams)
        await self._read_on(streams)

    async def flood(self, number: int, streams: Streams) -> None:
        """Sends to a neighbour in a room of eight, as fast as it goes."""
        await self._websocket(streams)
        streams[1].write(said(type="join-room", roomId=f"flood{number // 64}", userId=str(number)))
        message = said(type="signal", targetUserId=str(number ^ 8), data="x" * 200) * 8
        await asyncio.gather(self._read_on(streams), self._write(streams, message))

    async def garbage(self, _number: int, streams: Streams) -> None:
        """Sends what is no message."""
        await self._websocket(streams)
        await asyncio.gather(
            self._read_on(streams), self._write(streams, frame(b'{"type":' + b"[" * 100) * 8)
        )

    async def deaf(self, number: int, streams: Streams) -> None:
        """Never reads what it asks for."""
        await self._websocket(streams)
        streams[0].set_exception(ConnectionError())
        await self._write(streams, said(type="join-room", roomId="deaf", userId=str(number)) * 8)

    async def guess(self, number: int, streams: Streams) -> None:
        """Guesses a password."""
        await self._websocket(streams)
        attempt = said(type="join-room", roomId="guarded", userId=str(number), password=str(number))
        await asyncio.gather(self._read_on(streams), self._write(streams, attempt))

    async def dribble(self, _number: int, streams: Streams) -> None:
        """Headers without an end."""
        streams[1].write(b"GET /ws HTTP/1.1\r\nHost: test\r\n")
        while True:
            streams[1].write(b"X")
            await streams[1].drain()
            await asyncio.sleep(1.0)

    async def silent(self, _number: int, streams: Streams) -> None:
        """Says nothing."""
        await self._read_on(streams)

    async def churn(self, _number: int, streams: Streams) -> None:
        """Goes at once."""
        await self._websocket(streams)

    @staticmethod
    async def _write(streams: Streams, data: bytes) -> None:
        while not streams[1].is_closing():
            streams[1].write(data)
            await streams[1].drain()
            await asyncio.sleep(0)
        raise ConnectionError

    async def run(self) -> None:
        """Start all, report once."""
        kinds = (
            self.idle,
            self.flood,
            self.garbage,
            self.deaf,
            self.guess,
            self.dribble,
            self.silent,
            self.churn,
        )
        tasks = [asyncio.create_task(self.one(each, kinds[each % len(kinds)])) for each in range(self._count)]
        await self._all_tried.wait()
        print(dict(self.outcomes), flush=True)
        await asyncio.gather(*tasks)


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(Hostile(int(sys.argv[1]), int(sys.argv[2])).run())
