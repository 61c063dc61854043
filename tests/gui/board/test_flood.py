"""Who clears and brings back a large board again and again does not stop the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktop_app.data.events import BoardChanged, BoardCleared, StrokeMoved
from desktop_app.data.messages.board import Op
from desktop_app.ui.board.scene import Scene
from tests.gui.window.calls import called, emit
from tests.gui.window.conftest import call, make_window, saved, window

from .desk import pen
from .test_in_the_window import board

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytestqt.qtbot import QtBot

    from desktop_app.data.messages.board import OpId
    from desktop_app.ui.board.canvas import BoardCanvas
    from desktop_app.ui.board.scene import Change
    from tests.gui.fake_engine import FakeEngine

__all__ = ["board", "call", "make_window", "saved", "window"]  # fixtures

A, B, H = "a" * 16, "b" * 16, "c" * 16
COUNT = 1000


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[OpId]:
    """The shapes that a scene looked at."""
    ids: list[OpId] = []
    refresh = Scene._refresh

    def counted(self: Scene, identity: OpId, change: Change) -> None:
        ids.append(identity)
        refresh(self, identity, change)

    monkeypatch.setattr(Scene, "_refresh", counted)
    return ids


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many operations a scene took each time."""
    counts: list[int] = []
    apply = Scene.apply

    def counted(self: Scene, ops: Iterable[Op]) -> Change:
        ops = list(ops)
        counts.append(len(ops))
        return apply(self, ops)

    monkeypatch.setattr(Scene, "apply", counted)
    return counts


def strokes(site: str, count: int = COUNT) -> list[Op]:
    shape = pen(0, 0, 5, 5)
    return [
        Op(site=site, seq=seq, clock=seq, author=site[0], kind="add", shape=shape)
        for seq in range(1, count + 1)
    ]


def clear(seq: int, **seen: int) -> Op:
    named = {site * 16: upto for site, upto in seen.items()}
    return Op(site=H, seq=seq, clock=5000 + seq, author="c", kind="clear", seen=named)


def turn(seq: int, target: int = 1) -> Op:
    """Undo, and redo, in turns."""
    kind = "redo" if seq % 2 else "undo"
    return Op(site=H, seq=seq, clock=5000 + seq, author="c", kind=kind, target=(H, target))  # type: ignore[arg-type]


def test_only_what_a_clear_changes_is_looked_at(looked_at: list[OpId]) -> None:
    scene = Scene()
    scene.apply([*strokes(A), *strokes(B)])
    looked_at.clear()
    scene.apply([clear(1, a=10)])
    assert (len(looked_at), len(scene)) == (10, 2 * COUNT - 10)
    scene.apply([clear(2, a=12, b=1)])
    assert (len(looked_at), len(scene)) == (13, 2 * COUNT - 13)
    scene.apply([clear(3, a=11, b=1)])
    scene.apply([turn(4, 3), turn(5, 3)])
    assert len(looked_at) == 13, "nothing is different"
    scene.apply([turn(6, 2)])
    assert (len(looked_at), len(scene)) == (14, 2 * COUNT - 12), (
        "the third one still clears all but one of these"
    )
    assert set(looked_at) == {(A, seq) for seq in range(1, 13)} | {(B, 1)}


def test_a_clear_of_what_is_still_to_come_holds_for_it_and_can_be_undone() -> None:
    scene = Scene()
    scene.apply([*strokes(A, 2), clear(1, a=2**53)])
    scene.apply(strokes(A, 4)[2:])
    assert len(scene) == 0
    change = scene.apply([turn(2)])
    assert len(scene) == 4
    assert len(change.added) + len(change.dirty) == 4
    scene.apply([turn(3)])
    assert len(scene) == 0


def test_a_flood_is_taken_together(
    qtbot: QtBot, board: BoardCanvas, engine: FakeEngine, applied: list[int], looked_at: list[OpId]
) -> None:
    emit(engine, BoardChanged(tuple(strokes(A))))
    assert (applied, len(board.scene)) == ([COUNT], COUNT), "the first is shown at once"
    looked_at.clear()
    emit(engine, BoardChanged((clear(1, a=COUNT),)), *(BoardChanged((turn(seq),)) for seq in range(2, 301)))
    qtbot.waitUntil(lambda: len(applied) > 1)
    assert applied == [COUNT, 300]
    assert looked_at == [], "what was cleared is there again"
    emit(engine, BoardChanged((turn(301),)))
    qtbot.waitUntil(lambda: len(board.scene) == 0)
    assert len(looked_at) == COUNT


def test_ours_are_waited_for_one_by_one(qtbot: QtBot, board: BoardCanvas, engine: FakeEngine) -> None:
    shapes = [pen(number, 0, 5, 5) for number in range(3)]
    board.waiting_shapes += shapes
    own = [
        Op(site=B, seq=seq, clock=seq, author="me", kind="add", shape=shape)
        for seq, shape in enumerate(shapes, 1)
    ]
    others = strokes(A, 3)
    for mine, theirs in zip(own, others, strict=True):
        emit(engine, BoardChanged((mine,), own=True, can_undo=True), BoardChanged((theirs,), can_undo=True))
    qtbot.waitUntil(lambda: len(board.scene) == 6)
    assert board.waiting_shapes == []


def test_a_stroke_does_not_overtake_what_its_author_drew_before(
    qtbot: QtBot, board: BoardCanvas, engine: FakeEngine
) -> None:
    one, two = strokes(A, 2)
    live = pen(9, 9, 50, 50)
    emit(engine, StrokeMoved("a", live), BoardChanged((one,)), BoardChanged((two,)), StrokeMoved("a", live))
    emit(engine, StrokeMoved("b", live))
    qtbot.waitUntil(lambda: len(board.scene) == 2)
    assert board._live == {"a": live, "b": live}
    emit(
        engine, BoardChanged(tuple(strokes(B, 1))), StrokeMoved("a", None), BoardChanged(tuple(strokes(B, 2)))
    )
    qtbot.waitUntil(lambda: len(board.scene) == 4)
    assert board._live == {}
    emit(engine, BoardChanged(tuple(strokes(H, 1))), BoardCleared())
    assert board.is_empty
    assert called(engine, "change_board") == []
