"""What people write, made fit to be shown: a participant's text is a stranger's."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters but newline and tab; embeddings, overrides and isolates of the writing direction, with which a
# text can look like another one; lone surrogates, which cannot be written as UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_EMOJI_CATEGORIES = {"So", "Sk", "Sm", "Mn", "Me", "Cf", "Po"}
"""Symbols, skin tones, variation selectors, joiners and tags."""
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
MAX_EMOJI_CHARS = 16


def clean_text(text: str) -> str:
    """Several lines of text, without what must not be there, and without space around it; it may be empty."""
    return _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text)).strip()


def clean_name(name: str) -> str:
    """One line of text."""
    return " ".join(clean_text(name).split())


def is_emoji(text: str) -> bool:
    """Whether `text` is a short row of symbols: no letters, so that nobody writes across others' pictures."""
    rest = _KEYCAP.sub("\u2b50", text)
    if not 0 < len(text) <= MAX_EMOJI_CHARS or _FORBIDDEN.search(text):
        return False
    categories = {_category(each) for each in rest}
    return categories <= _EMOJI_CATEGORIES and bool(categories & {"So", "Po", "Sm"})


def _category(character: str) -> str:
    if character.isascii():
        return "ASCII"
    # Python's table may be older than the emoji.
    return "So" if "\U0001f000" <= character <= "\U0001faff" else unicodedata.category(character)
