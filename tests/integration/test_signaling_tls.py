"""What can be wrong with a server's TLS, each in a sentence of its own; with real certificates."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from desktop_app.protocol.messages import ParticipantInfo
from desktop_app.server.app import create_app
from desktop_app.signaling.client import SignalingClient
from desktop_app.signaling.errors import ConnectError
from desktop_app.signaling.machine import SignalingMachine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """Signs certificates, and is trusted by whoever has its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.file = folder / "authority.pem"
        certificate = (
            self._builder(self._name, self._key, NOW - DAY, NOW + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        begin: datetime.datetime,
        end: datetime.datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )

    def server(
        self, host: str, begin: datetime.datetime = NOW - DAY, end: datetime.datetime = NOW + DAY
    ) -> ssl.SSLContext:
        """What a server called `host` listens with."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = (
            self._builder(name, key, begin, end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"{host}-{end.timestamp()}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@asynccontextmanager
async def listening(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """The port of a real signaling server."""
    runner = web.AppRunner(create_app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def problem(url: str, fingerprint: str | None = None) -> ConnectError | None:
    """Why a client does not get in; None when it does."""
    client = SignalingClient(
        SignalingMachine(ParticipantInfo("u"), "r"),
        url,
        fingerprint_sha256=fingerprint,
        on_message=lambda _message: None,
        on_lost=lambda _reason: None,
    )
    try:
        await client.connect()
    except ConnectError as error:
        return error
    finally:
        await client.close()
    return None


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    # What aiohttp asks was made when it was imported, of the system's authorities.
    trusting = ssl.create_default_context(cafile=str(made.file))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    return made


async def test_a_certificate_that_is_right_is_accepted(authority: Authority) -> None:
    async with listening(authority.server("localhost")) as port:
        assert await problem(f"wss://localhost:{port}/ws") is None


@pytest.mark.parametrize(
    ("host", "begin", "end", "code", "word"),
    [
        ("localhost", NOW - 2 * DAY, NOW - DAY, "certificate-expired", "expired"),
        ("localhost", NOW + DAY, NOW + 2 * DAY, "certificate-not-yet-valid", "clock"),
        ("elsewhere.test", NOW - DAY, NOW + DAY, "certificate-wrong-name", "localhost"),
    ],
)
async def test_each_flaw_of_a_certificate_has_its_sentence(
    authority: Authority,
    host: str,
    begin: datetime.datetime,
    end: datetime.datetime,
    code: str,
    word: str,
) -> None:
    async with listening(authority.server(host, begin, end)) as port:
        found = await problem(f"wss://localhost:{port}/ws")
    assert found is not None
    assert found.code == code
    assert str(found).endswith(".")
    assert word in str(found)


async def test_an_authority_that_nobody_knows_and_another_fingerprint(tmp_path: Path) -> None:
    async with listening(Authority(tmp_path).server("localhost")) as port:
        unknown = await problem(f"wss://localhost:{port}/ws")
        other = await problem(f"wss://localhost:{port}/ws", "ab" * 32)
    assert unknown is not None
    assert unknown.code == "certificate-untrusted"
    assert other is not None
    assert other.code == "certificate-mismatch"


async def test_plain_text_where_tls_was_asked_for_and_the_other_way_round(authority: Authority) -> None:
    async with listening(None) as port:
        found = await problem(f"wss://localhost:{port}/ws")
        assert found is not None
        assert found.code == "tls-not-spoken"
    async with listening(authority.server("localhost")) as port:
        found = await problem(f"ws://localhost:{port}/ws")
        assert found is not None
        assert found.code == "tls-wanted"


async def test_a_server_that_hangs_up_during_the_handshake_is_no_reason_for_plain_text() -> None:
    asked: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(3))
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        found = await problem(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws")
    assert found is not None
    assert all(each[:2] == b"\x16\x03" for each in asked)  # of a TLS handshake, nothing else was tried


async def test_a_server_cannot_send_one_to_another_address_or_to_plain_text(authority: Authority) -> None:
    asked: list[str] = []

    async def move(request: web.Request) -> web.Response:
        asked.append("secure")
        raise web.HTTPFound(f"http://127.0.0.1:{plain_port}/ws")

    app = web.Application()
    app.router.add_get("/ws", move)
    runner = web.AppRunner(app, access_log=None)
    async with listening(None) as plain_port:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority.server("localhost")).start()
            found = await problem(f"wss://localhost:{runner.addresses[0][1]}/ws")
        finally:
            await runner.cleanup()
    assert found is not None
    assert found.code == "server-moved"
    assert asked == ["secure"]


async def test_a_server_that_sends_plain_text_on_to_tls_wants_a_secure_link() -> None:
    async def move(_request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("https://example.invalid/ws")

    app = web.Application()
    app.router.add_get("/ws", move)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found = await problem(f"ws://127.0.0.1:{runner.addresses[0][1]}/ws")
    finally:
        await runner.cleanup()
    assert found is not None
    assert found.code == "tls-wanted"


async def test_a_page_in_plain_text_may_not_speak_to_a_secure_server(authority: Authority) -> None:
    async with listening(authority.server("localhost")) as port, ClientSession() as http:
        url, here = f"wss://localhost:{port}/ws", f"localhost:{port}"
        async with http.ws_connect(url, headers={"Origin": f"https://{here}"}) as socket:
            assert not socket.closed
        with pytest.raises(WSServerHandshakeError) as caught:
            await http.ws_connect(url, headers={"Origin": f"http://{here}"})
        assert caught.value.status == 403
