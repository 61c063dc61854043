"""The question for the newest version, with real servers that answer well, badly or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from desktop_app.server.tls import self_made_certificate
from desktop_app.updates.feed import MAX_BYTES, UpdateError, newest_release

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

GOOD = '{"version": "1.3.0", "page": "https://example.org/1.3.0", "more": [1]}'


@contextlib.asynccontextmanager
async def server(
    answer: Callable[[web.Request], web.StreamResponse], context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that answers everything so; its address without a path, and what it was asked."""
    asked: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def text(body: str | bytes, **options: object) -> Callable[[web.Request], web.StreamResponse]:
    raw = body if isinstance(body, bytes) else body.encode()
    return lambda _request: web.Response(body=raw, **options)  # type: ignore[arg-type]


async def test_a_good_answer_and_what_the_server_learns_of_us() -> None:
    async with server(text(GOOD)) as (base, asked):
        release = await newest_release(f"{base}/newest.json")
    assert (str(release.version), release.page) == ("1.3.0", "https://example.org/1.3.0")
    [request] = asked
    assert (request.method, request.path) == ("GET", "/newest.json")
    assert request.headers["User-Agent"] == "Bridgecall"
    assert "Cookie" not in request.headers


async def test_a_redirect_is_followed() -> None:
    def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/newest.json":
            return web.Response(status=302, headers={"Location": "/there"})
        return web.Response(text=GOOD)

    async with server(answer) as (base, asked):
        assert str((await newest_release(f"{base}/newest.json")).version) == "1.3.0"
    assert [request.path for request in asked] == ["/newest.json", "/there"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (text("x" * (MAX_BYTES + 1)), "too long"),
        (text("not json"), "understood"),
        (text("[" * 60000), "understood"),
        (text(b"\xff\xfe"), "understood"),
        (text('["1.3.0"]'), "understood"),
        (text('{"version": 2, "page": "https://example.org/"}'), "understood"),
        (text('{"version": "latest", "page": "https://example.org/"}'), "no version"),
        (text('{"version": "2", "page": "http://example.org/"}'), "not safe"),
        (text('{"version": "2", "page": "file:///bin/sh"}'), "not safe"),
        (text(GOOD, status=404), "404"),
        (text(GOOD, headers={"Content-Encoding": "br"}), "understood"),
        (text("", status=302, headers={"Location": "/again"}), "again and again"),
        (text("", status=302, headers={"Location": "http://example.org/"}), "not allowed"),
        (text("", status=307, headers={"Location": "file:///etc/passwd"}), "not allowed"),
        (text("", status=301), "again and again"),
    ],
)
async def test_a_bad_answer_is_one_sentence(
    answer: Callable[[web.Request], web.StreamResponse], sentence: str
) -> None:
    async with server(answer) as (base, asked):
        with pytest.raises(UpdateError, match=sentence) as problem:
            await newest_release(f"{base}/newest.json")
    assert str(problem.value).endswith(".")
    assert len(asked) <= 4


async def test_a_server_that_keeps_silent_or_is_not_there() -> None:
    async def never(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await _reader.read()
        writer.close()

    silent = await asyncio.start_server(never, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with pytest.raises(UpdateError, match="does not answer"):
        await newest_release(f"http://127.0.0.1:{port}/", limit_s=0.2)
    silent.close()
    await silent.wait_closed()
    with pytest.raises(UpdateError, match="cannot be reached"):
        await newest_release(f"http://127.0.0.1:{port}/")


async def test_the_certificate_is_checked(tmp_path: Path) -> None:
    certificate = await asyncio.to_thread(self_made_certificate, tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "host.pem"))
    async with server(text(GOOD), certificate.context) as (base, asked):
        with pytest.raises(UpdateError, match="certificate is not valid"):
            await newest_release(f"{base}/newest.json")
        assert asked == []
        assert str((await newest_release(f"{base}/newest.json", context=trusting)).version) == "1.3.0"
