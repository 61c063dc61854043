"""Files dragged onto the window: where they would go, shown over the tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QWidget

from desktop_app.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QPaintEvent

MAX_FILES = 100
"""Of one drop."""
_VEIL = QColor(10, 13, 17, 165)


class Target:
    """Where a drop goes: to one person, or to everybody."""

    __slots__ = ("rect", "user_id", "words")

    def __init__(self, user_id: str | None, words: str, rect: QRect) -> None:
        self.user_id = user_id
        self.words = words
        self.rect = rect
        """In the window's pixels."""


class DropOverlay(QWidget):
    """A veil over the page with the words; the target's place shines through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._target: Target | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def words(self) -> str:
        """What is said."""
        return self._target.words if self._target is not None else ""

    def show_target(self, target: Target, area: QRect) -> None:
        """Cover `area` (the window's pixels) and point out the target in it."""
        if self._target is not None and self.isVisible() and self.geometry() == area:
            before = self._target
            if (before.words, before.rect) == (target.words, target.rect):
                return
        self._target = target
        self.setGeometry(area)
        self.setAccessibleName(target.words)
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the veil, the target's edge and the words in its middle."""
        if self._target is None:
            return
        palette = theme.current_palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), _VEIL)
        place = self._target.rect.translated(-self.pos()).intersected(self.rect()).adjusted(4, 4, -4, -4)
        fill = QColor(palette.accent)
        fill.setAlphaF(0.72)
        painter.setBrush(fill)
        painter.setPen(QPen(palette.accent, 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(place), 10, 10)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setWeight(QFont.Weight.DemiBold)
        if QFontMetrics(font).horizontalAdvance(self._target.words) > place.width() * 2:
            font.setPointSizeF(font.pointSizeF() * 0.75)
        painter.setFont(font)
        painter.setPen(palette.tile_text)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(place.adjusted(8, 8, -8, -8), flags, self._target.words)


class FileDrop(QObject):
    """Watches the drags over a window."""

    dropped = Signal(list, object)
    """Paths, and the user id or None for everybody."""
    refused = Signal(str)
    """A sentence: what was dropped cannot be sent."""

    def __init__(self, window: QWidget, page: QWidget, target_at: Callable[[QPoint], Target | None]) -> None:
        super().__init__(window)
        self._window = window
        self._page = page
        self._target_at = target_at
        """The target at a point of the window, None while nothing can be sent."""
        self.overlay = DropOverlay(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take drags with files; leave the others alone."""
        if isinstance(event, QDragEnterEvent | QDragMoveEvent):
            return self._over(event)
        if event.type() == QEvent.Type.DragLeave:
            self.overlay.hide()
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            return self._drop(event)
        return super().eventFilter(watched, event)

    def _over(self, event: QDragMoveEvent) -> bool:
        target = self._target_at(event.position().toPoint()) if event.mimeData().hasUrls() else None
        if target is None:
            event.ignore()
            self.overlay.hide()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.overlay.show_target(target, self._area())
        return True

    def _drop(self, event: QDropEvent) -> bool:
        self.overlay.hide()
        target = self._target_at(event.position().toPoint()) if event.mimeData().hasUrls() else None
        if target is None:
            event.ignore()
            return True
        event.setDropAction(Qt.DropAction.CopyAction)  # a file manager must not take it for moved
        event.accept()
        paths = _paths(event.mimeData())
        if not paths:
            self.refused.emit("Only files of this computer can be sent.")
        elif len(paths) > MAX_FILES:
            self.refused.emit(f"At most {MAX_FILES} files can be sent at once: pack them into a ZIP file.")
        else:
            self.dropped.emit(paths, target.user_id)
        return True

    def _area(self) -> QRect:
        return QRect(self._page.mapTo(self._window, QPoint(0, 0)), self._page.size())


def _paths(data: QMimeData) -> list[str]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile() and url.toLocalFile()]
