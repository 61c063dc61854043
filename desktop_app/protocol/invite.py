"""Invite links: https://HOST:PORT/r/ROOM#fp=SHA256&k=KEY, opened by the application and by a browser alike.

The fingerprint of a self-made certificate and the room's secret travel in the fragment, which a browser never sends
to a server (docs/rights.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit

from .limits import DEFAULT_PORT, MAX_ID_CHARS
from .text import has_forbidden_characters

APP_SCHEME = "bridgecall"
"""A link of it is the https link otherwise; systems give it to the application (x-scheme-handler/bridgecall)."""
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[A-Za-z0-9_-]{22,64}")
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
    key: str | None = field(default=None, repr=False)
    """The room's secret; None for a room that has none."""

    @property
    def access(self) -> str:
        """What the server is told of the secret (docs/rights.md); empty without one."""
        if self.key is None:
            return ""
        digest = hmac.digest(self.key.encode(), b"bridgecall room access 1", hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def link(self) -> str:
        """The link to send to somebody."""
        scheme = "https" if self.secure else "http"
        secrets_of_link = (("fp", self.fingerprint_sha256), ("k", self.key))
        fragment = "&".join(f"{name}={value}" for name, value in secrets_of_link if value)
        return (
            f"{scheme}://{self._netloc()}/r/{quote(self.room_id, safe='')}{'#' if fragment else ''}{fragment}"
        )

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


def new_room_key() -> str:
    """A secret for a link (128 bits)."""
    return secrets.token_urlsafe(16)


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


def _is_this_machine(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    fragment = parse_qs(parts.fragment, keep_blank_values=True)
    key = fragment.get("k", [None])[0]
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError("The link's secret is damaged; ask for the link again.")
    fingerprint = fragment.get("fp", [None])[0]
    if fingerprint is not None:
        fingerprint = fingerprint.replace(":", "").lower()
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise ValueError("The link's fingerprint is damaged; ask for the link again.")
        if not secure:
            raise ValueError("The link promises a certificate but is not encrypted; ask for the link again.")
    return Invite(host, port, room_id, secure, fingerprint, key)


def is_app_link(text: str) -> bool:
    """Whether it is of the scheme that systems open with this application."""
    return text.strip()[: len(APP_SCHEME) + 1].lower() == f"{APP_SCHEME}:"


def parse_app_link(text: str) -> Invite:
    """Read `bridgecall://HOST:PORT/r/ROOM#…`, which is the https link with another scheme.

    Raises:
        ValueError: its text is a sentence for the person who clicked the link.
    """
    if not is_app_link(text):
        raise ValueError("Only links that begin with bridgecall:// are opened here.")
    return parse_invite(text)


def parse_target(text: str, server: str) -> Invite:
    """Read what a person typed to join: a whole link, or a room name on `server` (HOST, HOST:PORT or a URL).

    An address without a scheme is an encrypted one, but for that of this machine itself.

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
            # Never plain text over a network by itself: whoever wants that writes http:// or ws://.
            host, port, secure = _server_of(f"wss://{server}")
            if urlsplit(f"wss://{server}").port is None:
                port = DEFAULT_PORT
            secure = not _is_this_machine(host)
    except ValueError as error:
        message = str(error)
        raise ValueError(message if message.endswith(".") else "This is not a server's address.") from None
    return Invite(host, port, text, secure)
