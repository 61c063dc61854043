"""ICE configuration: from our settings, and what the server says, to what gathers candidates."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiortc.rtcconfiguration import RTCBundlePolicy, RTCConfiguration, RTCIceTransportPolicy
from aiortc.rtcdtlstransport import RTCCertificate

from .ice_address import ServerAddress, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktop_app.protocol.messages import IceServer

    from .ice_choice import IceChoice

logger = logging.getLogger(__name__)

MAX_SERVERS = 16
"""Addresses that are used; each is asked from every network interface."""


@dataclass(frozen=True, slots=True)
class IceConfiguration:
    """STUN and TURN servers, whether only relays may be used, and what all connections of a call have in common."""

    servers: tuple[IceServer, ...] = ()
    relay_only: bool = False
    certificate: RTCCertificate | None = field(default=None, compare=False, repr=False)
    """Of all connections of a call, so that the safety code stays; None: each makes its own."""
    choice: IceChoice | None = field(default=None, compare=False, repr=False)
    """Which of the servers answer, and which is best; None: they are tried in the order of `ranked`."""

    loopback_only: bool = False
    """Both ends are on this machine: no address of a network is used, nor is there need of one."""

    def ranked(self) -> tuple[ServerAddress, ...]:
        """The usable servers, best first."""
        return usable(self.servers) if self.choice is None else self.choice.ranked()

    def may_answer(self) -> bool:
        """False when all servers are known to be dead: not worth waiting for."""
        return self.choice is None or self.choice.may_answer()


def make_certificate() -> RTCCertificate:
    """A new one for DTLS, with a key of its own."""
    return RTCCertificate.generateCertificate()


@dataclass
class GatheringConfiguration(RTCConfiguration):
    """aiortc's configuration, with the servers that it must not know of: our own search takes them."""

    ice: IceConfiguration = field(default_factory=IceConfiguration)


def to_rtc_configuration(ice: IceConfiguration) -> GatheringConfiguration:
    """What our PeerConnection takes. Everything is bundled: one transport instead of three."""
    return GatheringConfiguration(
        iceServers=[],  # None would mean aiortc's own default: a STUN server of somebody who does not know of us
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        iceTransportPolicy=RTCIceTransportPolicy.RELAY if ice.relay_only else RTCIceTransportPolicy.ALL,
        ice=ice,
    )


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
