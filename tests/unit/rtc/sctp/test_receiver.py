"""What is acknowledged, and when."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.sctp import receiver as module
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.receiver import DataReceiver
from desktop_app.rtc.sctp.serial import MODULO

if TYPE_CHECKING:
    from desktop_app.rtc.sctp.wire import Sack

WHOLE = wire.FIRST | wire.LAST


def receiver(first_tsn: int = 1) -> DataReceiver:
    made = DataReceiver(262_144)
    made.start(first_tsn)
    return made


def give(to: DataReceiver, tsn: int, flags: int = WHOLE | wire.UNORDERED, payload: bytes = b"x") -> None:
    to.take(flags, tsn % MODULO, 1, 0, 53, payload)
    to.packet_done(0.0)


def sack(of: DataReceiver) -> Sack:
    chunk = of.sack()
    return wire.parse_sack(chunk, 4, len(chunk))


@given(st.lists(st.integers(0, 60), max_size=80), st.sampled_from([1, MODULO - 20]))
def test_a_sack_says_what_came(numbers: list[int], first_tsn: int) -> None:
    came = receiver(first_tsn)
    for number in numbers:
        give(came, first_tsn + number)
    told = sack(came)
    cumulative = 0
    while cumulative in numbers:
        cumulative += 1
    assert told.cumulative_tsn == (first_tsn - 1 + cumulative) % MODULO
    ahead = {cumulative - 1 + offset for gap in told.gaps for offset in range(gap[0], gap[1] + 1)}
    assert ahead == {number for number in numbers if number > cumulative}
    assert came.duplicates_received == len(numbers) - len(set(numbers))
    assert len(told.duplicates) == min(came.duplicates_received, module.MAX_DUPLICATES)
    assert came.messages_received == len(set(numbers))


def test_every_second_packet_is_acknowledged_at_once_and_a_single_one_soon() -> None:
    came = receiver()
    assert came.sack_due_s() is None
    came.take(WHOLE, 1, 1, 0, 53, b"x")
    came.packet_done(5.0)
    assert came.sack_due_s() == 5.0 + module.DELAY_S
    came.take(WHOLE, 2, 1, 1, 53, b"x")
    came.packet_done(5.001)
    assert came.sack_due_s() == 0.0
    came.sack()
    assert came.sack_due_s() is None


def test_a_gap_its_end_a_duplicate_and_a_wish_are_answered_at_once() -> None:
    came = receiver()
    for tsn, flags in ((2, WHOLE), (1, WHOLE), (1, WHOLE), (3, WHOLE | wire.IMMEDIATE)):
        came.take(flags, tsn, 1, tsn - 1, 53, b"x")
        came.packet_done(5.0)
        assert came.sack_due_s() == 0.0, tsn
        came.sack()
    came.take(WHOLE, 5, 1, 4, 53, b"x")
    came.packet_done(5.0)
    came.sack()
    came.take(WHOLE, 6, 1, 5, 53, b"x")  # no news of the gap
    came.packet_done(5.0)
    assert came.sack_due_s() == 5.0 + module.DELAY_S


def test_what_is_too_far_ahead_is_not_acknowledged() -> None:
    came = receiver()
    give(came, 1 + module.MAX_AHEAD + 1)
    give(came, 1 + 2**31)
    assert sack(came).gaps == ()
    assert came.chunks_refused == 1  # the other one is in the past


def test_memory_and_sacks_are_bounded_whatever_comes() -> None:
    came = receiver()
    for number in range(20_000):
        give(came, 3 + 2 * number, wire.FIRST, bytes(1160))
    assert came.reassembly.buffered_bytes <= module.BUFFER_BYTES
    told = came.sack()
    assert len(told) <= wire.MAX_BODY_BYTES
    assert came.chunks_refused > 10_000
    assert came.window_bytes == 0
    # The chunk that is missing is taken also when there is no room for others.
    give(came, 1)
    assert sack(came).cumulative_tsn == 1


def test_in_order_fragments_of_many_messages_are_bounded_too() -> None:
    came = receiver()
    for number in range(50_000):
        came.take(wire.FIRST, number + 1, number % 1000, 0, 53, bytes(1160))
    assert came.reassembly.buffered_bytes <= 2 * module.BUFFER_BYTES + 4096


def test_forward_tsn_moves_on_once() -> None:
    came = receiver(MODULO - 1)
    give(came, 2)
    came.take_forward_tsn(1, [(1, 4)])
    assert came.sack_due_s() == 0.0
    assert sack(came).cumulative_tsn == 2
    assert came.take_forward_tsn(MODULO - 1, [(1, 1)]) == []
    assert sack(came).cumulative_tsn == 2
    assert came.reassembly.streams[1].next_ssn == 5


def test_a_second_handshake_does_not_begin_anew() -> None:
    came = receiver(10)
    came.start(20)  # the INIT and its answer both say it
    came.start(10)
    give(came, 10)
    came.start(10)
    assert sack(came).cumulative_tsn == 10


@given(st.integers(0, 2**32), st.integers(0, 200))
def test_random_numbers_never_raise(seed: int, count: int) -> None:
    came, chance = receiver(), random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.2:
            came.take_forward_tsn(chance.getrandbits(32), [(chance.getrandbits(16), chance.getrandbits(16))])
        else:
            near = chance.randrange(1, 50) if chance.random() < 0.8 else chance.getrandbits(32)
            came.take(chance.getrandbits(4), near, chance.getrandbits(2), chance.getrandbits(16), 53, b"x")
        came.packet_done(0.0)
        assert len(came.sack()) <= wire.MAX_BODY_BYTES
