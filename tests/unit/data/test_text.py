"""What is taken out of people's texts, and what counts as an emoji."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.data.text import clean_name, clean_text, is_emoji


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two\r\nlines\r", "two\nlines"),
        ("a\tb\x00\x1b[31m", "a\tb[31m"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066x\u2069", "x"),
        ("a\u2028b\x0bc\x85d", "a\nb\nc\nd"),
        ("\ud83d lone", "lone"),
        ("👩\u200d🚀 e\u0301", "👩\u200d🚀 e\u0301"),
        ("\x00 \n", ""),
    ],
)
def test_control_characters_and_overrides_go(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_twice_is_cleaning_once_and_the_rest_can_be_sent(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    cleaned.encode("utf-8")
    assert "\n" not in clean_name(text)


@pytest.mark.parametrize(
    "text", ["👍", "❤️", "👍🏽", "👩‍👩‍👧", "🇩🇪", "🏴\U000e0067\U000e007f", "‼️", "↔️", "1️⃣", "🎉🎉"]
)
def test_emojis(text: str) -> None:
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text", ["", "a", "hello", "1", "👍a", "<b>", "👍" * 17, "\u202e👍", "\u200d", "é", " 👍", "日本"]
)
def test_no_emojis(text: str) -> None:
    assert not is_emoji(text)
