"""A picture in a layout: an icon in the colours of the appearance, or a small image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPaintEvent

_RADIUS_PX = 6


class IconBox(QWidget):
    """Draws the icon in the middle, or the image over the whole place, cut to fit."""

    def __init__(self, icon: str, color: str, icon_px: int, side_px: int = 0) -> None:
        super().__init__()
        self._icon = icon
        self._color = color
        self._icon_px = icon_px
        self._image: QImage | None = None
        self._framed = bool(side_px)
        if side_px:
            self.setFixedSize(side_px, side_px)
        else:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def image(self) -> QImage | None:
        """The image, None while the icon is shown."""
        return self._image

    def show_icon(self, icon: str, color: str) -> None:
        """Another icon."""
        if (icon, color) != (self._icon, self._color):
            self._icon, self._color = icon, color
            self.update()

    def show_image(self, image: QImage) -> None:
        """An image in the icon's place."""
        self._image = image
        self.update()

    def sizeHint(self) -> QSize:
        """As large as the icon."""
        return QSize(self._icon_px, self._icon_px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint icon or image."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), _RADIUS_PX, _RADIUS_PX)
        if self._framed:
            painter.fillPath(path, theme.current_palette().surface_raised)
        if self._image is None:
            place = QRect(0, 0, self._icon_px, self._icon_px)
            place.moveCenter(self.rect().center())
            theme.icon(self._icon, color=self._color).paint(painter, place)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(path)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(self.rect().center())
        painter.drawImage(target, self._image)
