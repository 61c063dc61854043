"""The address of one STUN or TURN server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from desktop_app.core.ice_url import check_ice_url

Transport = Literal["udp", "tcp", "tls"]
PLAIN_PORT, TLS_PORT = 3478, 5349
"""RFC 7064 and RFC 7065, section 3.2."""
_ORDER = {"udp": 0, "tcp": 1, "tls": 2}


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """One STUN or TURN server over one transport."""

    url: str
    is_turn: bool
    host: str
    port: int
    transport: Transport
    username: str = field(default="", repr=False)
    credential: str = field(default="", repr=False)

    @property
    def transport_order(self) -> int:
        """Less is better: TCP repairs what is too late by then, and TLS costs two more round trips at the beginning."""
        return _ORDER[self.transport]


def parse_address(url: str, username: str | None = None, credential: str | None = None) -> ServerAddress:
    """Read a URL (RFC 7064, RFC 7065).

    Raises:
        ValueError: its text is a sentence that says why the server cannot be used; no secret is in it.
    """
    problem = check_ice_url(url)
    if problem is not None:
        raise ValueError(problem)
    scheme, _, rest = url.partition(":")
    place, _, query = rest.partition("?transport=")
    is_turn, is_secure = scheme.startswith("turn"), scheme.endswith("s")
    if is_turn and not (username and credential):
        raise ValueError("A TURN server needs a user and a secret.")
    if is_turn and is_secure and query == "udp":
        raise ValueError("TURN over DTLS is not supported.")
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        port = port[1:]
    else:
        host, _, port = place.partition(":")
    transport: Transport = "tls" if is_secure else "tcp" if query == "tcp" else "udp"
    return ServerAddress(
        url=url,
        is_turn=is_turn,
        host=unquote(host),
        port=int(port) if port else TLS_PORT if is_secure else PLAIN_PORT,
        transport=transport,
        username=username or "",
        credential=credential or "",
    )
