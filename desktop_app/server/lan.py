"""This machine's addresses on its networks, the one to put into an invite link first."""

from __future__ import annotations

import ipaddress
import logging
import socket

import psutil

logger = logging.getLogger(__name__)

# Bridges of containers and virtual machines: up, private, and reachable by nobody else.
_VIRTUAL_PREFIXES = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "lxc", "lxd", "podman", "cni")

# Documentation addresses (RFC 5737, RFC 3849): never local, so they follow the default route.
_ELSEWHERE = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))


def _default_route_addresses() -> list[str]:
    """The source addresses that packets to the internet would have; connecting a UDP socket sends nothing."""
    found = []
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            logger.debug("no default route for %s", family.name)
    return found


def _is_usable(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast)


def lan_addresses() -> list[str]:
    """Addresses under which others may reach this machine, best first; 127.0.0.1 when it has no network.

    IPv4 stands before IPv6 (it is shorter to read aloud, and in every local network), the address of the
    default route before others, physical interfaces before those of containers and virtual machines.
    """
    preferred = _default_route_addresses()
    try:
        interfaces = psutil.net_if_addrs()
        states = psutil.net_if_stats()
    except OSError:
        logger.warning("the network interfaces cannot be listed", exc_info=True)
        interfaces, states = {}, {}
    ranked: dict[str, tuple[bool, bool, bool]] = {}
    for name, addresses in interfaces.items():
        if name in states and not states[name].isup:
            continue
        for entry in addresses:
            if entry.family in (socket.AF_INET, socket.AF_INET6) and _is_usable(entry.address):
                is_ipv6 = entry.family == socket.AF_INET6
                ranked[entry.address] = (
                    is_ipv6,
                    entry.address not in preferred,
                    name.startswith(_VIRTUAL_PREFIXES),
                )
    for address in preferred:
        if _is_usable(address):
            ranked.setdefault(address, (":" in address, False, False))
    return sorted(ranked, key=lambda address: ranked[address]) or ["127.0.0.1"]
