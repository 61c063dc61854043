"""Pointing at somebody's picture or shared screen, and the others' pointers over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from .pointers import Pointed, paint_pointer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QHideEvent, QMouseEvent, QPaintEvent

    from desktop_app.ui.tile_grid import TileGrid
    from desktop_app.ui.video_tile import VideoTile

VIDEO = "video:"
"""Before the participant's id; alone it is our own picture."""
SCREEN = "screen:"
"""The same of the screen that they share; alone it is ours, which has no tile."""


class TileOverlay(QWidget):
    """Lies over a tile, and is there only while somebody points at its picture or may."""

    moved = Signal(float, float, bool)
    """Parts of the picture, and whether the mouse is over it."""

    def __init__(self, tile: VideoTile) -> None:
        super().__init__(tile)
        self._tile = tile
        self._pointers: tuple[Pointed, ...] = ()
        self._over = False
        self.setMouseTracking(True)
        self.setGeometry(tile.rect())
        tile.installEventFilter(self)
        self.set_pointing(False)
        self.show()

    @property
    def pointers(self) -> tuple[Pointed, ...]:
        """Who points here."""
        return self._pointers

    def set_pointing(self, on: bool) -> None:
        """Whether our mouse points."""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not on)
        self.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)
        if not on:
            self._leave()

    def set_pointers(self, pointers: tuple[Pointed, ...]) -> None:
        """Show these, and no others."""
        if pointers != self._pointers:
            self._pointers = pointers
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Be as large as the tile."""
        if watched is self._tile and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._tile.rect())
        return False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say where the mouse is in the picture."""
        area = self._tile.picture_area()
        if area is None or area.isEmpty():
            return
        x = (event.position().x() - area.x()) / area.width()
        y = (event.position().y() - area.y()) / area.height()
        if self._tile.mirrored:
            x = 1 - x
        if 0 <= x <= 1 and 0 <= y <= 1:
            self._over = True
            self.moved.emit(x, y, True)
        else:
            self._leave()

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is elsewhere."""
        super().leaveEvent(event)
        self._leave()

    def hideEvent(self, event: QHideEvent) -> None:
        """The tile is gone."""
        super().hideEvent(event)
        self._leave()

    def _leave(self) -> None:
        if self._over:
            self._over = False
            self.moved.emit(0.0, 0.0, False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pointers where they are in the picture."""
        area = self._tile.picture_area()
        if area is None or not self._pointers:
            return
        painter = QPainter(self)
        for each in self._pointers:
            x = 1 - each.x if self._tile.mirrored else each.x
            tip = QPointF(area.x() + x * area.width(), area.y() + each.y * area.height())
            paint_pointer(painter, tip, each.name)
        painter.end()


class TilePointers(QObject):
    """Puts overlays over those tiles that need one."""

    pointed = Signal(str, float, float, bool)
    """Surface, place, and whether the mouse is there."""

    def __init__(self, grid: TileGrid, parent: QObject) -> None:
        super().__init__(parent)
        self._grid = grid
        self._on = False
        self._shown: dict[str, tuple[Pointed, ...]] = {}
        self._overlays: dict[str, tuple[VideoTile, TileOverlay]] = {}

    def overlay(self, user_id: str, kind: str = VIDEO) -> TileOverlay | None:
        """What lies over the tile of a participant (empty: our own) or of their screen, None when nothing does."""
        found = self._overlays.get(kind + user_id)
        return None if found is None else found[1]

    def set_pointing(self, on: bool) -> None:
        """Whether the mouse over a picture is shown to the others."""
        self._on = on
        self.sync()

    def show(self, pointers: Mapping[str, tuple[Pointed, ...]]) -> None:
        """By surface."""
        self._shown = dict(pointers)
        self.sync()

    def sync(self) -> None:
        """The tiles may be others than before."""
        tiles: dict[str, VideoTile] = {VIDEO + user_id: tile for user_id, tile in self._grid.tiles.items()}
        tiles[VIDEO] = self._grid.own
        tiles |= {SCREEN + user_id: tile for user_id, tile in self._grid.screens.items()}
        for surface, (tile, overlay) in tuple(self._overlays.items()):
            if tiles.get(surface) is not tile or not (self._on or surface in self._shown):
                del self._overlays[surface]
                if tiles.get(surface) is tile:  # otherwise it goes with its tile
                    overlay.hide()
                    overlay.deleteLater()
        for surface, tile in tiles.items():
            if not (self._on or surface in self._shown):
                continue
            if surface not in self._overlays:
                self._overlays[surface] = (tile, self._new(surface, tile))
            overlay = self._overlays[surface][1]
            overlay.set_pointing(self._on)
            overlay.set_pointers(self._shown.get(surface, ()))

    def _new(self, surface: str, tile: VideoTile) -> TileOverlay:
        overlay = TileOverlay(tile)
        overlay.moved.connect(lambda x, y, seen: self.pointed.emit(surface, x, y, seen))
        return overlay
