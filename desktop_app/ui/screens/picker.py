"""Which screen or window to show: small pictures to choose from, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.ui import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.media.screen.source import Preview, ScreenSource

PREVIEW_PX = QSize(208, 130)
MAX_TITLE_CHARS = 60


class ScreenPicker(QDialog):
    """Lives until one was chosen or it was cancelled; the window stays usable beside it."""

    chosen = Signal(object)
    """A ScreenSource."""

    def __init__(self, sources: Sequence[ScreenSource], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Show your screen")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._sources = tuple(sources)
        heading = QLabel("What do you want to show to everybody in the call?")
        heading.setWordWrap(True)
        theme.set_style(heading, role="heading")
        self.list = QListWidget()
        theme.set_style(self.list, role="pictures")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setIconSize(PREVIEW_PX)
        self.list.setGridSize(PREVIEW_PX + QSize(20, 48))
        self.list.setUniformItemSizes(True)
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setAccessibleName("Screens and windows")
        for source in self._sources:
            self._add(source)
        self.list.itemActivated.connect(lambda _item: self.accept())
        self.list.currentRowChanged.connect(self._row_changed)
        self.buttons = QDialogButtonBox()
        self.share_button = self.buttons.addButton("Show", QDialogButtonBox.ButtonRole.AcceptRole)
        self.share_button.setDefault(True)
        theme.set_style(self.share_button, kind="primary")
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(theme.Spacing.L,) * 4)
        layout.setSpacing(theme.Spacing.M)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.buttons)
        self.resize(720, 460)
        self.list.setCurrentRow(0)
        self._row_changed(self.list.currentRow())
        self.list.setFocus()

    def _add(self, source: ScreenSource) -> None:
        kind = "Screen" if source.kind == "screen" else "Window"
        title = (
            source.title
            if len(source.title) <= MAX_TITLE_CHARS
            else f"{source.title[: MAX_TITLE_CHARS - 1]}…"
        )
        item = QListWidgetItem(QIcon(_pixmap(source.preview, self.devicePixelRatioF())), title)
        size = f"{source.width_px} × {source.height_px}"
        item.setToolTip(f"{source.title}\n{kind}, {size}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{kind}: {source.title}, {size}")
        item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.list.addItem(item)

    def _row_changed(self, row: int) -> None:
        self.share_button.setEnabled(row >= 0)

    def accept(self) -> None:
        """Show what is chosen."""
        row = self.list.currentRow()
        if row >= 0:
            self.chosen.emit(self._sources[row])
            super().accept()


def _pixmap(preview: Preview | None, ratio: float) -> QPixmap:
    """The small picture in the middle of one of the same size for all, so that their names are in line."""
    pixmap = QPixmap(PREVIEW_PX * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(theme.current_palette().tile_background)
    if preview is None:
        return pixmap
    image = QImage(
        preview.rgb, preview.width_px, preview.height_px, 3 * preview.width_px, QImage.Format.Format_RGB888
    )
    room = PREVIEW_PX * ratio
    shown = image.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    shown.setDevicePixelRatio(ratio)
    painter = QPainter(pixmap)
    place = (QSize(room) - shown.size()) / (2 * ratio)
    painter.drawImage(place.width(), place.height(), shown)
    painter.end()
    return pixmap
