"""The list of the conversation: links, copying, and staying at the newest line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QHelpEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QToolTip, QWidget

from desktop_app.ui import theme

from .delegate import LineDelegate
from .model import ConversationModel, full_time
from .tips import link_tip, plain_tip
from .words import copied_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent

    from .links import Link

_BOTTOM_SLACK_PX = 6
SLICE_S = 0.004
ROWS_AT_ONCE = 20
_MENU_LINKS = 5
_MENU_LINK_CHARS = 60


class ConversationView(QListView):
    """Shows a ConversationModel. It follows the newest line until the person scrolls up."""

    link_activated = Signal(object)
    """The Link that the person clicked or chose."""
    followed = Signal(bool)
    """Whether the newest line is in view now."""

    def __init__(self, model: ConversationModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._cards: dict[str, QWidget] = {}
        self._following = True
        self._pressed: Link | None = None
        self._rows_changed = True
        self._ahead = (0, 0)
        """The width for which rows are measured ahead, and how many of them are."""
        self._measuring = QTimer(self)
        self._measuring.setSingleShot(True)
        self._measuring.timeout.connect(self.doItemsLayout)
        self.lines = LineDelegate(model, self._cards.get, self)
        self.setModel(model)
        self.setItemDelegate(self.lines)
        self.setFrameShape(QFrame.Shape.NoFrame)
        theme.set_style(self, role="conversation")
        self.setAccessibleName("Conversation")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        )  # else every first row flips the width
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.verticalScrollBar().setSingleStep(24)
        self.setViewportMargins(0, 0, 0, theme.Spacing.S)  # the newest line does not touch what is below
        self.setMouseTracking(True)
        self.setAcceptDrops(False)
        model.rowsInserted.connect(self._rows_inserted)
        model.rowsRemoved.connect(self._note_rows)
        model.modelReset.connect(self._note_rows)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._scrolled)

    # Cards of files

    def add_card(self, transfer_id: str, card: QWidget) -> None:
        """Show `card` as the row of a transfer."""
        self._cards[transfer_id] = card
        self.setIndexWidget(self._model.index_for_file(transfer_id), card)
        self.scheduleDelayedItemsLayout()

    def remove_card(self, transfer_id: str) -> None:
        """The row of a transfer is gone, and with it its widget."""
        self._cards.pop(transfer_id, None)

    def card_changed(self) -> None:
        """A card may need another height."""
        self.scheduleDelayedItemsLayout()

    def updateEditorGeometries(self) -> None:
        """Place the cards, but not after each of many new rows: the layout that follows does it once."""
        if not self._model.changing:
            super().updateEditorGeometries()

    # Following

    @property
    def following(self) -> bool:
        """Whether the newest line is in view."""
        return self._following

    def show_newest(self) -> None:
        """Scroll to the end, and follow from now on."""
        self._set_following(True)
        self.scrollToBottom()

    def _range_changed(self, _minimum: int, maximum: int) -> None:
        self.verticalScrollBar().setEnabled(maximum > 0)
        if self._following:
            self.verticalScrollBar().setValue(maximum)

    def _scrolled(self, value: int) -> None:
        self._set_following(value >= self.verticalScrollBar().maximum() - _BOTTOM_SLACK_PX)

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self.followed.emit(following)

    # Places

    def doItemsLayout(self) -> None:
        """Place the rows; many that have to be measured for another width first are measured in slices of time.

        Until that is done they stay where they were.
        """
        if not self._rows_changed and self.isVisible() and not self._measure_ahead():
            self._measuring.start()
            return
        self._measuring.stop()
        self._rows_changed = False
        super().doItemsLayout()

    def _measure_ahead(self) -> bool:
        """Measure for some milliseconds; True when all are measured."""
        width = self.viewport().width()
        rows = self._model.conversation.rows
        done = self._ahead[1] if self._ahead[0] == width else 0
        end_s = time.perf_counter() + SLICE_S
        while done < len(rows):
            for row in rows[done : done + ROWS_AT_ONCE]:
                self.lines.height(row, width)
            done += ROWS_AT_ONCE
            if time.perf_counter() >= end_s:
                break
        self._ahead = (width, done)
        return done >= len(rows)

    def _note_rows(self) -> None:
        self._rows_changed = True

    def _rows_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._rows_changed = True
        if self.isVisible():  # each by itself, not all of a long history when they are placed
            for number in range(first, last + 1):
                self.lines.height(self._model.conversation.rows[number], self.viewport().width())
        row = self._model.index(first + 1)
        if row.isValid():  # it may start a group no longer
            self.update(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep to the newest line when the width changes."""
        following = self._following
        super().resizeEvent(event)
        if following:
            self._set_following(True)

    def dataChanged(
        self,
        top_left: QModelIndex | QPersistentModelIndex,
        bottom_right: QModelIndex | QPersistentModelIndex,
        roles: Sequence[int] = (),
    ) -> None:
        """Make room when a line needs more or less of it."""
        super().dataChanged(top_left, bottom_right, roles)
        width = self.viewport().width()
        for number in range(top_left.row(), bottom_right.row() + 1):
            row = self._model.conversation.rows[number]
            if row.measured.get("height") != self.lines.height(row, width):
                self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.lines.font_changed(self.font())
            self._ahead = (0, 0)
            self.scheduleDelayedItemsLayout()

    # Links

    def link_at(self, position: QPoint) -> Link | None:
        """The link under a point of the viewport."""
        index = self.indexAt(position)
        if not index.isValid():
            return None
        return self.lines.link_at(self._model.row(index), self.visualRect(index), position)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember the link; it opens when the button is released on it."""
        super().mousePressEvent(event)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = self.link_at(event.position().toPoint()) if left and plain else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the link that was pressed."""
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        if pressed is not None and self.link_at(event.position().toPoint()) == pressed:
            self.link_activated.emit(pressed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over a link."""
        super().mouseMoveEvent(event)
        over = self.link_at(event.position().toPoint()) is not None
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def tip_at(self, position: QPoint) -> str:
        """What the tooltip says at a point of the viewport."""
        link = self.link_at(position)
        if link is not None:
            return link_tip(link)
        index = self.indexAt(position)
        return (
            plain_tip(self._model.data(index, Qt.ItemDataRole.ToolTipRole) or "") if index.isValid() else ""
        )

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the tip of what is under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = self.tip_at(event.pos())
            if tip:
                QToolTip.showText(event.globalPos(), tip, self.viewport(), QRect(event.pos(), event.pos()))
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    # Copying

    def selected_text(self) -> str:
        """The selected lines in their order."""
        numbers = sorted(index.row() for index in self.selectedIndexes())
        rows = [self._model.conversation.rows[number] for number in numbers]
        entries = [row.entry for row in rows if row.entry is not None]
        return copied_text(entries, self._model.names, full_time) if entries else ""

    def copy_selected(self) -> None:
        """Put the selected lines on the clipboard."""
        text = self.selected_text()
        if text:
            QGuiApplication.clipboard().setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy by the keyboard."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
            event.accept()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the selected lines and their links."""
        menu = self.make_menu(event.pos() if event.reason() == event.Reason.Mouse else None)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def make_menu(self, position: QPoint | None) -> QMenu:
        """The menu for a point of the viewport, or for the current line when it is None."""
        index = self.currentIndex() if position is None else self.indexAt(position)
        if position is not None and index.isValid() and not self.selectionModel().isSelected(index):
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().setCurrentIndex(index, flags)  # whatever keys are held
        menu = QMenu(self)
        link = self.link_at(position) if position is not None else None
        row = self._model.row(index) if index.isValid() else None
        links = [link] if link is not None else list(row.links[:_MENU_LINKS]) if row is not None else []
        for each in links:
            self._add_link(menu, each)
        if links:
            menu.addSeparator()
        copy = menu.addAction(theme.icon("copy"), "&Copy", self.copy_selected)
        copy.setEnabled(bool(self.selected_text()))
        every = menu.addAction("Select &all", self.selectAll)
        every.setEnabled(self._model.rowCount() > 0)
        return menu

    def _add_link(self, menu: QMenu, link: Link) -> None:
        shown = (
            link.target if len(link.target) <= _MENU_LINK_CHARS else f"{link.target[: _MENU_LINK_CHARS - 1]}…"
        )
        shown = shown.replace("&", "&&")
        menu.addAction(f"Open {shown}", lambda: self.link_activated.emit(link))
        menu.addAction("Copy link", lambda: QGuiApplication.clipboard().setText(link.target))
