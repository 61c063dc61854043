"""Hostile input by the million.

    python -m tests.bench.fuzz --inputs 1000000
    python -m tests.bench.fuzz --inputs 1000000 --by coverage --targets signal,rtcp    # needs atheris

Each target (tests/fuzz/targets.py) runs in a process of its own: mutations of seeds and corpus (the default), or
guided by coverage (atheris, of the `bench` extra). An input that raises is written into the folder of `--found` and the
target's run ends; a run that stands still for a minute counts as one that raised. The table says what was run, how long
an input took in the mean and at most, and by how much the process grew.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import logging
import resource
import subprocess
import sys
import time
import traceback
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fuzz import mutation

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

HANG_S = 60
CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"


class Watch:
    """Feeds a target and notes what it cost."""

    def __init__(self, target: Target, found: Path) -> None:
        self._target = target
        self._found = found
        self.count = 0
        self.total_s = self.slowest_s = 0.0
        self.failure = ""
        self._rss_kib = 0

    def feed(self, data: bytes) -> None:
        """One input; what the target raises is written down with it and raised again."""
        began = time.perf_counter()
        try:
            self._target.feed(data)
        except BaseException as error:
            self.failure = f"{type(error).__name__}: {error}"
            self._found.mkdir(parents=True, exist_ok=True)
            name = f"{self._target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
            self._found.joinpath(name).write_bytes(data)
            self._found.joinpath(f"{name}.txt").write_text(traceback.format_exc(), encoding="utf-8")
            raise
        took_s = time.perf_counter() - began
        self.total_s += took_s
        self.slowest_s = max(self.slowest_s, took_s)
        self.count += 1
        if self.count == 2000:
            self._rss_kib = _rss_kib()
        if self.count % 50 == 0:
            faulthandler.dump_traceback_later(HANG_S, exit=True)

    def report(self) -> dict[str, Any]:
        """As the parent reads it."""
        return {
            "target": self._target.name,
            "inputs": self.count,
            "mean_us": round(1e6 * self.total_s / max(1, self.count), 1),
            "slowest_ms": round(1e3 * self.slowest_s, 1),
            "grown_mib": round((_rss_kib() - self._rss_kib) / 1024, 1) if self._rss_kib else 0.0,
            "failure": self.failure,
        }


def _rss_kib() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _seeds(target: Target) -> list[bytes]:
    return target.seeds() + [path.read_bytes() for path in sorted((CORPUS / target.name).glob("*"))]


def _run_mutations(target: Target, inputs: int, seed: int, found: Path) -> None:
    watch = Watch(target, found)
    try:
        for data in islice(mutation.inputs(_seeds(target), seed=seed), inputs):
            watch.feed(data)
    except Exception:  # noqa: BLE001 - it is in the report
        pass
    print(json.dumps(watch.report()))


def _run_guided(name: str, inputs: int, seed: int, found: Path) -> None:
    import atheris  # type: ignore[import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["desktop_app", "aiortc"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    watch = Watch(target, found)
    folder = found / f"inputs-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(_seeds(target)):
        folder.joinpath(f"seed-{number}").write_bytes(data)

    def feed(data: bytes) -> None:
        try:
            watch.feed(data)
        finally:  # the fuzzer ends the process itself
            if watch.failure or watch.count == inputs:
                print(json.dumps(watch.report()), flush=True)

    options = [f"-runs={inputs}", f"-seed={seed}", "-max_len=4096", "-verbosity=0", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *options, str(folder)], feed)
    atheris.Fuzz()


def _child(args: argparse.Namespace) -> None:
    logging.disable(logging.CRITICAL)
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    if args.by == "coverage":
        _run_guided(args.child, args.inputs, args.seed, args.found)
        return
    from tests.fuzz.targets import TARGETS

    _run_mutations(TARGETS[args.child], args.inputs, args.seed, args.found)


def _result(name: str, args: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.fuzz", "--child", name, "--by", args.by]
    command += ["--inputs", str(args.inputs), "--seed", str(args.seed), "--found", str(args.found)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    reports = [line for line in done.stdout.splitlines() if line.startswith('{"target"')]
    if reports:
        report: dict[str, Any] = json.loads(reports[-1])
        return report
    return {"target": name, "inputs": 0, "failure": f"ended with {done.returncode}: {done.stderr[-2000:]}"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--targets", default="", help="names, separated by commas; all unless given")
    parser.add_argument("--by", choices=("mutation", "coverage"), default="mutation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--found", type=Path, default=Path("fuzz-found"), help="where inputs that raise are kept"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        _child(args)
        return 0
    from tests.fuzz.targets import TARGETS

    failed = False
    print("| target | inputs | mean µs | slowest ms | grown MiB | |\n| --- | --- | --- | --- | --- | --- |")
    for name in args.targets.split(",") if args.targets else TARGETS:
        report = _result(name, args)
        failed = failed or bool(report["failure"])
        print(
            f"| {name} | {report['inputs']} | {report.get('mean_us', '')} | {report.get('slowest_ms', '')} | "
            f"{report.get('grown_mib', '')} | {report['failure']} |",
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
