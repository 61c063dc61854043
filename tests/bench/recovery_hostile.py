"""How long a running call's signaling takes while thousands of connections do what they should not.

    python -m tests.bench.recovery_hostile [--connections 5000] [--seconds 20]

One bridgecall-server as it comes, on the first core; the hostile connections (hostile_load.py) come from twenty
addresses of the loopback network and run on the second core, beside a call of four whose signals are timed from being
written to being read. "While they come" begins with the first of them, "when they are there" when each was tried.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, WSMsgType

from tests.bench.signaling import raise_file_limit, serving
from tests.redis_server import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TARGET_MS = 100.0
PEOPLE = 4
SIGNALS_PER_S = 10.0
"""Of each of them: far more than a call says that runs."""
CANDIDATE = "candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host generation 0 ufrag abcd network-id 1"


class Caller:
    """One of the call, who says something to the next one at a steady rate."""

    def __init__(self, name: str, target: str) -> None:
        self.name = name
        self.target = target
        self.times_ms: list[float] = []

    async def run(self, http: ClientSession, url: str, ready: asyncio.Event, seconds: float) -> None:
        """Join, talk for so long once everybody is there, leave."""
        async with http.ws_connect(url) as socket:
            await socket.send_str(json.dumps({"type": "join-room", "roomId": "call", "userId": self.name}))
            listening = asyncio.create_task(self._listen(socket))
            await ready.wait()
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                data = {"sent": time.monotonic(), "candidate": CANDIDATE}
                await socket.send_str(
                    json.dumps({"type": "signal", "targetUserId": self.target, "data": data})
                )
                await asyncio.sleep(1 / SIGNALS_PER_S)
            await asyncio.sleep(1.0)
            listening.cancel()
            await asyncio.wait([listening])

    async def _listen(self, socket: Any) -> None:
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                return
            message = json.loads(frame.data)
            if message["type"] == "signal":
                self.times_ms.append((time.monotonic() - message["data"]["sent"]) * 1000)


async def talk(port: int, seconds: float) -> list[float]:
    """The call; every signal's time in ms."""
    names = [f"caller{number}" for number in range(PEOPLE)]
    callers = [Caller(name, names[(number + 1) % PEOPLE]) for number, name in enumerate(names)]
    ready = asyncio.Event()
    async with ClientSession() as http:
        url = f"http://127.0.0.1:{port}/ws"
        running = [asyncio.create_task(each.run(http, url, ready, seconds)) for each in callers]
        await asyncio.sleep(1.0)
        ready.set()
        await asyncio.gather(*running)
    return [each for caller in callers for each in caller.times_ms]


@contextlib.asynccontextmanager
async def hostility(port: int, connections: int) -> AsyncIterator[asyncio.StreamReader]:
    """The hostile connections, all of them tried once."""
    process = await asyncio.create_subprocess_exec(
        *(
            # It shall not keep the callers beside it from reading what has come: they are other computers.
            *("nice", "-n", "19", "taskset", "-c", "1"),
            sys.executable,
            "-m",
            "tests.bench.hostile_load",
            str(port),
            str(connections),
        ),
        stdout=PIPE,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


def line(name: str, times_ms: list[float], expected: int) -> None:
    """A row of the table."""
    cuts = statistics.quantiles(times_ms, n=100)
    lost = expected - len(times_ms)
    print(
        f"| {name} | {cuts[49]:.1f} | {cuts[98]:.1f} | {max(times_ms):.1f} | {len(times_ms)} | {lost} |",
        flush=True,
    )


async def run(options: argparse.Namespace) -> int:
    """Both rows; 1 when the target is missed."""
    port = free_port()
    command = [sys.executable, "-m", "desktop_app.server", "--host", "127.0.0.1", "--port", str(port)]
    expected = round(PEOPLE * SIGNALS_PER_S * options.seconds)
    print("| the call's signals | p50 ms | p99 ms | max ms | arrived | fewer than planned |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    async with serving(command, port):
        line("before", await talk(port, options.seconds), expected)
        coming = asyncio.create_task(talk(port, options.seconds))
        await asyncio.sleep(2.0)  # it runs already
        async with hostility(port, options.connections) as said:
            line(f"while {options.connections} hostile ones come", await coming, expected)
            print(f"  each was tried: {(await said.readline()).decode().strip()}", flush=True)
            during = await talk(port, options.seconds)
            line("when they are there", during, expected)
            async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as response:
                shown = ("bridgecall_connections ", "bridgecall_refusals_total")
                for each in (await response.text()).splitlines():
                    if each.startswith(shown):
                        print(f"  {each}")
    return int(statistics.quantiles(during, n=100)[98] > TARGET_MS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=20.0)
    raise_file_limit()
    sys.exit(asyncio.run(run(parser.parse_args())))
