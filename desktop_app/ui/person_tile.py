"""The tile of another participant, which can be pinned: by double click, button, menu and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QCursor, QImage, QPen
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.rtc.state import PeerState

from . import theme
from .avatar import AVATAR_SHARE, MAX_DIAMETER_PX
from .spinner import STEP_MS, draw_spinner
from .tile_label import SCRIM, STATUS_SHARE, draw_status_pill
from .video_tile import SMALL_BELOW_PX, VideoTile

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import (
        QContextMenuEvent,
        QEnterEvent,
        QFocusEvent,
        QHideEvent,
        QKeyEvent,
        QMouseEvent,
        QMoveEvent,
        QPainter,
        QShowEvent,
    )

    from desktop_app.media.frame_slot import FrameSlot

    from .frame_converter import ConversionPool, Picture


FOCUS_INSET_PX = 5.0
BUTTON_PX = 30
SMALL_BUTTON_PX = 22
SMALL_BUTTON_BELOW_PX = 116
BUTTON_FROM_PX = 80
"""A tile that is narrower has no room for the button."""
MAX_MENU_CHARS = 40
PIN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_P)
KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class PersonTile(VideoTile):
    """While it is `pinnable` it can have the focus, and a button for the pin is painted under the mouse."""

    pin_toggled = Signal()
    """The person wants this one pinned, or no longer."""

    def __init__(
        self,
        pool: ConversionPool,
        slot: FrameSlot,
        name: str,
        parent: QWidget | None = None,
        *,
        whole: bool = False,
    ) -> None:
        super().__init__(pool, slot, name, whole=whole, parent=parent)
        self._pinnable = False
        self._focus_ring = False
        self._hovered = False
        self._pressed_button = False
        self._state = PeerState.CONNECTED
        self._grey: tuple[QImage, QImage] | None = None
        """The picture that stands still, and the same without colours."""
        self._step = 0
        self._turning = QTimer(self)
        self._turning.setInterval(STEP_MS)
        self._turning.timeout.connect(self._turn)

    # A connection that is silent

    def is_turning(self) -> bool:
        """Whether the mark turns that says that the connection is tried again."""
        return self._turning.isActive()

    def set_state(self, state: PeerState) -> None:
        """While the connection is tried again the last picture is grey, with a mark that turns."""
        if state is not self._state:
            self._state = state
            self._grey = None
            self._update_turning()
            self.update()

    def _update_turning(self) -> None:
        if self._state is PeerState.RECONNECTING and self.isVisible():
            self._turning.start()
        else:
            self._turning.stop()

    def _turn(self) -> None:
        self._step += 1
        self.update(self._spinner_area().toAlignedRect().adjusted(-2, -2, 2, 2))

    def _spinner_area(self) -> QRectF:
        if self.showing_picture or self.height() < SMALL_BELOW_PX:
            side = max(14.0, min(34.0, self.height() / 6))
            area = QRectF(0, 0, side, side)
            # Above the sentence, which is in the middle.
            above = side / 2 + self.fontMetrics().height() if self.showing_picture else 0.0
            area.moveCenter(QPointF(self.width() / 2, max(side / 2 + 2, self.height() / 2 - above)))
            return area
        room = QRectF(0, 0, self.width(), self.height() * STATUS_SHARE)
        side = min(MAX_DIAMETER_PX, min(room.width(), room.height()) * AVATAR_SHARE) + 14
        area = QRectF(0, 0, side, side)
        area.moveCenter(room.center())
        return area

    def _image_of(self, picture: Picture) -> QImage:
        if self._state is not PeerState.RECONNECTING:
            return picture.image
        if self._grey is None or self._grey[0] is not picture.image:
            self._grey = picture.image, picture.image.convertToFormat(QImage.Format.Format_Grayscale8)
        return self._grey[1]

    def _paint_status(self, painter: QPainter) -> None:
        if self._state is PeerState.UNSTABLE and self.showing_picture:
            draw_status_pill(painter, self.rect(), self.status)
        else:
            super()._paint_status(painter)

    def showEvent(self, event: QShowEvent) -> None:
        """Turn the mark again."""
        super().showEvent(event)
        self._update_turning()

    def hideEvent(self, event: QHideEvent) -> None:
        """Turn nothing that is not seen."""
        super().hideEvent(event)
        self._turning.stop()

    def set_pinnable(self, pinnable: bool) -> None:
        """Let the person pin it."""
        self._pinnable = pinnable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if pinnable else Qt.FocusPolicy.NoFocus)

    @property
    def pin_button(self) -> QRect | None:
        """Where the button for the pin is while the mouse is over the tile, None while there is none."""
        if not self._pinnable or not self._hovered or self.width() < BUTTON_FROM_PX:
            return None
        small = self.height() < SMALL_BUTTON_BELOW_PX
        side, margin = (SMALL_BUTTON_PX, 5) if small else (BUTTON_PX, 8)
        return QRect(self.width() - margin - side, margin, side, side)

    def _paint_border(self, painter: QPainter) -> None:
        super()._paint_border(painter)
        if self._state is PeerState.RECONNECTING:
            draw_spinner(painter, self._spinner_area(), self._step, theme.current_palette().tile_text)
        if self._focus_ring:  # white beside dark: seen on any picture, and beside the ring of who speaks
            self._paint_ring(painter, QPen(QColor(0, 0, 0, 170), 4.0), FOCUS_INSET_PX - 1)
            self._paint_ring(painter, QPen(QColor("white"), 2.0), FOCUS_INSET_PX)
        if (place := self.pin_button) is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(SCRIM)
            painter.drawEllipse(place)
            name = "pin-off" if self.pinned else "pin"
            icon = theme.icon(name, color=theme.current_palette().tile_text)
            side = round(place.width() * 0.6)
            pixmap = icon.pixmap(QRect(0, 0, side, side).size(), self.devicePixelRatioF())
            painter.drawPixmap(QPointF(place.center()) - QPointF(side / 2 - 0.5, side / 2 - 0.5), pixmap)

    # The mouse

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the button."""
        super().enterEvent(event)
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Take it away."""
        super().leaveEvent(event)
        self._hovered = False
        self.update()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Have no button when the tile has gone from under the mouse."""
        super().moveEvent(event)
        self._hovered = self._hovered and self.rect().contains(self.mapFromGlobal(QCursor.pos()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pin by the button, or no longer."""
        pressed, self._pressed_button = self._pressed_button, False
        if pressed and self._is_on_button(event.position().toPoint()):
            self.pin_toggled.emit()
        else:
            super().mouseReleaseEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here."""
        if self._pinnable and event.button() == Qt.MouseButton.LeftButton:
            self._pressed_button = self._is_on_button(event.position().toPoint())
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Pin, or no longer; on the button the first click has done that."""
        if self._pinnable and event.button() == Qt.MouseButton.LeftButton:
            if not self._is_on_button(event.position().toPoint()):
                self.pin_toggled.emit()
        else:
            super().mouseDoubleClickEvent(event)

    def _is_on_button(self, point: QPoint) -> bool:
        place = self.pin_button
        return place is not None and place.contains(point)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to pin, or no longer to."""
        if not self._pinnable:
            super().contextMenuEvent(event)
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = self.name if len(self.name) <= MAX_MENU_CHARS else f"{self.name[: MAX_MENU_CHARS - 1]}…"
        text = f"{'Unpin' if self.pinned else 'Pin'} {name}".replace("&", "&&")
        action = menu.addAction(theme.icon("pin-off" if self.pinned else "pin"), text)
        action.triggered.connect(self.pin_toggled)
        menu.popup(event.globalPos())

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pin, or no longer; the other keys are the grid's."""
        if self._pinnable and event.key() in PIN_KEYS and not event.isAutoRepeat():
            self.pin_toggled.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring to somebody who came by the keyboard."""
        super().focusInEvent(event)
        self._focus_ring = event.reason() in KEYBOARD_REASONS
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self._focus_ring = False
        self.update()
