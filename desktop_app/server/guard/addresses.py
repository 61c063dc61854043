"""Where a request comes from, as limits and bans count it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

_IPV6_PREFIX = 64
"""One line of a provider has at least so much, and could use each address of it once (RFC 6177)."""


def counted_address(text: str | None) -> str:
    """An address as it is counted: of IPv6 the network of 64 bits; empty for none."""
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0].strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


def client_address(request: web.Request, *, behind_proxy: bool = False) -> str:
    """Where `request` comes from.

    Only behind a proxy of one's own is X-Forwarded-For to be believed, and of it the last address alone: that is the
    one which the proxy has seen itself; what stands before it anybody can have written.
    """
    if behind_proxy:
        forwarded = request.headers.getall("X-Forwarded-For", [])
        last = forwarded[-1].rpartition(",")[2].strip() if forwarded else ""
        if last.startswith("["):  # some write [address]:port
            last = last[1:].partition("]")[0]
        elif last.count(":") == 1:
            last = last.partition(":")[0]
        if found := counted_address(last):
            return found
    return counted_address(request.remote)
