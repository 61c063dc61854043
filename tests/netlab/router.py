"""From a packet in to the packets that are due: hosts, addresses, links and NATs. No I/O, no clock."""

from __future__ import annotations

import heapq
import itertools
import random
import socket
from dataclasses import asdict
from typing import Any

from . import links, nat

SUBNET = "10.77.0."
FIRST_HOST, FIRST_OUTER, FIRST_OTHER = 1, 101, 201
MIN_HOSTS, MAX_HOSTS = 2, 26


def host_names(count: int) -> list[str]:
    """a, b, c, ..."""
    if not MIN_HOSTS <= count <= MAX_HOSTS:
        raise ValueError(f"a lab has {MIN_HOSTS} to {MAX_HOSTS} hosts, not {count}")
    return [chr(ord("a") + index) for index in range(count)]


def host_address(host: str) -> str:
    """The IPv4 address of a host."""
    return SUBNET + str(FIRST_HOST + ord(host) - ord("a"))


def other_address(host: str) -> str:
    """The address that a host has after it was moved."""
    return SUBNET + str(FIRST_OTHER + ord(host) - ord("a"))


def outer_address(host: str) -> str:
    """The address that others see of a host behind its NAT."""
    return SUBNET + str(FIRST_OUTER + ord(host) - ord("a"))


class Router:
    """Decides where a packet goes and when it arrives; keeps those that are under way."""

    def __init__(self, hosts: int, *, seed: int = 1, conditions: links.Conditions | None = None) -> None:
        self.hosts = host_names(hosts)
        self._address = {host: socket.inet_aton(host_address(host)) for host in self.hosts}
        self._host_at = {address: host for host, address in self._address.items()}
        self._nats: dict[str, nat.SymmetricNat] = {}
        self._chance = random.Random(seed).random
        self.links = {
            (a, b): links.Link(conditions or links.Conditions())
            for a in self.hosts
            for b in self.hosts
            if a != b
        }
        self._under_way: list[tuple[float, int, str, bytes]] = []
        self._order = itertools.count()

    def accept(self, sender: str, packet: bytes, now_s: float) -> None:
        """Take a packet that `sender` sent at `now_s`; what has no way to go is dropped."""
        if not nat.is_ipv4(packet):
            return
        routed = self._routed(sender, packet)
        if routed is None:
            return
        receiver, packet = routed
        arrival_s = self.links[sender, receiver].arrival_s(len(packet), now_s, self._chance)
        if arrival_s is not None:
            heapq.heappush(self._under_way, (arrival_s, next(self._order), receiver, packet))

    def _routed(self, sender: str, packet: bytes) -> tuple[str, bytes] | None:
        own_nat = self._nats.get(sender)
        if own_nat is not None and nat.source(packet) == self._address[sender]:
            outward = own_nat.outward(packet)
            if outward is None:
                return None
            packet = outward
        receiver = self._host_at.get(nat.destination(packet))
        if receiver is not None:
            if receiver in self._nats and nat.protocol(packet) == nat.PROTOCOL_UDP:
                return None  # nobody outside reaches a host's inner address
            return None if receiver == sender else (receiver, packet)
        for host, other_nat in self._nats.items():
            if nat.destination(packet) == other_nat.outer:
                inward = other_nat.inward(packet)
                return None if inward is None or host == sender else (host, inward)
        return None

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """The packets that have arrived by `now_s`, each with its receiver, in the order of arrival."""
        arrived = []
        while self._under_way and self._under_way[0][0] <= now_s:
            _, _, receiver, packet = heapq.heappop(self._under_way)
            arrived.append((receiver, packet))
        return arrived

    def next_arrival_s(self) -> float | None:
        """When the next packet is due; None when none is under way."""
        return self._under_way[0][0] if self._under_way else None

    def set(self, where: str, changes: dict[str, float]) -> None:
        """Change the conditions of a>b (one direction), a-b (both) or * (all links).

        Raises:
            ValueError: no such link or key, or a value out of range; then nothing has changed.
        """
        chosen = [
            link for (a, b), link in self.links.items() if where in ("*", f"{a}>{b}", f"{a}-{b}", f"{b}-{a}")
        ]
        if not chosen:
            raise ValueError(f"no such link: {where}")
        fresh = [links.changed(link.conditions, changes) for link in chosen]
        for link, conditions in zip(chosen, fresh, strict=True):
            link.conditions = conditions

    def set_nat(self, host: str, on: bool) -> list[str]:
        """Put a host behind a NAT of its own, with no mappings yet, or take it away; the hosts behind one."""
        if host not in self._address:
            raise ValueError(f"no such host: {host}")
        self._nats.pop(host, None)
        if on:
            self._nats[host] = nat.SymmetricNat(self._address[host], socket.inet_aton(outer_address(host)))
        return sorted(self._nats)

    def move(self, host: str) -> str:
        """Give a host its other address, or the first one back, and return it; the old one is nobody's."""
        if host not in self._address:
            raise ValueError(f"no such host: {host}")
        before = self._address[host]
        address = host_address(host)
        if before == socket.inet_aton(address):
            address = other_address(host)
        del self._host_at[before]
        self._address[host] = socket.inet_aton(address)
        self._host_at[self._address[host]] = host
        return address

    def stats(self) -> dict[str, dict[str, Any]]:
        """The counters of every link, by its a>b name."""
        return {f"{a}>{b}": asdict(link.counters) for (a, b), link in self.links.items()}
