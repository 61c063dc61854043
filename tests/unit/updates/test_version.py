"""Versions and their order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.updates.version import parse_version

IN_ORDER = [
    "0", "0.9.9", "1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0-alpha.2", "1.0b1", "1.0-beta.3", "1.0rc1", "1.0.0-rc.2",
    "1.0", "1.0.post1.dev3", "1.0.post1", "1.0.1", "1.2", "1.9.9", "1.10", "1.10.1", "2.0.0.dev0", "2", "10.0", "1!0.1",
]  # fmt: skip


def test_the_order_is_that_of_pep_440() -> None:
    for earlier, later in itertools.combinations(IN_ORDER, 2):
        assert parse_version(earlier) < parse_version(later), (earlier, later)
        assert not parse_version(later) <= parse_version(earlier)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2", "1.2.0"),
        ("v1.2", "1.2.0+linux.1"),
        ("1.0rc1", "1.0-RC.1"),
        ("1.0a1", "1.0alpha1"),
        (" 1 ", "1.0.0"),
    ],
)
def test_there_are_several_ways_to_write_a_version(one: str, other: str) -> None:
    assert parse_version(one) == parse_version(other)
    assert hash(parse_version(one)) == hash(parse_version(other))


@pytest.mark.parametrize(
    "text",
    ["", "x", "1.", ".1", "1..2", "1.2-nightly", "0+unknown!", "1.2\n3", "1" * 65, "１.２", "1.2;rm", "-1"],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        parse_version(text)


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=4),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=4),
)
def test_numbers_are_compared_as_numbers(one: list[int], other: list[int]) -> None:
    def padded(numbers: list[int]) -> list[int]:
        return numbers + [0] * (4 - len(numbers))

    first, second = (parse_version(".".join(map(str, each))) for each in (one, other))
    assert (first < second) == (padded(one) < padded(other))
    assert (first == second) == (padded(one) == padded(other))
