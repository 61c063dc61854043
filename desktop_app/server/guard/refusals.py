"""What a request for a WebSocket gets that is not granted."""

from __future__ import annotations

from aiohttp import hdrs, web

from desktop_app.protocol.errors import ErrorCode


def refusal_of(code: ErrorCode) -> web.Response:
    """The HTTP response for `code`."""
    if code is ErrorCode.BAD_ORIGIN:
        return web.Response(status=403, text="Pages of other sites may not connect to this server.\n")
    return web.Response(
        status=429,
        headers={hdrs.RETRY_AFTER: "30"},
        text="There are too many connections from your address. Close some, or try again later.\n",
    )
