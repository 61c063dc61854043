"""Drawing on the whiteboard with mouse, pen and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QNativeGestureEvent, QPainter, QPen, QPixmap

from desktop_app.data.board_changes import Draw, Rub

from . import drafts
from .drafts import Ink
from .hit import touched
from .shapes import paint_shape
from .text_editor import TextEditor
from .view import BoardView
from .viewport import WHEEL_STEP

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QWheelEvent
    from PySide6.QtWidgets import QWidget

    from desktop_app.data.messages.board import OpId, Shape

    from .drafts import Draft, ToolName

ERASER_RADIUS_PX = 9
ARROW_STEP_PX = 64
_ARROWS = {
    Qt.Key.Key_Left: QPoint(ARROW_STEP_PX, 0),
    Qt.Key.Key_Right: QPoint(-ARROW_STEP_PX, 0),
    Qt.Key.Key_Up: QPoint(0, ARROW_STEP_PX),
    Qt.Key.Key_Down: QPoint(0, -ARROW_STEP_PX),
}
_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class BoardCanvas(BoardView):
    """Turns what the person does into changes of the board."""

    change_requested = Signal(object)
    """A BoardChange."""
    stroke_shown = Signal(object)
    """The Shape that is being drawn, None when it has ended."""
    pointed = Signal(float, float, bool)
    """Where the mouse is over the board (board units), and whether it is there at all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = TextEditor(self)
        self.editor.finished.connect(self._take_text)
        self.viewport_changed.connect(lambda: self.editor.follow(self.viewport_))
        self._tool: ToolName = "pen"
        self._ink = Ink()
        self._draft: Draft | None = None
        self._erased: dict[OpId, None] = {}
        self._erasing_from: QPointF | None = None
        self._panning_from: QPointF | None = None
        self._space = False
        self._focus_seen = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Whiteboard")
        self.setAccessibleDescription(
            "Draw with the mouse. Arrow keys move the paper, Ctrl+Plus and Ctrl+Minus zoom."
        )
        self._show_cursor()

    @property
    def tool(self) -> ToolName:
        """What the left button does."""
        return self._tool

    def set_tool(self, tool: ToolName) -> None:
        """Choose what the left button does."""
        self.editor.finish()
        self.cancel()
        self._tool = tool
        self._show_cursor()

    @property
    def ink(self) -> Ink:
        """With what is drawn."""
        return self._ink

    def set_ink(self, ink: Ink) -> None:
        """Draw with another colour or width from now on."""
        self._ink = ink

    @property
    def is_drawing(self) -> bool:
        """Whether the mouse's button is held for something."""
        return self._draft is not None or self._erasing_from is not None or self._panning_from is not None

    def cancel(self) -> None:
        """Give up what is being drawn or rubbed out."""
        if self._draft is not None:
            self.update_over(self._draft.shape())
            self._draft = None
            self.stroke_shown.emit(None)
        if self._erasing_from is not None:
            self._erasing_from = None
            self._erased = {}
            self._show_change(self.scene.hide(frozenset()))
        self._panning_from = None
        self._show_cursor()

    # --- the mouse ------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the tool does."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.is_drawing:
            return
        place = event.position()
        middle = event.button() == Qt.MouseButton.MiddleButton
        if middle or (event.button() == Qt.MouseButton.LeftButton and (self._space or self._tool == "hand")):
            self._panning_from = place
            self._show_cursor()
        elif event.button() != Qt.MouseButton.LeftButton:
            return
        elif self._tool == "eraser":
            self._erasing_from = place
            self._erase_to(place)
        elif self._tool == "text":
            if not self.editor.was_left_just_now:  # the click that finishes a text begins no other
                self._begin_text(place)
        else:
            self._draft = drafts.begin(self._tool, self._ink, self._board_at(place), self.viewport_.scale)
            self._draft_changed()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it, and show where the mouse is."""
        place = event.position()
        if self._panning_from is not None:
            moved = place - self._panning_from
            self._panning_from = place
            self.pan(moved.x(), moved.y())
        elif self._erasing_from is not None:
            self._erase_to(place)
        elif self._draft is not None:
            before = self._draft.shape()
            straight = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if self._draft.move(self._board_at(place), straight):
                self.update_over(before)
                self._draft_changed()
        self.pointed.emit(*self._board_at(place), True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish it."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        if self._panning_from is not None:
            self._panning_from = None
            self._show_cursor()
        elif self._draft is not None and event.button() == Qt.MouseButton.LeftButton:
            self.update_over(self._draft.shape())
            shape = self._draft.finish()
            self._draft = None
            self.stroke_shown.emit(None)
            if shape is not None:
                self._draw(shape)
        elif self._erasing_from is not None and event.button() == Qt.MouseButton.LeftButton:
            self._erasing_from = None
            erased, self._erased = tuple(self._erased), {}
            if erased:
                self.change_requested.emit(Rub(erased))

    def _board_at(self, place: QPointF) -> tuple[float, float]:
        return self.viewport_.to_board(place.x(), place.y())

    def _draft_changed(self) -> None:
        if self._draft is not None:
            shape = self._draft.shape()
            self.update_over(shape)
            self.stroke_shown.emit(shape)

    def _draw(self, shape: Shape) -> None:
        self._is_moved = True  # what is seen is where one draws
        self.wait_for(shape)
        self.change_requested.emit(Draw(shape))

    def _erase_to(self, place: QPointF) -> None:
        start, self._erasing_from = self._erasing_from or place, place
        radius = ERASER_RADIUS_PX / self.viewport_.scale
        items = touched(self.scene, self._board_at(start), self._board_at(place), radius)
        if items:
            self._erased.update(dict.fromkeys(item.identity for item in items))
            self._show_change(self.scene.hide(frozenset(self._erased)))

    def erasing_failed(self) -> None:
        """What was rubbed out is there still."""
        self._show_change(self.scene.hide(frozenset(self._erased)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the mouse; sideways, or with Shift, move the paper. A touchpad moves it."""
        keys = event.modifiers()
        if event.phase() != Qt.ScrollPhase.NoScrollPhase and not keys & Qt.KeyboardModifier.ControlModifier:
            self.pan(event.pixelDelta().x(), event.pixelDelta().y())
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            self.pan(event.angleDelta().y() + event.angleDelta().x(), 0)
        elif event.angleDelta().y() == 0:
            self.pan(event.angleDelta().x(), 0)
        else:
            self.zoom(WHEEL_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer goes, unless something is being drawn."""
        super().leaveEvent(event)
        self.pointed.emit(0.0, 0.0, False)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing goes on behind the scenes."""
        super().hideEvent(event)
        self.editor.finish()
        self.cancel()
        self._space = False
        self.pointed.emit(0.0, 0.0, False)

    # --- text -----------------------------------------------------------------------------------

    def _begin_text(self, place: QPointF) -> None:
        x, y = self._board_at(place)
        # The letters' middle is where the mouse was.
        half = self._ink.width * drafts.TEXT_HALF
        self.editor.open((x, y - half), self._ink, self.viewport_)

    def _take_text(self, shape: Shape | None) -> None:
        if shape is not None:
            self._draw(shape)

    # --- the keyboard ---------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the paper, Space lets the mouse move it, Escape gives up."""
        if (step := _ARROWS.get(Qt.Key(event.key()))) is not None:
            self.pan(step.x(), step.y())
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self._show_cursor()
        elif event.key() == Qt.Key.Key_Escape and self.is_drawing:
            self.cancel()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space is let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is, when it was the keyboard that came here."""
        super().focusInEvent(event)
        self._focus_seen = event.reason() in _KEYBOARD_REASONS
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is held is no longer ours."""
        super().focusOutEvent(event)
        self._space = self._focus_seen = False
        self._show_cursor()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Pinching on a touchpad zooms."""
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self.zoom(1 + event.value(), event.position())
            return True
        return super().event(event)

    # --- looks ----------------------------------------------------------------------------------

    def paint_draft(self, painter: QPainter) -> None:
        """What is being drawn here."""
        if self._draft is not None:
            paint_shape(painter, self._draft.shape())

    def has_visible_focus(self) -> bool:
        """Whether the keyboard brought the focus here."""
        return self._focus_seen and self.hasFocus()

    def _show_cursor(self) -> None:
        if self._panning_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space or self._tool == "hand":
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._tool == "eraser":
            self.setCursor(_eraser_cursor(self.devicePixelRatioF()))
        elif self._tool == "text":
            self.setCursor(Qt.CursorShape.IBeamCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)


def _eraser_cursor(ratio: float) -> QCursor:
    """A ring as large as what is rubbed out."""
    side = 2 * ERASER_RADIUS_PX + 4
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring = QRect(2, 2, 2 * ERASER_RADIUS_PX, 2 * ERASER_RADIUS_PX)
    for color, width in ((QColor(255, 255, 255, 230), 3.0), (QColor(60, 70, 85), 1.2)):
        painter.setPen(QPen(color, width))
        painter.drawEllipse(ring)
    painter.end()
    return QCursor(pixmap, side // 2, side // 2)
