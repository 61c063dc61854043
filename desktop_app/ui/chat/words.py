"""What is written in and about the lines of the chat. No Qt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktop_app.ui.names import clean_name, in_sentence, shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from desktop_app.data.events import ChatEntry

HISTORY_TEXT = "Sent while you were not connected; the others passed it on."

# What would turn the text around it, or hide what is there: embeddings, overrides, isolates (Unicode TR 9), and the
# other characters without a width but for the joiners, which Persian, Indic scripts and emoji need.
_DROPPED = re.compile("[\u202a-\u202e\u2066-\u2069\u00ad\u180e\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\ud800-\udfff]")


def shown_text(text: str) -> str:
    """`text` with nothing in it that paints outside of its place or changes the order of what stands around it."""
    if text.isprintable() and text.isascii():
        return text
    text = _DROPPED.sub("", _LINE_ENDS.sub("\n", text))
    return _CONTROLS.sub("\ufffd", text).replace("\t", "    ").strip("\n")


def author_text(entry: ChatEntry, names: Mapping[str, str]) -> str:
    """Who said it: by the name that the room knows, for the one in the line is only what its author says."""
    if entry.own:
        return "You"
    known = names.get(entry.author)
    return known if known is not None else f"{shown_name(entry.author_name, entry.author)} (left)"


def private_text(entry: ChatEntry, names: Mapping[str, str]) -> str:
    """Whom a private line is for; empty for one for everybody."""
    if entry.to is None:
        return ""
    if not entry.own:
        return "to you only"
    name = in_sentence(clean_name(names.get(entry.to, "")))
    return f"to {name or 'one person'} only"


def delivery_text(entry: ChatEntry) -> str:
    """How far one's own line has got; empty for those of others."""
    if not entry.own:
        return ""
    if entry.state == "waiting" and not entry.recipients:
        return "Nobody else was here; who comes gets it"
    if entry.state == "failed":
        return f"Not delivered{_partly(entry)}"
    if 0 < entry.delivered < entry.recipients:
        return f"Delivered to {entry.delivered} of {entry.recipients}"
    if entry.state == "delivered":
        return "Delivered" if entry.recipients <= 1 else f"Delivered to all {entry.recipients}"
    return "Sent" if entry.state == "sent" else "Waiting for the connection"


def _partly(entry: ChatEntry) -> str:
    return f" to {entry.recipients - entry.delivered} of {entry.recipients}" if entry.delivered else ""


def spoken_text(entry: ChatEntry, names: Mapping[str, str], time: str) -> str:
    """A line as a screen reader says it."""
    parts = [author_text(entry, names), private_text(entry, names), time]
    about = ", ".join(part for part in parts if part)
    delivery = delivery_text(entry)
    said = f"{about}: {shown_text(entry.text)}"
    return f"{said} ({delivery})" if delivery else said


def copied_text(
    entries: Iterable[ChatEntry], names: Mapping[str, str], time_text: Callable[[float], str]
) -> str:
    """Lines for the clipboard: one alone as it is, several with time and author."""
    lines = list(entries)
    if len(lines) == 1:
        return shown_text(lines[0].text)
    return "\n".join(
        f"[{time_text(entry.sent_ms)}] {_who(entry, names)}: {shown_text(entry.text)}" for entry in lines
    )


def _who(entry: ChatEntry, names: Mapping[str, str]) -> str:
    private = private_text(entry, names)
    author = author_text(entry, names)
    return f"{author} ({private})" if private else author


def length_text(length: int, limit: int) -> tuple[str, bool]:
    """What is said of a text of `length` code points, and whether it is too long; empty far from the limit."""
    if length > limit:
        over = length - limit
        return f"{over:,} character{'s' * (over > 1)} too many: a message has at most {limit:,}.", True
    if length >= limit * 0.9:
        return f"{length:,} of {limit:,} characters", False
    return "", False
