"""What a whiteboard with 10,000 strokes of 100 points costs: merging, travelling, painting.

    python -m tests.bench.board [--strokes 10000]

Milliseconds of processor time of the thread that does it. "Longest" is what the engine loop or the window waits at
most for one piece of the work.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from desktop_app.data import codec
from desktop_app.data.board.document import Board
from desktop_app.data.channels import BOARD
from desktop_app.data.messages.board import BoardOps, Op, Shape
from tests.unit.data.board.rooms import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

POINTS = 100
SITES = ("a" * 16, "b" * 16)
WINDOW_PX = (1280, 720)
SHEET = (6000.0, 4000.0)


class Cost(NamedTuple):
    """Of a piece of work that was done in steps."""

    total_ms: float
    longest_ms: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--strokes", type=int, default=10_000)
    ops = strokes(parser.parse_args().strokes)
    print(f"{len(ops)} strokes of {POINTS} points, ms | total | longest")
    board_costs(ops)
    asyncio.run(travel(ops))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    window_costs(ops)


def strokes(count: int) -> list[Op]:
    """Curly strokes of two sites, all over a sheet."""
    chance = random.Random(1)
    ops = []
    for number in range(count):
        x, y = chance.uniform(0, SHEET[0]), chance.uniform(0, SHEET[1])
        turn, points = chance.uniform(0, 6), []
        for _ in range(POINTS):
            turn += chance.uniform(-0.4, 0.4)
            x, y = x + 3 * math.cos(turn), y + 3 * math.sin(turn)
            points += [round(x, 2), round(y, 2)]
        shape = Shape(tool="pen", color="#2563eb", width=4.0, points=tuple(points))
        site = SITES[number % 2]
        ops.append(
            Op(site=site, seq=number // 2 + 1, clock=number + 1, author=site[0], kind="add", shape=shape)
        )
    return ops


def steps(calls: Iterable[Callable[[], object]]) -> Cost:
    """Make the calls one after the other."""
    spent_ms = []
    for call in calls:
        begin_s = time.thread_time()
        call()
        spent_ms.append((time.thread_time() - begin_s) * 1000)
    return Cost(sum(spent_ms), max(spent_ms))


def show(what: str, cost: Cost) -> None:
    """One line of the table."""
    print(f"| {what} | {cost.total_ms:.1f} | {cost.longest_ms:.2f} |", flush=True)


def batches(ops: list[Op], size: int) -> list[list[Op]]:
    """The operations in pieces."""
    return [ops[at : at + size] for at in range(0, len(ops), size)]


def board_costs(ops: list[Op]) -> None:
    """Merging in order, merging what belongs in the middle, and the worst that fits into a message."""
    board = Board()
    show("merge, 200 at a time", steps(partial(board.merge, part) for part in batches(ops, 200)))
    middle = [
        Op(site="c" * 16, seq=seq, clock=len(ops) // 2 + seq, author="c", kind="add", shape=ops[0].shape)
        for seq in range(1, 201)
    ]
    show("merge 200 that belong in the middle", steps([lambda: board.merge(middle)]))
    targets = tuple((op.site, op.seq) for op in ops[:500])
    removals = [
        Op(site="d" * 16, seq=seq, clock=seq, author="d", kind="remove", targets=targets)
        for seq in range(1, 201)
    ]
    show("merge 200 removals of 500 shapes", steps([lambda: board.merge(removals)]))
    texts = [codec.encode(BoardOps(ops=tuple(part)), 1.0) for part in batches(ops, 25)]
    size_mb = sum(map(len, texts)) / 1e6
    show(
        f"decode all, {size_mb:.1f} MB",
        steps(partial(codec.decode, BOARD.label, text) for text in texts),
    )


async def travel(ops: list[Op]) -> None:
    """From one participant to one who comes late, texts and all, without a network."""
    room = Room()
    ann = room.add("ann")
    ann.board.merge(ops)
    room.add("ben")
    begin_s = time.thread_time()
    room.connect("ann", "ben")
    longest_s = 0.0
    loop = asyncio.get_running_loop()
    running = True

    async def watch() -> None:
        nonlocal longest_s
        while running:
            before_s = time.thread_time()
            await asyncio.sleep(0)
            longest_s = max(longest_s, time.thread_time() - before_s)

    watcher = loop.create_task(watch())
    await room.settle()
    total_s = time.thread_time() - begin_s
    running = False
    await watcher
    assert len(room.services["ben"].board) == len(ops)
    await room.close()
    show("to one who comes late, both ends", Cost(total_s * 1000, longest_s * 1000))


def window_costs(ops: list[Op]) -> None:
    """Everything that the window does."""
    from PySide6.QtWidgets import QApplication

    from desktop_app.ui import theme
    from desktop_app.ui.board.canvas import BoardCanvas

    application = QApplication.instance() or QApplication(["bench"])
    assert isinstance(application, QApplication)
    theme.apply_theme(application, "light")
    canvas = BoardCanvas()
    canvas.resize(*WINDOW_PX)
    canvas.show()
    application.processEvents()

    def paint_all() -> Cost:
        def turns() -> Iterable[Callable[[], object]]:
            while not canvas.is_painted:
                yield application.processEvents

        return steps(turns())

    show("window: take all, 50 at a time", steps(partial(canvas.apply, part) for part in batches(ops, 50)))
    canvas.repaint()
    paint_all()
    canvas.tiles.reset(canvas.tiles.scale)
    canvas.update()
    show("window: paint what is seen at 100 %", paint_all())
    show("window: repaint", steps([canvas.repaint] * 20))
    show("window: one new stroke, painted", steps([lambda: new_stroke(canvas, ops)]))

    def pan() -> None:
        canvas.pan(-40, -25)
        canvas.repaint()

    show("window: 50 steps of moving the paper", steps([pan] * 50))
    paint_all()

    def zoom() -> None:
        canvas.fit()
        canvas.repaint()

    show("window: show everything, first picture", steps([zoom]))
    show("window: show everything, until it is sharp", paint_all())
    show("window: repaint with everything seen", steps([canvas.repaint] * 20))
    gone = Op(site="e" * 16, seq=1, clock=1, author="e", kind="remove", targets=((SITES[0], 1),))

    def rub() -> None:
        canvas.apply([gone])
        canvas.repaint()

    show("window: one stroke rubbed out with everything seen", steps([rub]))
    show("window: until it is sharp", paint_all() if not canvas.is_painted else Cost(0, 0))
    canvas.close()


def new_stroke(canvas: object, ops: list[Op]) -> None:
    """One more on top of everything, in the middle of what is seen."""
    from desktop_app.ui.board.canvas import BoardCanvas

    assert isinstance(canvas, BoardCanvas)
    x, y = canvas.viewport_.to_board(WINDOW_PX[0] / 2, WINDOW_PX[1] / 2)
    points = tuple(each for step in range(POINTS) for each in (x + 3 * step, y + 20 * math.sin(step / 9)))
    shape = Shape(tool="pen", color="#d62c2c", width=4.0, points=points)
    canvas.apply([Op(site="f" * 16, seq=1, clock=len(ops) * 2, author="f", kind="add", shape=shape)])
    canvas.repaint()


if __name__ == "__main__":
    main()
