"""ICE configuration: from our settings to what aiortc takes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from aiortc.rtcconfiguration import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy
from aiortc.rtcdtlstransport import RTCCertificate

from desktop_app.core.ice_url import check_ice_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aioice.ice import Connection

    from desktop_app.protocol.messages import IceServer

logger = logging.getLogger(__name__)

GATHER_LIMIT_S = 3
"""How long STUN and TURN servers may take; aioice waits 5 s. Both sides gather one after the other (aiortc does not
trickle), and a server that is dead for both, without internet for example, must leave time to connect without it."""


@dataclass(frozen=True, slots=True)
class IceConfiguration:
    """STUN and TURN servers, whether only relays may be used, and what all connections of a call have in common."""

    servers: tuple[IceServer, ...] = ()
    relay_only: bool = False
    certificate: RTCCertificate | None = field(default=None, compare=False, repr=False)
    """Of all connections of a call, so that the safety code stays; None: each makes its own."""


def make_certificate() -> RTCCertificate:
    """A new one for DTLS, with a key of its own."""
    return RTCCertificate.generateCertificate()


def to_rtc_configuration(configuration: IceConfiguration) -> RTCConfiguration:
    """aiortc takes one STUN and one TURN server and ignores `stuns:`; the first usable of each is given to it.

    What is malformed is left out, since aiortc would refuse the whole connection. Everything is bundled: one
    transport instead of three.
    """
    chosen: list[RTCIceServer] = []
    seen: set[str] = set()
    for url, server in _urls(configuration.servers):
        family = "turn" if url.startswith("turn") else "stun"
        if (problem := _problem(url, server)) is not None:
            logger.warning("an ICE server is not used: %s", problem)
            continue
        if url.startswith("stuns:") or family in seen:
            logger.info("the ICE server %s is not used: one STUN and one TURN server are", url)
            continue
        seen.add(family)
        chosen.append(RTCIceServer(urls=url, username=server.username, credential=server.credential))
    return RTCConfiguration(
        iceServers=chosen,
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        iceTransportPolicy=(
            RTCIceTransportPolicy.RELAY if configuration.relay_only else RTCIceTransportPolicy.ALL
        ),
    )


def _problem(url: str, server: IceServer) -> str | None:
    problem = check_ice_url(url)
    if problem is None and url.startswith("turn") and not (server.username and server.credential):
        return "A TURN server needs a user and a secret."
    if problem is None and url.startswith("turns:") and url.endswith("?transport=udp"):
        return "TURN over DTLS is not supported."
    if problem is None and "[" in url:
        return "An IPv6 address in brackets is not understood by aiortc; a name is."
    return problem


def _urls(servers: Iterable[IceServer]) -> Iterable[tuple[str, IceServer]]:
    for server in servers:
        for url in server.urls:
            yield url, server


def limit_gathering(connection: Connection) -> None:
    """Let the search for candidates end in time."""
    search = partial(type(connection).get_component_candidates, connection, timeout=GATHER_LIMIT_S)
    setattr(connection, "get_component_candidates", search)  # noqa: B010 - a method, for type checkers
