"""ICE server URLs (RFC 7064 for STUN, RFC 7065 for TURN) and the notation URL,USER,SECRET.

In core because the settings check what a person types and the protocol reads what a server offers.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

_SCHEMES = ("stun", "stuns", "turn", "turns")
_URL = re.compile(
    r"(?P<scheme>stun|stuns|turn|turns):"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)

MAX_URL_CHARS = 300
MAX_CREDENTIAL_CHARS = 512
"""User and secret each; RFC 8489 14.3 allows a USERNAME of 508 bytes."""


def check_ice_url(url: str) -> str | None:
    """None when `url` is one that RFC 7064 or 7065 allows, else the sentence that says what is wrong."""
    if len(url) > MAX_URL_CHARS:
        return f"A server's address has at most {MAX_URL_CHARS} characters."
    scheme, colon, _ = url.partition(":")
    if not colon or scheme not in _SCHEMES:
        return "A server's address begins with stun:, stuns:, turn: or turns:."
    match = _URL.fullmatch(url)
    if match is None:
        example = f"{scheme}:host:port"
        if scheme.startswith("turn"):
            example += f" or {example}?transport=tcp"
        return f"The address must look like {example}."
    host = match["host"]
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return "The brackets must hold an IPv6 address."
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:
        return "The port must be between 1 and 65535."
    if match["transport"] and scheme.startswith("stun"):
        return "Only a TURN address takes ?transport=."
    return None


def split_ice_server(text: str) -> tuple[str, str | None, str | None]:
    """Split `URL[,USER,SECRET]` into URL, user and secret; the secret may contain commas.

    Raises:
        ValueError: its text is a sentence for the person who typed it.
    """
    parts = text.strip().split(",", 2)
    problem = check_ice_url(parts[0])
    if problem:
        raise ValueError(problem)
    is_turn = parts[0].startswith("turn")
    if len(parts) == 2 or (is_turn and (len(parts) != 3 or not all(parts))):
        raise ValueError("A TURN server needs a user and a secret: turn:host:port,USER,SECRET.")
    if len(parts) == 1:
        return parts[0], None, None
    for each in parts[1:]:
        if len(each) > MAX_CREDENTIAL_CHARS:
            raise ValueError(f"A user or secret has at most {MAX_CREDENTIAL_CHARS} characters.")
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in each):
            raise ValueError("A user or secret must not contain control characters.")
    return parts[0], parts[1], parts[2]
