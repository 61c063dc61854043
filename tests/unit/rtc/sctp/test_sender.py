"""Both halves on bad links: every message arrives once, in order where that was asked for, and at a bounded cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.rtc.sctp import receiver as receiver_module
from desktop_app.rtc.sctp import wire
from desktop_app.rtc.sctp.message import Message
from desktop_app.rtc.sctp.scheduler import Priority
from desktop_app.rtc.sctp.sender import DataSender
from desktop_app.rtc.sctp.serial import MODULO
from desktop_app.rtc.sctp.statistics import counters
from desktop_app.rtc.sctp.wire import Sack
from tests.netlab.links import Conditions

from .data_simulation import BINARY, Simulation

if TYPE_CHECKING:
    from collections.abc import Sequence

WEATHER = st.builds(
    Conditions,
    loss_pct=st.sampled_from([0.0, 1.0, 10.0, 40.0]),
    delay_ms=st.sampled_from([0.5, 25.0]),
    jitter_ms=st.sampled_from([0.0, 5.0, 60.0]),
    rate_kbps=st.sampled_from([0.0, 500.0, 8000.0]),
    queue_ms=st.sampled_from([30.0, 300.0]),
)
MESSAGES = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([1, 10, 1160, 1161, 5000, 40_000])), min_size=1, max_size=25
)
FIRST_TSNS = st.sampled_from([1, MODULO - 3, MODULO // 2])


@settings(max_examples=60, deadline=None)
@given(WEATHER, MESSAGES, FIRST_TSNS, st.integers(0, 1000), st.sampled_from([0.0, 0.1]))
def test_every_message_arrives_once_whatever_the_network_does(
    weather: Conditions, messages: Sequence[tuple[int, int]], first_tsn: int, seed: int, duplicate: float
) -> None:
    simulation = Simulation(weather, seed=seed, first_tsns=(first_tsn, 77))
    simulation.a.duplicate = simulation.b.duplicate = duplicate
    sent: dict[int, list[bytes]] = {}
    for number, (stream_id, size) in enumerate(messages):
        data = number.to_bytes(2, "big") * ((size + 1) // 2)
        sent.setdefault(stream_id, []).append(data)
        simulation.a.send(stream_id, data, ordered=stream_id < 3)
        simulation.b.send(9, data[:100])
    simulation.run_until_quiet()
    got: dict[int, list[bytes]] = {}
    for stream_id, _, data in simulation.b.received:
        got.setdefault(stream_id, []).append(data)
    for stream_id, expected in sent.items():
        if stream_id < 3:
            assert got[stream_id] == expected
        else:
            assert sorted(got[stream_id]) == sorted(expected)
    assert [len(data) for _, _, data in simulation.a.received] == [
        min(100, (size + 1) // 2 * 2) for _, size in messages
    ]
    for end in (simulation.a, simulation.b):
        assert end.sender.scheduler.queued_bytes == end.sender.outstanding.outstanding_bytes == 0
        assert end.sender.outstanding.in_flight_bytes == len(end.sender.outstanding) == 0
        assert end.receiver.reassembly.buffered_bytes == 0
        assert sum(end.sender.released().values()) > 0


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([0.0, 1.0, 5.0, 15.0, 30.0]),
    st.sampled_from([0.0, 20.0]),
    st.integers(0, 1000),
)
def test_what_is_sent_again_is_bounded_by_what_got_lost(loss_pct: float, jitter_ms: float, seed: int) -> None:
    weather = Conditions(loss_pct=loss_pct, delay_ms=25, jitter_ms=jitter_ms, rate_kbps=8000)
    simulation = Simulation(weather, seed=seed)
    for _ in range(30):
        simulation.a.send(1, bytes(16_384))
    simulation.run_until_quiet()
    assert len(simulation.b.received) == 30
    sender, link = simulation.a.sender, simulation.a.link.counters
    acks_lost = simulation.b.link.counters.lost
    # Late is not lost: until the reordering window has adapted a few are sent in vain.
    spurious = 30 if jitter_ms else 2
    assert (
        sender.chunks_retransmitted <= link.lost + link.overflow + acks_lost + spurious + 2 * sender.timeouts
    )
    assert simulation.b.receiver.duplicates_received <= acks_lost + spurious + 10 * sender.timeouts


def test_a_chat_line_passes_bulk_data() -> None:
    simulation = Simulation(Conditions(delay_ms=25, rate_kbps=20_000))
    simulation.a.sender.scheduler.set_priority(2, Priority.HIGH)
    simulation.keep_full(stream_id=1)
    simulation.run_until(3.0)
    simulation.a.send(2, b"hello")
    simulation.run_until(3.2)
    arrived_s = [
        at_s
        for (stream_id, *_), at_s in zip(simulation.b.received, simulation.b.received_s, strict=True)
        if stream_id == 2
    ]
    assert len(arrived_s) == 1
    assert arrived_s[0] - 3.0 < 0.1


def test_a_message_that_is_sent_once_is_given_up_and_the_others_come() -> None:
    simulation = Simulation(Conditions(delay_ms=25, loss_pct=20, rate_kbps=5000), seed=4)
    for number in range(200):
        simulation.a.send(1, bytes([number]) * 3000, max_retransmits=0)
        simulation.a.send(2, bytes([number]) * 50)
    simulation.run_until_quiet()
    by_stream = {
        each: [data[0] for stream_id, _, data in simulation.b.received if stream_id == each]
        for each in (1, 2)
    }
    assert by_stream[2] == list(range(200))
    assert by_stream[1] == sorted(by_stream[1])
    # Three chunks each: half of the messages come whole.
    assert 60 < len(by_stream[1]) < 150
    assert simulation.a.sender.outstanding.outstanding_bytes == 0
    assert simulation.b.receiver.reassembly.buffered_bytes == 0


@pytest.mark.parametrize("ordered", [True, False])
def test_what_is_too_old_is_given_up_also_when_it_was_begun(ordered: bool) -> None:
    simulation = Simulation(Conditions(delay_ms=25, rate_kbps=300, queue_ms=300))
    for _ in range(4):
        simulation.a.send(1, bytes(100_000), ordered=ordered, expires_s=1.0)
    simulation.a.send(1, b"reliable", ordered=ordered)
    simulation.run_until_quiet()
    assert [data for *_, data in simulation.b.received] == [b"reliable"]
    assert simulation.a.sender.scheduler.queued_bytes == 0
    assert simulation.a.sender.released() == {1: 400_008}
    assert simulation.a.bytes_sent < 120_000
    assert simulation.b.receiver.reassembly.buffered_bytes == 0


def test_a_far_end_without_forward_tsn_gets_everything() -> None:
    simulation = Simulation(Conditions(delay_ms=25, loss_pct=20, rate_kbps=5000), seed=4)
    simulation.a.sender.may_abandon = False
    for number in range(50):
        simulation.a.send(1, bytes([number]) * 3000, max_retransmits=0)
    simulation.run_until_quiet()
    assert [data[0] for *_, data in simulation.b.received] == list(range(50))


def test_a_far_end_that_never_answers_costs_little() -> None:
    simulation = Simulation(Conditions(delay_ms=25))
    simulation.b.link.conditions = Conditions(block=True)
    simulation.keep_full()
    simulation.run_until(60.0)
    assert simulation.a.bytes_sent < 400_000
    assert simulation.a.sender.outstanding.outstanding_bytes < 20_000
    assert simulation.a.wakes < 2000


def test_a_window_of_nothing_is_asked_about_and_not_overrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "ADVERTISED_BYTES", 0)
    simulation = Simulation(Conditions(delay_ms=25))
    simulation.a.sender.peer_window_bytes = 0
    for _ in range(3):
        simulation.a.send(1, bytes(3000))
    most = 0
    for step in range(400):
        simulation.run_until(step / 100)
        most = max(most, simulation.a.sender.outstanding.outstanding_bytes)
    assert most <= wire.MAX_PAYLOAD_BYTES
    simulation.run_until_quiet()
    assert len(simulation.b.received) == 3


def test_short_messages_share_a_packet() -> None:
    simulation = Simulation(Conditions(delay_ms=25))
    for _ in range(40):
        simulation.a.send(1, b"a line of chat")
    simulation.run_until_quiet()
    assert len(simulation.b.received) == 40
    assert simulation.a.packets_sent <= 4


def test_a_sack_of_what_was_never_sent_is_counted() -> None:
    sender = DataSender(1)
    sender.send(Message(1, BINARY, b"x"))
    sender.poll(0.0, 1)
    sender.take_sack(0.1, Sack(1000, 100_000, [(1, 65_535)] * 200, [5] * 100))
    sender.take_sack(0.1, Sack(2**31 + 5, 100_000, (), ()))
    assert sender.sacks_refused == 1
    assert sender.outstanding.in_flight_bytes == 1
    assert sender.peer_window_bytes != 100_000


def test_dropping_a_stream_gives_its_bytes_back() -> None:
    sender = DataSender(1)
    sender.send(Message(1, BINARY, b"abc"))
    sender.send(Message(2, BINARY, b"defgh"))
    sender.drop_stream(2)
    assert sender.released() == {2: 5}
    sender.clear()
    assert sender.poll(0.0, 5) == []


def test_counters_tell_what_was_done() -> None:
    simulation = Simulation(Conditions(delay_ms=25, loss_pct=2, rate_kbps=20_000))
    for _ in range(50):
        simulation.a.send(1, bytes(16_384))
    simulation.run_until_quiet()
    near = counters(simulation.a.sender, simulation.a.receiver, simulation.now_s, refused=2)
    far = counters(simulation.b.sender, simulation.b.receiver, simulation.now_s, refused=0)
    assert near.messages_sent == far.messages_received == 50
    assert near.bytes_sent == far.bytes_received == 50 * 16_384
    assert near.chunks_sent - near.chunks_retransmitted == far.chunks_received == 50 * 15
    assert 0 < near.chunks_retransmitted < 100
    assert near.refused == 2
    assert near.queued_bytes == near.in_flight_bytes == 0
    assert near.least_round_trip_ms is not None
    assert near.smoothed_round_trip_ms is not None
    assert 50 <= near.least_round_trip_ms <= near.smoothed_round_trip_ms < 120
    assert near.rate_kbps > 1000
    assert near.window_bytes > 2000
    assert far.smoothed_round_trip_ms is None
