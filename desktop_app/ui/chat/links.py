"""Links in a line of the chat: where they are, where they really lead, and what about them may deceive.

Lines come from the network. Only http, https and mailto become links; what a link opens is made from its checked
parts, never the text itself. No Qt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

MAX_LINK_CHARS = 2000
MAX_LINKS = 40
"""Of one line; further ones stay text."""

# Not in a link: what ends it in running text, "\" (a slash to some programs), and characters without a width or
# that turn the direction (Unicode TR 36, 2.10 and 3.1).
_LINK = re.compile(
    r"(?:https?://|mailto:|www\.)[^\s<>\"`{}|\\^\x00-\x20\x7f-\xa0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffc]+",
    re.IGNORECASE,
)
_ENDINGS = ".,;:!?'’”…*_~"
_PAIRS = {")": "(", "]": "["}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?\Z")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+\Z")


@dataclass(frozen=True, slots=True)
class Link:
    """A part of a text that can be opened."""

    start: int
    """In code points."""
    length: int
    target: str
    """What is opened: ASCII in its host, so that letters of other scripts cannot pass for Latin ones."""
    warning: str = ""
    """One sentence when the text may deceive about where it leads."""


def find_links(text: str) -> tuple[Link, ...]:
    """The links in `text`, in their order."""
    if ":" not in text and "www." not in text.lower():
        return ()
    found: list[Link] = []
    for match in _LINK.finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        if before.isalnum() or before in "@_-./":
            continue
        written = _without_ending(match[0])
        link = _checked(written, match.start())
        if link is not None:
            found.append(link)
            if len(found) == MAX_LINKS:
                break
    return tuple(found)


def _without_ending(written: str) -> str:
    """Without the sentence's own punctuation, and without a bracket that was opened before the link."""
    end = len(written)
    while end:
        last = written[end - 1]
        opened_before = last in _PAIRS and written.count(last, 0, end) > written.count(_PAIRS[last], 0, end)
        if last not in _ENDINGS and not opened_before:
            break
        end -= 1
    return written[:end]


def _checked(written: str, start: int) -> Link | None:
    if len(written) > MAX_LINK_CHARS:
        return None
    if written[:7].lower() == "mailto:":
        address = written[7:].partition("?")[0]  # other fields make some mail programs attach files
        return Link(start, len(written), f"mailto:{address}") if _MAIL.match(address) else None
    url = f"https://{written}" if written[:4].lower() == "www." else written
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = _ascii_host(host)
    except ValueError:  # UnicodeError of the host's encoding among them
        return None
    if not ascii_host:
        return None
    place = ascii_host if port is None else f"{ascii_host}:{port}"
    target = SplitResult(parts.scheme, place, parts.path, parts.query, parts.fragment).geturl()
    return Link(start, len(written), target, _warning(parts, host, ascii_host))


def _ascii_host(host: str) -> str:
    """The host as DNS knows it (RFC 3490), empty when it is none."""
    if ":" in host:
        return f"[{IPv6Address(host)}]"  # AddressValueError is a ValueError
    encoded = host if host.isascii() else host.encode("idna").decode("ascii")
    return encoded if len(encoded) <= 253 and _HOST.match(encoded) else ""


def _warning(parts: SplitResult, host: str, ascii_host: str) -> str:
    if "@" in parts.netloc:
        return f"What stands before the @ is not the site: this leads to {ascii_host}."
    if not host.isascii() or any(label.startswith("xn--") for label in ascii_host.split(".")):
        return f"Its letters may look like others: the site's real name is {ascii_host}."
    return ""
