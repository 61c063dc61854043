"""Two bots, and two Chromium with our guest page, on the same bad network: python -m tests.bench.network

    python -m tests.bench.network --only ours --phases clean,loss5,rate500 --seconds 12
    python -m tests.bench.network --runs 3 --sizes 640x480,1280x720 --write docs/benchmarks.md

Needs root (tests/netlab), Chromium and espeak-ng (Debian: chromium, espeak-ng), and the `bench` extra (PESQ).
What is said and shown is made by network_media.py; network_phases.py has the phases, network_table.py the targets.
Both kinds of participants are measured in the same way: pictures carry a counter that is read where they are captured
and where they are shown, sound at the far end is compared with the sound at the near one, all by one clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from . import network_table as table
from .network_media import make_film, make_speech
from .network_phases import BY_NAME, PHASES
from .network_scenario import Material, Result, run

SCENARIOS = ("ours", "chromium", "mixed")


def _phases(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no such phase: {', '.join(unknown)} (there are {', '.join(BY_NAME)})"
        )
    return names


def _sizes(text: str) -> list[tuple[int, int]]:
    try:
        sizes = [tuple(int(side) for side in size.split("x")) for size in text.split(",")]
        return [(width, height) for width, height in sizes]
    except ValueError:
        raise argparse.ArgumentTypeError("must look like 640x480,1280x720") from None


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--phases", type=_phases, default=list(BY_NAME), help=",".join(BY_NAME))
    parser.add_argument("--seconds", type=float, default=20.0, help="measured seconds of each phase")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="may be given several times")
    parser.add_argument("--sizes", type=_sizes, default=[(640, 480)], metavar="640x480,1280x720")
    parser.add_argument(
        "--nice",
        type=int,
        default=0,
        metavar="N",
        help="scheduling priority of everything measured, -20 to 19; below 0 on a machine with other work",
    )
    parser.add_argument("--save", type=Path, metavar="FILE.json", help="keep every figure")
    parser.add_argument("--load", type=Path, metavar="FILE.json", help="measure nothing, show kept figures")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the table between its marks there")
    return parser.parse_args()


async def measure(options: argparse.Namespace, folder: Path) -> list[Result]:
    """All scenarios of all runs, one after another: they must not share the machine."""
    speech = folder / "speech.wav"
    samples = make_speech(speech)
    chosen = [phase for phase in PHASES if phase.name in options.phases]
    results: list[Result] = []
    for width_px, height_px in options.sizes:
        film = folder / f"film{width_px}.y4m"
        make_film(film, width_px, height_px)
        material = Material(film, speech, samples, width_px, height_px)
        for number in range(1, options.runs + 1):
            for scenario in options.only or SCENARIOS:
                where = folder / f"{material.size}-{scenario}-{number}"
                await asyncio.to_thread(where.mkdir)
                results += await run(
                    scenario, material, where, chosen, seconds=options.seconds, number=number
                )
                if options.save is not None:
                    options.save.write_text(json.dumps([asdict(each) for each in results], indent=1))
                print(table.progress(results, scenario, number), flush=True)
        film.unlink()
    return results


def main() -> int:
    """Measure, print, and write the table."""
    options = parse()
    if options.load is not None:
        results = [Result(**each) for each in json.loads(options.load.read_text())]
    else:
        os.nice(options.nice)  # what we start inherits it
        with tempfile.TemporaryDirectory(prefix="bridgecall-bench-") as folder:
            try:
                results = asyncio.run(measure(options, Path(folder)))
            except RuntimeError as error:
                print(f"network: {error}", file=sys.stderr)
                return 1
    text = table.markdown(results)
    print(text)
    if options.write is not None:
        table.write_section(options.write, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
