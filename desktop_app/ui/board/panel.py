"""The whiteboard as it stands in the window: bar, canvas, and the zoom in the corner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMessageBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.data.board_changes import Clear, Redo, Undo
from desktop_app.ui import theme

from .actions import BoardActions
from .bar import BUTTON_PX, BoardBar, ToolButton
from .canvas import BoardCanvas
from .viewport import MAX_SCALE, MIN_SCALE, WHEEL_STEP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.data.messages.board import Op


class ZoomCard(QFrame):
    """Out, how large, in, everything."""

    def __init__(self, actions: BoardActions) -> None:
        super().__init__()
        theme.set_style(self, role="card")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.percent = QToolButton()
        self.percent.setDefaultAction(actions.zoom_100)
        self.percent.setFixedSize(60, BUTTON_PX)
        self.percent.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_style(self.percent, kind="tool")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(0)
        layout.addWidget(ToolButton(actions.zoom_out))
        layout.addWidget(self.percent)
        layout.addWidget(ToolButton(actions.zoom_in))
        layout.addWidget(ToolButton(actions.fit))


class BoardPanel(QFrame):
    """Says what the person wants; shows what the board is told."""

    change_requested = Signal(object)
    """A BoardChange."""
    stroke_shown = Signal(object)
    pointed = Signal(float, float, bool)
    export_requested = Signal(str)
    """png or svg."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_style(self, role="board")
        self.actions_ = actions = BoardActions(self)
        self.bar = BoardBar(actions)
        self.canvas = canvas = BoardCanvas()
        self.zoom_card = ZoomCard(actions)
        corner = QGridLayout(canvas)
        corner.setContentsMargins(*(theme.Spacing.S,) * 4)
        corner.addWidget(self.zoom_card, 0, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(canvas, 1)
        canvas.change_requested.connect(self.change_requested)
        canvas.stroke_shown.connect(self.stroke_shown)
        canvas.pointed.connect(self.pointed)
        canvas.viewport_changed.connect(self._show_zoom)
        actions.tool_chosen.connect(self._use_tool)
        actions.ink_chosen.connect(self._use_ink)
        actions.undo.triggered.connect(lambda: self._change(Undo()))
        actions.redo.triggered.connect(lambda: self._change(Redo()))
        actions.clear.triggered.connect(self.ask_to_clear)
        actions.export_png.triggered.connect(lambda: self.export_requested.emit("png"))
        actions.export_svg.triggered.connect(lambda: self.export_requested.emit("svg"))
        actions.zoom_in.triggered.connect(lambda: canvas.zoom(WHEEL_STEP))
        actions.zoom_out.triggered.connect(lambda: canvas.zoom(1 / WHEEL_STEP))
        actions.zoom_100.triggered.connect(canvas.zoom_to_100)
        actions.fit.triggered.connect(lambda: canvas.fit())  # without its "checked", which is no scale
        self._show_zoom()

    def take(
        self, ops: Iterable[Op], *, own: bool = False, can_undo: bool = False, can_redo: bool = False
    ) -> None:
        """The board has these operations now."""
        self.canvas.apply(ops, own=own)
        self.actions_.show_history(can_undo=can_undo, can_redo=can_redo)
        self.actions_.show_empty(len(self.canvas.scene) == 0)

    def reset(self) -> None:
        """Another call: an empty board."""
        self.canvas.editor.cancel()
        self.canvas.cancel()
        self.canvas.clear_board()
        self.actions_.show_history(can_undo=False, can_redo=False)
        self.actions_.show_empty(True)

    def ask_to_clear(self) -> QMessageBox:
        """Ask, and clear if so; returns at once."""
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Whiteboard")
        box.setText("Clear the whiteboard for everybody?")
        box.setInformativeText("As long as you have not drawn anything else, Undo brings it back.")
        clear = box.addButton("Clear", QMessageBox.ButtonRole.DestructiveRole)
        theme.set_style(clear, kind="danger")
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        clear.clicked.connect(lambda: self._change(Clear()))
        box.open()
        return box

    def _change(self, change: object) -> None:
        self.canvas.editor.finish()
        self.canvas.cancel()
        self.change_requested.emit(change)

    def _use_tool(self, name: str) -> None:
        self.canvas.set_tool(name)  # type: ignore[arg-type]  # a signal carries plain texts

    def _use_ink(self, ink: object) -> None:
        self.canvas.set_ink(ink)  # type: ignore[arg-type]

    def _show_zoom(self) -> None:
        scale = self.canvas.viewport_.scale
        self.zoom_card.percent.setText(f"{scale:.0%}")
        self.zoom_card.percent.setAccessibleName(f"Zoom {scale:.0%}: show at actual size")
        self.actions_.zoom_in.setEnabled(scale < MAX_SCALE)
        self.actions_.zoom_out.setEnabled(scale > MIN_SCALE)
