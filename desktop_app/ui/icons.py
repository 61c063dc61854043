"""Icons from resources/icons/*.svg, in the colours of the appearance, crisp at every size and density."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from desktop_app.core import paths

if TYPE_CHECKING:
    from collections.abc import Callable

DISABLED_OPACITY = 0.4
_PLACEHOLDER = b"currentColor"


@cache
def svg_source(name: str) -> bytes:
    """The SVG text of icon `name`.

    Raises:
        FileNotFoundError: there is no such icon; a name is always written in our own code.
    """
    return (paths.resources_dir() / "icons" / f"{name}.svg").read_bytes()


def icon_names() -> list[str]:
    """Every icon that there is."""
    return sorted(path.stem for path in (paths.resources_dir() / "icons").glob("*.svg"))


def render_icon(name: str, colour: QColor, size_px: QSize, *, opacity: float = 1.0) -> QPixmap:
    """Icon `name`, centred in `size_px` device pixels; from Qt's pixmap cache when it was drawn before."""
    if size_px.isEmpty():
        return QPixmap()  # a button that has no room yet
    key = f"bridgecall:{name}:{colour.rgba():08x}:{size_px.width()}x{size_px.height()}:{opacity}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    pixmap = QPixmap(size_px)
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(svg_source(name).replace(_PLACEHOLDER, colour.name().encode())))
    side = min(size_px.width(), size_px.height())
    target = QRectF((size_px.width() - side) / 2, (size_px.height() - side) / 2, side, side)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity * colour.alphaF())
    renderer.render(painter, target)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


class SvgIconEngine(QIconEngine):
    """Draws an icon when it is painted, so that it follows a change of the appearance and of the screen."""

    def __init__(self, name: str, colour: Callable[[], QColor]) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def _render(self, size_px: QSize, mode: QIcon.Mode) -> QPixmap:
        opacity = DISABLED_OPACITY if mode == QIcon.Mode.Disabled else 1.0
        return render_icon(self._name, self._colour(), size_px, opacity=opacity)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into `rect` (logical pixels)."""
        ratio = painter.device().devicePixelRatio()
        pixmap = self._render(rect.size() * ratio, mode)
        painter.drawPixmap(rect, pixmap)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon in `size` device pixels."""
        return self._render(size, mode)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """The icon in `size` logical pixels of `scale` device pixels each (so since Qt 6.8)."""
        pixmap = QPixmap(self._render(size * scale, mode))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        """Every size is available."""
        return size

    def clone(self) -> QIconEngine:
        """The same icon again."""
        return SvgIconEngine(self._name, self._colour)

    def isNull(self) -> bool:
        """Never: the file was read when the icon was made."""
        return False
