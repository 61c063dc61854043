"""Two bots and the server on this machine: first picture, rate, freezes, CPU, memory.

    python -m tests.bench.loopback [--seconds 60] [--camera FILE] [--microphone FILE] [--size 640x480]

Prints one table; the first five seconds are left out of the rates.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.end2end.processes import BotProcess, ServerProcess

if TYPE_CHECKING:
    from tests.end2end.processes import Event

WARM_UP_S = 5


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--camera", default="test")
    parser.add_argument("--microphone", default="test")
    parser.add_argument("--size", default="640x480")
    return parser.parse_args()


async def measure(options: argparse.Namespace, folder: Path) -> None:
    media = {"camera": options.camera, "microphone": options.microphone}
    async with (
        ServerProcess(folder) as server,
        BotProcess(folder, "ann", server.url, "bench", "--size", options.size, **media) as ann,
    ):
        await ann.wait_for_event("joined")
        async with BotProcess(folder, "ben", server.url, "bench", "--size", options.size, **media) as ben:
            await ben.wait_for_event("first-frame", user="ann", kind="video")
            await asyncio.sleep(options.seconds)
            for bot, other in ((ann, "ben"), (ben, "ann")):
                report(bot, other)


def report(bot: BotProcess, other: str) -> None:
    """One bot's figures."""
    stats = [entry for entry in bot.events("stats") if other in entry["users"]]
    steady = stats[WARM_UP_S:]
    first = bot.events("first-frame", user=other, kind="video")[0]

    def series(*keys: str) -> list[float]:
        values = []
        for entry in steady:
            value: object = entry
            for key in keys:
                assert isinstance(value, dict)
                value = value[key]
            if isinstance(value, (int, float)):
                values.append(float(value))
        return values

    video, audio = ("users", other, "video"), ("users", other, "audio")
    rows: list[tuple[str, str]] = [
        ("first picture after join", f"{first['ms']:.0f} ms"),
        ("frames a second", spread(series(*video, "fps"))),
        ("freezes", f"{steady[-1]['users'][other]['video']['freeze_count']}"),
        ("frozen", f"{steady[-1]['users'][other]['video']['freeze_s']:.2f} s"),
        ("picture delay, ms", spread(series(*video, "delay_ms"))),
        ("video, kbit/s", spread(series(*video, "kbps"))),
        ("sound delay, ms", spread(series(*audio, "delay_ms"))),
        ("sound concealed, %", spread(series(*audio, "concealed_pct"))),
        ("round trip, ms", spread(series("users", other, "rtt_ms"))),
        ("CPU, % of a core", spread(series("cpu_pct"))),
        ("RSS of each minute, MB", memory(steady)),
    ]
    print(f"\n{bot.name}: {len(steady)} s")
    for name, value in rows:
        print(f"  {name:26} {value}")


def spread(values: list[float]) -> str:
    """Minimum, median and maximum."""
    if not values:
        return "-"
    return f"{min(values):.1f} / {statistics.median(values):.1f} / {max(values):.1f}  (min / median / max)"


def memory(steady: list[Event]) -> str:
    """The mean of each minute."""
    values = [float(entry["rss_mb"]) for entry in steady]
    minutes = [values[begin : begin + 60] for begin in range(0, len(values), 60)]
    return " ".join(f"{statistics.mean(minute):.1f}" for minute in minutes)


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))


if __name__ == "__main__":
    main()
