"""Typing on the board, where the text will stand and as it will look."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from desktop_app.data.messages.board import MAX_TEXT_CHARS, Shape

from .shapes import TEXT_HEIGHT

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent

    from .drafts import Ink
    from .viewport import Viewport

MIN_WIDTH_PX = 48
JUST_NOW_S = 0.2
_FRAME_PX = 2


class TextEditor(QPlainTextEdit):
    """Enter finishes, Shift+Enter begins a line, Escape gives up, and clicking elsewhere finishes too."""

    finished = Signal(object)
    """The Shape, or None when nothing was typed."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._ink: Ink | None = None
        self._place = (0.0, 0.0)
        self._is_done = True
        self._left_at_s = -math.inf
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Text on the whiteboard")
        self.setAccessibleDescription("Enter puts it on the board, Shift+Enter begins a new line")
        self.document().setDocumentMargin(0)
        self.textChanged.connect(self._changed)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether something is being typed."""
        return not self._is_done

    @property
    def was_left_just_now(self) -> bool:
        """Whether a click elsewhere finished a text a moment ago: focus moves before the click is told."""
        return time.monotonic() - self._left_at_s < JUST_NOW_S

    def open(self, place: tuple[float, float], ink: Ink, viewport: Viewport) -> None:
        """Type at `place` (board units)."""
        self._ink = ink
        self._place = place
        self._is_done = False
        self.clear()
        self.follow(viewport)
        self.show()
        self.setFocus()

    def follow(self, viewport: Viewport) -> None:
        """Be where the text will be, as large as it will be."""
        if self._ink is None:
            return
        font = QFont()
        font.setPixelSize(max(3, min(1000, round(self._ink.width * TEXT_HEIGHT * viewport.scale))))
        # The application's style sheet has a font and colours of its own for fields.
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: transparent; border: {_FRAME_PX}px dashed {self._ink.color};"
            f" border-radius: 0; padding: 0; min-height: 0; color: {self._ink.color};"
            f" font-size: {font.pixelSize()}px; }}"
        )
        self.setFont(font)
        x, y = viewport.to_widget(*self._place)
        self.move(QPoint(round(x) - _FRAME_PX, round(y) - _FRAME_PX))
        self._fit()

    def _changed(self) -> None:
        if len(text := self.toPlainText()) > MAX_TEXT_CHARS:
            self.setPlainText(text[:MAX_TEXT_CHARS])
            self.moveCursor(QTextCursor.MoveOperation.End)
        self._fit()

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        lines = self.toPlainText().split("\n")
        width = max(metrics.horizontalAdvance(line) for line in lines) + metrics.averageCharWidth() + 8
        height = math.ceil(metrics.lineSpacing() * len(lines)) + 2
        self.resize(max(MIN_WIDTH_PX, width) + 2 * _FRAME_PX, height + 2 * _FRAME_PX)

    def finish(self) -> None:
        """Take what was typed."""
        if self._is_done or self._ink is None:
            return
        self._is_done = True
        text = self.toPlainText().rstrip()
        shape = None
        if text.strip():
            shape = Shape(
                tool="text", color=self._ink.color, width=self._ink.width, points=self._place, text=text
            )
        self._close(shape)

    def cancel(self) -> None:
        """Forget what was typed."""
        if not self._is_done:
            self._is_done = True
            self._close(None)

    def _close(self, shape: Shape | None) -> None:
        canvas = self.parentWidget()
        had_focus = self.hasFocus()
        self.hide()
        if had_focus and canvas is not None:
            canvas.setFocus()
        self.finished.emit(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Escape end it."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.finish()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Somebody clicked elsewhere; a menu or another window does not count."""
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
            Qt.FocusReason.MenuBarFocusReason,
        ):
            if event.reason() == Qt.FocusReason.MouseFocusReason and self.is_open:
                self._left_at_s = time.monotonic()
            self.finish()

    def event(self, event: QEvent) -> bool:
        """Enter and Escape belong to the text while it is typed, as letters do anyway."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        ):
            event.accept()
            return True
        return super().event(event)
