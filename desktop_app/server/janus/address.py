"""The notation URL[,ADMIN-KEY[,API-SECRET]] of the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

MAX_CHARS = 1000


@dataclass(frozen=True, slots=True)
class JanusAddress:
    """Where a Janus listens, and what it wants to hear from us."""

    url: str
    admin_key: str = field(default="", repr=False)
    """Of the VideoRoom plugin: who does not know it cannot create rooms."""
    api_secret: str = field(default="", repr=False)
    """Of Janus as a whole: who does not know it is not listened to."""


def parse_janus(text: str) -> JanusAddress:
    """Parse `URL[,ADMIN-KEY[,API-SECRET]]`; the last one may contain commas.

    Raises:
        ValueError: its text is a sentence for the person who typed it.
    """
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise ValueError(f"The address of a Janus has at most {MAX_CHARS} characters.")
    url, _, rest = text.partition(",")
    admin_key, _, api_secret = rest.partition(",")
    if any(char.isspace() or not char.isprintable() for char in url):
        raise ValueError("The address of a Janus must not contain spaces or control characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("The address of a Janus must look like ws://host:8188.") from None
    if parts.scheme not in ("ws", "wss"):
        raise ValueError("The address of a Janus begins with ws:// or wss://.")
    if not host or port == 0 or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("The address of a Janus must look like ws://host:8188.")
    return JanusAddress(url, admin_key, api_secret)
