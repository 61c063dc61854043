"""The conversation as a list model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from desktop_app.ui.files.words import spoken_transfer

from .rows import MAX_ROWS, Conversation, Row
from .words import HISTORY_TEXT, delivery_text, spoken_text

if TYPE_CHECKING:
    from desktop_app.data.events import ChatEntry, Transfer

_ROOT = QModelIndex()


def _now_ms() -> float:
    return time.time() * 1000


def short_time(time_ms: float) -> str:
    """The time of day, as the system writes it."""
    return QLocale.system().toString(
        QDateTime.fromMSecsSinceEpoch(int(time_ms)).time(), QLocale.FormatType.ShortFormat
    )


def full_time(time_ms: float) -> str:
    """Day and time, as the system writes them."""
    return QLocale.system().toString(
        QDateTime.fromMSecsSinceEpoch(int(time_ms)), QLocale.FormatType.ShortFormat
    )


def day_text(time_ms: float) -> str:
    """The day: today, yesterday or its date."""
    day = QDateTime.fromMSecsSinceEpoch(int(time_ms)).date()
    days_ago = day.daysTo(QDateTime.currentDateTime().date())
    if days_ago in (0, 1):
        return "Yesterday" if days_ago else "Today"
    return QLocale.system().toString(day, QLocale.FormatType.LongFormat)


class ConversationModel(QAbstractListModel):
    """Lines and files; never more than MAX_ROWS."""

    file_added = Signal(str)
    """The id of a transfer that has a row now."""
    file_removed = Signal(str)
    """The id of one that has none any more."""

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation()
        self.names: dict[str, str] = {}
        """Everybody who was seen in this call, by user id."""
        self.changing = False
        """Rows are being added or taken away."""

    def take_line(self, entry: ChatEntry) -> bool:
        """Add or change a line; whether it is new and shown."""
        row = self.conversation.line(entry.id)
        if row is None:
            return self._insert(self.conversation.make_line(entry))
        row.entry = entry
        index = self.index(self.conversation.index_of(row))
        self.dataChanged.emit(index, index)
        return False

    def take_transfer(self, transfer: Transfer) -> bool:
        """Add or change a file; whether it is new."""
        row = self.conversation.file(transfer.transfer_id)
        if row is None:
            added = self._insert(self.conversation.make_file(transfer, _now_ms()))
            self.file_added.emit(transfer.transfer_id)
            return added
        row.transfer = transfer
        return False

    def remove_file(self, transfer_id: str) -> None:
        """Take a file away, if it is there."""
        row = self.conversation.file(transfer_id)
        if row is not None:
            self._remove(self.conversation.index_of(row))

    def index_for_file(self, transfer_id: str) -> QModelIndex:
        """The index of a transfer; an invalid one when it is not there."""
        row = self.conversation.file(transfer_id)
        return QModelIndex() if row is None else self.index(self.conversation.index_of(row))

    def clear(self) -> None:
        """Another call, another conversation."""
        self.beginResetModel()
        files = [row.row_id for row in self.conversation.rows if row.transfer is not None]
        self.conversation.clear()
        self.names = {}
        self.endResetModel()
        for transfer_id in files:
            self.file_removed.emit(transfer_id)

    def row(self, index: QModelIndex | QPersistentModelIndex) -> Row:
        """The row of a valid index."""
        return self.conversation.rows[index.row()]

    def _insert(self, row: Row) -> bool:
        self.changing = True
        try:
            if len(self.conversation.rows) >= MAX_ROWS and self.conversation.place_of(row) is not None:
                self._remove(0)
            return self._add(row)
        finally:
            self.changing = False

    def _add(self, row: Row) -> bool:
        index = self.conversation.place_of(row)
        if index is None:
            return False
        self.beginInsertRows(_ROOT, index, index)
        self.conversation.insert(row, index)
        self.endInsertRows()
        return True

    def _remove(self, index: int) -> None:
        self.beginRemoveRows(_ROOT, index, index)
        removed = self.conversation.remove(index)
        self.endRemoveRows()
        if removed.transfer is not None:
            self.file_removed.emit(removed.row_id)

    # QAbstractListModel

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        """How many lines and files there are."""
        return 0 if parent.isValid() else len(self.conversation.rows)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The text, what a screen reader says, and the tip."""
        row = self.row(index)
        entry = row.entry
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text if entry is not None else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if entry is None:
                return spoken_transfer(row.transfer, self.names) if row.transfer is not None else ""
            return spoken_text(entry, self.names, short_time(entry.sent_ms))
        if role == Qt.ItemDataRole.ToolTipRole and entry is not None:
            parts = [full_time(entry.sent_ms), delivery_text(entry), HISTORY_TEXT * entry.from_history]
            return "\n".join(part for part in parts if part)
        return None
