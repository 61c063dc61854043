"""The guest page's files, read once at the start: what is not in the table cannot be asked for."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

logger = logging.getLogger(__name__)

_CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_TEXT = (".html", ".css", ".js", ".svg", ".txt")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), display-capture=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_security_policy(host: str) -> str:
    """The policy for a page that was asked for at `host` (the request's Host header).

    'self' covers a WebSocket of the same host in Chromium 156 (tried); older browsers want it named.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'{sockets}; media-src 'self' blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal handler for every response that is not a WebSocket."""
    if response.status == 101:
        return
    response.headers.update(_HEADERS)
    response.headers["Content-Security-Policy"] = content_security_policy(request.host)


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    charset: str | None
    etag: str


def _read(path: Path) -> _File:
    body, suffix = path.read_bytes(), path.suffix.lower()
    return _File(
        body=body,
        content_type=_CONTENT_TYPES.get(suffix, "text/plain"),
        charset="utf-8" if suffix in _TEXT else None,
        etag=hashlib.sha256(body).hexdigest()[:32],
    )


class Pages:
    """The files below one folder, and single ones from elsewhere (`more`) beside those at its top."""

    def __init__(self, folder: Path, more: Iterable[Path] = ()) -> None:
        self._files: dict[str, _File] = {}
        root = folder.resolve()
        for path in sorted(root.rglob("*")):
            suffix = path.suffix.lower()
            # A link may lead out of the folder; ours holds none.
            if suffix in _CONTENT_TYPES and path.is_file() and path.resolve() == path:
                self._files[path.relative_to(root).as_posix()] = _read(path)
        for path in more:
            if path.is_file():
                self._files[path.name] = _read(path)
        if "index.html" not in self._files:
            logger.warning("the guest page is missing in %s; the server relays, but serves no page", folder)

    def respond(self, name: str, request: web.Request) -> web.Response:
        """The file `name` (relative, with slashes), or 404, or 304 when the browser has it."""
        file = self._files.get(name)
        if file is None:
            raise web.HTTPNotFound(text="There is nothing at this address.\n")
        known = request.if_none_match or ()
        if any(tag.value in (file.etag, "*") for tag in known):
            return web.Response(status=304, headers={hdrs.ETAG: f'"{file.etag}"'})
        return web.Response(
            body=file.body,
            content_type=file.content_type,
            charset=file.charset,
            headers={hdrs.ETAG: f'"{file.etag}"', hdrs.CACHE_CONTROL: "no-cache"},
        )
