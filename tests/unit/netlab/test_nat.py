"""The symmetric NAT."""

from __future__ import annotations

import socket

import pytest

from tests.netlab.nat import FIRST_OUTER_PORT, SymmetricNat, internet_checksum

from .packets import ends, udp_packet

INNER, OUTER = "10.77.0.1", "10.77.0.101"
PEER, OTHER = ("10.77.0.2", 3478), ("10.77.0.3", 3478)


@pytest.fixture
def nat() -> SymmetricNat:
    return SymmetricNat(socket.inet_aton(INNER), socket.inet_aton(OUTER))


def test_the_checksum_is_that_of_rfc_1071() -> None:
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D  # section 3: the sum is ddf2
    assert internet_checksum(b"\x01") == 0xFEFF, "an odd length is padded"


def test_each_destination_sees_another_port(nat: SymmetricNat) -> None:
    first = nat.outward(udp_packet((INNER, 5000), PEER))
    second = nat.outward(udp_packet((INNER, 5000), OTHER))
    again = nat.outward(udp_packet((INNER, 5000), PEER))
    assert first is not None
    assert second is not None
    assert ends(first) == ((OUTER, FIRST_OUTER_PORT), PEER)
    assert ends(second) == ((OUTER, FIRST_OUTER_PORT + 1), OTHER)
    assert again == first


def test_what_is_rewritten_is_a_valid_packet(nat: SymmetricNat) -> None:
    packet = nat.outward(udp_packet((INNER, 5000), PEER, b"payload"))
    assert packet is not None
    assert internet_checksum(packet[:20]) == 0, "the header's checksum holds"
    assert packet[26:28] == b"\0\0", "UDP says that it has no checksum"
    assert packet.endswith(b"payload")


def test_only_who_was_asked_may_answer(nat: SymmetricNat) -> None:
    nat.outward(udp_packet((INNER, 5000), PEER))
    answer = nat.inward(udp_packet(PEER, (OUTER, FIRST_OUTER_PORT)))
    assert answer is not None
    assert ends(answer) == (PEER, (INNER, 5000))
    assert nat.inward(udp_packet(OTHER, (OUTER, FIRST_OUTER_PORT))) is None, "another address"
    assert nat.inward(udp_packet((PEER[0], 9), (OUTER, FIRST_OUTER_PORT))) is None, "another port"
    assert nat.inward(udp_packet(PEER, (OUTER, FIRST_OUTER_PORT + 1))) is None, "a port never given out"


def test_what_is_not_udp(nat: SymmetricNat) -> None:
    tcp = udp_packet((INNER, 5000), PEER, protocol=6)
    assert nat.outward(tcp) == tcp, "TCP passes outward as it is"
    assert nat.inward(udp_packet(PEER, (OUTER, FIRST_OUTER_PORT), protocol=6)) is None
    assert nat.outward(udp_packet((INNER, 5000), PEER, protocol=1)) is None


def test_later_fragments_and_stumps_have_no_ports(nat: SymmetricNat) -> None:
    assert nat.outward(udp_packet((INNER, 5000), PEER, fragment_offset=3)) is None
    assert nat.outward(udp_packet((INNER, 5000), PEER)[:24]) is None
    assert nat.inward(udp_packet(PEER, (OUTER, FIRST_OUTER_PORT))[:24]) is None


def test_ports_run_out_without_an_error(nat: SymmetricNat) -> None:
    ports = 0x10000 - FIRST_OUTER_PORT
    packets = [nat.outward(udp_packet((INNER, 5000 + i), PEER, b"")) for i in range(ports + 1)]
    assert packets[-2] is not None
    assert packets[-1] is None
