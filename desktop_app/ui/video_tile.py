"""One participant's picture with what must be known of them: name, microphone, camera, connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .avatar import draw_avatar
from .frame_converter import FrameFeed
from .grid_layout import MAX_ASPECT
from .picture_fit import fit_picture
from .quality_words import quality_look
from .tile_label import COMPACT, NORMAL, STATUS_SHARE, draw_status, render_hand, render_name_label

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QImage, QPaintEvent, QPixmap, QResizeEvent, QShowEvent

    from desktop_app.media.frame_slot import FrameSlot

    from .frame_converter import ConversionPool, Picture
    from .picture_fit import Fit
    from .tile_label import LabelStyle

RADIUS_PX = 10.0
MARGIN_PX = 8
SMALL_BELOW_PX = 140
"""So low a tile's placeholder stands above the name, not in the middle, and its sentence is in the tooltip."""
COMPACT_BELOW_PX = 116
LABEL_FROM_PX = (80, 44)
"""A smaller tile has no name on it."""
SMALL_AVATAR_SHARE = 0.68
VEIL = QColor(10, 12, 16, 150)
EDGE = QColor(255, 255, 255, 60)
SPEAKING = QColor("#4c8dff")
"""Whom the room listens to. Seen on the dark of tiles and on the window in both appearances (3:1, WCAG 2.2, 1.4.11)."""
TALKING = QColor("#426fb5")
"""Who is heard besides."""


class VideoTile(QWidget):
    """Paints the newest frame of a slot while it is visible, and a placeholder when there is none.

    A `floating` tile lies over another one and has really transparent corners; the others paint their corners
    in the window's colour, which is cheaper than clipping the picture.
    """

    picture_size_changed = Signal(QSize)

    def __init__(
        self,
        pool: ConversionPool,
        slot: FrameSlot,
        name: str,
        *,
        mirrored: bool = False,
        floating: bool = False,
        whole: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Of a `whole` picture nothing is cut off."""
        super().__init__(parent)
        self._whole = whole
        self._pool = pool
        self._slot = slot
        self._name = name
        self._mirrored = mirrored
        self._floating = floating
        self._initials_of = ""
        self._audio_muted = False
        self._video_muted = False
        self._status = ""
        self._quality = ""
        self._talking = False
        self._speaking = False
        self._pinned = False
        self._hand = 0
        self._hand_mark: QPixmap | None = None
        self._feed: FrameFeed | None = None
        self._picture: Picture | None = None
        self._label: QPixmap | None = None
        self._shape = QPainterPath()
        self._corners = QPainterPath()
        self._paints = 0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, not floating)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(48, 27)
        self._describe()

    @property
    def name(self) -> str:
        """The name on the tile."""
        return self._name

    @property
    def status(self) -> str:
        """The words over the picture; empty while all is well."""
        return self._status

    @property
    def audio_muted(self) -> bool:
        """Whether the crossed-out microphone is shown."""
        return self._audio_muted

    @property
    def paints(self) -> int:
        """How often the tile was painted."""
        return self._paints

    @property
    def receiving(self) -> bool:
        """Whether frames are taken from the slot at all."""
        return self._feed is not None

    @property
    def showing_picture(self) -> bool:
        """Whether a frame is painted, not the placeholder."""
        return self._picture is not None and not self._video_muted

    @property
    def picture_size(self) -> QSize | None:
        """The frame's own size, None while there is no picture."""
        return QSize(*self._picture.source_size) if self._picture is not None else None

    @property
    def aspect(self) -> float:
        """The picture's shape (width / height), within what can be shown well; 16:9 while there is none."""
        size = self.picture_size
        if size is None or size.isEmpty():
            return MAX_ASPECT
        return min(2.4, max(0.5, size.width() / size.height()))

    @property
    def mirrored(self) -> bool:
        """Whether the picture is shown as in a mirror."""
        return self._mirrored

    def picture_area(self) -> QRectF | None:
        """Where the whole picture lies (logical pixels of the tile, maybe beyond it), None without a picture."""
        if self._picture is None or self._video_muted:
            return None
        ratio = self.devicePixelRatioF()
        fit = self._fit(self._picture, self._device_size())
        return QRectF(fit.x / ratio, fit.y / ratio, fit.width / ratio, fit.height / ratio)

    def set_name(self, name: str, initials_of: str = "") -> None:
        """Change the name; the placeholder's initials are those of `initials_of` when that is given."""
        if (name, initials_of) != (self._name, self._initials_of):
            self._name = name
            self._initials_of = initials_of
            self._changed()

    def set_audio_muted(self, muted: bool) -> None:
        """Show or hide the crossed-out microphone."""
        if muted != self._audio_muted:
            self._audio_muted = muted
            self._changed()

    def set_video_muted(self, muted: bool) -> None:
        """Show the placeholder and the crossed-out camera, or the picture."""
        if muted != self._video_muted:
            self._video_muted = muted
            self._picture = None  # the last picture before the camera went off must not come back
            self._update_feed()
            self._changed()

    def set_status(self, text: str) -> None:
        """Say something over the picture ("Reconnecting…"); empty for nothing."""
        if text != self._status:
            self._status = text
            self.setToolTip(text)
            self._changed()

    @property
    def quality(self) -> str:
        """How good the connection is, in a word of quality/score.py; empty where there is none."""
        return self._quality

    def set_quality(self, word: str) -> None:
        """Show the bars of the connection's quality."""
        if word != self._quality:
            self._quality = word
            self._changed()

    def set_talking(self, talking: bool) -> None:
        """Draw or remove the ring around somebody who is heard."""
        if talking != self._talking:
            self._talking = talking
            self.update()

    @property
    def speaking(self) -> bool:
        """Whether the room listens to this one."""
        return self._speaking

    def set_speaking(self, speaking: bool) -> None:
        """Draw or remove the ring around whom the room listens to."""
        if speaking != self._speaking:
            self._speaking = speaking
            self.update()

    @property
    def pinned(self) -> bool:
        """Whether the pin is shown."""
        return self._pinned

    def set_pinned(self, pinned: bool) -> None:
        """Show or hide the pin."""
        if pinned != self._pinned:
            self._pinned = pinned
            self._changed()

    @property
    def hand(self) -> int:
        """Whose turn it is by raised hands, from 1; 0 while the hand is down."""
        return self._hand

    def set_hand(self, order: int) -> None:
        """Show a raised hand with its place in the order of raising; 0 takes it away."""
        if order != self._hand:
            self._hand = order
            self._changed()

    def set_mirrored(self, mirrored: bool) -> None:
        """Show the picture as in a mirror, or as the others see it."""
        if mirrored != self._mirrored:
            self._mirrored = mirrored
            self.update()

    def set_floating(self, floating: bool) -> None:
        """Lie over another tile, or in the grid."""
        self._floating = floating
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, not floating)
        self.update()

    def _changed(self) -> None:
        self._label = self._hand_mark = None
        self._describe()
        self.update()

    def _describe(self) -> None:
        parts = [self._name]
        parts += [f"hand raised, number {self._hand}"] * bool(self._hand)
        parts += ["pinned"] * self._pinned
        parts += ["microphone muted"] * self._audio_muted + ["camera off"] * self._video_muted
        parts += [quality_look(self._quality).words] * bool(self._quality)
        self.setAccessibleName(", ".join(parts + [self._status] * bool(self._status)))

    # Frames

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return round(self.width() * ratio), round(self.height() * ratio)

    def _update_feed(self) -> None:
        wanted = self.isVisible() and not self._video_muted
        if wanted and self._feed is None:
            self._feed = FrameFeed(self._pool, self._slot, self._take_picture, whole=self._whole)
            self._feed.set_box(*self._device_size())
        elif not wanted and self._feed is not None:
            self._feed.close()
            self._feed = None

    def _take_picture(self, picture: Picture | None) -> None:
        before = self.picture_size
        self._picture = picture
        size = self.picture_size
        if size is not None and size != before:
            self.picture_size_changed.emit(size)
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to take frames."""
        super().showEvent(event)
        self._update_feed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take no frames; a minimised window hides its widgets too."""
        super().hideEvent(event)
        if self._feed is not None:  # isVisible() is still true when the window is minimised
            self._feed.close()
            self._feed = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have frames scaled to the new size."""
        super().resizeEvent(event)
        self._label = self._hand_mark = None
        self._shape = QPainterPath()
        self._shape.addRoundedRect(QRectF(self.rect()), RADIUS_PX, RADIUS_PX)
        # Odd-even filling: what is in the rectangle but not in the shape. The rectangle is larger than the tile: at
        # 150 % a tile's edge may be in the middle of a pixel, which must be painted as a whole.
        self._corners = QPainterPath(self._shape)
        self._corners.addRect(QRectF(self.rect()).adjusted(-1, -1, 1, 1))
        if self._feed is not None:
            self._feed.set_box(*self._device_size())

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture or placeholder, then what lies over it."""
        self._paints += 1
        painter = QPainter(self)
        if self._floating:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipPath(self._shape)
        if self._picture is not None and not self._video_muted:
            self._paint_picture(painter, self._picture)
        else:
            painter.fillRect(self.rect(), theme.current_palette().tile_background)
            initials_of = self._initials_of or self._name
            if self.height() < SMALL_BELOW_PX:
                above_name = QRectF(0, 0, self.width(), self.height() - self._label_style().height_px)
                draw_avatar(painter, above_name, initials_of, SMALL_AVATAR_SHARE)
            else:
                room = self.height() * (STATUS_SHARE if self._status else 1.0)
                draw_avatar(painter, QRectF(0, 0, self.width(), room), initials_of)
        if self._status and (self.showing_picture or self.height() >= SMALL_BELOW_PX):
            self._paint_status(painter)
        self._paint_label(painter)
        if self._hand:
            self._paint_hand(painter, self._hand)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._floating:
            painter.fillPath(self._corners, self.palette().window())
        self._paint_border(painter)
        painter.end()
        if self._feed is not None:
            # The size may have changed with the screen's pixel ratio alone, which brings no resize event.
            self._feed.set_box(*self._device_size())
            self._feed.painted()

    def _fit(self, picture: Picture, box: tuple[int, int]) -> Fit:
        return (
            picture.fit if picture.box == box else fit_picture(*picture.source_size, *box, whole=self._whole)
        )

    def _paint_status(self, painter: QPainter) -> None:
        if self.showing_picture:
            painter.fillRect(self.rect(), VEIL)
        draw_status(painter, self.rect(), self._status, below_avatar=not self.showing_picture)

    def _image_of(self, picture: Picture) -> QImage:
        """What is painted of a picture."""
        return picture.image

    def _paint_picture(self, painter: QPainter, picture: Picture) -> None:
        ratio = self.devicePixelRatioF()
        box = self._device_size()
        fit = self._fit(picture, box)
        if fit.x > 0 or fit.y > 0:
            painter.fillRect(self.rect(), theme.current_palette().tile_background)
        painter.save()
        if self._mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        target = QRectF(fit.x / ratio, fit.y / ratio, fit.width / ratio, fit.height / ratio)
        image = self._image_of(picture)
        if picture.box == box:
            image.setDevicePixelRatio(ratio)
            painter.drawImage(QPointF(target.topLeft()), image)
        else:  # made for another size: until the next frame is there, scale it here
            image.setDevicePixelRatio(1)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, image)
        painter.restore()

    def _paint_label(self, painter: QPainter) -> None:
        if self.width() < LABEL_FROM_PX[0] or self.height() < LABEL_FROM_PX[1]:
            return
        style = self._label_style()
        if self._label is None:
            self._label = render_name_label(
                self._name,
                self.width() - 2 * style.margin_px,
                self.devicePixelRatioF(),
                self.font(),
                audio_muted=self._audio_muted,
                video_muted=self._video_muted,
                pinned=self._pinned,
                quality=self._quality,
                style=style,
            )
        height = round(self._label.height() / self._label.devicePixelRatio())
        painter.drawPixmap(style.margin_px, self.height() - style.margin_px - height, self._label)

    def _label_style(self) -> LabelStyle:
        return COMPACT if self.height() < COMPACT_BELOW_PX else NORMAL

    def _paint_hand(self, painter: QPainter, order: int) -> None:
        if self._hand_mark is None:
            side = max(20, min(34, self.height() // 5))
            self._hand_mark = render_hand(order, side, self.devicePixelRatioF(), self.font())
        painter.drawPixmap(MARGIN_PX, MARGIN_PX, self._hand_mark)

    def _paint_border(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if (
            self._speaking and not self._audio_muted and not self._floating
        ):  # with one other, who else should it be
            self._paint_ring(painter, QPen(SPEAKING, 3.0))
        elif self._talking:
            self._paint_ring(painter, QPen(TALKING, 3.0))
        elif self._floating:
            self._paint_ring(painter, QPen(EDGE, 1.0))

    def _paint_ring(self, painter: QPainter, pen: QPen, distance_px: float = 0.0) -> None:
        inset = distance_px + pen.widthF() / 2
        painter.setPen(pen)
        radius = max(1.0, RADIUS_PX - inset)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), radius, radius)

    def sizeHint(self) -> QSize:
        """A 16:9 picture of modest size."""
        return QSize(320, 180)
