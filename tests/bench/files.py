"""A large file between two bots while 1 % is lost, the link is cut for 20 s and a bot is killed.

    sudo .venv/bin/python -m tests.bench.files [--mb 200] [--cut 20] [--killed sender receiver] [--media]

Prints what came of it, and exits with status 1 when the file is not whole or more than 1 MB was sent twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.file_exchange import FileExchange
from tests.netlab.lab import why_unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.file_exchange import Outcome, Who

MOST_TWICE_BYTES = 1_000_000


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=float, default=200, help="size of the file, in 1,000,000 bytes")
    parser.add_argument("--cut", type=float, default=20, metavar="SECONDS")
    parser.add_argument("--loss", type=float, default=1, metavar="PERCENT")
    parser.add_argument("--delay", type=float, default=25, metavar="MS", help="one way")
    parser.add_argument(
        "--killed",
        nargs="*",
        choices=("sender", "receiver"),
        default=None,
        help="in this order, in one run; without it two runs, one for each",
    )
    parser.add_argument("--media", action="store_true", help="with sound and picture beside it")
    return parser.parse_args()


async def run(options: argparse.Namespace, killed: Sequence[Who]) -> Outcome:
    """One exchange."""
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        exchange = FileExchange(
            Path(folder),
            size_bytes=int(options.mb * 1e6),
            cut_s=options.cut,
            killed=killed,
            media=options.media,
            patience_s=3600,
            tell=lambda line: print(f"  {time.monotonic() - begun_s:6.1f} s  {line}", flush=True),
            loss=options.loss,
            delay=options.delay,
        )
        return await exchange.run()


def main() -> int:
    """Returns the exit status."""
    options = parse()
    if (reason := why_unavailable()) is not None:
        print(reason)
        return 2
    runs: list[Sequence[Who]] = [["sender"], ["receiver"]] if options.killed is None else [options.killed]
    status = 0
    for killed in runs:
        print(f"killed: {', '.join(killed) or 'nobody'}", flush=True)
        outcome = asyncio.run(run(options, killed))
        is_good = outcome.is_whole and not outcome.left_over and outcome.sent_twice_bytes <= MOST_TWICE_BYTES
        print(
            f"  {'good' if is_good else 'BAD'}: whole {outcome.is_whole}, left over {outcome.left_over}, sent twice"
            f" {outcome.sent_twice_bytes / 1000:.0f} kB, went on at {outcome.resumed_from}, {outcome.seconds:.0f} s,"
            f" {outcome.states}",
            flush=True,
        )
        status |= not is_good
    return status


if __name__ == "__main__":
    sys.exit(main())
