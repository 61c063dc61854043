"""Raw data channels of ours and of Chromium, in turn on the same network: python -m tests.bench.data

    python -m tests.bench.data --conditions clean,loss1 --only ours --seconds 5
    python -m tests.bench.data --runs 3

Two processes of ours, and two Chromium, send 16 KiB messages over one channel as fast as they can, with 128 KiB queued,
and five short ones a second over another. The network is that of tests/netlab (root), 50 ms there and back;
`loopback` is this machine's own. Prints a markdown table.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.netlab import NetLab

from .data_ends import ChromiumEnd, End, OurEnd, connect
from .network_load import LoadMeter

CONDITIONS: dict[str, dict[str, float] | None] = {
    "clean": {},
    "loss0.5": {"loss": 0.5},
    "loss1": {"loss": 1.0},
    "rate500": {"rate": 500.0, "queue": 300.0},
    "loopback": None,
}
KINDS = {
    "ours": ("ours", "ours"),
    "chromium": ("chromium", "chromium"),
    "to-chromium": ("ours", "chromium"),
    "from-chromium": ("chromium", "ours"),
}
ONE_WAY_MS = 25.0
WARM_UP_S = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """One transfer."""

    condition: str
    kind: str
    mbps: float
    """After WARM_UP_S."""
    first_mbps: float
    """Of the first two seconds."""
    sender_pct: float
    receiver_pct: float
    switch_pct: float
    chat_ms: float | None
    chat_p95_ms: float | None
    counters: dict[str, Any] | None


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="measured seconds of each transfer")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--conditions", type=lambda text: text.split(","), default=list(CONDITIONS))
    parser.add_argument("--only", choices=list(KINDS), action="append", help="may be given several times")
    parser.add_argument("--counters", action="store_true", help="show our sender's counters")
    parser.add_argument("--nice", type=int, default=0, help="scheduling priority of everything, -20 to 19")
    return parser.parse_args()


async def transfer(condition: str, kind: str, folder: Path, number: int, seconds: float) -> Result:
    """One transfer on a network of its own."""
    changes = CONDITIONS[condition]
    async with AsyncExitStack() as stack:
        lab: NetLab | None = None
        if changes is not None:
            lab = stack.enter_context(NetLab(hosts=2, seed=number, delay=ONE_WAY_MS))
        prefixes = [[] if lab is None else lab.command(host, []) for host in "ab"]
        ends: list[End] = []
        for name, each, prefix in zip("ab", KINDS[kind], prefixes, strict=True):
            if each == "ours":
                ends.append(await OurEnd.start(stack, prefix))
            else:
                ends.append(await ChromiumEnd.start(stack, folder, name, prefix))
        sender, receiver = ends
        await connect(sender, receiver)
        if lab is not None and changes:
            lab.set("a-b", **changes)
        sending = asyncio.create_task(sender.ask("send", seconds=WARM_UP_S + seconds))
        await asyncio.sleep(WARM_UP_S)
        pids = {"sender": sender.pid, "receiver": receiver.pid}
        load = LoadMeter(pids if lab is None else {**pids, "switch": lab.pid}, own="bench")
        await asyncio.sleep(seconds - 0.2)
        loads, _ = load.read()
        await sending
        got, sent = await receiver.ask("figures"), await sender.ask("figures")
    began_s = got["received"][0][0]
    switch = loads.get("switch")
    chat = sorted(got["chat_ms"])
    return Result(
        condition,
        kind,
        _mbps(got["received"], began_s + WARM_UP_S, began_s + WARM_UP_S + seconds - 0.5),
        _mbps(got["received"], began_s, began_s + 2.0),
        loads["sender"].cpu_pct,
        loads["receiver"].cpu_pct,
        0.0 if switch is None else switch.cpu_pct,
        statistics.median(chat) if chat else None,
        chat[int(len(chat) * 0.95)] if chat else None,
        sent["counters"],
    )


def _mbps(received: list[list[float]], begin_s: float, end_s: float) -> float:
    before = max((total for at_s, total in received if at_s <= begin_s), default=0.0)
    after = max((total for at_s, total in received if at_s <= end_s), default=0.0)
    return (after - before) * 8 / 1e6 / (end_s - begin_s)


async def measure(options: argparse.Namespace, folder: Path) -> list[Result]:
    """All transfers, one after another, the kinds in turn."""
    results = []
    for condition in options.conditions:
        for number in range(1, options.runs + 1):
            for kind in options.only or ("ours", "chromium"):
                result = await transfer(condition, kind, folder, number, options.seconds)
                results.append(result)
                print(f"{condition} {kind} {number}: {result.mbps:.2f} Mbit/s", file=sys.stderr, flush=True)
                if options.counters and result.counters:
                    print(result.counters, file=sys.stderr, flush=True)
    return results


def table(results: list[Result]) -> str:
    """Markdown: medians of the runs."""
    lines = [
        "| network | ends | Mbit/s | times Chromium | first 2 s | CPU sender | CPU receiver | chat median / p95, ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for condition, kind in dict.fromkeys((each.condition, each.kind) for each in results):
        chosen = [each for each in results if (each.condition, each.kind) == (condition, kind)]
        theirs = [each.mbps for each in results if (each.condition, each.kind) == (condition, "chromium")]
        mbps = statistics.median(each.mbps for each in chosen)
        ratio = f"{mbps / statistics.median(theirs):.1f}" if theirs else "-"
        chat = "-"
        with contextlib.suppress(TypeError, statistics.StatisticsError):
            medians = [each.chat_ms for each in chosen if each.chat_ms is not None]
            p95 = [each.chat_p95_ms for each in chosen if each.chat_p95_ms is not None]
            chat = f"{statistics.median(medians):.0f} / {statistics.median(p95):.0f}"
        lines.append(
            f"| {condition} | {kind} | {mbps:.2f} | {ratio} "
            f"| {statistics.median(each.first_mbps for each in chosen):.2f} "
            f"| {statistics.median(each.sender_pct for each in chosen):.0f} % "
            f"| {statistics.median(each.receiver_pct for each in chosen):.0f} % | {chat} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    options = parse()
    unknown = [name for name in options.conditions if name not in CONDITIONS]
    if unknown:
        print(f"data: no such condition: {', '.join(unknown)}", file=sys.stderr)
        return 2
    os.nice(options.nice)  # what we start inherits it
    with tempfile.TemporaryDirectory(prefix="bridgecall-bench-") as folder:
        print(table(asyncio.run(measure(options, Path(folder)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
