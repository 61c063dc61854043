"""Looking at the board: moving, zooming, and painting no more than has changed."""

from __future__ import annotations

import itertools
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest

from desktop_app.data.messages.board import Op
from desktop_app.ui.board import tiles
from desktop_app.ui.board.pointers import Pointed

from .desk import MIDDLE, OTHER, Desk, pen, theirs

if TYPE_CHECKING:
    from collections.abc import Callable

RED = QColor("#d62c2c")
PAPER = QColor("#ffffff")


def many(count: int) -> list[Op]:
    """Short strokes all over a large board."""
    chance = random.Random(7)
    ops = []
    for seq in range(1, count + 1):
        x, y = chance.uniform(0, 3000), chance.uniform(0, 2000)
        points = [each for step in range(12) for each in (x + 4 * step, y + chance.uniform(-6, 6))]
        ops.append(theirs(seq, pen(*points)))
    return ops


def painted_by(desk: Desk, do: Callable[[], object]) -> int:
    """How many shapes were painted for it, counted once for each tile."""
    before = desk.canvas.tiles.shapes_painted
    do()
    desk.painted()
    return desk.canvas.tiles.shapes_painted - before


def wheel(desk: Desk, x: int, y: int, notches: float, keys: Qt.KeyboardModifier | None = None) -> None:
    place = QPointF(x, y)
    event = QWheelEvent(
        place,
        desk.canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        keys or Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    desk.canvas.wheelEvent(event)


def test_ten_thousand_strokes_are_painted_once_and_then_moved(desk: Desk) -> None:
    ops = many(10_000)

    def come() -> None:
        for at in range(0, len(ops), 200):
            desk.panel.take(ops[at : at + 200])

    first = painted_by(desk, come)
    seen = len(desk.canvas.scene.items_in(desk.canvas._on_board(desk.canvas.rect())))
    assert seen > 400
    # A stroke lies on two or three tiles, and the first of them came while the board was empty.
    assert seen <= first < 6 * seen
    assert painted_by(desk, desk.canvas.repaint) == 0, "painting again moves what is there"
    assert painted_by(desk, lambda: desk.canvas.pan(-7, 5)) < seen / 2, "only what came into sight"
    assert painted_by(desk, lambda: desk.canvas.pan(7, -5)) == 0
    new = theirs(10_001, pen(300, 300, 320, 310, 340, 300))
    assert painted_by(desk, lambda: desk.panel.take([new])) <= 4, "a new stroke and nothing else"
    gone = Op(site=OTHER, seq=10_002, clock=10_002, author="ben", kind="remove", targets=((OTHER, 10_001),))
    assert painted_by(desk, lambda: desk.panel.take([gone])) < 60, "what lies around it"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which each look at it takes a millisecond."""
    ticks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: next(ticks) / 1000)
    monkeypatch.setattr(tiles, "time", clock)


@pytest.mark.usefixtures("slow")
def test_painting_goes_in_slices(desk: Desk) -> None:
    """However little time there is, the board is complete in the end, and looks the same."""
    desk.panel.take(many(600))
    desk.painted()
    before_slices = desk.canvas.grab().toImage()
    store = desk.canvas.tiles
    store.reset(store.scale)
    wanted = desk.canvas._wanted()
    while not store.is_complete(wanted):
        before = store.shapes_painted
        store.work(wanted, 0.005)
        assert store.shapes_painted - before <= 5
    assert desk.canvas.grab().toImage() == before_slices


@pytest.mark.usefixtures("slow")
def test_what_is_added_while_a_tile_is_painted_is_on_it(desk: Desk) -> None:
    store, scene = desk.canvas.tiles, desk.canvas.scene
    store.apply(scene.apply(many(300)))
    store.reset(store.scale)
    wanted = desk.canvas._wanted()
    seq = 300
    while not store.is_complete(wanted):
        store.work(wanted, 0.004)
        seq += 1
        if seq < 340:
            store.apply(scene.apply([theirs(seq, pen(10, seq, 700, seq, color="#2563eb"))]))
        if seq == 320:
            gone = Op(site="c" * 16, seq=1, clock=1, author="cleo", kind="remove", targets=((OTHER, 305),))
            store.apply(scene.apply([gone]))
    patched = desk.canvas.grab().toImage()
    store.reset(store.scale)
    desk.painted()
    assert desk.canvas.grab().toImage() == patched


def test_an_operation_that_belongs_below_is_painted_below(desk: Desk) -> None:
    desk.panel.take([theirs(1, pen(100, 100, 300, 100, color="#2563eb", width=20), clock=5)])
    desk.painted()
    desk.panel.take(
        [Op(site="c" * 16, seq=1, clock=1, author="c", kind="add", shape=pen(200, 50, 200, 150, width=20))]
    )
    assert desk.color_at(200, 100) == QColor("#2563eb")
    assert desk.color_at(200, 60) == RED


def test_undo_of_a_clear_brings_everything_back(desk: Desk) -> None:
    desk.panel.take([theirs(1, pen(100, 100, 300, 100))])
    clear = Op(site="c" * 16, seq=1, clock=2, author="c", kind="clear", seen={OTHER: 1})
    desk.panel.take([clear])
    assert desk.color_at(200, 100) == PAPER
    assert not desk.panel.actions_.clear.isEnabled()
    desk.panel.take([Op(site="c" * 16, seq=2, clock=3, author="c", kind="undo", target=("c" * 16, 1))])
    assert desk.color_at(200, 100) == RED
    desk.panel.reset()
    assert desk.color_at(200, 100) == PAPER
    assert desk.canvas.is_empty


def test_the_wheel_zooms_around_the_mouse(desk: Desk) -> None:
    desk.panel.take([theirs(1, pen(400, 300, 400.5, 300, width=20))])
    for notches in (3, -6, 4):
        wheel(desk, 400, 300, notches)
        assert desk.on_widget(400, 300).x() == pytest.approx(400, abs=2)
        assert desk.color_at(400, 300) == RED
    scale = desk.canvas.viewport_.scale
    assert scale == pytest.approx(1.2)
    assert desk.panel.zoom_card.percent.text() == "120%"
    wheel(desk, 10, 10, 2, Qt.KeyboardModifier.ShiftModifier)
    assert desk.canvas.viewport_.scale == scale
    assert desk.on_widget(400, 300).x() == pytest.approx(640, abs=1)


def test_keys_zoom_fit_and_move(desk: Desk) -> None:
    canvas = desk.canvas
    canvas.setFocus()
    QTest.keySequence(canvas, "Ctrl+-")
    assert canvas.viewport_.scale == pytest.approx(1 / 1.2)
    QTest.keySequence(canvas, "Ctrl+0")
    assert canvas.viewport_.scale == 1
    QTest.keySequence(canvas, "Ctrl++")
    assert canvas.viewport_.scale == pytest.approx(1.2)
    desk.panel.take([theirs(1, pen(5000, 5000, 9000, 6000))])
    QTest.keyClick(canvas, Qt.Key.Key_F)
    area = QRectF(canvas.rect())
    assert area.contains(desk.on_widget(5000, 5000))
    assert area.contains(desk.on_widget(9000, 6000))
    before = desk.on_widget(5000, 5000)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert desk.on_widget(5000, 5000).x() == pytest.approx(before.x() + 64, abs=1)


def test_zoom_has_ends(desk: Desk) -> None:
    for _ in range(40):
        desk.panel.actions_.zoom_in.trigger()
    assert desk.canvas.viewport_.scale == 16
    assert not desk.panel.actions_.zoom_in.isEnabled()
    for _ in range(80):
        desk.panel.actions_.zoom_out.trigger()
    assert desk.canvas.viewport_.scale == 0.05
    desk.painted()


def test_the_paper_is_moved_with_the_middle_button_space_and_the_hand(desk: Desk) -> None:
    desk.drag((100, 100), (150, 130), button=MIDDLE)
    assert desk.on_widget(0, 0) == QPointF(50, 30)
    QTest.keyPress(desk.canvas, Qt.Key.Key_Space)
    assert desk.canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    desk.drag((100, 100), (110, 100))
    release = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    desk.canvas.keyReleaseEvent(release)
    desk.panel.actions_.tools["hand"].trigger()
    desk.drag((100, 100), (110, 100))
    assert desk.on_widget(0, 0) == QPointF(70, 30)
    assert desk.changes == []


def test_a_larger_window_keeps_the_middle(desk: Desk) -> None:
    middle = QRectF(desk.canvas.rect()).center()
    board = desk.canvas.viewport_.to_board(middle.x(), middle.y())
    desk.panel.resize(1000, 700)
    desk.painted()
    center = QRectF(desk.canvas.rect()).center()
    assert desk.on_widget(*board).x() == pytest.approx(center.x(), abs=1.5)


def test_everybody_begins_with_the_same_middle_or_with_what_is_there(desk: Desk) -> None:
    canvas = desk.canvas
    desk.panel.reset()
    desk.panel.resize(700, 500)
    center = QRectF(canvas.rect()).center()
    assert desk.on_widget(0, 0).x() == pytest.approx(center.x(), abs=1)
    desk.panel.hide()
    desk.panel.take([theirs(1, pen(4000, 4000, 4100, 4050))])
    desk.panel.show()
    assert canvas.viewport_.scale == 1
    assert QRectF(canvas.rect()).contains(desk.on_widget(4050, 4025))
    before = canvas.viewport_
    desk.panel.hide()
    desk.panel.show()
    assert canvas.viewport_ == before, "where one has looked one stays"


def test_what_others_draw_is_seen_before_it_is_there(desk: Desk) -> None:
    shape = pen(100, 100, 300, 100, width=10)
    desk.canvas.show_live("ben", shape)
    assert desk.color_at(200, 100) == RED
    assert desk.canvas.tiles.shapes_painted == 0, "it is not on the tiles"
    desk.panel.take([theirs(1, shape)])
    assert desk.color_at(200, 100) == RED
    desk.canvas.show_live("cleo", pen(100, 200, 300, 200, width=10))
    desk.canvas.show_live("cleo", None)
    assert desk.color_at(200, 200) == PAPER


def test_pointers_are_painted_and_go(desk: Desk) -> None:
    before = desk.canvas.grab().toImage()
    desk.canvas.show_pointers({"ben": Pointed("ben", "Ben", 200, 150)})
    assert desk.color_at(202, 156) not in (PAPER, before.pixelColor(202, 156))
    desk.canvas.show_pointers({})
    assert desk.canvas.grab().toImage() == before


def test_a_shape_of_any_size_costs_no_more_than_what_is_seen(desk: Desk) -> None:
    huge = pen(-1e6, -1e6, 1e6, 1e6, 1e6, -1e6, width=100)
    ops = [theirs(1, huge), theirs(2, pen(1e6, 1e6))]
    assert painted_by(desk, lambda: desk.panel.take(ops)) <= len(desk.canvas.tiles._tiles) < 50
    assert painted_by(desk, desk.canvas.fit) <= len(desk.canvas._wanted())


def test_tiles_are_thrown_away_when_there_are_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MAX_TILES", 30)
    for _ in range(12):
        desk.canvas.pan(-500, 0)
        desk.painted()
    assert len(desk.canvas.tiles._tiles) <= 30
