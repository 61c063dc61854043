"""The tiles of a call: alone, two people with our picture in the corner, or a grid of everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from . import theme
from .grid_layout import arrange, arrange_one, arrange_strip, common_aspect, inset
from .video_tile import VideoTile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtGui import QResizeEvent

    from desktop_app.media.frame_slot import FrameSlot

    from .frame_converter import ConversionPool
    from .grid_layout import Cell
    from .room_model import Person

MINIMUM = QSize(240, 180)
GAP_PX = theme.Spacing.S
QR_BUTTON_FROM_PX = 560
WAITING_TEXT = "Waiting for others — send them the link."


class WaitingBar(QWidget):
    """What is said and offered while nobody else is there."""

    copy_requested = Signal()
    invite_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        text = QLabel(WAITING_TEXT)
        self.copy_button = QPushButton("Copy link")
        self.copy_button.setIcon(theme.icon("copy", color="on_accent"))
        self.copy_button.setAccessibleDescription("Copies the invite link to the clipboard")
        theme.set_style(self.copy_button, kind="primary")
        self.invite_button = QPushButton("Show QR code")
        self.invite_button.setAccessibleDescription("Opens the invitation with the link and its QR code")
        self.copy_button.clicked.connect(self.copy_requested)
        self.invite_button.clicked.connect(self.invite_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.Spacing.M)
        layout.addStretch(1)
        layout.addWidget(text)
        layout.addWidget(self.copy_button)
        layout.addWidget(self.invite_button)
        layout.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Without room the code is left to the invitation, which the toolbar opens too."""
        super().resizeEvent(event)
        self.invite_button.setVisible(self.width() >= QR_BUTTON_FROM_PX)


class TileGrid(QWidget):
    """Keeps one tile for each participant and one for ourselves, and places them."""

    copy_link_requested = Signal()
    invite_requested = Signal()

    def __init__(
        self,
        pool: ConversionPool,
        local_slot: FrameSlot,
        remote_slot: Callable[[str], FrameSlot],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pool = pool
        self._remote_slot = remote_slot
        self._tiles: dict[str, VideoTile] = {}
        self._strip = False
        self._waiting = WaitingBar(self)
        self._waiting.copy_requested.connect(self.copy_link_requested)
        self._waiting.invite_requested.connect(self.invite_requested)
        self.own = VideoTile(pool, local_slot, "You", mirrored=True, parent=self)
        self.own.picture_size_changed.connect(self._place)
        self.setMinimumSize(MINIMUM)

    @property
    def tiles(self) -> dict[str, VideoTile]:
        """The others' tiles by user id, in the order of their coming."""
        return dict(self._tiles)

    @property
    def waiting(self) -> WaitingBar:
        """The bar that is shown while nobody else is there."""
        return self._waiting

    def show_people(self, people: Iterable[Person]) -> None:
        """Make, change and remove tiles until they are those of `people`."""
        wanted = {person.user_id: person for person in people}
        changed = False
        for user_id in [each for each in self._tiles if each not in wanted]:
            tile = self._tiles.pop(user_id)
            tile.hide()  # ends its conversions at once; the object goes later
            tile.deleteLater()
            changed = True
        for user_id, person in wanted.items():
            if user_id not in self._tiles:
                self._tiles[user_id] = self._new_tile(person)
                changed = True
            tile = self._tiles[user_id]
            tile.set_name(person.name)
            tile.set_audio_muted(person.audio_muted)
            tile.set_video_muted(person.video_muted)
            tile.set_status(person.status_text())
        if changed:
            self._place()

    def set_strip(self, strip: bool) -> None:
        """Be small beside something else: everybody in a row or column, and nothing but tiles."""
        self._strip = strip
        self.setMinimumSize(QSize(0, 0) if strip else MINIMUM)
        self._place()

    def set_talking(self, user_ids: set[str]) -> None:
        """Mark who is heard."""
        for user_id, tile in self._tiles.items():
            tile.set_talking(user_id in user_ids and not tile.audio_muted)

    def _new_tile(self, person: Person) -> VideoTile:
        tile = VideoTile(self._pool, self._remote_slot(person.user_id), person.name, parent=self)
        tile.picture_size_changed.connect(self._place)
        tile.show()
        return tile

    # Places

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the tiles anew."""
        super().resizeEvent(event)
        self._place()

    def sizeHint(self) -> QSize:
        """Room for a picture at its own size."""
        return QSize(800, 500)

    def _place(self) -> None:
        others = list(self._tiles.values())
        self._waiting.setVisible(not others and not self._strip)
        self.own.set_floating(len(others) == 1 and not self._strip)
        width, height = self.width(), self.height()
        if self._strip:
            everybody = [*others, self.own]
            for tile, cell in zip(
                everybody, arrange_strip(len(everybody), width, height, GAP_PX), strict=False
            ):
                _put(tile, cell)
        elif not others:
            bar = self._waiting.sizeHint().height()
            cell = arrange_one(width, height - bar - theme.Spacing.L, self.own.aspect)
            _put(self.own, cell)
            bottom = min(cell.y + cell.height + theme.Spacing.M, height - bar)
            self._waiting.setGeometry(0, bottom, width, bar)
        elif len(others) == 1:
            area = arrange_one(width, height, others[0].aspect)
            _put(others[0], area)
            _put(self.own, inset(area, self.own.aspect, theme.Spacing.M))
            self.own.raise_()
        else:
            everybody = [*others, self.own]
            aspect = common_aspect([each.aspect for each in everybody if each.picture_size])
            for tile, cell in zip(
                everybody, arrange(len(everybody), width, height, aspect, GAP_PX), strict=False
            ):
                _put(tile, cell)


def _put(tile: VideoTile, cell: Cell) -> None:
    tile.setGeometry(QRect(cell.x, cell.y, cell.width, cell.height))
