"""What goes wrong with TLS on the way to a server, in sentences; and where plain text is worth a warning."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from urllib.parse import urlsplit

import aiohttp

from .errors import ConnectError

PROBE_LIMIT_S = 3.0

# Of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED = 9, 10
_SELF_SIGNED = (18, 19)
_WRONG_NAME = (62, 64)
_PLAIN_TEXT = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")

PLAIN_TEXT_WARNING = (
    "The connection to the server is not encrypted: others on the way can see who talks to whom, and change it. "
    "Ask for a link that begins with https://."
)
PLAIN_TEXT_CODE = "server-not-encrypted"

MISMATCH = ConnectError(
    "The server's certificate is not the one that the link names; somebody may be in between.",
    code="certificate-mismatch",
)


def no_redirects() -> aiohttp.TraceConfig:
    """For a session that follows none: the link says which server it is, and another one may speak plain text.

    aiohttp's ws_connect follows redirects, from wss:// to http:// too, and a browser's WebSocket follows none.
    """

    async def redirected(
        _session: aiohttp.ClientSession, _context: object, told: aiohttp.TraceRequestRedirectParams
    ) -> None:
        target = told.response.headers.get("Location", "")
        if told.url.scheme in ("http", "ws") and target.lower().startswith(("https:", "wss:")):
            raise ConnectError(TLS_WANTED, code="tls-wanted")
        raise ConnectError(
            "The server sends one to another address; ask for a link that begins with that one.",
            code="server-moved",
        )

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(redirected)
    return trace


def certificate_problem(error: BaseException, host: str) -> ConnectError:
    """The sentence for a certificate that was not accepted."""
    code = getattr(error, "verify_code", 0)
    if code == _EXPIRED:
        return ConnectError(
            "The server's certificate has expired; whoever runs the server must renew it.",
            code="certificate-expired",
        )
    if code == _NOT_YET_VALID:
        return ConnectError(
            "The server's certificate is not valid yet; check the clock of this computer.",
            code="certificate-not-yet-valid",
        )
    if code in _WRONG_NAME:
        return ConnectError(
            f"The server's certificate is for another name than {host}; check the address.",
            code="certificate-wrong-name",
        )
    if code in _SELF_SIGNED:
        return ConnectError(
            "The server has a self-made certificate; use the whole invitation link, which says which one it is.",
            code="certificate-self-made",
        )
    return ConnectError(
        "The server's certificate cannot be trusted; ask for the whole invitation link.",
        code="certificate-untrusted",
    )


def tls_problem(error: BaseException) -> ConnectError:
    """The sentence for a TLS handshake that failed for another reason than the certificate."""
    cause = getattr(error, "os_error", None) or error
    reason = getattr(cause, "reason", "") or ""
    if any(each in reason for each in _PLAIN_TEXT):
        return ConnectError(
            "The server does not speak TLS on this port: no encrypted connection is possible. Check the address.",
            code="tls-not-spoken",
        )
    return ConnectError(
        "No secure connection to the server is possible; check the address.", code="tls-failed"
    )


def connect_problem(error: BaseException, url: str) -> ConnectError:
    """The sentence for whatever ended an attempt to connect."""
    host = urlsplit(url).hostname or "the server"
    match error:
        case aiohttp.ServerFingerprintMismatch():
            return MISMATCH
        case aiohttp.ClientConnectorCertificateError():
            return certificate_problem(error.certificate_error, host)
        case ssl.SSLCertVerificationError():
            return certificate_problem(error, host)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return tls_problem(error)
        case aiohttp.WSServerHandshakeError(status=429):
            return ConnectError(
                "There are too many connections to the server from your address. Try again later.",
                code="too-many-connections",
            )
        case aiohttp.WSServerHandshakeError(status=503):
            return ConnectError(
                "The server takes no more connections now. Try again later.", code="server-full"
            )
        case aiohttp.WSServerHandshakeError(status=status):
            return ConnectError(
                f"The address answers, but not as a Bridgecall server (HTTP {status}).", code="not-a-server"
            )
        case _:
            return ConnectError("The server cannot be reached.", code="server-unreachable")


async def speaks_tls(url: str) -> bool:
    """Whether a server that did not answer to plain text speaks TLS on that port. Nothing but a greeting is sent."""
    parts = urlsplit(url)
    # Not the default one: it reads every authority's certificate, on the engine loop.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is not trusted with anything
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, ssl=context)
    except (OSError, ssl.SSLError, TimeoutError, ValueError):
        return False
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()
    return True


TLS_WANTED = (
    "This server wants an encrypted connection; use the whole invitation link, or an address with https://."
)


def exposes_signaling(url: str) -> bool:
    """Whether `url` is plain text to somewhere beyond this machine and its own network.

    A name without a dot, or of mDNS (RFC 6762) or a home network (RFC 8375), is one of the own network.
    """
    parts = urlsplit(url)
    if parts.scheme in ("wss", "https"):
        return False
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        own = host == "localhost" or host.endswith(
            (".localhost", ".local", ".home.arpa", ".internal", ".lan")
        )
        return not own and "." in host
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return not (address.is_loopback or address.is_private or address.is_link_local)
