"""The choice of a reaction over the toolbar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QGridLayout, QToolButton, QWidget

from desktop_app.ui import theme

from .emoji import REACTIONS, ReactionIconEngine

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

COLUMNS = 4
ICON_PX = 30


class ReactionPopup(QFrame):
    """Closes itself; `chosen` brings the emoji. The arrow keys go from one to the next."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        theme.set_style(self, role="popup")
        self.setAccessibleName("Reactions")
        self.buttons: list[QToolButton] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(*(theme.Spacing.S,) * 4)
        grid.setSpacing(theme.Spacing.XS)
        for number, (emoji, (_, name)) in enumerate(REACTIONS.items()):
            button = QToolButton()
            button.setIcon(QIcon(ReactionIconEngine(emoji)))
            button.setIconSize(QSize(ICON_PX, ICON_PX))
            button.setToolTip(name)
            button.setAccessibleName(name)
            button.clicked.connect(lambda _checked=False, each=emoji: self._choose(each))
            grid.addWidget(button, number // COLUMNS, number % COLUMNS)
            self.buttons.append(button)

    def open_over(self, button: QWidget) -> None:
        """Show it above `button`."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() // 2 - self.width() // 2, -self.height() - 4))
        screen = button.screen().availableGeometry()
        corner.setX(max(screen.left(), min(corner.x(), screen.right() - self.width())))
        corner.setY(max(screen.top(), corner.y()))
        self.move(corner)
        self.show()
        self.buttons[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def _choose(self, emoji: str) -> None:
        self.close()
        self.chosen.emit(emoji)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on by arrow keys; Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -COLUMNS,
            Qt.Key.Key_Down: COLUMNS,
        }.get(Qt.Key(event.key()))
        focused = [number for number, button in enumerate(self.buttons) if button.hasFocus()]
        if step is not None and focused:
            self.buttons[(focused[0] + step) % len(self.buttons)].setFocus()
            return
        super().keyPressEvent(event)
