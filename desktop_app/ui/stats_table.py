"""The table of statistics as a Qt model: sections, and rows of label, received, sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from .stats_rows import sections_for

if TYPE_CHECKING:
    from .stats_line import Row, Section

HEADERS = ("", "Received", "Sent")
MANY = 8
"""Sections that change at once."""
_SECTION_ID = 0
"""The internal id of a section's index; that of a row is its section's number plus one."""

AnyIndex = QModelIndex | QPersistentModelIndex


class StatsTableModel(QAbstractItemModel):
    """Two levels; while the shape stays only the texts change, so that a view keeps its place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sections: tuple[Section, ...] = sections_for(None, None)

    def show_sections(self, sections: tuple[Section, ...]) -> None:
        """Take the newest figures; the model is reset only when there are other rows than before."""
        if [(each.title, len(each.rows)) for each in sections] != [
            (each.title, len(each.rows)) for each in self._sections
        ]:
            self.beginResetModel()
            self._sections = sections
            self.endResetModel()
            return
        before, self._sections = self._sections, sections
        changed = [number for number, section in enumerate(sections) if section != before[number]]
        if len(changed) > MANY:
            # A tree looks for the place of whatever changed; of the first level that is quick, and all is painted.
            ends = self.createIndex(0, 0, _SECTION_ID), self.createIndex(len(sections) - 1, 0, _SECTION_ID)
            self.dataChanged.emit(*ends, [Qt.ItemDataRole.DisplayRole])
            return
        for number in changed:
            first = self.createIndex(0, 1, number + 1)
            last = self.createIndex(len(sections[number].rows) - 1, len(HEADERS) - 1, number + 1)
            self.dataChanged.emit(first, last, [Qt.ItemDataRole.DisplayRole])

    def _row(self, index: AnyIndex) -> Row | None:
        if not index.isValid() or index.internalId() == _SECTION_ID:
            return None
        return self._sections[index.internalId() - 1].rows[index.row()]

    # QAbstractItemModel

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Sections at the top, rows below them."""
        if not parent.isValid():
            return len(self._sections)
        if parent.internalId() == _SECTION_ID and parent.column() == 0:
            return len(self._sections[parent.row()].rows)
        return 0

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Label, received, sent."""
        return len(HEADERS)

    def index(self, row: int, column: int, parent: AnyIndex = QModelIndex()) -> QModelIndex:  # noqa: B008 - as above
        """The index of a cell."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _SECTION_ID)

    def parent(self, index: AnyIndex) -> QModelIndex:  # type: ignore[override] # QObject.parent() is another one
        """The section of a row."""
        if not index.isValid() or index.internalId() == _SECTION_ID:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _SECTION_ID)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts, W3C names as tooltips, figures to the right."""
        if not index.isValid():
            return None
        row = self._row(index)
        if row is None:
            return self._section_data(index, role)
        cell = (None, row.received, row.sent)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.label if cell is None else cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            # With the text itself, which may be cut off in the cell (an IPv6 address).
            names = [row.received.w3c, row.sent.w3c] if cell is None else [cell.text, cell.w3c]
            return "\n".join(name for name in names if name)
        if role == Qt.ItemDataRole.TextAlignmentRole and cell is not None:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _section_data(self, index: AnyIndex, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and index.column() == 0:
            return self._sections[index.row()].title
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Received and sent."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section > 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Rows can be selected (and read out), none can be changed."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
