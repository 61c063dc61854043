"""The load on a signaling server, in a process of its own: many WebSockets, rooms of them, paced signals.

    python -m tests.bench.signaling_load '{"urls": [["127.0.0.1", 8080]], "connections": 5000, ...}'

prints "ready" when everybody has joined, waits for a line, sends for the time wished, and prints the figures as
JSON. A WebSocket client of its own (RFC 6455, text frames alone), since a complete one would be the bottleneck:
frames are masked with zeros, which a server cannot tell from any other mask.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CONNECTING_AT_ONCE = 50
SETTLE_S = 2.0
STAMP = b"@@@@@@@@@@@@@@@@"
"""Where the time stands in a frame: 16 digits of nanoseconds, the same on all processes of a machine."""

_CANDIDATE = (
    "candidate:842163049 1 udp 1677729535 203.0.113.77 46154 typ srflx raddr 192.168.1.23 rport 46154 "
    "generation 0 ufrag EEtu network-cost 999"
)


@dataclass
class Figures:
    """What was measured."""

    relay_ns: list[int] = field(default_factory=list)
    late_ns: list[int] = field(default_factory=list)
    sent: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    lost: int = 0


def masked(text: bytes) -> bytes:
    """A text frame from a client."""
    if len(text) < 126:
        header = struct.pack("!BB", 0x81, 0x80 | len(text))
    else:
        header = struct.pack("!BBH", 0x81, 0x80 | 126, len(text))
    return header + bytes(4) + text


class Client(asyncio.Protocol):
    """One participant."""

    def __init__(self, figures: Figures, host: str, room: str, user: str, dialect: str) -> None:
        self.user = user
        self.room = room
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frames: list[tuple[bytes, bytes]] = []
        """Beginning and end of frames to others, with the time to be put in between."""
        self._figures = figures
        self._host = host
        self._dialect = dialect
        self._buffer = b""
        self._upgraded = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        self._figures.lost += 1
        if not self.joined.done():
            self.joined.set_exception(ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        buffer = self._buffer + data if self._buffer else data
        if not self._upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = buffer
                return
            if b" 101 " not in buffer[:end]:
                raise ConnectionError(buffer[:80])
            self._upgraded = True
            buffer = buffer[end + 4 :]
            self._join()
        while len(buffer) >= 2:
            length, start = buffer[1] & 0x7F, 2
            if length == 126:
                if len(buffer) < 4:
                    break
                length, start = int.from_bytes(buffer[2:4]), 4
            if len(buffer) < start + length:
                break
            self._frame(buffer[0], buffer[start : start + length], now)
            buffer = buffer[start + length :]
        self._buffer = buffer

    def _join(self) -> None:
        assert self.transport is not None
        if self._dialect == "floor":
            text = f"{self.room} {self.user}"
        else:
            text = json.dumps({"type": "join-room", "roomId": self.room, "userId": self.user})
        self.transport.write(masked(text.encode()))

    def _frame(self, first: int, payload: bytes, now: int) -> None:
        if first == 0x89:  # ping
            assert self.transport is not None
            self.transport.write(struct.pack("!BB", 0x8A, 0x80 | len(payload)) + bytes(4) + payload)
        elif (at := payload.find(b"stamp:")) >= 0:
            self._figures.relay_ns.append(now - int(payload[at + 6 : at + 22]))
        elif payload.startswith((b'{"type":"welcome"', b"welcome")):
            self.joined.set_result(None)
        elif payload.startswith(b'{"type":"error"'):
            self._figures.refused[str(json.loads(payload)["code"])] += 1

    def prepare(self, others: list[str], chance: random.Random) -> None:
        """Make the frames in advance: nine candidates to one description, as when calls are set up."""
        for target in chance.sample(others, min(2, len(others))):
            for body in (_CANDIDATE, "v=0\r\n" + "a=rtpmap:96 VP8/90000\r\n" * 170):
                if self._dialect == "floor":
                    text = f"{target}\nstamp:{STAMP.decode()} {body}"
                else:
                    data = {"type": "candidate", "candidate": {"candidate": body, "sdpMid": "0"}}
                    data["session"] = f"stamp:{STAMP.decode()}"
                    text = json.dumps({"type": "signal", "targetUserId": target, "data": data})
                before, _, after = masked(text.encode()).partition(STAMP)
                self.frames.append((before, after))

    def signal(self, description: bool, chance: random.Random) -> None:
        """Send to somebody else in the room."""
        before, after = chance.choice(self.frames[1::2] if description else self.frames[::2])
        assert self.transport is not None
        self.transport.write(b"%b%016d%b" % (before, time.monotonic_ns(), after))
        self._figures.sent += 1


async def connect(plan: dict[str, Any], figures: Figures) -> list[Client]:
    """Everybody into their room; the members of one room are spread over the servers."""
    loop = asyncio.get_running_loop()
    turns = asyncio.Semaphore(CONNECTING_AT_ONCE)
    rooms, urls = plan["rooms"], plan["urls"]

    async def one(number: int) -> Client:
        host, port = urls[(number // rooms) % len(urls)]
        room, user = f"room-{number % rooms}", f"user-{number}"
        async with turns:
            _, client = await loop.create_connection(
                lambda: Client(figures, f"{host}:{port}", room, user, plan["dialect"]), host, port
            )
            await client.joined
        return client

    clients = await asyncio.gather(*(one(number) for number in range(plan["connections"])))
    chance = random.Random(1)
    members: dict[str, list[str]] = {}
    for client in clients:
        members.setdefault(client.room, []).append(client.user)
    for client in clients:
        client.prepare([user for user in members[client.room] if user != client.user], chance)
    return clients


async def send(plan: dict[str, Any], clients: list[Client], figures: Figures) -> None:
    """Send at an even pace, however long the answers take."""
    loop = asyncio.get_running_loop()
    chance = random.Random(2)
    rate, total = plan["rate"], int(plan["rate"] * plan["seconds"])
    began = loop.time() + 0.1
    done = loop.create_future()

    def turn(number: int) -> None:
        while number < total and (late := loop.time() - (began + number / rate)) >= 0:
            figures.late_ns.append(int(late * 1e9))
            chance.choice(clients).signal(number % 10 == 0, chance)
            number += 1
        if number < total:
            loop.call_at(began + number / rate, turn, number)
        else:
            done.set_result(None)

    loop.call_at(began, turn, 0)
    await done
    await asyncio.sleep(SETTLE_S)


def percentile(values: list[int], share: float) -> float:
    """In milliseconds, of nanoseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6 if ordered else float("nan")


async def main() -> None:
    """Do what the first argument says."""
    plan = json.loads(sys.argv[1])
    os.sched_setaffinity(0, plan["cores"])
    figures = Figures()
    clients = await connect(plan, figures)
    gc.freeze()
    gc.disable()  # a pause of the generator would be taken for one of the server
    await asyncio.sleep(SETTLE_S)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    cpu, wall = time.process_time(), time.monotonic()
    await send(plan, clients, figures)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall - SETTLE_S
    relay, late = figures.relay_ns, figures.late_ns
    print(
        json.dumps(
            {
                "sent": figures.sent,
                "received": len(relay),
                "refused": figures.refused,
                "lost": figures.lost,
                "p50_ms": percentile(relay, 0.5),
                "p99_ms": percentile(relay, 0.99),
                "max_ms": percentile(relay, 1.0),
                "late_p99_ms": percentile(late, 0.99),
                "generator_cpu": cpu / wall,
            }
        ),
        flush=True,
    )
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
