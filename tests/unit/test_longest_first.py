"""The order of the files of tests."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests import longest_first

TESTS = Path(longest_first.__file__).parent


def test_what_is_named_exists() -> None:
    assert [name for name in longest_first.ABOUT_S if not (TESTS / name).is_file()] == []


def test_the_longest_come_first_and_a_file_s_tests_stay_together() -> None:
    long, longest = sorted(longest_first.ABOUT_S, key=longest_first.ABOUT_S.__getitem__)[
        :: len(longest_first.ABOUT_S) - 1
    ]
    files = ["integration/test_unnamed.py", long, "end2end/test_other.py", longest]
    items: list[Any] = [
        SimpleNamespace(path=TESTS / name, number=number) for name in files for number in range(3)
    ]
    longest_first.sort(items)
    expected = [(name, number) for name in (longest, long, files[0], files[2]) for number in range(3)]
    assert [("/".join(each.path.parts[-2:]), each.number) for each in items] == expected
