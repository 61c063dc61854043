"""Everything that the server answers to plain HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from .server_tools import running_server

if TYPE_CHECKING:
    from pathlib import Path


async def test_health_and_metrics() -> None:
    async with running_server() as server, server.client() as one:
        await one.join("a secret room", "one")
        async with server.http.get(server.url("/healthz")) as response:
            assert response.status == 200
            assert await response.json() == {"status": "ok", "protocolVersion": 1}
        async with server.http.get(server.url("/metrics")) as response:
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            text = await response.text()
        assert "a secret room" not in text
        assert await server.gauge("bridgecall_connections") == 1
        assert await server.gauge("bridgecall_rooms") == 1
        assert await server.gauge("bridgecall_participants") == 1
        assert await server.gauge('bridgecall_messages_received_total{type="join-room"}') == 1
        assert await server.gauge("bridgecall_messages_sent_total") == 1


async def test_two_servers_in_one_process_count_apart() -> None:
    async with running_server() as first, running_server() as second, first.client() as one:
        await one.join("R", "one")
        assert await first.gauge("bridgecall_participants") == 1
        assert await second.gauge("bridgecall_participants") == 0


@pytest.mark.parametrize("path", ["/", "/r/tea", "/r/a%2Fb%20c", "/r/%3Cscript%3Ealert(1)%3C%2Fscript%3E"])
async def test_pages_and_their_headers(path: str) -> None:
    async with running_server() as server, server.http.get(server.url(path)) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "camera=(self), microphone=(self)" in response.headers["Permissions-Policy"]
        body = await response.text()
        assert "Bridgecall" in body
        assert "alert(1)" not in body


async def test_the_page_is_the_same_for_every_room() -> None:
    async with running_server() as server:
        async with server.http.get(server.url("/r/one")) as response:
            one = await response.read()
        async with server.http.get(server.url("/r/two")) as response:
            assert await response.read() == one


async def test_modules_and_styles() -> None:
    async with running_server() as server:
        async with server.http.get(server.url("/web/main.js")) as response:
            assert (response.status, response.content_type) == (200, "text/javascript")
        async with server.http.get(server.url("/web/style.css")) as response:
            assert (response.status, response.content_type) == (200, "text/css")


@pytest.mark.expected_warnings("the guest page is missing")
async def test_without_the_pages_files_it_still_relays(tmp_path: Path) -> None:
    async with running_server(web_folder=tmp_path / "missing") as server, server.client() as one:
        await one.join("R", "one")
        async with server.http.get(server.url("/r/R")) as response:
            assert response.status == 404


async def test_ws_without_websocket_says_so() -> None:
    async with running_server() as server, server.http.get(server.url("/ws")) as response:
        assert (response.status, response.headers["Upgrade"]) == (426, "websocket")


async def test_a_broken_handshake_is_a_bad_request() -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    async with running_server() as server:
        async with server.http.get(server.url(), headers=headers) as response:
            assert response.status == 400
        await server.wait_for_gauge("bridgecall_connections", 0)


TRAVERSALS = [
    "/web/../pyproject.toml",
    "/web/../../pyproject.toml",
    "/web/..%2f..%2fpyproject.toml",
    "/web/%2e%2e/%2e%2e/pyproject.toml",
    "/web//etc/passwd",
    "/web/%2fetc%2fpasswd",
    "/web/..\\..\\pyproject.toml",
    "/web/%00",
    "/web/main.js%00.html",
    "/web/",
    "/web",
    "/pyproject.toml",
    "/r/",
    "/r/a/b",
    "/r/../web/../../pyproject.toml",
]


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_no_path_leads_out(path: str) -> None:
    async with running_server() as server:
        # By hand: a client library would tidy the path up before sending it.
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        assert answer.split(b" ", 2)[1] in (b"404", b"400")
        assert b"Content-Security-Policy: default-src 'none'" in answer or b" 400 " in answer[:20]
        assert b"[project]" not in answer


async def test_other_methods_are_refused() -> None:
    async with running_server() as server, server.http.post(server.url("/"), data=b"x") as response:
        assert response.status == 405
