"""Serial numbers on a line, and ranges beside a plain set."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.sctp.serial import MODULO, Ranges, unwrap


@given(st.integers(0, 2**48), st.integers(-(2**31), 2**31 - 1))
def test_unwrap_finds_the_nearest(near: int, distance: int) -> None:
    assert unwrap((near + distance) % MODULO, near) == near + distance


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8), st.booleans()), max_size=40))
def test_ranges_are_what_a_set_is(steps: list[tuple[int, int, bool]]) -> None:
    ranges, plain = Ranges(), set[int]()
    for first, length, is_drop in steps:
        if is_drop:
            ranges.drop_to(first)
            plain = {number for number in plain if number > first}
        else:
            wanted = set(range(first, first + length + 1))
            fresh = ranges.add(first, first + length)
            told = [number for begin, end in fresh for number in range(begin, end + 1)]
            assert told == sorted(wanted - plain)
            plain |= wanted
        pairs = ranges.pairs()
        assert [number for begin, end in pairs for number in range(begin, end + 1)] == sorted(plain)
        assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(pairs))
        assert ranges.last == max(plain, default=None)
        assert (ranges.first_range or (None,))[0] == min(plain, default=None)
        assert all((number in ranges) == (number in plain) for number in range(-1, 71))
    ranges.clear()
    assert len(ranges) == 0
