"""Which web pages may open a WebSocket here (RFC 6454, RFC 6455 10.2).

Browsers do not keep a page of another site from it, and it would come with the visitor's address and view of the
network; they say in Origin which page it is, though. Who sends none is no browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import hdrs

if TYPE_CHECKING:
    from aiohttp import web

    from .limits import GuardLimits

_DEFAULT_PORTS = {"http": 80, "https": 443}


def _place(text: str, scheme: str) -> tuple[str, int] | None:
    """Host and port; None for something else."""
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.hostname.lower(), port or _DEFAULT_PORTS.get(scheme, 0)


def parse_origin(text: str) -> str:
    """What was given to --allow-origin: SCHEME://HOST[:PORT], "null" or "*".

    Raises:
        ValueError: its text says what it should be.
    """
    if text in ("*", "null"):
        return text
    scheme, _, rest = text.lower().rstrip("/").partition("://")
    if scheme not in _DEFAULT_PORTS or "/" in rest or _place(rest, scheme) is None:
        raise ValueError("an origin looks like https://example.org or http://example.org:8000")
    return f"{scheme}://{rest}"


def origin_is_allowed(request: web.Request, limits: GuardLimits) -> bool:
    """Whether the page that opens the WebSocket is one of ours, or of those that were allowed."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None or "*" in limits.origins:
        return True
    if origin.lower() in limits.origins:
        return True
    scheme, _, rest = origin.partition("://")
    if scheme not in _DEFAULT_PORTS:
        return False
    if scheme == "http" and request.secure:
        return False  # a page that came in plain text may be of whoever runs the network in between
    page = _place(rest, scheme)
    hosts = [request.headers.get(hdrs.HOST, "")]
    if limits.behind_proxy:
        hosts.append(request.headers.get("X-Forwarded-Host", "").partition(",")[0].strip())
    return page is not None and any(_place(host, scheme) == page for host in hosts if host)
