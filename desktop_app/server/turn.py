"""Credentials for a TURN server that expire: the REST API of draft-uberti-behave-turn-rest-00, as coturn has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop_app.protocol.ice_url import check_ice_url
from desktop_app.protocol.messages import IceServer

if TYPE_CHECKING:
    from collections.abc import Iterable

LIFETIME_S = 48 * 3600
"""Whoever stays longer in one call connects to newcomers without the TURN server."""
_USER_BYTES = 8


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A TURN server that shares a secret with us, which participants never see."""

    url: str
    secret: str = field(repr=False)


def parse_turn_server(text: str) -> TurnServer:
    """Parse `URL,SECRET`; the secret may contain commas.

    Raises:
        ValueError: its text is a sentence for the person who typed it, without the secret.
    """
    url, comma, secret = text.strip().partition(",")
    problem = check_ice_url(url)
    if problem:
        raise ValueError(problem)
    if not url.startswith(("turn:", "turns:")):
        raise ValueError("The address of a TURN server begins with turn: or turns:.")
    if not comma or not secret:
        raise ValueError("The secret of the TURN server is missing: URL,SECRET.")
    return TurnServer(url, secret)


def for_participant(servers: Iterable[IceServer | TurnServer], *, at_s: float) -> tuple[IceServer, ...]:
    """What one participant is told, with credentials of its own.

    Args:
        servers: what the server was started with.
        at_s: the Unix time, from which on the credentials hold for LIFETIME_S.
    """
    # A name that says nothing about the participant: the TURN server logs it, and counts allocations by it.
    name = f"{int(at_s) + LIFETIME_S}:{secrets.token_hex(_USER_BYTES)}"
    return tuple(_with_credentials(each, name) if isinstance(each, TurnServer) else each for each in servers)


def _with_credentials(server: TurnServer, name: str) -> IceServer:
    digest = hmac.new(server.secret.encode(), name.encode(), hashlib.sha1).digest()
    return IceServer(urls=(server.url,), username=name, credential=base64.b64encode(digest).decode())
