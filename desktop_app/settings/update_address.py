"""Which addresses are asked, and which pages are opened."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

MAX_URL_CHARS = 500
ONLY_HTTPS = "The address must begin with https://."


def _split(url: str) -> SplitResult:
    """Raises ValueError with a sentence about what is wrong with any web address."""
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"The address has at most {MAX_URL_CHARS} characters.")
    if not url.isascii() or not url.isprintable() or any(char in ' \\"<>^`{|}' for char in url):
        raise ValueError("The address must not contain spaces or unusual characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("This is not a valid address.") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(ONLY_HTTPS)
    if "@" in parts.netloc:
        raise ValueError("The address must not contain a user name or password.")
    if not parts.hostname or port == 0:
        raise ValueError("The address names no server.")
    return parts


def is_loopback(url: str) -> bool:
    """Whether a (valid) address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_update_url(url: str) -> str | None:
    """None when `url` is empty or may be asked, else the sentence that says what is wrong."""
    if not url:
        return None
    try:
        parts = _split(url)
    except ValueError as error:
        return str(error)
    return None if parts.scheme == "https" or is_loopback(url) else ONLY_HTTPS


def is_safe_page(url: str) -> bool:
    """Whether a browser may be sent there: https and nothing else."""
    try:
        return _split(url).scheme == "https"
    except ValueError:
        return False
