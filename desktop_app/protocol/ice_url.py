"""ICE server URLs (RFC 7064 for STUN, RFC 7065 for TURN) and the command line's URL,USER,SECRET notation."""

from __future__ import annotations

import re

from .messages import IceServer

_URL = re.compile(
    r"(?P<scheme>stun|stuns|turn|turns):"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)


def check_ice_url(url: str) -> str | None:
    """None when `url` is one that RFC 7064 or 7065 allows, else the sentence that says what is wrong."""
    match = _URL.fullmatch(url)
    if match is None:
        if ":" not in url or url.split(":", 1)[0] not in ("stun", "stuns", "turn", "turns"):
            return "A server's address begins with stun:, stuns:, turn: or turns:."
        return "The address must look like turn:host:port or turn:host:port?transport=tcp."
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:
        return "The port must be between 1 and 65535."
    if match["transport"] and match["scheme"].startswith("stun"):
        return "Only a TURN address takes ?transport=."
    return None


def parse_ice_server(text: str) -> IceServer:
    """Parse `URL[,USER,SECRET]`; the secret may contain commas.

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
        return IceServer(urls=(parts[0],))
    return IceServer(urls=(parts[0],), username=parts[1], credential=parts[2])
