"""The rows of the conversation: lines and files in the order of time, grouped by author. No Qt."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .links import Link, find_links
from .words import shown_text

if TYPE_CHECKING:
    from desktop_app.data.events import ChatEntry, Transfer

MAX_ROWS = 2000
"""What is older is no longer shown; the history that participants keep for each other is shorter."""
GROUP_GAP_MS = 5 * 60_000
_LAST_DAY_MS = 253_402_214_400_000.0
"""The end of the year 9999, after which Python knows no dates."""


Key: TypeAlias = "tuple[float, Literal['line', 'file'], str]"
"""Milliseconds since 1970, what it is, and its id: others choose the ids, and may choose the same one twice."""


@dataclass(slots=True, eq=False)
class Row:
    """A line, or a file."""

    key: Key
    entry: ChatEntry | None = None
    transfer: Transfer | None = None
    text: str = ""
    links: tuple[Link, ...] = ()
    day: int = 0
    """Proleptic ordinal of the local day."""
    starts_group: bool = True
    starts_day: bool = False
    measured: dict[str, Any] = field(default_factory=dict)
    """What the painting of the row keeps here between two measurings."""

    @property
    def row_id(self) -> str:
        """The id of the line or of the transfer."""
        return self.key[2]


def local_day(time_ms: float) -> int:
    """The ordinal of the day in local time."""
    return datetime.fromtimestamp(min(time_ms, _LAST_DAY_MS) / 1000).toordinal()


class Conversation:
    """Keeps the rows sorted. Every change says what happened where, for a list model."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._keys: list[Key] = []
        self._lines: dict[str, Row] = {}
        self._files: dict[str, Row] = {}

    def line(self, line_id: str) -> Row | None:
        """The row of a line."""
        return self._lines.get(line_id)

    def file(self, transfer_id: str) -> Row | None:
        """The row of a transfer."""
        return self._files.get(transfer_id)

    def _rows_like(self, row: Row) -> dict[str, Row]:
        return self._lines if row.transfer is None else self._files

    def index_of(self, row: Row) -> int:
        """Where `row` is now."""
        return bisect_left(self._keys, row.key)

    def make_line(self, entry: ChatEntry) -> Row:
        """A row for a line that is not there yet."""
        text = shown_text(entry.text)
        return Row(
            (entry.sent_ms, "line", entry.id), entry, None, text, find_links(text), local_day(entry.sent_ms)
        )

    def make_file(self, transfer: Transfer, now_ms: float) -> Row:
        """A row for a transfer that is not there yet: it is the newest, whatever the clocks of others say."""
        at_ms = max(now_ms, self._keys[-1][0] + 0.001 if self._keys else 0.0)
        return Row((at_ms, "file", transfer.transfer_id), None, transfer, day=local_day(at_ms))

    def place_of(self, row: Row) -> int | None:
        """Where a new row belongs; None when it is older than everything of a full conversation."""
        index = bisect_left(self._keys, row.key)
        return None if index == 0 and len(self.rows) >= MAX_ROWS else index

    def insert(self, row: Row, index: int) -> None:
        """Put a row where it belongs."""
        self.rows.insert(index, row)
        self._keys.insert(index, row.key)
        self._rows_like(row)[row.row_id] = row
        self.regroup(index)

    def remove(self, index: int) -> Row:
        """Take a row away."""
        row = self.rows.pop(index)
        del self._keys[index]
        del self._rows_like(row)[row.row_id]
        self.regroup(index)
        return row

    def clear(self) -> None:
        """Take all rows away."""
        self.rows.clear()
        self._keys.clear()
        self._lines.clear()
        self._files.clear()

    def regroup(self, index: int) -> None:
        """Say anew of the row at `index`, and of the one after it, whether it starts a group or a day."""
        for each in range(index, min(index + 2, len(self.rows))):
            row = self.rows[each]
            before = self.rows[each - 1] if each else None
            starts_day = before is not None and before.day != row.day
            starts_group = starts_day or before is None or not _same_group(before, row)
            if (starts_day, starts_group) != (row.starts_day, row.starts_group):
                row.starts_day, row.starts_group = starts_day, starts_group


def _same_group(before: Row, row: Row) -> bool:
    one, two = before.entry, row.entry
    return (
        one is not None
        and two is not None
        and (one.own, one.author, one.author_name, one.to, one.from_history)
        == (two.own, two.author, two.author_name, two.to, two.from_history)
        and row.key[0] - before.key[0] < GROUP_GAP_MS
    )
