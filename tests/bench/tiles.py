"""CPU of nine video tiles of 640x360 at 30 fps, on a virtual X display and on Qt's offscreen platform.

    python -m tests.bench.tiles [--seconds 10]

Prints a table. "CPU" is the processor time of the whole process in per cent of one core (user and system, so that
other work on the machine changes it little), "Qt thread" and "workers" are its shares, "X server" is what the display
costs beside it. The frames are made beforehand; putting them into the slots is part of the measured process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

    from desktop_app.media.frame_slot import FrameSlot

TILES = 9
FPS = 30
SOURCE_SIZE = (640, 360)
WARM_UP_S = 1.5


class Case(NamedTuple):
    """One line of the table."""

    name: str
    platform: str
    grid_size: tuple[int, int]
    visible: bool = True


CASES = (
    Case("xcb, each tile 640x360", "xcb", (3 * 640 + 16, 3 * 360 + 16)),
    Case("xcb, grid in 1280x720", "xcb", (1280, 720)),
    Case("xcb, window hidden", "xcb", (1280, 720), visible=False),
    Case("offscreen, each tile 640x360", "offscreen", (3 * 640 + 16, 3 * 360 + 16)),
    Case("offscreen, grid in 1280x720", "offscreen", (1280, 720)),
)


class Result(NamedTuple):
    """What one case cost."""

    painted_per_s: float
    cpu_pct: float
    qt_thread_pct: float
    workers_pct: float


def main() -> None:
    """Run every case in a process of its own and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each case is measured")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case is not None:
        print(json.dumps(measure(CASES[arguments.case], arguments.seconds)))
        return
    print(f"{TILES} tiles, {SOURCE_SIZE[0]}x{SOURCE_SIZE[1]} at {FPS} fps, {arguments.seconds:.0f} s a case")
    print("| case | painted a tile | CPU | Qt thread | workers | X server |")
    print("| --- | --- | --- | --- | --- | --- |")
    with xvfb() as (display, server):
        for number, case in enumerate(CASES):
            environment = {**os.environ, "QT_QPA_PLATFORM": case.platform, "DISPLAY": display}
            before = sum(server.cpu_times()[:2])
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "tests.bench.tiles"),
                    *("--case", str(number), "--seconds", str(arguments.seconds)),
                ],
                env=environment,
                stdout=subprocess.PIPE,
                check=True,
            )
            result = Result(*json.loads(done.stdout))
            x_pct = 100 * (sum(server.cpu_times()[:2]) - before) / (arguments.seconds + WARM_UP_S)
            print(
                f"| {case.name} | {result.painted_per_s:.1f} fps | {result.cpu_pct:.0f} %"
                f" | {result.qt_thread_pct:.0f} % | {result.workers_pct:.0f} % | {x_pct:.0f} % |",
                flush=True,
            )


@contextmanager
def xvfb() -> Iterator[tuple[str, psutil.Process]]:
    """A virtual display of our own, on a number that is free."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "2000x1200x24", "-nolisten", "tcp"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as numbers:
            number = numbers.readline().strip()
        if not number:
            raise SystemExit("Xvfb did not start.")
        yield f":{number}", psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def moving_frames() -> list[av.VideoFrame]:
    """A second of a pattern that moves, so that no cache sees the same bytes twice in a row."""
    import av
    import numpy as np

    width, height = SOURCE_SIZE
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (height * 3 // 2, width), dtype=np.uint8)
    return [
        av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(noise, 7 * step, axis=1)), format="yuv420p")
        for step in range(FPS)
    ]


def measure(case: Case, seconds: float) -> Result:
    """Show nine tiles and watch the process (in this process)."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QWidget

    from desktop_app.media.frame_slot import FrameSlot
    from desktop_app.ui.frame_converter import ConversionPool
    from desktop_app.ui.grid_layout import arrange
    from desktop_app.ui.video_tile import VideoTile

    application = QApplication([])
    pool = ConversionPool()
    window = QWidget()
    window.resize(*case.grid_size)
    slots = [FrameSlot() for _ in range(TILES)]
    tiles = [VideoTile(pool, slot, f"Person {number}", parent=window) for number, slot in enumerate(slots)]
    for tile, cell in zip(tiles, arrange(TILES, *case.grid_size, 16 / 9, 8), strict=True):
        tile.setGeometry(*cell)
    if case.visible:
        window.show()
    ended = threading.Event()
    producer = threading.Thread(target=produce, args=(slots, ended), name="producer")
    marks: list[tuple[float, float, dict[int, float], int]] = []
    process = psutil.Process()

    def mark() -> None:
        threads = {each.id: each.user_time + each.system_time for each in process.threads()}
        marks.append(
            (time.perf_counter(), sum(process.cpu_times()[:2]), threads, sum(tile.paints for tile in tiles))
        )

    def finish() -> None:
        mark()
        application.quit()

    QTimer.singleShot(round(1000 * WARM_UP_S), mark)
    QTimer.singleShot(round(1000 * (WARM_UP_S + seconds)), finish)
    producer.start()
    application.exec()
    workers = {each.native_id for each in threading.enumerate() if each.name.startswith("frame-converter")}
    ended.set()
    producer.join()
    pool.close()
    (start_s, start_cpu_s, start_threads, start_paints), (end_s, end_cpu_s, end_threads, end_paints) = marks

    def pct(spent_s: float) -> float:
        return 100 * spent_s / (end_s - start_s)

    def thread_pct(thread_ids: set[int | None]) -> float:
        return pct(
            sum(
                spent - start_threads.get(each, 0.0)
                for each, spent in end_threads.items()
                if each in thread_ids
            )
        )

    return Result(
        (end_paints - start_paints) / TILES / (end_s - start_s),
        pct(end_cpu_s - start_cpu_s),
        thread_pct({threading.main_thread().native_id}),
        thread_pct(workers),
    )


def produce(slots: list[FrameSlot], ended: threading.Event) -> None:
    """Put a frame into every slot thirty times a second."""
    frames = moving_frames()
    started_s = time.perf_counter()
    number = 0
    while not ended.is_set():
        for offset, slot in enumerate(slots):
            slot.put(frames[(number + 3 * offset) % len(frames)])
        number += 1
        ended.wait(max(0.0, started_s + number / FPS - time.perf_counter()))


if __name__ == "__main__":
    main()
