"""Alt-key letters for generated forms: each label gets one that no other label of the form has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def with_mnemonics(labels: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The labels with an & before the chosen letter; a label whose letters are all taken gets none.

    First letters of words come first, as people look for them there. An & in a label is kept as text.
    """
    used = {letter.lower() for letter in taken}
    return [_mark(label, used) for label in labels]


def _mark(label: str, used: set[str]) -> str:
    starts = [index for index in range(len(label)) if index == 0 or label[index - 1] == " "]
    for index in (*starts, *range(len(label))):
        letter = label[index].lower()
        if letter.isascii() and letter.isalnum() and letter not in used:
            used.add(letter)
            return f"{_escape(label[:index])}&{_escape(label[index:])}"
    return _escape(label)


def _escape(text: str) -> str:
    return text.replace("&", "&&")
