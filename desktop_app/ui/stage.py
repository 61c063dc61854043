"""The middle of a call: the tiles alone, or the whiteboard with the tiles as a strip beside or over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QWidget

from . import theme
from .screens.sharing_bar import SharingBar

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from .board.panel import BoardPanel
    from .tile_grid import TileGrid

BESIDE_FROM_PX = 860
"""With so much width the strip stands beside the board."""
COLUMN_PX = 168
ROW_PX = 92
GAP_PX = theme.Spacing.S


class Stage(QWidget):
    """Places the two, under the line that says that our screen is shown."""

    def __init__(self, grid: TileGrid, board: BoardPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = grid
        self._board = board
        grid.setParent(self)
        board.setParent(self)
        board.hide()
        self.sharing = SharingBar(self)

    def show_board(self, shown: bool) -> None:
        """With the whiteboard, or without."""
        self._grid.set_strip(shown)
        self._board.setVisible(shown)
        self.updateGeometry()
        self._place()

    def show_sharing(self, shown: bool) -> None:
        """With the line that says that our screen is shown, or without."""
        self.sharing.setVisible(shown)
        self.updateGeometry()
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place them anew."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        area = self.rect()
        if not self.sharing.isHidden():
            height = self.sharing.sizeHint().height()
            self.sharing.setGeometry(QRect(0, 0, area.width(), height))
            area.setTop(height + GAP_PX)
        if self._board.isHidden():
            self._grid.setGeometry(area)
        elif area.width() >= BESIDE_FROM_PX:
            board = area.adjusted(0, 0, -COLUMN_PX - GAP_PX, 0)
            self._board.setGeometry(board)
            self._grid.setGeometry(QRect(board.right() + 1 + GAP_PX, area.top(), COLUMN_PX, area.height()))
        else:
            self._grid.setGeometry(QRect(0, area.top(), area.width(), ROW_PX))
            self._board.setGeometry(area.adjusted(0, ROW_PX + GAP_PX, 0, 0))

    def minimumSizeHint(self) -> QSize:
        """As small as what is shown may be."""
        line = 0 if self.sharing.isHidden() else self.sharing.sizeHint().height() + GAP_PX
        if self._board.isHidden():
            return self._grid.minimumSize() + QSize(0, line)
        board = self._board.minimumSizeHint()
        return QSize(board.width(), board.height() + ROW_PX + GAP_PX + line)

    def sizeHint(self) -> QSize:
        """That of the tiles."""
        return self._grid.sizeHint()
