"""How a row of the statistics table is made from the statistics of both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from . import units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

I = TypeVar("I")  # noqa: E741 - inbound
O = TypeVar("O")  # noqa: E741 - outbound


class Figure(NamedTuple):
    """One cell: its text, and the W3C's name for the tooltip."""

    text: str = ""
    w3c: str = ""


class Row(NamedTuple):
    """One line of the table. A figure that has no direction stands in `received` alone."""

    label: str
    received: Figure = Figure()
    sent: Figure = Figure()


class Section(NamedTuple):
    """A group of rows."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Line(Generic[I, O]):
    """How a row is made from the two directions' statistics."""

    label: str
    received: Callable[[I], str] | None = None
    received_w3c: str = ""
    sent: Callable[[O], str] | None = None
    sent_w3c: str = ""

    def row(self, inbound: I | None, outbound: O | None) -> Row:
        """The row; a direction of which nothing is known has dashes."""
        received, sent = Figure(), Figure()
        if self.received is not None:
            received = Figure(units.UNKNOWN if inbound is None else self.received(inbound), self.received_w3c)
        if self.sent is not None:
            sent = Figure(units.UNKNOWN if outbound is None else self.sent(outbound), self.sent_w3c)
        return Row(self.label, received, sent)


def make_rows(lines: Iterable[Line[I, O]], inbound: I | None, outbound: O | None) -> tuple[Row, ...]:
    """A row for each line."""
    return tuple(line.row(inbound, outbound) for line in lines)
