"""The server inside another program, over TLS with the certificate of its own making."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientConnectorCertificateError, ClientSession, Fingerprint, ServerFingerprintMismatch

from desktop_app.core.errors import UserFacingError
from desktop_app.protocol.messages import IceServer
from desktop_app.server.hosting import HostedServer, lan_addresses
from desktop_app.server.session import Session
from desktop_app.server.tls import FILE_NAME, self_made_certificate
from tests import guards
from tests.waiting import until

from .server_tools import RawClient

if TYPE_CHECKING:
    from pathlib import Path


async def test_tls_with_a_pinned_certificate(tmp_path: Path) -> None:
    certificate = self_made_certificate(tmp_path)
    server = HostedServer()
    port = await server.start("127.0.0.1", ssl=certificate.context)
    url = f"https://127.0.0.1:{port}/ws"
    try:
        async with ClientSession() as http:
            pinned = Fingerprint(bytes.fromhex(certificate.fingerprint_sha256))
            async with http.ws_connect(url, ssl=pinned) as socket:
                await RawClient(socket).join("R", "one")
            with pytest.raises(ServerFingerprintMismatch):
                await http.ws_connect(url, ssl=Fingerprint(hashlib.sha256(b"another").digest()))
            with pytest.raises(ClientConnectorCertificateError):
                await http.ws_connect(url)
            # Whoever trusts this very certificate finds the address in it, too.
            trusting = ssl.create_default_context(cafile=tmp_path / FILE_NAME)
            async with http.ws_connect(url, ssl=trusting) as socket:
                await RawClient(socket).join("R", "two")
    finally:
        await server.stop()


async def test_a_connection_that_has_ended_is_cut_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.server.session.GRACE_S", 0.05)
    cut: list[Session] = []
    really_cut = Session._cut

    def note(session: Session) -> None:
        really_cut(session)
        cut.append(session)

    monkeypatch.setattr(Session, "_cut", note)
    certificate = self_made_certificate(tmp_path)
    server = HostedServer()
    port = await server.start("127.0.0.1", ssl=certificate.context)
    try:
        pinned = Fingerprint(bytes.fromhex(certificate.fingerprint_sha256))
        async with ClientSession() as http:
            async with http.ws_connect(f"https://127.0.0.1:{port}/ws", ssl=pinned) as socket:
                await RawClient(socket).join("R", "one")
            await until(lambda: len(cut) == 1)
    finally:
        await server.stop()


async def test_plain_http_at_a_tls_port_is_refused_quietly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = HostedServer()
    port = await server.start("127.0.0.1", ssl=self_made_certificate(tmp_path).context)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionError):  # an end of file or a reset: both are an end
            await asyncio.wait_for(reader.read(), 10)
        writer.close()
        async with ClientSession() as http:
            fingerprint = Fingerprint(bytes.fromhex(self_made_certificate(tmp_path).fingerprint_sha256))
            async with http.get(f"https://127.0.0.1:{port}/healthz", ssl=fingerprint) as response:
                assert response.status == 200
    finally:
        await server.stop()
    assert not [record for record in caplog.records if record.exc_info]


async def test_start_stop_start_again() -> None:
    server = HostedServer()
    port = await server.start("127.0.0.1", ice_servers=[IceServer(urls=("stun:h",))])
    assert (server.running, server.port) == (True, port)
    async with ClientSession() as http, http.ws_connect(f"http://127.0.0.1:{port}/") as socket:
        client = RawClient(socket)
        welcome = await client.join("R", "one")
        assert welcome["iceServers"] == [{"urls": ["stun:h"]}]
        stopping = asyncio.create_task(server.stop())
        await client.expect_error("server-shutdown")
        assert await client.expect_close() == 1001
        await stopping
    await server.stop()
    assert server.running is False
    with pytest.raises(RuntimeError):
        _ = server.port
    assert await server.start("127.0.0.1", port) == port
    await server.stop()


async def test_an_address_that_cannot_be_had_is_one_sentence() -> None:
    first, second = HostedServer(), HostedServer()
    port = await first.start("127.0.0.1")
    try:
        for host, wanted, hint in [
            ("127.0.0.1", port, f"Port {port} is already in use"),
            ("203.0.113.9", 0, "does not have the address"),
            ("no.such.host.invalid", 0, "is not known"),
        ]:
            with pytest.raises(UserFacingError, match=r"\.$") as caught:
                await second.start(host, wanted)
            assert hint in str(caught.value)
            assert caught.value.code == "cannot-listen"
            assert not second.running
    finally:
        await first.stop()


async def test_nothing_is_left_after_many_starts() -> None:
    before = asyncio.all_tasks()
    for _ in range(10):
        server = HostedServer()
        port = await server.start("127.0.0.1")
        async with ClientSession() as http, http.ws_connect(f"http://127.0.0.1:{port}/ws") as socket:
            client = RawClient(socket)
            await client.join("R", "one")
            stopping = asyncio.create_task(server.stop())
            await client.expect_error("server-shutdown")
            assert await client.expect_close() == 1001
            await stopping
    assert await guards.tasks_left(before) == []


def test_lan_addresses_are_never_empty() -> None:
    addresses = lan_addresses()
    assert addresses
    assert len(set(addresses)) == len(addresses)
    assert all(not address.startswith(("127.", "fe80")) for address in addresses) or addresses == [
        "127.0.0.1"
    ]
    first_ipv6 = next((index for index, address in enumerate(addresses) if ":" in address), len(addresses))
    assert all(":" in address for address in addresses[first_ipv6:])
