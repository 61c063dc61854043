"""The syntax of a server's address as a person types it: HOST, HOST:PORT or a URL."""

from __future__ import annotations

from urllib.parse import urlsplit

_SCHEMES = ("https", "http", "wss", "ws", "bridgecall")


def check_server_address(text: str) -> str | None:
    """None when `text` is empty or names a server, else the sentence that says what is wrong."""
    if not text:
        return None
    if any(char.isspace() for char in text):
        return "The server's address must not contain spaces."
    url = text if "://" in text else f"ws://{text}"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "This is not a valid server address."
    if parts.scheme not in _SCHEMES:
        return "The address must begin with https://, http://, wss:// or ws://, or be just HOST:PORT."
    if "@" in parts.netloc:
        return "The address must not contain a user name or password."
    if parts.netloc.count(":") > 1 and not parts.netloc.startswith("["):
        return "An IPv6 address must stand in brackets: [2001:db8::1]:8080."
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        return "The port must be between 1 and 65535."
    if not host:
        return "The address names no server."
    if parts.path.strip("/") or parts.query or parts.fragment:
        return "The address must end after the server's name and port; paste whole links in the lobby."
    return None
