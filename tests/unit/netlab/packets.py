"""IPv4 packets for these tests."""

from __future__ import annotations

import socket
import struct

from tests.netlab.nat import PROTOCOL_UDP, internet_checksum


def udp_packet(
    source: tuple[str, int],
    destination: tuple[str, int],
    payload: bytes = b"hello",
    *,
    protocol: int = PROTOCOL_UDP,
    fragment_offset: int = 0,
) -> bytes:
    """An IPv4 packet with ports where UDP has them."""
    udp = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0xBEEF) + payload
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
    rest = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(udp), 7, fragment_offset, 64, protocol)
    checksum = internet_checksum(rest + b"\0\0" + addresses)
    return rest + struct.pack("!H", checksum) + addresses + udp


def ends(packet: bytes) -> tuple[tuple[str, int], tuple[str, int]]:
    """Source and destination of a packet made here."""
    ports = struct.unpack_from("!HH", packet, 20)
    return (socket.inet_ntoa(packet[12:16]), ports[0]), (socket.inet_ntoa(packet[16:20]), ports[1])
