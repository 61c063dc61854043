"""The painted board in square pieces: each is painted once, in slices of time, and only moved afterwards."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap

from . import paper
from .shapes import paint_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .scene import Change, Scene
    from .shapes import Item

TILE_PX = 256
"""Device pixels."""
MAX_TILES = 220
"""Some 58 MB; more only when the window is larger than that."""
MAX_AT_ONCE = 24
"""More new shapes than this are not painted on the tiles that are there; the tiles are painted anew, in slices."""
Place: TypeAlias = tuple[int, int]


class Tile:
    """One piece. While it is painted anew, what was there is shown."""

    __slots__ = ("dirty", "job", "pixmap")

    def __init__(self) -> None:
        self.pixmap: QPixmap | None = None
        self.dirty = QRect()
        """Device pixels of the tile that are to be painted, beside what the job paints."""
        self.job: _Job | None = None


class _Job:
    """A tile on its way: the pixmap, and the shapes that are still missing on it."""

    def __init__(self, pixmap: QPixmap, clip: QRect, items: list[Item]) -> None:
        self.pixmap = pixmap
        self.clip = clip
        self.items = items
        self.next = 0


class TileStore:
    """The pieces of one scale. `shapes_painted` counts each shape for each piece it was painted on."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._tiles: dict[Place, Tile] = {}
        self._scale = 1.0
        self.shapes_painted = 0

    @property
    def scale(self) -> float:
        """Device pixels for a board unit."""
        return self._scale

    def reset(self, scale: float) -> None:
        """Throw everything away; `scale` is device pixels for a board unit."""
        self._tiles.clear()
        self._scale = scale

    def pixmap(self, place: Place) -> QPixmap | None:
        """What is to be shown there now."""
        tile = self._tiles.get(place)
        return None if tile is None else tile.pixmap

    def places_of(self, area: QRectF) -> list[Place]:
        """The tiles that `area` (board units) touches; it is one that a window can show."""
        columns, rows = self._ranges(area)
        return [(column, row) for row in rows for column in columns]

    def _ranges(self, area: QRectF) -> tuple[range, range]:
        side = TILE_PX / self._scale
        return (
            range(math.floor(area.left() / side), math.floor(area.right() / side) + 1),
            range(math.floor(area.top() / side), math.floor(area.bottom() / side) + 1),
        )

    def area_of(self, place: Place) -> QRectF:
        """A tile's place on the board."""
        side = TILE_PX / self._scale
        return QRectF(place[0] * side, place[1] * side, side, side)

    # --- changes --------------------------------------------------------------------------------

    def apply(self, change: Change) -> None:
        """The picture has changed: what lies on top is painted at once, what else changed when it is wanted."""
        for area in change.dirty:
            self._invalidate(area)
        for item in change.added:
            if len(change.added) > MAX_AT_ONCE:
                self._invalidate(item.bounds)
                continue
            for place, tile in self._touched(item.bounds):
                self._add(place, tile, item)

    def _touched(self, area: QRectF) -> list[tuple[Place, Tile]]:
        columns, rows = self._ranges(area)
        if len(columns) * len(rows) <= len(self._tiles):
            places = [(column, row) for row in rows for column in columns]
        else:  # an area may be as large as it likes
            places = [place for place in self._tiles if place[0] in columns and place[1] in rows]
        return [(place, tile) for place in places if (tile := self._tiles.get(place)) is not None]

    def _add(self, place: Place, tile: Tile, item: Item) -> None:
        if tile.job is not None:
            if tile.pixmap is None:
                tile.job.items.append(item)
            else:  # it may reach beyond what the job paints
                self._soil(place, tile, item.bounds)
        elif tile.pixmap is not None:
            painter = self._painter(tile.pixmap, place)
            self._paint(painter, item)
            painter.end()
        # Otherwise it is found with the others when the tile is painted.

    def _invalidate(self, area: QRectF) -> None:
        for place, tile in self._touched(area):
            if tile.job is not None:
                tile.dirty = tile.dirty.united(tile.job.clip)  # its shapes are no longer the right ones
                tile.job = None
            self._soil(place, tile, area)

    def _soil(self, place: Place, tile: Tile, area: QRectF) -> None:
        corner = self.area_of(place).topLeft()
        local = QRectF((area.topLeft() - corner) * self._scale, area.size() * self._scale)
        whole = QRectF(0, 0, TILE_PX, TILE_PX)
        pixels = local.intersected(whole).toAlignedRect().adjusted(-1, -1, 1, 1)
        tile.dirty = tile.dirty.united(pixels.intersected(whole.toRect()))

    # --- painting -------------------------------------------------------------------------------

    def work(self, wanted: Sequence[Place], budget_s: float) -> list[Place]:
        """Paint what is missing or dirty among `wanted`, for so long; the tiles that were finished."""
        end_s = time.perf_counter() + budget_s
        finished: list[Place] = []
        for place in wanted:
            tile = self._tiles.pop(place, None) or Tile()
            self._tiles[place] = tile  # the newest use is last
            while tile.job is not None or tile.pixmap is None or not tile.dirty.isEmpty():
                if time.perf_counter() >= end_s:
                    return finished
                if self._go_on(place, tile, end_s):
                    finished.append(place)
        self._limit(max(MAX_TILES, 2 * len(wanted)))
        return finished

    def is_complete(self, wanted: Iterable[Place]) -> bool:
        """Whether everything there is painted."""
        for place in wanted:
            tile = self._tiles.get(place)
            if tile is None or tile.pixmap is None or tile.job is not None or not tile.dirty.isEmpty():
                return False
        return True

    def _go_on(self, place: Place, tile: Tile, end_s: float) -> bool:
        job = tile.job
        begins = job is None
        if job is None:
            job = tile.job = self._begin(place, tile)
        painter = self._painter(job.pixmap, place, job.clip)
        if begins:
            paper.paint(painter, self._board_area(place, job.clip), self._scale)
        while job.next < len(job.items):
            self._paint(painter, job.items[job.next])
            job.next += 1
            if time.perf_counter() >= end_s:
                break
        painter.end()
        if job.next < len(job.items):
            return False
        tile.pixmap, tile.job = job.pixmap, None
        return True

    def _begin(self, place: Place, tile: Tile) -> _Job:
        whole = QRect(0, 0, TILE_PX, TILE_PX)
        clip = whole if tile.pixmap is None else tile.dirty
        tile.dirty = QRect()
        pixmap = QPixmap(TILE_PX, TILE_PX) if tile.pixmap is None else tile.pixmap.copy()
        return _Job(pixmap, clip, self._scene.items_in(self._board_area(place, clip)))

    def _board_area(self, place: Place, clip: QRect) -> QRectF:
        corner = self.area_of(place).topLeft()
        return QRectF(corner + QPointF(clip.topLeft()) / self._scale, QRectF(clip).size() / self._scale)

    def _painter(self, pixmap: QPixmap, place: Place, clip: QRect | None = None) -> QPainter:
        painter = QPainter(pixmap)
        if clip is not None:
            painter.setClipRect(clip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-place[0] * TILE_PX, -place[1] * TILE_PX)
        painter.scale(self._scale, self._scale)
        return painter

    def _paint(self, painter: QPainter, item: Item) -> None:
        self.shapes_painted += 1
        paint_shape(painter, item.shape, self._scene.path(item))

    def _limit(self, most: int) -> None:
        while len(self._tiles) > most:
            del self._tiles[next(iter(self._tiles))]
