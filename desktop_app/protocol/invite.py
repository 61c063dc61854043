"""Invite links: https://HOST:PORT/r/ROOM#fp=SHA256, opened by the application and by a browser alike.

The fingerprint of a self-made certificate travels in the fragment, which a browser never sends to a server.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from .limits import DEFAULT_PORT, MAX_ID_CHARS
from .text import has_forbidden_characters

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_HOST_NAME = re.compile(r"[\w.-]+")
_ROOM_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is misread aloud (no l, o, 0, 1)


@dataclass(frozen=True, slots=True)
class Invite:
    """Where a room is: a server and its name."""

    host: str
    port: int
    room_id: str
    secure: bool = True
    fingerprint_sha256: str | None = None
    """64 hexadecimal digits: the server certificate's SHA-256; None trusts the system's authorities."""

    def link(self) -> str:
        """The link to send to somebody."""
        scheme = "https" if self.secure else "http"
        fragment = f"#fp={self.fingerprint_sha256}" if self.fingerprint_sha256 else ""
        return f"{scheme}://{self._netloc()}/r/{quote(self.room_id, safe='')}{fragment}"

    def websocket_url(self) -> str:
        """The signaling server's address."""
        return f"{'wss' if self.secure else 'ws'}://{self._netloc()}/ws"

    def _netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def new_room_id() -> str:
    """A room name that nobody guesses (60 bits) and that can be read aloud."""
    letters = [secrets.choice(_ROOM_ALPHABET) for _ in range(12)]
    return "-".join("".join(letters[i : i + 4]) for i in range(0, 12, 4))


def _room_problem(room_id: str) -> str | None:
    """None for a name that fits a link, else the sentence that says why not."""
    if len(room_id) > MAX_ID_CHARS:
        return f"A room name has at most {MAX_ID_CHARS} characters."
    if has_forbidden_characters(room_id):
        return "The room name has characters that are not allowed."
    if room_id in (".", ".."):  # a browser resolves them as folders
        return "A room cannot be called '.' or '..': no link can name it."
    return None


def _is_host(text: str) -> bool:
    if ":" not in text:
        return _HOST_NAME.fullmatch(text) is not None
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _server_of(text: str) -> tuple[str, int, bool]:
    parts = urlsplit(text)
    schemes = {"https": True, "wss": True, "bridgecall": True, "http": False, "ws": False}
    if parts.scheme not in schemes:
        raise ValueError("The address must begin with https://, http://, wss:// or ws://.")
    secure = schemes[parts.scheme]
    if parts.username is not None or parts.password is not None:
        raise ValueError("The address must not contain a user name or password.")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("The port must be between 1 and 65535.") from None
    if not parts.hostname:
        raise ValueError("The address names no server.")
    if not _is_host(parts.hostname):
        raise ValueError("The server's name has characters that are not allowed.")
    if port == 0:
        raise ValueError("The port must be between 1 and 65535.")
    return parts.hostname, port or (443 if secure else 80), secure


def parse_invite(text: str) -> Invite:
    """Read an invite link.

    Raises:
        ValueError: its text is a sentence for the person who pasted the link.
    """
    text = text.strip()
    if len(text) > 2000:
        raise ValueError("The link is too long to be an invitation.")
    try:
        host, port, secure = _server_of(text)
        parts = urlsplit(text)
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.endswith(".") else "This is not a valid link.") from None
    segments = parts.path.split("/")
    if len(segments) != 3 or segments[1] != "r" or not segments[2]:
        raise ValueError("The link names no room: it must end in /r/ROOM.")
    room_id = unquote(segments[2])
    problem = _room_problem(room_id)
    if problem:
        raise ValueError(problem)
    fingerprint = parse_qs(parts.fragment, keep_blank_values=True).get("fp", [None])[0]
    if fingerprint is not None:
        fingerprint = fingerprint.replace(":", "").lower()
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise ValueError("The link's fingerprint is damaged; ask for the link again.")
        if not secure:
            raise ValueError("The link promises a certificate but is not encrypted; ask for the link again.")
    return Invite(host, port, room_id, secure, fingerprint)


def parse_target(text: str, server: str) -> Invite:
    """Read what a person typed to join: a whole link, or a room name on `server` (HOST, HOST:PORT or a URL).

    Raises:
        ValueError: its text is a sentence for the person.
    """
    text = text.strip()
    if not text:
        raise ValueError("Type a link or a room name.")
    if "://" in text:
        return parse_invite(text)
    problem = _room_problem(text)
    if problem:
        raise ValueError(problem)
    server = server.strip()
    if not server:
        raise ValueError("Type the server's address, or paste a whole link.")
    try:
        if "://" in server:
            host, port, secure = _server_of(server)
        else:
            host, port, secure = _server_of(f"ws://{server}")
            if urlsplit(f"ws://{server}").port is None:
                port = DEFAULT_PORT
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.endswith(".") else "This is not a server's address.") from None
    return Invite(host, port, text, secure)
