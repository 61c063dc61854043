"""What a hostile packet costs does not grow with what the far end has made us keep."""

from __future__ import annotations

import pytest

from desktop_app.rtc.sctp import reassembly as module
from desktop_app.rtc.sctp import receiver as receiver_module
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.receiver import DataReceiver
from desktop_app.rtc.sctp.sender import DataSender

from .work import counted

BINARY = 53
WHOLE = wire.FIRST | wire.LAST
PACKET_STEPS = 40_000
"""What a packet may cost: about two milliseconds. It can have 73 chunks of data, or 290 pairs."""


def receiver() -> DataReceiver:
    made = DataReceiver(262_144)
    made.start(0)
    return made


def test_runs_and_waiting_messages_are_bounded() -> None:
    in_order, ahead, waiting = receiver(), receiver(), receiver()
    for tsn in range(10_000):
        in_order.take(wire.FIRST, tsn, 7, tsn & 0xFFFF, BINARY, b"x")
        ahead.take(wire.FIRST, tsn + 1, 7, tsn & 0xFFFF, BINARY, b"x")
        waiting.take(WHOLE, tsn, 7, (tsn + 1) & 0xFFFF, BINARY, b"x")
    for each in (in_order, ahead, waiting):
        kept = len(each.reassembly._by_first) + len(each.reassembly.streams[7].waiting)
        assert module.MAX_RUNS <= kept <= module.MAX_RUNS + 2
        assert each.chunks_refused == 10_000 - kept


def test_what_comes_next_is_taken_when_the_space_is_full() -> None:
    full = receiver()
    message = bytes(5)
    for number in range(module.MAX_WAITING + 100):  # the first message is missing: TSNs 0 and 1
        full.take(WHOLE, number + 2, 7, number + 1, BINARY, message)
    assert full.chunks_refused == 100
    assert full.window_bytes == 0
    assert full.take(wire.FIRST, 0, 7, 0, BINARY, message) == []
    assert len(full.take(wire.LAST, 1, 7, 0, BINARY, message)) == module.MAX_WAITING + 1
    assert full.reassembly.buffered_bytes == 0
    assert full.window_bytes == receiver_module.ADVERTISED_BYTES


def test_resets_of_many_streams_look_at_no_runs_of_others() -> None:
    full = receiver()
    for tsn in range(10_000):
        full.take(wire.FIRST, tsn, 7, tsn & 0xFFFF, BINARY, b"x")
    with counted() as steps:
        for stream_id in range(100, 670):
            full.reassembly.reset(stream_id)
    assert steps.count < PACKET_STEPS
    full.reassembly.reset(7)
    assert full.reassembly.buffered_bytes == 0


def test_many_forward_tsns_look_at_no_runs_that_stay() -> None:
    full = receiver()
    for tsn in range(30_000, 42_000):
        full.take(wire.FIRST, tsn, 7, 0, BINARY, b"x")
    with counted() as steps:
        for tsn in range(146):
            full.take_forward_tsn(tsn, [])
    assert steps.count < PACKET_STEPS
    full.take_forward_tsn(50_000, [])
    assert full.reassembly.buffered_bytes == 0


@pytest.mark.parametrize("last", [0xFFFF, 0, 1000])
def test_a_forward_tsn_that_names_a_stream_often_looks_at_it_once(last: int) -> None:
    full = receiver()
    for tsn in range(1, 12_000):
        full.take(WHOLE, tsn, 7, 5000 + tsn & 0xFFFF, BINARY, b"x")
    with counted() as steps:
        full.take_forward_tsn(0, [(7, last)] * 290)
    assert steps.count < PACKET_STEPS
    with counted() as steps:
        full.take_forward_tsn(1, [(7, last)])
    assert steps.count < 2000


def test_the_last_word_on_a_stream_counts() -> None:
    came = receiver()
    for ssn in (3, 5, 9):
        came.take(WHOLE, ssn, 7, ssn, BINARY, bytes([ssn]))
    assert came.take_forward_tsn(2, [(7, 1), (8, 4), (7, 4)]) == [(7, BINARY, b"\x03"), (7, BINARY, b"\x05")]
    assert came.take_forward_tsn(4, [(7, 8)]) == [(7, BINARY, b"\x09")]


def test_a_message_that_grows_at_its_beginning_is_not_copied_for_each_chunk() -> None:
    came = receiver()
    parts = 3000
    kept: list[list[bytes]] = []
    for number in reversed(range(1, parts)):
        came.take(wire.LAST if number == parts - 1 else 0, number, 7, 0, BINARY, number.to_bytes(2, "big"))
        (run,) = came.reassembly._by_first.values()
        if not kept or kept[-1] is not run.parts:
            kept.append(run.parts)
    assert len(kept) < 10
    (message,) = came.take(wire.FIRST, 0, 7, 0, BINARY, b"\x00\x00")
    assert message == (7, BINARY, b"".join(number.to_bytes(2, "big") for number in range(parts)))


def test_packets_behind_many_that_were_given_up_cost_no_more() -> None:
    sender = DataSender(1)
    for _ in range(10_000):
        sender.outstanding.add_placeholder(Message(1, BINARY, b"x", max_retransmits=0))
    sender.poll(0.0, 16)
    with counted() as steps:
        sender.send(Message(1, BINARY, b"x"))
        assert len(sender.poll(0.01, 16)) == 1
    assert steps.count < 5000
