"""One room on one Janus with many who publish, and one application window that watches.

    python -m tests.bench.rooms [--counts 10,20,30] [--seconds 20] [--write docs/benchmarks.md]
    python -m tests.bench.rooms --watch                      the publishers also subscribe to one another
    python -m tests.bench.rooms --mesh --counts 2,3          the same in a mesh, without Janus, with ordinary bots

The publishers are one process (room_publishers.py) and send pre-encoded media; the server, Janus and the window are
processes of their own, the window on an Xvfb of 1280x800. Measured from 10 s after the last one is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import itertools
import json
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.end2end.processes import AppProcess, BotProcess, EventProcess, ServerProcess
from tests.end2end.program import PATIENCE_S
from tests.end2end.x11_input import X11Input
from tests.end2end.xvfb import Xvfb
from tests.janus import JanusProcess

from .network_load import Load, LoadMeter

if TYPE_CHECKING:
    from collections.abc import Sequence

SCREEN_PX = (1280, 800)
EMPTY_PLACE = (700, 12)
"""Right of the menus of the window, which opens in the corner."""
SETTLE_S = 10.0
JOIN_LIMIT_S = 40.0
LOOK_AGAIN_S = 0.5
LOOK_INTERVAL_S = 1.0
CHANGE_S = 3.0
SETTINGS: dict[str, Any] = {
    "version": 1,
    "camera": "test",
    "microphone": "test",
    "speaker": "none",
    "video_size": "640x480",
    "frame_rate": 30,
}
HEAD = (
    "| publishers | window's CPU | window's memory | tiles | largest | its fps | other tiles' fps "
    "| Janus's CPU | Janus's memory | packets/s in / out | server's CPU | server's memory | publishers' CPU | machine |"
)


@dataclass(frozen=True, slots=True)
class Result:
    """One size of the room."""

    publishers: int
    loads: dict[str, Load]
    machine_pct: float
    tiles: int
    large: str
    """Size of the largest tile, in pixels."""
    large_fps: float
    small_fps: float
    packets_per_s: tuple[float, float] | None
    """Into Janus and out of it."""


class RoomWindow(AppProcess):
    """The application, which tells what its tiles paint."""

    def __init__(self, folder: Path, screen: Xvfb, *arguments: str) -> None:
        super().__init__(
            folder,
            "window",
            *arguments,
            settings=SETTINGS,
            environment=screen.environment,
            module="tests.bench.room_window",
            takes_input=True,
        )
        self.screen = screen

    async def look(self) -> dict[str, Any]:
        """See room_window.describe."""

        def take() -> str | None:
            at = next((at for at, line in enumerate(self.stdout) if line.startswith("{")), None)
            return None if at is None else self.stdout.pop(at)

        await self.send({"cmd": "look"})
        view: dict[str, Any] = json.loads(await self._wait_for(take, "answer", PATIENCE_S))
        return view

    async def sees_pictures(self, limit_s: float) -> None:
        """Wait until each visible tile but our own shows a picture."""
        tiles: dict[str, Any] = {}
        try:
            async with asyncio.timeout(limit_s):
                while not tiles or not all(tile["picture"] for tile in tiles.values()):
                    await asyncio.sleep(LOOK_AGAIN_S)
                    tiles = (await self.look())["tiles"]
        except TimeoutError:
            self.screen.screenshot(Path("rooms-failed.png"))
            raise SystemExit(f"The window does not show everybody:\n{tiles}\n{self.report()}") from None


class Publishers(EventProcess):
    """See room_publishers."""

    def __init__(self, folder: Path, url: str, count: int, *, watch: bool) -> None:
        options = ["-m", "tests.bench.room_publishers", "--server", url, "--count", str(count)]
        options += ["--watch"] if watch else []
        super().__init__(folder, "publishers", options)


async def show_speaker(window: RoomWindow) -> None:
    """Change to the layout with one large tile. Keys follow the clicks: nobody manages the windows there."""
    with closing(X11Input(window.screen.display)) as hands:
        while len({tile["width"] for tile in (await window.look())["tiles"].values()}) < 2:
            hands.click(*EMPTY_PLACE)
            hands.keys("Ctrl", "g")
            await asyncio.sleep(CHANGE_S)


async def janus_packets(janus: JanusProcess) -> tuple[int, int]:
    """Packets of media that have come to Janus and that it has sent, over all handles."""
    counts = {"in": 0, "out": 0}
    for session_id, handle_id in await janus.handles():
        info = await janus.handle_info(session_id, handle_id)
        media = (info.get("webrtc") or {}).get("media") or {}
        for direction in counts:
            counts[direction] += sum(line["stats"][direction]["packets"] for line in media.values())
    return counts["in"], counts["out"]


async def measure(count: int, options: argparse.Namespace, folder: Path) -> Result:
    """One room."""
    async with AsyncExitStack() as stack:
        janus: JanusProcess | None = None
        arguments: list[str] = []
        if not options.mesh:
            janus = await stack.enter_async_context(JanusProcess(folder))
            arguments = ["--janus", janus.node, "--sfu-threshold", "4"]
        server = await stack.enter_async_context(ServerProcess(folder, *arguments))
        pids = {"server": server.pid} | ({"janus": janus.pid} if janus else {})
        pids |= await _fill(stack, folder, server.url, count, options)
        screen = stack.enter_context(Xvfb(folder / "screen", *SCREEN_PX))
        link = f"http://127.0.0.1:{server.port}/r/bench"
        window = RoomWindow(folder, screen, "--join", link, "--name", "Window")
        await stack.enter_async_context(window)
        pids["window"] = window.pid
        await window.sees_pictures(JOIN_LIMIT_S)
        if not options.grid:
            await show_speaker(window)
        await asyncio.sleep(SETTLE_S)
        before_packets = await janus_packets(janus) if janus else (0, 0)
        before_s, meter = time.monotonic(), LoadMeter(pids, own="bench")
        views = [await window.look()]
        while time.monotonic() - before_s < options.seconds:
            await asyncio.sleep(LOOK_INTERVAL_S)
            views.append(await window.look())
        loads, machine_pct = meter.read()
        length_s = time.monotonic() - before_s
        after_packets = await janus_packets(janus) if janus else (0, 0)
        if options.screenshot:
            screen.screenshot(Path(options.screenshot.replace("N", str(count))))
    large, small = paint_rates(views)
    packets = [(new - old) / length_s for new, old in zip(after_packets, before_packets, strict=True)]
    size = max((tile["width"], tile["height"]) for tile in views[-1]["tiles"].values())
    return Result(
        publishers=count,
        loads=loads,
        machine_pct=machine_pct,
        tiles=len(views[-1]["tiles"]),
        large=f"{size[0]}x{size[1]}",
        large_fps=statistics.fmean(large or [0.0]),
        small_fps=statistics.median(small or [0.0]),
        packets_per_s=(packets[0], packets[1]) if janus else None,
    )


def paint_rates(views: Sequence[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """Paints a second from each look to the next: of the tile that is the largest at both, and of the others."""
    large: list[float] = []
    small: list[float] = []
    for before, after in itertools.pairwise(views):
        tiles = [
            (tile, before["tiles"][name]) for name, tile in after["tiles"].items() if name in before["tiles"]
        ]
        widest = max((tile["width"] for tile, _ in tiles), default=0)
        for tile, old in tiles:
            if tile["width"] == old["width"]:
                rate = (tile["paints"] - old["paints"]) / (after["at_s"] - before["at_s"])
                (large if tile["width"] == widest else small).append(rate)
    return large, small


async def _fill(
    stack: AsyncExitStack, folder: Path, url: str, count: int, options: argparse.Namespace
) -> dict[str, int]:
    """Let `count` publishers enter the room; the process ids of what they are."""
    if options.mesh:
        bots = [BotProcess(folder, f"bot{number}", url, "bench") for number in range(count)]
        for bot in bots:
            await stack.enter_async_context(bot)
            await bot.wait_for_event("joined")
        return {bot.name: bot.pid for bot in bots}
    publishers = Publishers(folder, url, count, watch=options.watch)
    await stack.enter_async_context(publishers)
    await publishers.wait_for_event("published", timeout=JOIN_LIMIT_S, skip=count - 1)
    return {"publishers": publishers.pid}


def row(result: Result) -> str:
    """A line of the table."""

    def cpu(name: str) -> str:
        return f"{result.loads[name].cpu_pct:.0f} %" if name in result.loads else "-"

    def memory(name: str) -> str:
        return f"{result.loads[name].memory_mb:.0f} MB" if name in result.loads else "-"

    bots = [load.cpu_pct for name, load in result.loads.items() if name.startswith(("publishers", "bot"))]
    packets = (
        "-" if result.packets_per_s is None else " / ".join(f"{each:.0f}" for each in result.packets_per_s)
    )
    cells: Sequence[str] = (
        str(result.publishers),
        cpu("window"),
        memory("window"),
        str(result.tiles),
        result.large,
        f"{result.large_fps:.1f}",
        f"{result.small_fps:.1f}",
        cpu("janus"),
        memory("janus"),
        packets,
        cpu("server"),
        memory("server"),
        f"{sum(bots):.0f} %",
        f"{result.machine_pct:.0f} %",
    )
    return "| " + " | ".join(cells) + " |"


def section(rows: Sequence[str], command: str, *, watch: bool) -> str:
    """What stands in docs/benchmarks.md."""
    today = datetime.datetime.now(datetime.UTC).date()
    if watch:
        title = "## Rooms on one Janus where everybody watches"
        lines = [
            "As above, but each publisher also subscribes to the sound of all others, three cameras and the",
            "other thumbnails, and lets what comes fall in the kernel: the work of Janus and of the server is that",
            "of a room of so many windows, and one more that is real.",
        ]
    else:
        title = "## Rooms on one Janus"
        lines = [
            "One room with publishers (one process, pre-encoded media: sound, a camera of 640x480 at 30 fps and",
            "750 kbit/s, a thumbnail of 320x240 at 15 fps and 150 kbit/s; they speak in turn and subscribe to",
            "nothing) and one application window (1080x700, on a display without acceleration, with its own test",
            "camera and tone) that shows the speaker large. Janus sends to the window alone.",
        ]
    return "\n".join(
        [
            title,
            "",
            f"    {command}",
            "",
            *lines,
            f'{today:%-d %B %Y}. CPU in percent of one core, "machine" of both; memory is the proportional set size.',
            "",
            HEAD,
            "| " + " | ".join(["---"] * HEAD.count(" | ")) + " | --- |",
            *rows,
        ]
    )


def write_section(path: Path, text: str, name: str) -> None:
    """Replace what stands between the marks of this name, or add it with its marks at the end."""
    begin_mark, end_mark = f"<!-- {name} benchmark: begin -->", f"<!-- {name} benchmark: end -->"
    old = path.read_text(encoding="utf-8")
    before, begin, rest = old.partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    marked = f"{begin_mark}\n{text}\n{end_mark}"
    path.write_text(
        f"{before}{marked}{after}" if begin and end else f"{old.rstrip()}\n\n{marked}\n", encoding="utf-8"
    )


async def run(options: argparse.Namespace) -> list[str]:
    """All sizes, one after another."""
    rows = []
    for count in options.counts:
        with tempfile.TemporaryDirectory(prefix="bridgecall-bench-") as folder:
            rows.append(row(await measure(count, options, Path(folder))))
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--counts", type=lambda text: [int(each) for each in text.split(",")], default=[10, 20, 30]
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--watch", action="store_true", help="the publishers subscribe to one another")
    parser.add_argument("--mesh", action="store_true", help="a mesh of ordinary bots, without Janus")
    parser.add_argument("--grid", action="store_true", help="all tiles of one size, in place of a large one")
    parser.add_argument("--screenshot", metavar="FILE", help="of the window at the end; N in it is the count")
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace the table there")
    options = parser.parse_args()
    print(HEAD, flush=True)
    rows = asyncio.run(run(options))
    counts = ",".join(map(str, options.counts))
    command = f"python -m tests.bench.rooms --counts {counts} --seconds {options.seconds:g}"
    command += " --watch" if options.watch else ""
    if options.write:
        name = "rooms watch" if options.watch else "rooms"
        write_section(options.write, section(rows, command, watch=options.watch), name)


if __name__ == "__main__":
    main()
