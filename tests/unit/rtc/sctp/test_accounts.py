"""The three sums that windows are made of are those of what is there, whatever the far end says."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.receiver import DataReceiver
from desktop_app.rtc.sctp.sender import DataSender
from desktop_app.rtc.sctp.serial import MODULO
from desktop_app.rtc.sctp.wire import Sack

BINARY = 53
FOREVER = None

SENDS = st.tuples(
    st.just("send"),
    st.sampled_from([1, 100, 1160, 1161, 5000]),
    st.sampled_from(
        [(True, FOREVER, FOREVER), (False, 0, FOREVER), (True, 0, FOREVER), (True, FOREVER, 0.2)]
    ),
)
SACKS = st.tuples(
    st.just("sack"),
    st.sampled_from([0, 0, 0, 1, 1, 2, 5, -1, 100, 1 << 31]),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3),
)
WAITS = st.tuples(
    st.just("wait"), st.sampled_from([0.0, 0.001, 0.03, 0.3, None]), st.sampled_from([0, 1, 16])
)
DATA = st.tuples(
    st.just("data"),
    st.sampled_from([0, 1, 1, 1, 2, 3, 5, 9, 70_000, 1 << 31]),
    st.tuples(st.integers(0, 15), st.integers(1, 3), st.integers(0, 3), st.sampled_from([1, 3, 20])),
)
FORWARDS = st.tuples(
    st.just("forward"),
    st.sampled_from([0, 1, 2, 5]),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=3),
)
RESETS = st.tuples(st.just("reset"), st.integers(1, 3), st.none())


def check_sender(sender: DataSender) -> None:
    """What is under way, and what the far end's window has to hold."""
    outstanding = sender.outstanding
    chunks = [each for each in outstanding._chunks.values() if not (each.acked or each.abandoned)]
    assert outstanding.outstanding_bytes == sum(each.size for each in chunks)
    assert outstanding.in_flight_bytes == sum(
        each.size for each in chunks if each.transmissions and not each.lost
    )


def check_receiver(receiver: DataReceiver) -> None:
    """What waits for missing chunks or for its turn, and how many of each there are."""
    reassembly = receiver.reassembly
    runs = list(reassembly._by_first.values())
    waiting = [run for order in reassembly.streams.values() for run in order.waiting.values()]
    assert reassembly.buffered_bytes == sum(run.cost for run in runs + waiting)
    assert reassembly._firsts == sorted(reassembly._by_first)
    assert reassembly._waiting == len(waiting)
    assert sorted(each for order in reassembly.streams.values() for each in order.runs) == reassembly._firsts
    assert sorted(run.last for run in runs) == sorted(reassembly._by_last)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(SENDS, SACKS, WAITS), max_size=60))
def test_what_is_under_way_adds_up_whatever_is_acknowledged(steps: list[tuple[str, Any, Any]]) -> None:
    sender, now_s = DataSender(MODULO - 5), 0.0
    for step in steps:
        match step:
            case ("send", int(size), (bool(ordered), retransmits, lifetime_s)):
                expires_s = None if lifetime_s is None else now_s + lifetime_s
                sender.send(
                    Message(
                        1,
                        BINARY,
                        bytes(size),
                        ordered=ordered,
                        max_retransmits=retransmits,
                        expires_s=expires_s,
                    )
                )
            case ("sack", int(advance), list(gaps)):
                cumulative = sender.outstanding.cumulative_tsn + advance
                sender.take_sack(now_s, Sack(cumulative % MODULO, 100_000, gaps, ()))
            case ("wait", wait_s, int(limit)):
                due_s = sender.wake_s(now_s)
                if wait_s is not None:
                    now_s += wait_s
                elif due_s is not None:
                    now_s = max(now_s, due_s)
                sender.poll(now_s, limit)
        check_sender(sender)
    sender.clear()
    check_sender(sender)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(DATA, DATA, FORWARDS, RESETS), max_size=80))
def test_what_waits_adds_up_whatever_comes(steps: list[tuple[str, Any, Any]]) -> None:
    receiver = DataReceiver(30)
    receiver.start(MODULO - 5)
    for step in steps:
        match step:
            case ("data", int(ahead), (int(flags), int(stream_id), int(ssn), int(size))):
                tsn = (receiver.cumulative_tsn + ahead) % MODULO
                receiver.take(flags, tsn, stream_id, ssn, BINARY, bytes(size))
            case ("forward", int(ahead), list(pairs)):
                receiver.take_forward_tsn((receiver.cumulative_tsn + ahead) % MODULO, pairs)
            case ("reset", int(stream_id), None):
                receiver.reassembly.reset(stream_id)
        check_receiver(receiver)
        receiver.sack()


def end_of_flight_and_forward_tsn(now_s: float = 0.0) -> tuple[DataSender, float]:
    """A sender that owes a FORWARD TSN (the first got lost) and a probe of a chunk of full size, and when."""
    sender = DataSender(1)
    for number in range(3):  # a round trip of 60 ms
        sender.send(Message(1, BINARY, bytes(100)))
        sender.poll(now_s, 16)
        now_s += 0.06
        sender.take_sack(now_s, Sack(number + 1, 1_000_000, (), ()))
    outstanding = sender.outstanding
    sender.send(Message(2, BINARY, bytes(100), ordered=False, max_retransmits=0))
    sender.poll(now_s, 16)
    now_s += 0.001
    sender.send(Message(1, BINARY, bytes(100)))
    sender.poll(now_s, 16)
    now_s += 0.075
    sender.take_sack(now_s, Sack(3, 1_000_000, [(2, 2)], ()))
    forward_s = max(now_s, outstanding.timer_s() or now_s)
    assert [body[0] for body in sender.poll(forward_s, 16)] == [wire.FORWARD_TSN]
    again_s = forward_s + outstanding.timeout_s
    assert outstanding.round_trip.smoothed_s is not None
    sender.send(Message(1, BINARY, bytes(wire.MAX_PAYLOAD_BYTES)))
    bodies = sender.poll(again_s - 2.0 * outstanding.round_trip.smoothed_s - 0.010, 16)
    assert [body[0] for body in bodies] == [wire.DATA]
    return sender, again_s + 0.003


def test_a_probe_that_does_not_fit_beside_a_forward_tsn_leaves_behind_it() -> None:
    sender, now_s = end_of_flight_and_forward_tsn()
    assert [body[0] for body in sender.poll(now_s, 16)] == [wire.FORWARD_TSN, wire.DATA]
    assert sender.probes == 1
    check_sender(sender)
    assert sender.wake_s(now_s) is not None


def test_the_probe_leaves_with_the_next_packets_where_there_was_no_room_for_it() -> None:
    sender, now_s = end_of_flight_and_forward_tsn()
    assert [body[0] for body in sender.poll(now_s, 1)] == [wire.FORWARD_TSN]
    check_sender(sender)
    assert sender.wake_s(now_s) == now_s
    assert [body[0] for body in sender.poll(now_s, 1)] == [wire.DATA]
    check_sender(sender)


def test_a_lone_chunk_after_such_a_probe_is_sent_again_until_it_arrives() -> None:
    sender, now_s = end_of_flight_and_forward_tsn()
    sender.poll(now_s, 16)
    now_s += 0.1
    sender.take_sack(now_s, Sack(sender.outstanding.next_tsn - 1, 1_000_000, (), ()))
    assert sender.wake_s(now_s) is None
    sender.send(Message(1, BINARY, bytes(wire.MAX_PAYLOAD_BYTES)))
    sent = len(sender.poll(now_s, 16))
    for _ in range(4):
        due_s = sender.wake_s(now_s)
        assert due_s is not None
        now_s = due_s
        sent += len(sender.poll(now_s, 16))
    assert sent >= 4


def test_what_is_given_up_while_packets_are_made_is_told_at_once() -> None:
    sender = DataSender(1)
    sender.send(Message(1, BINARY, bytes(100), expires_s=0.3))
    assert len(sender.poll(0.0, 16)) == 1
    timeout_s = sender.wake_s(0.0)
    assert timeout_s is not None
    assert timeout_s > 0.3
    assert [body[0] for body in sender.poll(timeout_s, 16)] == [wire.FORWARD_TSN]
    # The same where the rest of a message is too old before it was cut.
    sender = DataSender(1)
    sender.send(Message(1, BINARY, bytes(200_000), expires_s=0.01))
    sender.poll(0.0, 16)
    sender.take_sack(0.02, Sack(sender.outstanding.next_tsn - 1, 1_000_000, (), ()))
    assert [body[0] for body in sender.poll(0.05, 16)] == [wire.FORWARD_TSN]
    assert sender.wake_s(0.05) is not None


def test_what_was_given_up_is_looked_at_once() -> None:
    sender = DataSender(1)
    outstanding = sender.outstanding
    for _ in range(1000):
        outstanding.add_placeholder(Message(1, BINARY, b"x", max_retransmits=0))
    assert len(outstanding.abandoned_to()[1]) == 1000
    assert outstanding.abandoned_to() == (1000, [])
    outstanding.add_placeholder(Message(1, BINARY, b"x", max_retransmits=0))
    assert [chunk.tsn for chunk in outstanding.abandoned_to()[1]] == [1001]
