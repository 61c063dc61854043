"""The way of packets between hosts, and the commands that change it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.netlab.links import Conditions
from tests.netlab.router import Router, host_address, outer_address
from tests.netlab.switch import answer

from .packets import ends, udp_packet

A, B, C = ((host_address(host), 5000) for host in "abc")


def test_a_packet_reaches_its_host_when_it_is_due() -> None:
    router = Router(3, conditions=Conditions(delay_ms=30))
    router.accept("a", udp_packet(A, C), 1.0)
    assert router.next_arrival_s() == pytest.approx(1.030)
    assert router.due(1.029) == []
    assert router.due(1.031) == [("c", udp_packet(A, C))]
    assert router.next_arrival_s() is None


def test_packets_arrive_in_the_order_of_their_arrival_times() -> None:
    router = Router(3)
    router.set("a>c", {"delay": 50})
    router.accept("a", udp_packet(A, C), 0.0)
    router.accept("b", udp_packet(B, C), 0.0)
    assert [ends(packet)[0] for _, packet in router.due(1.0)] == [B, A]
    router.accept("a", udp_packet(A, B, b"1"), 2.0)
    router.accept("a", udp_packet(A, B, b"2"), 2.0)
    assert [packet[-1:] for _, packet in router.due(3.0)] == [b"1", b"2"]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x45" * 19,
        b"\x60" + bytes(60),
        udp_packet(A, ("10.77.0.77", 1)),
        udp_packet(A, ("192.0.2.1", 1)),
        udp_packet(A, A),
    ],
)
def test_what_has_no_way_to_go_is_dropped(packet: bytes) -> None:
    router = Router(2)
    router.accept("a", packet, 0.0)
    assert router.next_arrival_s() is None


def test_one_direction_or_both_can_be_changed() -> None:
    router = Router(3)
    router.set("a>b", {"loss": 5})
    router.set("c-b", {"delay": 7})
    weather = {f"{a}>{b}": link.conditions for (a, b), link in router.links.items()}
    assert weather["a>b"].loss_pct == 5
    assert weather["b>a"] == weather["a>c"] == Conditions()
    assert weather["b>c"] == weather["c>b"] == Conditions(delay_ms=7)


def test_a_host_behind_a_nat_is_reached_by_answers_alone() -> None:
    router = Router(2)
    assert router.set_nat("a", True) == ["a"]
    router.accept("b", udp_packet(B, A), 0.0)
    router.accept("b", udp_packet(B, (outer_address("a"), 40000)), 0.0)
    assert router.due(1.0) == [], "nobody reaches the inner address, nor a port that nobody opened"
    router.accept("a", udp_packet(A, B), 1.0)
    [(receiver, packet)] = router.due(1.0)
    seen, _ = ends(packet)
    assert (receiver, seen[0]) == ("b", outer_address("a"))
    router.accept("b", udp_packet(B, seen), 1.0)
    [(receiver, packet)] = router.due(1.0)
    assert (receiver, ends(packet)) == ("a", (B, A))
    assert router.set_nat("a", False) == []
    router.accept("b", udp_packet(B, A), 2.0)
    assert [receiver for receiver, _ in router.due(2.0)] == ["a"]


def test_the_same_seed_loses_the_same_packets() -> None:
    def survivors(seed: int) -> list[int]:
        router = Router(2, seed=seed, conditions=Conditions(loss_pct=50))
        for number in range(64):
            router.accept("a", udp_packet(A, B, bytes([number])), 0.0)
        return [packet[-1] for _, packet in router.due(0.0)]

    assert survivors(3) == survivors(3) != survivors(4)


def test_commands() -> None:
    router = Router(2)
    assert answer(router, ["set", "loss=1.5", "delay=20"]) == {"ok": True}
    assert answer(router, ["set", "a>b", "block=1"]) == {"ok": True}
    assert router.links["a", "b"].conditions == Conditions(loss_pct=1.5, delay_ms=20, block=True)
    assert router.links["b", "a"].conditions == Conditions(loss_pct=1.5, delay_ms=20)
    assert answer(router, ["nat", "b", "on"]) == {"nat": ["b"]}
    router.accept("b", udp_packet(B, A, b"1234"), 0.0)
    router.accept("a", udp_packet(A, B), 0.0)
    no_packet = {"sent": 0, "bytes": 0, "lost": 0, "overflow": 0}
    lossless: dict[str, Any] = answer(router, ["stats"])
    assert lossless["a>b"] == no_packet, "the NAT dropped it before the link"
    assert lossless["b>a"]["sent"] + lossless["b>a"]["lost"] == 1


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["jump"],
        ["set"],
        ["set", "a>b"],
        ["set", "a>z", "loss=1"],
        ["set", "a>b", "loss=much"],
        ["set", "a>b", "loss=1", "delay"],
        ["nat", "z", "on"],
        ["nat", "a", "perhaps"],
    ],
)
def test_a_command_that_makes_no_sense_is_refused_and_changes_nothing(words: list[str]) -> None:
    router = Router(2)
    with pytest.raises(ValueError, match=r".+"):
        answer(router, words)
    assert router.links["a", "b"].conditions == Conditions()


def test_a_lab_has_two_to_26_hosts() -> None:
    for count in (1, 27):
        with pytest.raises(ValueError, match="2 to 26"):
            Router(count)
