"""What bulk data takes of a call, and what it leaves: python -m tests.bench.data_call

    python -m tests.bench.data_call --conditions rate500 --seconds 20

Two bots call each other on the network of tests/netlab (root), 50 ms there and back; after a while one sends the other
bulk data as fast as it can over a channel of the same connection, and five short messages a second over another.
Prints a markdown table of the sound and pictures before and meanwhile, for both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.end2end.processes import EventProcess, ServerProcess
from tests.netlab import NetLab

from .data import CONDITIONS, ONE_WAY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTLE_S = 10.0
"""From the first picture: sound and pictures have found their rates."""
BEFORE_S = 8.0
REST_S = 1.0
"""Around the beginning of the transfer nothing is counted."""


class DataBot(EventProcess):
    """A bot with channels for data (data_bot.py)."""

    def __init__(self, folder: Path, name: str, url: str, prefix: Sequence[str], *, bulk_s: float) -> None:
        options = ["-m", "tests.bench.data_bot", "--server", url, "--room", "bench", "--name", name]
        environment = {
            "BRIDGECALL_BULK_AFTER_S": str(SETTLE_S + BEFORE_S),
            "BRIDGECALL_BULK_S": str(bulk_s),
        }
        options += ["--camera", "test", "--microphone", "test", "--size", "640x480"]
        super().__init__(folder, name, options, environment=environment, prefix=prefix, takes_input=True)

    async def leave(self) -> None:
        """Ask it to leave, and wait for its end."""
        await self.send({"cmd": "leave"})
        await self.wait()


async def measure(condition: str, seconds: float, folder: Path) -> list[str]:
    """One call; the rows of its two receivers."""
    with NetLab(hosts=3, delay=ONE_WAY_MS) as lab:
        async with AsyncExitStack() as stack:
            server = ServerProcess(folder, host=lab.address("c"), prefix=lab.command("c", []))
            await stack.enter_async_context(server)
            bots = []
            for name, bulk_s in (("a", seconds), ("b", 0.0)):
                bot = DataBot(folder, name, server.url, lab.command(name, []), bulk_s=bulk_s)
                await stack.enter_async_context(bot)
                await bot.wait_for_event("joined")
                bots.append(bot)
            for bot in bots:
                await bot.wait_for_event("first-frame", kind="video")
            changes = CONDITIONS[condition]
            if changes:
                lab.set("a-b", **changes)
            await asyncio.sleep(SETTLE_S + BEFORE_S + seconds)
            for bot in bots:
                await bot.leave()
    received = [event for event in bots[1].events() if event.get("event") == "bulk"]
    begin_s = next(event["t"] for event in received if event["received_bytes"])
    return [_row(condition, bot.events(), received, begin_s, seconds) for bot in bots]


def _row(condition: str, events: list[Any], bulk: list[Any], begin_s: float, seconds: float) -> str:
    """One receiver's figures; what it received of data if it did."""
    stats = [each for each in events if each.get("event") == "stats" and each["users"]]
    before = [each for each in stats if begin_s - BEFORE_S < each["t"] < begin_s - REST_S]
    end_s = begin_s + seconds - 2 * REST_S
    meanwhile = [each for each in stats if begin_s + REST_S < each["t"] < end_s]
    columns = [condition]
    is_receiver = any(event.get("event") == "bulk" and event["received_bytes"] for event in events)
    columns.append("receives data" if is_receiver else "sends data")
    if is_receiver:
        inside = [each for each in bulk if begin_s + REST_S < each["t"] < end_s]
        bits = (inside[-1]["received_bytes"] - inside[0]["received_bytes"]) * 8
        chat_ms = sorted(value for each in inside for value in each["chat_ms"])
        columns.append(f"{bits / 1e6 / (inside[-1]['t'] - inside[0]['t']):.2f}")
        columns.append(f"{statistics.median(chat_ms):.0f} / {chat_ms[int(0.95 * len(chat_ms))]:.0f}")
    else:
        columns += ["-", "-"]
    for kind, key in (("audio", "concealed_pct"), ("audio", "delay_ms"), ("video", "fps"), ("video", "kbps")):
        values = [
            statistics.fmean(next(iter(each["users"].values()))[kind][key] for each in part)
            for part in (before, meanwhile)
        ]
        columns.append(f"{values[0]:.2f} / {values[1]:.2f}" if key == "concealed_pct" else _pair(values))
    return "| " + " | ".join(columns) + " |"


def _pair(values: list[float]) -> str:
    return f"{values[0]:.0f} / {values[1]:.0f}"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--conditions", type=lambda text: text.split(","), default=["clean", "loss1", "rate500"]
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of the transfer")
    parser.add_argument("--nice", type=int, default=0, help="scheduling priority of everything, -20 to 19")
    options = parser.parse_args()
    os.nice(options.nice)  # what we start inherits it
    rows = [
        "| network | end | data, Mbit/s | chat median / p95, ms | concealed before / meanwhile, % "
        "| sound's delay, ms | pictures a second | pictures, kbit/s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for condition in options.conditions:
        with tempfile.TemporaryDirectory(prefix="bridgecall-bench-") as folder:
            rows += asyncio.run(measure(condition, options.seconds, Path(folder)))
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
