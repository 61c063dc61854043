"""Medians over runs and receivers, the targets, and the table in docs/benchmarks.md."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .network_phases import PHASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .network_scenario import Result

BEGIN_MARK, END_MARK = "<!-- network benchmark: begin -->", "<!-- network benchmark: end -->"

ROWS = {
    "fps": ("pictures a second", 1),
    "frozen_s": ("frozen, s", 2),
    "longest_gap_ms": ("longest gap between pictures, ms", 0),
    "video_delay_ms": ("glass to glass, ms", 0),
    "video_delay_p95_ms": ("glass to glass, 95 %, ms", 0),
    "picture_back_s": ("picture back after a cut, s", 2),
    "width_px": ("width of the picture, px", 0),
    "concealed_pct": ("sound concealed, %", 2),
    "receiver_audio_ms": ("sound delayed by the receiver, ms", 0),
    "audio_delay_ms": ("mouth to ear, ms", 0),
    "audio_delay_p95_ms": ("mouth to ear, 95 %, ms", 0),
    "sound_behind_ms": ("sound behind picture, ms", 0),
    "sound_back_s": ("sound back after a cut, s", 2),
    "pesq": ("PESQ wide band", 2),
    "kbps": ("received, kbit/s", 0),
    "regained_s": ("90 % of the bitrate regained after, s", 1),
    "cpu_pct": ("CPU, % of a core", 0),
    "memory_mb": ("memory (PSS), MB", 0),
}
"""What is shown, by the name in Figures: title, decimals."""

PROGRESS: tuple[str, ...] = (
    "fps",
    "frozen_s",
    "video_delay_ms",
    "concealed_pct",
    "receiver_audio_ms",
    "audio_delay_ms",
    "sound_behind_ms",
    "pesq",
    "kbps",
)
PROGRESS += ("cpu_pct", "memory_mb", "picture_back_s", "sound_back_s", "regained_s")


@dataclass(frozen=True, slots=True)
class Target:
    """What issue and README promise of one figure of one phase; `met` takes ours and Chromium's."""

    row: str
    words: str
    met: Callable[[float, float], bool]


def at_most(limit: float) -> Callable[[float, float], bool]:
    """A limit of our own."""
    return lambda ours, _theirs: ours <= limit


TARGETS: dict[str, tuple[Target, ...]] = {
    "clean": (
        Target("fps", "30", lambda ours, _: ours >= 29.5),
        Target("receiver_audio_ms", "at most 40", at_most(40)),
        Target("video_delay_ms", "at most Chromium's", lambda ours, theirs: ours <= theirs),
    ),
    "cpu": (Target("cpu_pct", "at most Chromium's", lambda ours, theirs: ours <= theirs),),
    "loss5": (
        Target("frozen_s", "0", at_most(0)),
        Target("concealed_pct", "at most 2", at_most(2)),
        Target("receiver_audio_ms", "at most 60", at_most(60)),
        Target("pesq", "at least Chromium's", lambda ours, theirs: ours >= theirs),
    ),
    "loss10": (
        Target("frozen_s", "at most 0.5 in 20", at_most(0.5)),
        Target("concealed_pct", "at most 3", at_most(3)),
        Target("pesq", "at least Chromium's", lambda ours, theirs: ours >= theirs),
    ),
    "loss20": (
        Target("pesq", "within 0.2 of Chromium's", lambda ours, theirs: ours >= theirs - 0.2),
        Target("fps", "moving", lambda ours, _: ours > 5),
    ),
    "bursts": (
        Target("picture_back_s", "at most 0.4", at_most(0.4)),
        Target("sound_back_s", "at most 0.4", at_most(0.4)),
    ),
    "jitter30": (
        Target("concealed_pct", "at most 0.5", at_most(0.5)),
        Target("receiver_audio_ms", "at most 70", at_most(70)),
    ),
    "rate500": (
        Target("fps", "at least 25", lambda ours, _: ours >= 25),
        Target("concealed_pct", "at most 1", at_most(1)),
        Target("receiver_audio_ms", "at most 200", at_most(200)),
    ),
    "rate200": (Target("concealed_pct", "whole: at most 1", at_most(1)),),
    "lifted": (Target("regained_s", "at most 10", at_most(10)),),
}
"""Of the issue "Clear on a bad network"; delays of sound are those that the receiver adds."""

LIP_SYNC = Target("sound_behind_ms", "within 80", lambda ours, _: abs(ours) <= 80)
"""In every phase: lips and voice belong together."""

Column = tuple[str, str]
"""Scenario and kind of the receiver."""
COLUMNS: dict[Column, str] = {
    ("ours", "ours"): "ours",
    ("chromium", "chromium"): "Chromium",
    ("mixed", "ours"): "ours from Chromium",
    ("mixed", "chromium"): "Chromium from ours",
}


def median(results: Iterable[Result], column: Column, phase: str, row: str) -> float | None:
    """Over runs and receivers; None when nobody measured it."""
    values = [
        value
        for each in results
        if (each.scenario, each.receiver) == column
        and each.phase == phase
        and (value := each.figures.get(row)) is not None
    ]
    return statistics.median(values) if values else None


def progress(results: list[Result], scenario: str, run: int) -> str:
    """The newest run in short lines, one a receiver and phase."""
    lines = []
    for each in results:
        if (each.scenario, each.run) == (scenario, run):
            words = [f"{key}={_number(each.figures.get(key), ROWS[key][1])}" for key in PROGRESS]
            load = " ".join(f"{key}={value:.0f}" for key, value in each.machine.items() if value is not None)
            lines.append(
                f"{each.size} {scenario} {run} {each.phase:8} {each.host} {each.receiver:8} "
                + " ".join(words)
                + f" | {load}"
            )
    return "\n".join(lines)


def markdown(results: list[Result]) -> str:
    """One table a picture size, and below each what the machine did meanwhile."""
    parts = []
    for size in dict.fromkeys(each.size for each in results):
        of_size = [each for each in results if each.size == size]
        columns = [column for column in COLUMNS if any((r.scenario, r.receiver) == column for r in of_size)]
        runs = len({each.run for each in of_size})
        parts.append(f"### {size}, median of {runs} run{'s' if runs > 1 else ''} and of the receivers\n")
        titles = [COLUMNS[column] for column in columns]
        parts.append("| phase | figure | " + " | ".join(titles) + " | ours / Chromium | target | |")
        parts.append("| --- | --- | " + "--- | " * len(titles) + "--- | --- | --- |")
        for phase in PHASES:
            parts += _phase_rows(of_size, columns, phase.name, phase.title)
        parts += ["", _machine(of_size), ""]
    return "\n".join(parts)


def _phase_rows(results: list[Result], columns: list[Column], phase: str, title: str) -> list[str]:
    rows = []
    targets = {target.row: target for target in (LIP_SYNC, *TARGETS.get(phase, ()))}
    for row, (words, decimals) in ROWS.items():
        values = {column: median(results, column, phase, row) for column in columns}
        if all(value is None for value in values.values()):
            continue
        ours, theirs = values.get(("ours", "ours")), values.get(("chromium", "chromium"))
        ratio = f"{ours / theirs:.2f}" if ours is not None and theirs else "-"
        target = targets.get(row)
        verdict = "-"
        if target is not None and ours is not None and not (theirs is None and "Chromium" in target.words):
            verdict = "met" if target.met(ours, theirs or 0.0) else "**missed**"
        cells = [_number(values[column], decimals) for column in columns]
        aim = target.words if target is not None else ""
        rows.append(
            f"| {title} | {words} | {' | '.join(cells)} | {ratio} | {aim} | {verdict if aim else ''} |"
        )
        title = ""
    return rows


def _machine(results: list[Result]) -> str:
    def worst(key: str) -> float:
        return max((each.machine.get(key) or 0.0 for each in results), default=0.0)

    busy = statistics.median([each.machine.get("machine_pct") or 0.0 for each in results])
    return (
        f"The machine was {busy:.0f} % busy in the median of the phases and {worst('machine_pct'):.0f} % at most; the "
        f"switch of the network took up to {worst('switch_pct'):.0f} % of a core, the benchmark itself up to "
        f"{worst('bench_pct'):.0f} %, programs that have nothing to do with it up to {worst('others_pct'):.0f} %."
    )


def _number(value: float | None, decimals: int) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"


def write_section(path: Path, text: str) -> None:
    """Replace what stands between the marks, or add it with its marks at the end."""
    section = f"{BEGIN_MARK}\n{text}\n{END_MARK}"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = old.partition(BEGIN_MARK)
    _, end, after = rest.partition(END_MARK)
    new = f"{before}{section}{after}" if begin and end else f"{old.rstrip()}\n\n{section}\n"
    path.write_text(new, encoding="utf-8")
