"""Looking at the whiteboard: what is seen of it, moving and zooming it, and what lies over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from desktop_app.ui import theme

from . import viewport as viewports
from .pointers import REACH_PX, Pointed, paint_pointer
from .scene import Change, Scene
from .shapes import paint_shape, shape_bounds
from .tiles import TILE_PX, TileStore
from .viewport import MAX_FIT_SCALE, Viewport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PySide6.QtGui import QPaintEvent, QResizeEvent, QShowEvent

    from desktop_app.data.messages.board import Op, Shape

    from .tiles import Place

EMPTY_HINT = "Draw here: everybody in the call sees it and can draw too."
CORNER_PX = 48
"""Below, the zoom lies over the paper."""
SLICE_S = 0.006
"""So long at a time the board is painted before the window has its turn."""


class BoardView(QWidget):
    """Paints the tiles of the scene, and over them what is being drawn and pointed at."""

    viewport_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = Scene()
        self.tiles = TileStore(self.scene)
        self.waiting_shapes: list[Shape] = []
        """Ours, which the board does not have yet."""
        self._live: dict[str, Shape] = {}
        self._pointers: dict[str, Pointed] = {}
        self._shows_hint = True
        self._viewport = Viewport()
        self._ratio = 0.0
        self._is_moved = False
        """Whether somebody chose what is seen."""
        self._backdrop: tuple[QPixmap, Viewport] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        theme.notifier().changed.connect(self._repaint_all)

    def sizeHint(self) -> QSize:
        """As large as there is room."""
        return QSize(800, 500)

    # --- what is on it --------------------------------------------------------------------------

    def apply(self, ops: Iterable[Op], *, own: bool = False) -> None:
        """Operations were added to the board."""
        ops = tuple(ops)
        for op in ops:
            if op.kind == "add":
                self.show_live(op.author, None)
        if own and ops and ops[0].kind == "add" and self.waiting_shapes:
            self.update_over(self.waiting_shapes.pop(0))
        self._show_change(self.scene.apply(ops))

    def _show_change(self, change: Change) -> None:
        if change:
            self.tiles.apply(change)
            for area in (*change.dirty, *(item.bounds for item in change.added)):
                self.update(self._on_widget(area))
        self._update_hint()

    def _update_hint(self) -> None:
        if self._shows_hint != self.is_empty:
            self._shows_hint = self.is_empty
            self.update()

    def clear_board(self) -> None:
        """Another board begins, empty."""
        self.scene = Scene()
        self.tiles = TileStore(self.scene)
        self._is_moved = False
        self.waiting_shapes.clear()
        self._live.clear()
        self._pointers.clear()
        self._shows_hint = True
        self._repaint_all()

    def wait_for(self, shape: Shape) -> None:
        """It was drawn here and is on its way to the board."""
        self.waiting_shapes.append(shape)
        self.update_over(shape)
        self._update_hint()

    def forget_waiting(self, shape: Shape) -> None:
        """It could not be drawn."""
        self.waiting_shapes = [each for each in self.waiting_shapes if each is not shape]
        self.update_over(shape)
        self._update_hint()

    def show_live(self, user_id: str, shape: Shape | None) -> None:
        """Somebody is drawing this; None: no longer."""
        for each in (self._live.pop(user_id, None), shape):
            if each is not None:
                self.update_over(each)
        if shape is not None:
            self._live[user_id] = shape
        self._update_hint()

    @property
    def pointers(self) -> tuple[Pointed, ...]:
        """Whose pointers are shown, and where."""
        return tuple(self._pointers.values())

    def show_pointers(self, pointers: Mapping[str, Pointed]) -> None:
        """These are pointing at the board, and nobody else."""
        for each in {*self._pointers.values(), *pointers.values()}:
            if self._pointers.get(each.user_id) != pointers.get(each.user_id):
                x, y = self._viewport.to_widget(each.x, each.y)
                self.update(QRect(round(x) - REACH_PX, round(y) - 40, 2 * REACH_PX, 96))
        self._pointers = dict(pointers)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing on the board, and nothing being drawn."""
        return not (len(self.scene) or self.waiting_shapes or self._live)

    def update_over(self, shape: Shape) -> None:
        """Paint again where `shape` lies."""
        self.update(self._on_widget(shape_bounds(shape)))

    # --- what is seen of it ---------------------------------------------------------------------

    @property
    def viewport_(self) -> Viewport:
        """Which part is seen, how large."""
        return self._viewport

    def set_viewport(self, viewport: Viewport) -> None:
        """Look elsewhere, or closer."""
        viewport = viewport.snapped(self.devicePixelRatioF())
        if viewport == self._viewport:
            return
        if viewport.scale != self._viewport.scale:
            self._backdrop = (self._snapshot(), self._viewport)
            self.tiles.reset(viewport.scale * self.devicePixelRatioF())
        self._viewport = viewport
        self.update()
        self.viewport_changed.emit()

    def look_at_all(self) -> None:
        """Begin where something is: with everything in sight, or with the middle of the board in the middle."""
        if self._is_moved:
            return
        if self.scene.bounds().isNull():
            self.set_viewport(Viewport(1.0, -self.width() / 2, -self.height() / 2))
        else:
            self.fit(1.0)
        self._is_moved = len(self.scene) > 0

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Larger or smaller, around `at` or the middle."""
        self._is_moved = True
        place = QPointF(self.rect().center()) if at is None else at
        self.set_viewport(self._viewport.zoomed(factor, place.x(), place.y()))

    def zoom_to_100(self) -> None:
        """One pixel for a board unit."""
        self.zoom(1 / self._viewport.scale)

    def fit(self, max_scale: float = MAX_FIT_SCALE) -> None:
        """Show everything that is on the board, at `max_scale` when there is little."""
        bounds = self.scene.bounds()
        if bounds.isNull():
            self._is_moved = False
            self.look_at_all()
            return
        area = (bounds.x(), bounds.y(), bounds.width(), bounds.height())
        self.set_viewport(viewports.fit(area, self.width(), self.height() - CORNER_PX, max_scale))

    def pan(self, dx_px: float, dy_px: float) -> None:
        """Move the paper."""
        self._is_moved = True
        self.set_viewport(self._viewport.panned(dx_px, dy_px))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle in the middle."""
        super().resizeEvent(event)
        old = event.oldSize()
        if self._is_moved and old.width() > 0 and old.height() > 0:
            grown = event.size() - old
            self.pan(grown.width() / 2, grown.height() / 2)
        else:
            self.look_at_all()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin where something is."""
        super().showEvent(event)
        self.look_at_all()

    def _on_widget(self, area: QRectF) -> QRect:
        x, y = self._viewport.to_widget(area.x(), area.y())
        scale = self._viewport.scale
        on_widget = QRectF(x, y, area.width() * scale, area.height() * scale)
        return on_widget.intersected(QRectF(self.rect())).toAlignedRect().adjusted(-2, -2, 2, 2)

    def _on_board(self, area: QRect) -> QRectF:
        x, y = self._viewport.to_board(area.x(), area.y())
        scale = self._viewport.scale
        return QRectF(x, y, area.width() / scale, area.height() / scale)

    # --- painting -------------------------------------------------------------------------------

    def _repaint_all(self) -> None:
        self._backdrop = None
        self.tiles.reset(self._viewport.scale * self.devicePixelRatioF())
        self.update()

    def _wanted(self) -> list[Place]:
        """The tiles that are seen, the middle ones first."""
        area = self._on_board(self.rect())
        places = self.tiles.places_of(area)
        side = TILE_PX / self.tiles.scale
        x, y = area.center().x() / side - 0.5, area.center().y() / side - 0.5
        return sorted(places, key=lambda place: (place[0] - x) ** 2 + (place[1] - y) ** 2)

    @property
    def is_painted(self) -> bool:
        """Whether everything that is seen is painted, and nothing left to do."""
        return self.tiles.is_complete(self._wanted())

    def _work(self) -> None:
        wanted = self._wanted()
        for place in self.tiles.work(wanted, SLICE_S):
            self.update(self._on_widget(self.tiles.area_of(place)))
        if not self.tiles.is_complete(wanted):
            self._timer.start()
        elif self._backdrop is not None:
            self._backdrop = None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Move what is painted into place; paint for a moment what is not, and the rest later."""
        if self.devicePixelRatioF() != self._ratio:  # another screen brings no event of its own
            self._ratio = self.devicePixelRatioF()
            self.tiles.reset(self._viewport.scale * self._ratio)
        if not self._timer.isActive():  # else it has its turn soon
            wanted = self._wanted()
            self.tiles.work(wanted, SLICE_S)
            if not self.tiles.is_complete(wanted):
                self._timer.start()
        painter = QPainter(self)
        self._paint_board(painter, event.rect())
        if self._shows_hint:
            painter.setPen(theme.current_palette().board_hint)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY_HINT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._viewport.scale, self._viewport.scale)
        painter.translate(-self._viewport.left, -self._viewport.top)
        for shape in (*self.waiting_shapes, *self._live.values()):
            paint_shape(painter, shape)
        self.paint_draft(painter)
        painter.restore()
        for pointed in self._pointers.values():
            paint_pointer(painter, QPointF(*self._viewport.to_widget(pointed.x, pointed.y)), pointed.name)
        self._paint_corners(painter)
        if self.has_visible_focus():
            painter.setPen(QPen(theme.current_palette().accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_corners(self, painter: QPainter) -> None:
        """Round the lower corners as the panel around it is: it would be painted over."""
        palette = theme.current_palette()
        radius = theme.Spacing.RADIUS - 1
        edge = QPainterPath()
        edge.addRoundedRect(QRectF(self.rect()).adjusted(0, -2 * radius, 0, 0), radius, radius)
        outside = QPainterPath()
        outside.addRect(QRectF(self.rect()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outside.subtracted(edge), palette.background)
        painter.setPen(QPen(palette.border, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = QRectF(self.rect()).adjusted(-0.5, -2 * radius, 0.5, 0.5)
        painter.drawRoundedRect(line, radius + 0.5, radius + 0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def paint_draft(self, painter: QPainter) -> None:
        """Paint what is being drawn here; the painter's units are the board's."""

    def has_visible_focus(self) -> bool:
        """Whether the keyboard brought the focus here."""
        return False

    def _paint_board(self, painter: QPainter, rect: QRect) -> None:
        painter.fillRect(rect, theme.current_palette().board_paper)
        if self._backdrop is not None:
            pixmap, before = self._backdrop
            factor = self._viewport.scale / before.scale
            corner = QPointF(*self._viewport.to_widget(before.left, before.top))
            size = pixmap.deviceIndependentSize() * factor
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(QRectF(corner, size), pixmap, QRectF(pixmap.rect()))
            painter.restore()
        ratio = self._ratio or 1.0
        for place in self.tiles.places_of(self._on_board(rect)):
            tile = self.tiles.pixmap(place)
            if tile is not None:
                corner = self.tiles.area_of(place).topLeft()
                x, y = self._viewport.to_widget(corner.x(), corner.y())
                # Exactly on device pixels, or it would be blurred.
                target = QRectF(
                    round(x * ratio) / ratio, round(y * ratio) / ratio, TILE_PX / ratio, TILE_PX / ratio
                )
                painter.drawPixmap(target, tile, QRectF(tile.rect()))

    def _snapshot(self) -> QPixmap:
        """What is painted now, to be shown larger or smaller until the new tiles are there."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        painter = QPainter(pixmap)
        self._paint_board(painter, self.rect())
        painter.end()
        return pixmap
