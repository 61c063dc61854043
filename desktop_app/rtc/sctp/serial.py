"""32 bit serial numbers (RFC 1982) unwrapped to integers that only grow, and sets of them as ranges."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

MODULO = 1 << 32
_HALF = 1 << 31


def unwrap(number: int, near: int) -> int:
    """The integer congruent to the 32 bit `number` that is nearest to `near`."""
    return near + ((number - near + _HALF) % MODULO) - _HALF


class Ranges:
    """A set of integers, kept as sorted ranges that do not touch."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __len__(self) -> int:
        """How many ranges."""
        return len(self._firsts)

    def __contains__(self, number: int) -> bool:
        """Whether `number` is in one of them."""
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self._lasts[place]

    def pairs(self, most: int | None = None) -> list[tuple[int, int]]:
        """The ranges as (first, last); of many the first `most`."""
        return list(zip(self._firsts[:most], self._lasts[:most], strict=True))

    @property
    def first_range(self) -> tuple[int, int] | None:
        """The first range; None when there is none."""
        return (self._firsts[0], self._lasts[0]) if self._firsts else None

    @property
    def last(self) -> int | None:
        """The greatest number; None when there is none."""
        return self._lasts[-1] if self._lasts else None

    def add(self, first: int, last: int) -> list[tuple[int, int]]:
        """Add first..last; the parts of it that were not there before, in order."""
        firsts, lasts = self._firsts, self._lasts
        if not firsts or first > lasts[-1] + 1:
            firsts.append(first)
            lasts.append(last)
            return [(first, last)]
        if first == lasts[-1] + 1:
            lasts[-1] = last
            return [(first, last)]
        begin = bisect_left(lasts, first - 1)  # the first range that touches or follows
        if firsts[begin] <= first and last <= lasts[begin]:
            return []
        end = bisect_right(firsts, last + 1)  # one past the last range that touches
        if begin >= end:
            firsts.insert(begin, first)
            lasts.insert(begin, last)
            return [(first, last)]
        fresh = []
        at = first
        for place in range(begin, end):
            if at < firsts[place]:
                fresh.append((at, min(last, firsts[place] - 1)))
            at = max(at, lasts[place] + 1)
        if at <= last:
            fresh.append((at, last))
        firsts[begin:end] = [min(first, firsts[begin])]
        lasts[begin:end] = [max(last, lasts[end - 1])]
        return fresh

    def drop_to(self, number: int) -> None:
        """Forget everything up to `number`."""
        firsts, lasts = self._firsts, self._lasts
        if not firsts or firsts[0] > number:
            return
        place = bisect_right(lasts, number)
        del firsts[:place], lasts[:place]
        if firsts and firsts[0] <= number:
            firsts[0] = number + 1

    def clear(self) -> None:
        """Forget everything."""
        self._firsts.clear()
        self._lasts.clear()
