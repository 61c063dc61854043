"""A symmetric NAT for UDP (RFC 4787: address- and port-dependent mapping and filtering).

Every destination sees another outer port, so that what a STUN server reports is of no use towards a peer.
TCP passes outward as it is (the test servers are reached so); nothing but answers over UDP comes back in.
Addresses are 4 bytes in network order.
"""

from __future__ import annotations

import struct

IPV4_HEADER_MIN_BYTES = 20
UDP_HEADER_BYTES = 8
PROTOCOL_TCP, PROTOCOL_UDP = 6, 17
FIRST_OUTER_PORT = 40000
_CHECKSUM_OFFSET, _SOURCE_OFFSET, _DESTINATION_OFFSET = 10, 12, 16
_UDP_CHECKSUM_OFFSET = 6


def internet_checksum(data: bytes) -> int:
    """The ones' complement checksum of RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def header_length(packet: bytes) -> int:
    """The length of an IPv4 packet's header in bytes."""
    return (packet[0] & 15) * 4


def is_ipv4(packet: bytes) -> bool:
    """Whether `packet` is long enough and says that it is IPv4."""
    return len(packet) >= IPV4_HEADER_MIN_BYTES and packet[0] >> 4 == 4


def source(packet: bytes) -> bytes:
    """The source address."""
    return packet[_SOURCE_OFFSET : _SOURCE_OFFSET + 4]


def destination(packet: bytes) -> bytes:
    """The destination address."""
    return packet[_DESTINATION_OFFSET : _DESTINATION_OFFSET + 4]


def protocol(packet: bytes) -> int:
    """The number of the protocol above IP."""
    return packet[9]


def _ports(packet: bytes) -> tuple[int, int] | None:
    """Source and destination port; None for a later fragment or a packet too short for them."""
    offset = header_length(packet)
    fragment_offset = struct.unpack_from("!H", packet, 6)[0] & 0x1FFF
    if fragment_offset or len(packet) < offset + UDP_HEADER_BYTES:
        return None
    source_port, destination_port = struct.unpack_from("!HH", packet, offset)
    return source_port, destination_port


def _rewritten(packet: bytes, address_offset: int, address: bytes, port_offset: int, port: int) -> bytes:
    changed = bytearray(packet)
    header_bytes = header_length(packet)
    changed[address_offset : address_offset + 4] = address
    struct.pack_into("!H", changed, header_bytes + port_offset, port)
    # A checksum of 0 says that there is none, which UDP over IPv4 allows (RFC 768).
    struct.pack_into("!H", changed, header_bytes + _UDP_CHECKSUM_OFFSET, 0)
    struct.pack_into("!H", changed, _CHECKSUM_OFFSET, 0)
    struct.pack_into("!H", changed, _CHECKSUM_OFFSET, internet_checksum(bytes(changed[:header_bytes])))
    return bytes(changed)


class SymmetricNat:
    """The NAT in front of one host."""

    def __init__(self, inner: bytes, outer: bytes) -> None:
        self.inner = inner
        self.outer = outer
        self._outer_port: dict[tuple[int, bytes, int], int] = {}
        self._inner_port: dict[tuple[int, bytes, int], int] = {}

    def outward(self, packet: bytes) -> bytes | None:
        """A packet of the host on its way out, as the others see it; None when it is dropped."""
        if protocol(packet) == PROTOCOL_TCP:
            return packet
        ports = _ports(packet) if protocol(packet) == PROTOCOL_UDP else None
        if ports is None:
            return None
        source_port, destination_port = ports
        key = (source_port, destination(packet), destination_port)
        outer_port = self._outer_port.get(key)
        if outer_port is None:
            outer_port = FIRST_OUTER_PORT + len(self._outer_port)
            if outer_port > 0xFFFF:
                return None
            self._outer_port[key] = outer_port
            self._inner_port[outer_port, destination(packet), destination_port] = source_port
        return _rewritten(packet, _SOURCE_OFFSET, self.outer, 0, outer_port)

    def inward(self, packet: bytes) -> bytes | None:
        """A packet to the outer address, as the host sees it; None when it answers nothing that was sent."""
        ports = _ports(packet) if protocol(packet) == PROTOCOL_UDP else None
        if ports is None:
            return None
        source_port, destination_port = ports
        inner_port = self._inner_port.get((destination_port, source(packet), source_port))
        if inner_port is None:
            return None
        return _rewritten(packet, _DESTINATION_OFFSET, self.inner, 2, inner_port)
