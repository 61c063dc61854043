"""A whiteboard with a real board behind it, and a hand that draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from desktop_app.data.board.service import BoardService
from desktop_app.data.events import BoardChanged
from desktop_app.data.messages.board import Op, Shape
from desktop_app.ui.board.panel import BoardPanel

if TYPE_CHECKING:
    from PySide6.QtGui import QColor
    from pytestqt.qtbot import QtBot

    from desktop_app.data.board_changes import BoardChange
    from desktop_app.data.events import DataEvent

LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton
OTHER = "b" * 16


def pen(*points: float, color: str = "#d62c2c", width: float = 4.0) -> Shape:
    """A stroke."""
    return Shape(tool="pen", color=color, width=width, points=tuple(map(float, points)))


def theirs(seq: int, shape: Shape, clock: int | None = None) -> Op:
    """Somebody else drew this."""
    return Op(site=OTHER, seq=seq, clock=clock or seq, author="ben", kind="add", shape=shape)


class Desk:
    """The panel, its board, and what was asked of it."""

    def __init__(self, qtbot: QtBot, width: int = 820, height: int = 560) -> None:
        self.qtbot = qtbot
        self.panel = BoardPanel()
        qtbot.addWidget(self.panel)
        self.canvas = self.panel.canvas
        self.changes: list[BoardChange] = []
        self.strokes: list[Shape | None] = []
        self.points: list[tuple[float, float, bool]] = []
        self.service = BoardService(user_id="me", emit=self._told)
        self.panel.change_requested.connect(self._change)
        self.panel.stroke_shown.connect(self.strokes.append)
        self.panel.pointed.connect(lambda *args: self.points.append(args))
        self.panel.resize(width, height)
        self.panel.show()
        qtbot.waitUntil(self.panel.isActiveWindow)
        self.canvas.pan(-self.canvas.width() / 2, -self.canvas.height() / 2)
        assert self.on_widget(0, 0) == QPointF(0, 0)
        self.painted()

    def _change(self, change: BoardChange) -> None:
        self.changes.append(change)
        self.service.change(change)

    def _told(self, event: DataEvent) -> None:
        assert isinstance(event, BoardChanged)
        self.panel.take(event.ops, own=event.own, can_undo=event.can_undo, can_redo=event.can_redo)

    def come(self, *ops: Op) -> None:
        """Operations of others."""
        self.service.board.merge(ops)
        self.panel.take(ops, can_undo=self.panel.actions_.undo.isEnabled())

    def painted(self) -> None:
        """Wait until the board is painted."""
        self.canvas.grab()
        self.qtbot.waitUntil(lambda: self.canvas.is_painted, timeout=30_000)

    def drag(self, *places: tuple[int, int], button: Qt.MouseButton = LEFT) -> None:
        """Press at the first place, go to the others, release at the last."""
        canvas = self.canvas
        QTest.mousePress(canvas, button, pos=QPoint(*places[0]))
        for place in places[1:]:
            QTest.mouseMove(canvas, QPoint(*place))
        QTest.mouseRelease(canvas, button, pos=QPoint(*places[-1]))

    @property
    def tool(self) -> str:
        """What the left button does."""
        return self.canvas.tool

    def shapes(self) -> list[Shape]:
        """What is on the board."""
        return self.canvas.scene.shapes()

    def color_at(self, x: int, y: int) -> QColor:
        """A pixel of the canvas."""
        self.painted()
        return self.canvas.grab().toImage().pixelColor(x, y)

    def on_widget(self, x: float, y: float) -> QPointF:
        """The pixel over a place of the board."""
        return QPointF(*self.canvas.viewport_.to_widget(x, y))
