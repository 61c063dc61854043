"""How many connections and relayed messages one signaling server carries, beside others.

    python -m tests.bench.signaling [--connections 5000] [--rooms 500] [--rate 2000] [--seconds 20]

Each server is pinned to the first core, the load (signaling_load.py) to the second: ours; a plain aiohttp relay
that does not look at what it passes on (the floor); the same protocol on Node's ws (`npm install ws` into a
temporary folder); two of ours and Redis, all three on the first core. Each room's members are spread evenly over
the two. Relay time is from writing a signal until its receiver has it, both in the generator's process: it holds
what the generator adds. It says so when the generator was the bottleneck.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from tests.redis_server import RedisServer, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

SERVER_CORE = 0
LOAD_CORE = 1
START_S = 20.0
JOINING_S = 240.0
PINNED = ("taskset", "-c", str(SERVER_CORE))


def raise_file_limit() -> None:
    """As many open files as the system allows, for us and all that we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.asynccontextmanager
async def serving(
    command: Sequence[str], port: int, *, folder: Path | None = None
) -> AsyncIterator[psutil.Process]:
    """A server that listens on `port`, pinned."""
    process = await asyncio.create_subprocess_exec(
        *PINNED, *command, cwd=folder, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(START_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                break
        yield psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


async def measure(
    name: str,
    servers: Sequence[psutil.Process],
    ports: Sequence[int],
    options: argparse.Namespace,
    dialect: str,
) -> None:
    """Put the load on it, again when the machine had no time for the generator."""
    kib: float | None = None
    for attempt in range(options.attempts):
        figures = await put_load(name, servers, ports, options, dialect)
        # What a server has had once it mostly keeps: the first attempt says what connections need.
        kib = figures["kib"] = figures["kib"] if kib is None else kib
        report(figures)
        if not bottleneck(figures):
            break
        if attempt + 1 < options.attempts:
            await asyncio.sleep(5)


def bottleneck(figures: dict[str, Any]) -> bool:
    """Whether the generator was, and not the server."""
    return bool(figures["generator_cpu"] > 0.85 or figures["late_p99_ms"] > 5)


async def put_load(
    name: str,
    servers: Sequence[psutil.Process],
    ports: Sequence[int],
    options: argparse.Namespace,
    dialect: str,
) -> dict[str, Any]:
    """Put the load on it."""
    plan = {
        "urls": [["127.0.0.1", port] for port in ports],
        "connections": options.connections,
        "rooms": options.rooms,
        "rate": options.rate,
        "seconds": options.seconds,
        "dialect": dialect,
        "cores": [LOAD_CORE],
    }
    before = sum(server.memory_info().rss for server in servers)
    load = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.signaling_load", json.dumps(plan), stdin=PIPE, stdout=PIPE
    )
    assert load.stdin is not None
    assert load.stdout is not None
    try:
        line = await asyncio.wait_for(load.stdout.readline(), JOINING_S)
        if line.strip() != b"ready":
            raise RuntimeError(f"{name}: the clients could not join")
        after = sum(server.memory_info().rss for server in servers)
        cpu = [server.cpu_times() for server in servers]
        load.stdin.write(b"\n")
        figures: dict[str, Any] = json.loads(
            await asyncio.wait_for(load.stdout.readline(), options.seconds + 60)
        )
        for old, server in zip(cpu, servers, strict=True):
            now = server.cpu_times()
            used = now.user + now.system - old.user - old.system
            figures.setdefault("server_cpu", []).append(used / options.seconds)
        load.stdin.write(b"\n")
        await asyncio.wait_for(load.wait(), 60)
    finally:
        if load.returncode is None:
            load.kill()
            await load.wait()
    return figures | {"name": name, "kib": (after - before) / 1024 / options.connections}


def report(figures: dict[str, Any]) -> None:
    """One row of the table, and what is to be known of it."""
    cpu = " + ".join(f"{share * 100:.0f} %" for share in figures["server_cpu"])
    print(
        f"| {figures['name']} | {figures['p50_ms']:.2f} | {figures['p99_ms']:.2f} | {figures['max_ms']:.1f} "
        f"| {figures['kib']:.1f} | {cpu} | {figures['generator_cpu'] * 100:.0f} % "
        f"| {figures['late_p99_ms']:.2f} |",
        flush=True,
    )
    missing = figures["sent"] - figures["received"]
    if missing or figures["refused"] or figures["lost"]:
        print(f"  {missing} not relayed, refused: {figures['refused']}, {figures['lost']} connections lost")
    if bottleneck(figures):
        print("  the generator was the bottleneck: these times are not the server's", flush=True)


def ours(port: int, options: argparse.Namespace, *more: str) -> list[str]:
    """The command of our server."""
    return [
        *(sys.executable, "-m", "desktop_app.server", "--host", "127.0.0.1", "--port", str(port)),
        *("--max-connections", str(options.connections + 10)),
        *("--max-connections-per-address", str(options.connections + 10)),
        *("--mesh-limit", str(-(-options.connections // options.rooms))),
        *more,
    ]


async def run(options: argparse.Namespace) -> None:
    """All of them, one after the other."""
    print("| server | p50 ms | p99 ms | max ms | KiB a connection | CPU | generator | late p99 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    wanted = options.only.split(",")
    port, second = free_port(), free_port()
    if "ours" in wanted:
        async with serving(ours(port, options), port) as server:
            await measure("Bridgecall", [server], [port], options, "ours")
    if "floor" in wanted:
        async with serving([sys.executable, "-m", "tests.bench.signaling_floor", str(port)], port) as server:
            await measure("aiohttp, the floor", [server], [port], options, "floor")
    if "node" in wanted:
        with tempfile.TemporaryDirectory(prefix="bridgecall-ws-") as folder:
            place = Path(folder)
            await asyncio.to_thread(
                subprocess.run,
                ["npm", "install", "--no-audit", "--no-fund", "--silent", "ws@8"],
                cwd=place,
                check=True,
            )
            shutil.copy(Path(__file__).with_name("signaling_server.js"), place)
            async with serving(["node", "signaling_server.js", str(port)], port, folder=place) as server:
                await measure("Node ws", [server], [port], options, "ours")
    if "redis" in wanted:
        async with RedisServer(prefix=PINNED) as redis:
            commands = [ours(each, options, "--redis", redis.url) for each in (port, second)]
            async with serving(commands[0], port) as one, serving(commands[1], second) as two:
                servers = [one, two, psutil.Process(redis.pid)]
                await measure("Bridgecall twice, and Redis", servers, [port, second], options, "ours")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--rooms", type=int, default=500)
    parser.add_argument("--rate", type=int, default=2000, help="signals a second, over all rooms")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--attempts", type=int, default=3, help="at a server, while the generator is the bottleneck"
    )
    parser.add_argument("--only", default="ours,floor,node,redis", help="which, with commas between")
    options = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("Two cores are needed: one for the server, one for the load.")
    raise_file_limit()
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
