"""How people are named on the screen. Names come from the network: any length, any character."""

from __future__ import annotations

import unicodedata
import zlib

MAX_SHOWN_CHARS = 60
AVATAR_HUES = (210, 262, 330, 12, 36, 145, 178, 235)

# Direction overrides and isolates (Unicode TR 9): in a name they would turn the text around it as well.
_BIDI_CONTROLS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_name(text: str) -> str:
    """One line without control characters, of at most 60 characters."""
    kept = "".join(
        char if unicodedata.category(char) not in ("Cc", "Cs", "Co", "Zl", "Zp") else " "
        for char in text
        if char not in _BIDI_CONTROLS
    )
    line = " ".join(kept.split())
    return line if len(line) <= MAX_SHOWN_CHARS else line[: MAX_SHOWN_CHARS - 1].rstrip() + "…"


def shown_name(display_name: str, user_id: str) -> str:
    """The display name, or what else is known of somebody without one."""
    return clean_name(display_name) or clean_name(user_id) or "Guest"


def in_sentence(name: str) -> str:
    """`name` between words of ours: one from right to left would take digits and points after it along."""
    if name.isascii() or not any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in name):
        return name
    return f"\u2068{name}\u2069"  # first strong isolate (Unicode TR 9)


def initials(name: str) -> str:
    """One or two capitals for the placeholder: the first letters of the first and the last word."""
    words = [word for word in (word.lstrip("-_.()[]\"'#@") for word in name.split()) if word]
    if not words:
        return "?"
    chosen = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in chosen).upper()[:2]


def avatar_hue(name: str) -> int:
    """A colour of the wheel (degrees) that is the same for the same name, everywhere and always."""
    return AVATAR_HUES[zlib.crc32(name.casefold().encode("utf-8", "replace")) % len(AVATAR_HUES)]
