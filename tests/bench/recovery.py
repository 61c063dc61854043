"""How soon sound and picture are back after the network failed, on tests/netlab with 50 ms of round trip.

    python -m tests.bench.recovery [--rows "10 s" ...] [--ends bot chromium] [--repeat 3]

"Back" is the time from the return of the network (or from the fault, where nothing returns) to the third picture
that is shown, at the end that has to wait longer. Each row is in recovery_rows.py, and is tried between two bots and
between two Chromiums with the guest page.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from .recovery_call import call
from .recovery_rows import ROWS

ENDS = ("bot", "chromium")


async def measure(row_name: str, ends: str) -> tuple[float, str]:
    """One try: seconds until media was back, and what was wrong besides."""
    row = ROWS[row_name]
    with tempfile.TemporaryDirectory(prefix="recovery-") as folder:
        async with call(Path(folder), ends) as going:
            return await row.run(going), await going.judgement()


async def main(arguments: argparse.Namespace) -> int:
    """Print a line for each row and kind of ends."""
    print("| fault | ends | media back (s) | target (s) | notes |\n| --- | --- | --- | --- | --- |")
    for name in arguments.rows:
        for ends in arguments.ends:
            if ends not in ROWS[name].ends:
                continue
            tries = [await measure(name, ends) for _ in range(arguments.repeat)]
            times = ", ".join(f"{back_s:.2f}" for back_s, _ in tries)
            median_s = statistics.median(back_s for back_s, _ in tries)
            notes = "; ".join(sorted({note for _, note in tries if note})) or "same tiles, chat whole"
            print(
                f"| {name} | {ends} | {median_s:.2f} ({times}) | {ROWS[name].target_s:g} | {notes} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--ends", nargs="+", choices=ENDS, default=list(ENDS))
    parser.add_argument("--repeat", type=int, default=1)
    sys.exit(asyncio.run(main(parser.parse_args())))
