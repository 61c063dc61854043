"""Which of many tiles are on a page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Page(NamedTuple):
    """What is shown of a row of people."""

    keys: tuple[str, ...]
    """In the order of their places."""
    start: int
    """The place in the row of the first who is not on every page; it holds when the pages get another size."""
    room: int
    """By how many `start` differs from page to page."""
    number: int
    """From 0."""
    pages: int


def page_of(
    pinned: Sequence[str], others: Sequence[str], own: Sequence[str], capacity: int, start: int
) -> Page:
    """The page on which `others[start]` is: the pinned come first on every page, and we ourselves last.

    Where there is no room for them and one more they take their turn with the others instead. Nobody's place depends
    on who speaks, and whoever comes later moves nobody who was there: pages are filled one after the other.

    Args:
        pinned: on every page.
        others: everybody else, in the order of their coming.
        own: ourselves, or nobody.
        capacity: tiles on a page, at least 1.
        start: which of the others is to be seen; any number will do.
    """
    first, middle, last = tuple(pinned), tuple(others), tuple(own)
    if len(first) + len(middle) + len(last) <= capacity:
        return Page((*first, *middle, *last), 0, max(1, len(middle)), 0, 1)
    if len(first) + len(last) >= capacity:
        middle, first = (*first, *middle), ()
    if len(last) >= capacity:
        middle, last = (*middle, *last), ()
    room = capacity - len(first) - len(last)
    pages = -(-len(middle) // room)
    number = max(0, min(pages - 1, start // room))
    begin = number * room
    return Page((*first, *middle[begin : begin + room], *last), begin, room, number, pages)
