"""Names come from the network: they are shown on one line, bounded, and cannot change the text around them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.names import (
    AVATAR_HUES,
    MAX_SHOWN_CHARS,
    avatar_hue,
    clean_name,
    initials,
    shown_name,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ana Silva", "AS"),
        ("Ana Maria da Silva", "AS"),
        ("chloé", "C"),
        ("  ", "?"),
        ("", "?"),
        ("(Ben)", "B"),
        ("李 小龍", "李小"),
        ("--- ---", "?"),
    ],
)
def test_initials_are_those_of_the_first_and_the_last_word(name: str, expected: str) -> None:
    assert initials(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  Ana \t Silva\n", "Ana Silva"),
        ("a\u202eb", "ab"),
        ("line\u2028break", "line break"),
        ("x" * 100, "x" * (MAX_SHOWN_CHARS - 1) + "…"),
        ("\ud800", ""),
    ],
)
def test_a_name_is_cleaned(name: str, expected: str) -> None:
    assert clean_name(name) == expected


def test_somebody_without_a_name_is_called_by_what_is_known() -> None:
    assert shown_name("Ana", "u1") == "Ana"
    assert shown_name(" \n", "u1") == "u1"
    assert shown_name("", "\u202e") == "Guest"


def test_the_colour_belongs_to_the_name() -> None:
    assert avatar_hue("Ana Silva") == avatar_hue("ana silva")
    assert len({avatar_hue(f"Person {number}") for number in range(50)}) == len(AVATAR_HUES)


@given(st.text(max_size=200))
def test_any_text_becomes_one_bounded_line(text: str) -> None:
    name = clean_name(text)
    assert len(name) <= MAX_SHOWN_CHARS
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name)
    assert 1 <= len(initials(name)) <= 2
    assert avatar_hue(text) in AVATAR_HUES
