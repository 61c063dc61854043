"""Asks for the newest version. The answer is JSON: {"version": "1.2.3", "page": "https://…"}; all else is ignored."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import aiohttp

from desktop_app.core.errors import UserFacingError
from desktop_app.settings.update_address import check_update_url, is_loopback, is_safe_page

from .version import Version, parse_version

if TYPE_CHECKING:
    import ssl

logger = logging.getLogger(__name__)

LIMIT_S = 10.0
MAX_BYTES = 64 * 1024
MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Bridgecall"}
"""Nobody is told which version asks, nor on what system."""


class UpdateError(UserFacingError):
    """The newest version could not be found out."""

    code = "update-check"


@dataclass(frozen=True, slots=True)
class Release:
    """What the address says is the newest version, checked."""

    version: Version
    page: str
    """https; where a person finds it."""


async def newest_release(
    url: str, *, context: ssl.SSLContext | None = None, limit_s: float = LIMIT_S
) -> Release:
    """Ask `url`, on the running loop.

    Args:
        url: https, or http on this machine.
        context: of TLS; None: the system's authorities are trusted.
        limit_s: for all of it.

    Raises:
        UpdateError: its text is one sentence.
    """
    try:
        async with asyncio.timeout(limit_s):
            body = await _fetch(url, context)
    except TimeoutError:
        raise UpdateError("The update server does not answer.") from None
    except aiohttp.ClientConnectorCertificateError as error:
        logger.info("the update server's certificate: %s", error)
        raise UpdateError("The update server's certificate is not valid.") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        logger.info("the update server: %s: %s", type(error).__name__, error)
        raise UpdateError("The update server cannot be reached.") from None
    return read_release(body)


async def _fetch(url: str, context: ssl.SSLContext | None) -> bytes:
    begun_here = is_loopback(url)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar, headers=_HEADERS, auto_decompress=False) as session:
        for _ in range(MAX_REDIRECTS + 1):
            if not url or check_update_url(url) is not None or (is_loopback(url) and not begun_here):
                raise UpdateError("The update server sends us to an address that is not allowed.")
            async with session.get(
                url, allow_redirects=False, ssl=True if context is None else context
            ) as answer:
                if answer.status in _REDIRECTS:
                    url = urljoin(url, answer.headers.get("Location", ""))
                    continue
                if answer.status != 200:
                    raise UpdateError(f"The update server answers with an error ({answer.status}).")
                return await _body(answer)
    raise UpdateError("The update server sends us from one address to another, again and again.")


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise UpdateError("The update server's answer cannot be understood.")
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise UpdateError("The update server's answer is too long.")
    return bytes(body)


def read_release(body: bytes) -> Release:
    """Read an answer.

    Raises:
        UpdateError: it is none, or it names a page that must not be opened.
    """
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    match values:
        case {"version": str() as text, "page": str() as page}:
            return make_release(text, page)
    raise UpdateError("The update server's answer cannot be understood.")


def make_release(text: str, page: str) -> Release:
    """From what a server or a file says.

    Raises:
        UpdateError: no version, or no page that may be opened.
    """
    try:
        version = parse_version(text)
    except ValueError:
        raise UpdateError("The update server names no version.") from None
    if not is_safe_page(page):
        raise UpdateError("The update server names a page that is not safe to open.")
    return Release(version, page)
