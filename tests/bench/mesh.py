"""What each further receiver costs the sender, and what one slow path costs the others.

    python -m tests.bench.mesh [--seconds 20] [--rounds 3] [--size 640x480] [--only cost|narrow]

One bot sends 640x480 at 30 fps with sound to 1, 2, 3 and 4 bots that send nothing, each a process of its own on this
machine. The counts are measured in turn, upwards in one round and downwards in the next, so that whatever else the
machine does falls on all of them. Then, as root, one of three receivers is put behind a 200 kbit/s path (tests/netlab)
while the others are not. Prints tables for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.end2end.processes import BotProcess, ServerProcess
from tests.netlab import NetLab
from tests.netlab.lab import why_unavailable

from .network_load import LoadMeter

if TYPE_CHECKING:
    from tests.end2end.processes import Event

COUNTS = (1, 2, 3, 4)
WARM_UP_S = 8.0
"""From the last receiver's first picture: the bitrate has been found."""
NARROW_KBPS, NARROW_QUEUE_MS = 200, 300
SETTLE_S = 12.0
"""From the moment that the path becomes narrow."""
SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Cost:
    """One measurement of the sender."""

    receivers: int
    cpu_pct: float
    machine_pct: float
    fps: float
    """The slowest receiver's."""


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--only", choices=("cost", "narrow"))
    return parser.parse_args()


async def join(
    stack: AsyncExitStack,
    folder: Path,
    url: str,
    size: str,
    receivers: int,
    lab: NetLab | None = None,
) -> tuple[BotProcess, list[BotProcess]]:
    """The sender and its receivers, when all see its picture; on hosts a, b, c ... of a lab if there is one."""
    bots: list[BotProcess] = []
    for index in range(receivers + 1):
        name = SENDER if index == 0 else f"receiver{index}"
        prefix = () if lab is None else lab.command(lab.hosts[index], [])
        media = "test" if index == 0 else "none"
        bot = BotProcess(
            folder, name, url, "bench", "--size", size, prefix=prefix, camera=media, microphone=media
        )
        await stack.enter_async_context(bot)
        await bot.wait_for_event("joined")
        bots.append(bot)
    for bot in bots[1:]:
        await bot.wait_for_event("first-frame", user=SENDER, kind="video")
    await asyncio.sleep(WARM_UP_S)
    return bots[0], bots[1:]


def pictures(bot: BotProcess, since: int) -> list[Event]:
    """What a receiver said of the sender's picture, since a number of statistics."""
    return [entry["users"][SENDER]["video"] for entry in bot.events("stats")[since:]]


def mean_fps(bot: BotProcess, since: int) -> float:
    """Pictures a second."""
    return statistics.mean([float(video["fps"]) for video in pictures(bot, since)] or [0.0])


async def measure_cost(receivers: int, options: argparse.Namespace, folder: Path) -> Cost:
    """One count of receivers, in a call of its own."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(folder))
        sender, others = await join(stack, folder, server.url, options.size, receivers)
        seen = [len(bot.events("stats")) for bot in others]
        meter = LoadMeter({SENDER: sender.pid}, own="bench")
        await asyncio.sleep(options.seconds)
        loads, machine_pct = meter.read()
        slowest = min(mean_fps(bot, since) for bot, since in zip(others, seen, strict=True))
        return Cost(receivers, loads[SENDER].cpu_pct, machine_pct, slowest)


def print_costs(costs: list[Cost]) -> None:
    """Medians over the rounds."""
    print("\n| receivers | sender's CPU | of it the last receiver's | each round | fps | machine |")
    print("| --- | --- | --- | --- | --- | --- |")
    medians: list[float] = []
    for count in COUNTS:
        rows = [cost for cost in costs if cost.receivers == count]
        medians.append(statistics.median(row.cpu_pct for row in rows))
        step = f"{medians[-1] - medians[-2]:.1f} %" if len(medians) > 1 else "-"
        each = " ".join(f"{row.cpu_pct:.1f}" for row in rows)
        fps = min(row.fps for row in rows)
        machine = statistics.median(row.machine_pct for row in rows)
        print(f"| {count} | {medians[-1]:.1f} % | {step} | {each} | {fps:.1f} | {machine:.0f} % |")
    further = (medians[-1] - medians[0]) / (COUNTS[-1] - COUNTS[0])
    print(f"\nEach further receiver: {further:.1f} % of a core.")


async def measure_narrow(options: argparse.Namespace, folder: Path) -> None:
    """Three receivers before and while the last of them is behind a narrow path."""
    with NetLab(hosts=5, delay=10) as lab:
        async with AsyncExitStack() as stack:
            server_host, last_host = lab.hosts[4], lab.hosts[3]
            server = ServerProcess(folder, host=lab.address(server_host), prefix=lab.command(server_host, []))
            await stack.enter_async_context(server)
            sender, others = await join(stack, folder, server.url, options.size, 3, lab)
            print("\n| path of the third | receiver | picture | fps | kbit/s | frozen | sender's CPU |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            await print_phase("as wide as the others", sender, others, options.seconds)
            lab.set(f"{lab.hosts[0]}>{last_host}", rate=NARROW_KBPS, queue=NARROW_QUEUE_MS)
            await asyncio.sleep(SETTLE_S)
            await print_phase(f"{NARROW_KBPS} kbit/s", sender, others, options.seconds)


async def print_phase(name: str, sender: BotProcess, others: list[BotProcess], seconds: float) -> None:
    """One row a receiver."""
    seen = [len(bot.events("stats")) for bot in others]
    meter = LoadMeter({SENDER: sender.pid}, own="bench")
    await asyncio.sleep(seconds)
    cpu_pct = meter.read()[0][SENDER].cpu_pct
    for number, (bot, since) in enumerate(zip(others, seen, strict=True), 1):
        videos = pictures(bot, since)
        sizes = sorted({f"{video['width']}x{video['height']}" for video in videos})
        kbps = statistics.median(float(video["kbps"]) for video in videos)
        frozen_s = videos[-1]["freeze_s"] - videos[0]["freeze_s"]
        fps = mean_fps(bot, since)
        print(
            f"| {name} | {number} | {', '.join(sizes)} | {fps:.1f} | {kbps:.0f} | {frozen_s:.2f} s | "
            f"{cpu_pct:.1f} % |"
        )


async def measure(options: argparse.Namespace, folder: Path) -> None:
    if options.only != "narrow":
        costs = []
        for number, count in itertools.product(range(options.rounds), COUNTS):
            receivers = count if number % 2 == 0 else COUNTS[-1] + COUNTS[0] - count
            costs.append(await measure_cost(receivers, options, folder))
            print(f"# {costs[-1]}", flush=True)
        print_costs(costs)
    if options.only != "cost":
        if (reason := why_unavailable()) is not None:
            print(f"\nThe narrow path was left out: {reason}.")
        else:
            await measure_narrow(options, folder)


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))


if __name__ == "__main__":
    main()
