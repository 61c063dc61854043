"""Sent packets and what feedback tells of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.packet_log import LATE_S, MAX_PACKETS, UNKNOWN_S, PacketLog, PacketResult
from desktop_app.rtc.transport_feedback import TransportFeedback


def report(base: int, count: int, *missing: int, reference_us: int = 0) -> TransportFeedback:
    arrivals = {i: 1000 * i for i in range(count) if base + i not in missing}
    return TransportFeedback(base & 0xFFFF, count, reference_us, arrivals)


def filled(count: int) -> PacketLog:
    log = PacketLog()
    for index in range(count):
        assert log.add(index * 0.01, 100) == (index + 1) & 0xFFFF
    return log


def test_arrivals_are_told_once_and_leave_the_flight() -> None:
    log = filled(10)
    assert log.in_flight_bytes == 1000
    results = log.take(report(1, 6), 0.2)
    assert [each.sent_s for each in results] == [0.01 * i for i in range(6)]
    assert [each.arrival_s for each in results] == [0.001 * i for i in range(6)]
    assert log.in_flight_bytes == 400
    assert log.take(report(1, 6), 0.25) == []
    assert log.in_flight_bytes == 400
    assert log.oldest_unanswered_s == 0.06


def test_a_missing_packet_is_lost_only_after_a_while() -> None:
    log = filled(10)
    assert len(log.take(report(1, 6, 3), 0.2)) == 5
    assert log.in_flight_bytes == 400
    assert log.take(report(3, 4, 3), 0.2 + LATE_S / 2) == []
    (lost,) = log.take(report(7, 1), 0.2 + LATE_S)[1:]
    assert lost == PacketResult(0.02, None, 100)


def test_a_missing_packet_that_comes_late_is_not_lost() -> None:
    log = filled(10)
    log.take(report(1, 6, 3), 0.2)
    (late,) = log.take(report(3, 1), 0.25)
    assert late.arrival_s is not None
    assert log.take(report(7, 1), 0.2 + 2 * LATE_S)[1:] == []


def test_packets_of_a_lost_message_are_unknown_and_not_lost() -> None:
    log = filled(10)
    log.take(report(1, 2), 0.1)
    before = log.is_contiguous
    results = log.take(report(7, 2), 0.2)
    assert (before, log.is_contiguous) == (True, False)
    assert len(results) == 2
    assert log.in_flight_bytes == 200
    assert log.take(report(9, 1), 0.2 + UNKNOWN_S)[1:] == []


def test_times_go_on_over_the_wrap_of_the_reference() -> None:
    log = filled(6)
    span_us = (1 << 24) * 64_000
    (first,) = log.take(report(1, 1, reference_us=span_us - 64_000), 0.1)
    (second,) = log.take(report(2, 1, reference_us=64_000), 0.2)
    assert first.arrival_s is not None
    assert second.arrival_s is not None
    assert second.arrival_s - first.arrival_s == 0.128


@given(
    st.lists(
        st.one_of(
            st.integers(1, 2000),  # so many packets are sent
            st.tuples(st.integers(0, 65535), st.integers(0, 2048), st.integers(0, 2**40), st.integers(1, 7)),
        ),
        max_size=30,
    )
)
def test_the_flight_is_never_negative_and_the_log_never_grows_beyond_its_bound(
    steps: list[int | tuple[int, int, int, int]],
) -> None:
    log = PacketLog()
    now_s, sent, told = 0.0, 0, 0
    for step in steps:
        now_s += 0.05
        if isinstance(step, int):
            for _ in range(step):
                log.add(now_s, 100)
            sent += step
        else:
            base, count, reference_us, every = step
            arrivals = {i: i * 250 for i in range(0, count, every)}
            told += len(log.take(TransportFeedback(base, count, reference_us, arrivals), now_s))
        assert 0 <= log.in_flight_bytes <= 100 * MAX_PACKETS
        assert told <= sent
