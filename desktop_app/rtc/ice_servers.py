"""Which addresses of STUN and TURN servers are used, of those in the settings and those that the server names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .ice_address import ServerAddress, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.protocol.messages import IceServer

logger = logging.getLogger(__name__)

MAX_SERVERS = 16
"""Addresses that are used; each is asked from every network interface."""


def usable(servers: Iterable[IceServer]) -> tuple[ServerAddress, ...]:
    """Every address that candidates can come from, once each, in the order of `servers`; UDP before TCP before TLS."""
    found: list[ServerAddress] = []
    for server in servers:
        for url in server.urls:
            try:
                address = parse_address(url, server.username, server.credential)
            except ValueError as error:
                logger.warning("an ICE server is not used: %s", error)
                continue
            if address in found:
                continue
            if len(found) >= MAX_SERVERS:
                logger.warning("an ICE server is not used: there are more than %d", MAX_SERVERS)
                return _by_transport(found)
            found.append(address)
    return _by_transport(found)


def _by_transport(found: list[ServerAddress]) -> tuple[ServerAddress, ...]:
    return tuple(sorted(found, key=lambda each: each.transport_order))
