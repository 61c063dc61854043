"""Drawing with the mouse: each tool, and what goes to the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPaintEvent, QRegion
from PySide6.QtTest import QTest

from desktop_app.data.board_changes import Draw, Redo, Rub, Undo
from desktop_app.ui.board.drafts import Ink

from .desk import LEFT, Desk, pen, theirs

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from desktop_app.ui.board.drafts import ToolName

BLUE = "#2563eb"


def test_a_stroke_is_shown_while_it_is_drawn_and_then_there_once(desk: Desk) -> None:
    desk.canvas.set_ink(Ink(BLUE, 8))
    desk.drag((100, 100), (150, 160), (200, 100), (250, 160))
    [shape] = desk.shapes()
    assert (shape.tool, shape.color, shape.width) == ("pen", BLUE, 8)
    assert list(shape.points) == [100, 100, 150, 160, 200, 100, 250, 160]
    assert [stroke is None for stroke in desk.strokes] == [False, False, False, False, True]
    assert desk.canvas.waiting_shapes == []
    assert desk.color_at(150, 141) != desk.color_at(400, 300)
    [change] = desk.changes
    assert isinstance(change, Draw)


def test_a_click_is_a_dot(desk: Desk) -> None:
    desk.canvas.set_ink(Ink("#d62c2c", 16))
    desk.drag((100, 100))
    assert desk.color_at(100, 100) == QColor("#d62c2c")


def test_a_stroke_keeps_its_shape_with_few_points(desk: Desk) -> None:
    desk.drag(*((x, 100) for x in range(100, 500, 3)), (500, 200))
    [shape] = desk.shapes()
    assert len(shape.points) <= 80, "of 134 points"
    assert shape.points[:2] == (100, 100)
    assert shape.points[-2:] == (500, 200)


@pytest.mark.parametrize("tool", ["line", "rectangle", "ellipse"])
def test_lines_and_boxes_span_two_points(desk: Desk, tool: ToolName) -> None:
    desk.panel.actions_.tools[tool].trigger()
    desk.drag((300, 250), (280, 200), (100, 120))
    [shape] = desk.shapes()
    assert (shape.tool, shape.points) == (tool, (300, 250, 100, 120))
    desk.drag((50, 50))
    assert len(desk.shapes()) == 1, "a click is nothing"


def test_shift_makes_a_square_and_a_straight_line(desk: Desk) -> None:
    canvas = desk.canvas
    for tool, end in (("rectangle", (200.0, 200.0)), ("line", (180.0, 100.0))):
        canvas.set_tool(tool)  # type: ignore[arg-type]
        QTest.mousePress(canvas, LEFT, pos=QPoint(100, 100))
        target = QPointF(200, 150) if tool == "rectangle" else QPointF(180, 104)
        shift = Qt.KeyboardModifier.ShiftModifier
        canvas.mouseMoveEvent(
            QMouseEvent(QEvent.Type.MouseMove, target, canvas.mapToGlobal(target), LEFT, LEFT, shift)
        )
        QTest.mouseRelease(canvas, LEFT, pos=target.toPoint())
        assert desk.shapes()[-1].points[2:] == pytest.approx(end, abs=0.2)


def test_undo_and_redo_are_ones_own(desk: Desk) -> None:
    actions = desk.panel.actions_
    assert not actions.undo.isEnabled()
    desk.panel.take([theirs(1, pen(10, 10, 50, 50))])
    desk.drag((100, 100), (150, 160))
    assert (actions.undo.isEnabled(), actions.redo.isEnabled()) == (True, False)
    QTest.keySequence(desk.canvas, "Ctrl+Z")
    assert [shape.color for shape in desk.shapes()] == ["#d62c2c"]
    assert (actions.undo.isEnabled(), actions.redo.isEnabled()) == (False, True)
    QTest.keySequence(desk.canvas, "Ctrl+Shift+Z")
    assert len(desk.shapes()) == 2
    QTest.keySequence(desk.canvas, "Ctrl+Z")
    desk.drag((100, 200), (150, 260))
    assert not actions.redo.isEnabled()
    assert [type(each) for each in desk.changes] == [Draw, Undo, Redo, Undo, Draw]


def test_the_eraser_takes_what_it_touches_in_one_change(desk: Desk) -> None:
    for x in (100, 200, 300):
        desk.drag((x, 100), (x, 300))
    desk.panel.actions_.tools["eraser"].trigger()
    QTest.mousePress(desk.canvas, LEFT, pos=QPoint(150, 200))
    QTest.mouseMove(desk.canvas, QPoint(320, 210))
    # Gone from the screen at once, from the board when the button is released.
    assert desk.color_at(200, 250) == desk.color_at(260, 250)
    assert len(desk.shapes()) == 3
    QTest.mouseRelease(desk.canvas, LEFT, pos=QPoint(320, 210))
    assert [shape.points[0] for shape in desk.shapes()] == [100]
    assert isinstance(desk.changes[-1], Rub)
    QTest.keySequence(desk.canvas, "Ctrl+Z")
    assert len(desk.shapes()) == 3
    assert desk.color_at(200, 250) == QColor("#1b212b")


def test_the_eraser_needs_to_touch_the_line(desk: Desk) -> None:
    desk.panel.actions_.tools["ellipse"].trigger()
    desk.drag((100, 100), (400, 300))
    desk.panel.actions_.tools["eraser"].trigger()
    desk.drag((250, 200), (260, 210))
    assert len(desk.shapes()) == 1, "the inside of an ellipse is not the ellipse"
    desk.drag((90, 200), (120, 200))
    assert desk.shapes() == []


def test_escape_gives_up_what_is_being_drawn_and_rubbed_out(desk: Desk) -> None:
    canvas = desk.canvas
    QTest.mousePress(canvas, LEFT, pos=QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(200, 200))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(200, 200))
    assert (desk.shapes(), desk.strokes[-1]) == ([], None)
    desk.drag((100, 100), (200, 200))
    canvas.set_tool("eraser")
    QTest.mousePress(canvas, LEFT, pos=QPoint(150, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(150, 150))
    assert len(desk.shapes()) == 1
    assert desk.color_at(150, 150) == QColor("#1b212b"), "it is seen again"


def test_text_is_typed_in_place(desk: Desk) -> None:
    desk.panel.actions_.tools["text"].trigger()
    QTest.mouseClick(desk.canvas, LEFT, pos=QPoint(200, 150))
    editor = desk.canvas.editor
    assert editor.isVisible()
    assert editor.hasFocus()
    QTest.keyClicks(editor, "plan <b>p</b>")
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(editor, "B")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    [shape] = desk.shapes()
    assert (shape.tool, shape.text) == ("text", "plan <b>p</b>\nB")
    assert shape.points == pytest.approx((200, 150 - 4 * 3.6))
    assert not editor.isVisible()
    assert desk.canvas.hasFocus()


def test_letters_that_are_typed_choose_no_tool(desk: Desk) -> None:
    desk.panel.actions_.tools["text"].trigger()
    QTest.mouseClick(desk.canvas, LEFT, pos=QPoint(200, 150))
    QTest.keyClicks(desk.canvas.editor, "leper")
    assert desk.tool == "text"
    QTest.mouseClick(desk.canvas, LEFT, pos=QPoint(400, 300))
    assert [shape.text for shape in desk.shapes()] == ["leper"], "a click elsewhere finishes"
    assert not desk.canvas.editor.isVisible()
    desk.qtbot.waitUntil(lambda: not desk.canvas.editor.was_left_just_now)
    QTest.mouseClick(desk.canvas, LEFT, pos=QPoint(400, 300))
    QTest.keyClicks(desk.canvas.editor, "no")
    QTest.keyClick(desk.canvas.editor, Qt.Key.Key_Escape)
    assert len(desk.shapes()) == 1
    QTest.keyClick(desk.canvas, Qt.Key.Key_L)
    assert desk.tool == "line"


def test_text_has_an_end(desk: Desk) -> None:
    desk.canvas.set_tool("text")
    QTest.mouseClick(desk.canvas, LEFT, pos=QPoint(100, 100))
    desk.canvas.editor.setPlainText("x" * 700)
    desk.canvas.editor.finish()
    assert len(desk.shapes()[0].text) == 500


def test_what_cannot_be_drawn_is_not_left_standing(desk: Desk) -> None:
    desk.panel.change_requested.disconnect()
    desk.drag((100, 100), (200, 200))
    [waiting] = desk.canvas.waiting_shapes
    assert desk.color_at(150, 150) == QColor("#1b212b"), "seen though the board does not have it yet"
    desk.canvas.forget_waiting(waiting)
    assert desk.color_at(150, 150) == QColor("#ffffff")


def test_the_mouse_over_the_board_is_told(desk: Desk) -> None:
    QTest.mouseMove(desk.canvas, QPoint(123, 45))
    assert desk.points[-1] == (123.0, 45.0, True)
    desk.panel.hide()
    assert not desk.points[-1][2]


def test_with_the_first_stroke_the_whole_hint_goes(desk: Desk) -> None:
    painted = Painted(desk.canvas)
    desk.canvas.setFocus()
    desk.canvas.update()
    desk.qtbot.waitUntil(lambda: painted.has(desk.canvas.rect().center()))
    painted.regions.clear()
    desk.drag((20, 20), (40, 60))
    desk.qtbot.waitUntil(lambda: painted.has(desk.canvas.rect().center()))
    painted.regions.clear()
    desk.drag((60, 20), (80, 60))
    desk.qtbot.waitUntil(lambda: painted.has(QPoint(70, 40)))
    assert not painted.has(desk.canvas.rect().center()), "there was none any more"


class Painted(QObject):
    """Which parts of a widget were painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.regions: list[QRegion] = []
        widget.installEventFilter(self)

    def has(self, place: QPoint) -> bool:
        return any(region.contains(place) for region in self.regions)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.regions.append(event.region())
        return super().eventFilter(watched, event)
