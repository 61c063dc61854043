"""What is written in and about the lines of the chat."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.chat.words import (
    author_text,
    copied_text,
    delivery_text,
    length_text,
    private_text,
    shown_text,
    spoken_text,
)
from tests.data_events import entry


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>x</b><img src=...> &amp;", "<b>x</b><img src=...> &amp;"),
        ("one\r\ntwo\u2028three\x0bfour\n\n", "one\ntwo\nthree\nfour"),
        ("a\u202egpj.exe\u2069", "agpj.exe"),
        ("bell\x07", "bell\ufffd"),
        ("a\tb", "a    b"),
        ("👨\u200d👩\u200d👧 می\u200cخواهم", "👨\u200d👩\u200d👧 می\u200cخواهم"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_text_is_shown_letter_by_letter(text: str, shown: str) -> None:
    assert shown_text(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_shown_text_can_be_shown(text: str) -> None:
    shown = shown_text(text)
    assert shown == shown_text(shown)
    shown.encode("utf-8")
    assert not any(char in shown for char in "\r\x00\x1b\u202e\u2066\u2029")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "waiting"}, "Waiting for the connection"),
        ({"state": "sent"}, "Sent"),
        ({"state": "sent", "delivered": 2}, "Delivered to 2 of 3"),
        ({"state": "delivered", "delivered": 3}, "Delivered to all 3"),
        ({"state": "delivered", "delivered": 1, "recipients": 1}, "Delivered"),
        ({"state": "failed"}, "Not delivered"),
        ({"state": "failed", "delivered": 2}, "Not delivered to 1 of 3"),
        ({"state": "delivered", "own": False}, ""),
        ({"state": "waiting", "recipients": 0}, "Nobody else was here; who comes gets it"),
        ({"state": "delivered", "recipients": 0}, "Delivered"),
    ],
)
def test_delivery(changes: dict[str, Any], words: str) -> None:
    assert delivery_text(entry(**{"own": True, "recipients": 3, **changes})) == words


def test_private_lines_say_so() -> None:
    names = {"a": "Anna"}
    assert private_text(entry(), names) == ""
    assert private_text(entry(to="me"), names) == "to you only"
    assert private_text(entry(own=True, to="a"), names) == "to Anna only"
    assert private_text(entry(own=True, to="gone"), names) == "to one person only"
    assert author_text(entry(author_name="Somebody else"), names) == "Anna", (
        "a line cannot say who it is from"
    )
    assert author_text(entry(author="gone", author_name="Anna"), names) == "Anna (left)"
    assert spoken_text(entry(to="me"), names, "14:02") == "Anna, to you only, 14:02: Hello"
    assert (
        spoken_text(entry(own=True, state="sent", recipients=1), names, "14:02") == "You, 14:02: Hello (Sent)"
    )


def test_one_line_is_copied_as_it_is_and_several_with_their_authors() -> None:
    lines = [entry(1, "one"), entry(2, "two", own=True, to="a")]
    assert copied_text(lines[:1], {"a": "Anna"}, lambda _ms: "14:02") == "one"
    assert copied_text(lines, {"a": "Anna"}, lambda _ms: "14:02") == (
        "[14:02] Anna: one\n[14:02] You (to Anna only): two"
    )


def test_the_length_is_said_near_the_limit() -> None:
    assert length_text(3599, 4000) == ("", False)
    assert length_text(4000, 4000) == ("4,000 of 4,000 characters", False)
    assert length_text(4001, 4000) == ("1 character too many: a message has at most 4,000.", True)
    assert length_text(6000, 4000)[0].startswith("2,000 characters too many")
