"""Reception statistics: RFC 3550's counting, over wrap-around, loss, repetition and restarts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.reception import (
    MAX_DROPOUT,
    REMEMBERED,
    ReceptionStatistics,
    sequence_delta,
    timestamp_delta,
)

CLOCK_HZ = 8000
STEP = 160
"""Timestamp units of 20 ms."""


def feed(statistics: ReceptionStatistics, numbers: list[int], *, begin: int = 0) -> None:
    """Add packets, each on time for its number."""
    for number in numbers:
        index = begin + number
        statistics.add(index & 0xFFFF, index * STEP & 0xFFFFFFFF, 100, index * STEP / CLOCK_HZ)


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_sequence_delta_undoes_addition_modulo_16_bits(number: int, change: int) -> None:
    assert sequence_delta((number + change) & 0xFFFF, number) == change


@given(st.integers(0, 0xFFFFFFFF), st.integers(-0x80000000, 0x7FFFFFFF))
def test_timestamp_delta_undoes_addition_modulo_32_bits(stamp: int, change: int) -> None:
    assert timestamp_delta((stamp + change) & 0xFFFFFFFF, stamp) == change


def test_a_clean_stream_over_the_wrap_around_loses_nothing() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, list(range(200)), begin=65_500)
    assert statistics.packets_received == 200
    assert statistics.packets_expected == 200
    assert statistics.packets_lost == 0
    assert statistics.bytes_received == 20_000
    assert statistics.extended_highest == 65_699
    assert statistics.jitter_ms == pytest.approx(0, abs=1e-6)


def test_two_turns_of_the_sequence_number_are_counted_in_the_extended_number() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    for index in range(0, 150_000, 1000):
        statistics.add(index & 0xFFFF, index * STEP & 0xFFFFFFFF, 1, index * STEP / CLOCK_HZ)
    assert statistics.extended_highest == 149_000
    assert statistics.packets_expected == 149_001


def test_loss_counts_holes_and_reordering_is_no_loss() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0, 1, 4, 3, 6, 5, 9], begin=65_530)
    assert statistics.packets_expected == 10
    assert statistics.packets_lost == 3  # 2, 7 and 8


def test_a_duplicate_makes_the_loss_negative() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0, 1, 1, 2])
    assert statistics.packets_lost == -1


def test_a_repair_counts_against_the_loss_but_not_as_a_network_arrival() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0, 1, 3])
    statistics.add_repaired(2)
    assert statistics.packets_lost == 0
    assert statistics.packets_missed == 1
    assert statistics.packets_received == 3


def test_a_repair_of_what_is_here_already_repairs_nothing() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    statistics.add_repaired(0)
    feed(statistics, [0, 1, 3])
    for number in (0, 1, 3, 2, 2):
        statistics.add_repaired(number)
    assert statistics.repaired == 1
    assert statistics.packets_lost == 0


def test_an_original_that_comes_after_its_repair_is_counted_once() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0, 1, 3])
    statistics.add_repaired(2)
    feed(statistics, [2])
    assert statistics.repaired == 0
    assert statistics.packets_lost == 0
    assert statistics.packets_missed == 0


def test_repairs_from_before_the_memory_are_ignored() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [number for number in range(REMEMBERED + 10) if number != 5])
    statistics.add_repaired(5)
    statistics.add_repaired(REMEMBERED + 11)  # from the future
    assert statistics.repaired == 0


def test_a_restarted_source_is_not_counted_as_loss() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0, 1, 2, 4])
    feed(statistics, list(range(MAX_DROPOUT + 500, MAX_DROPOUT + 510)))
    assert statistics.packets_received == 14
    assert statistics.packets_expected == 15
    assert statistics.packets_lost == 1
    feed(statistics, [0, 1, 2])
    assert statistics.packets_lost == 1


def test_an_announced_restart_goes_on_counting_whatever_the_numbers_are() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0, 1, 2, 4])
    statistics.restart()
    statistics.add(1000, 0, 100, 10.0)
    statistics.add(1002, 2 * STEP, 100, 10.04)
    assert statistics.packets_received == 6
    assert statistics.packets_lost == 2


def test_an_announced_restart_before_the_first_packet_means_nothing() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    statistics.restart()
    feed(statistics, [7, 8])
    assert statistics.packets_lost == 0
    assert statistics.packets_expected == 2


def test_jitter_follows_the_worked_example() -> None:
    # Transit times change by 4, 8 and 0 ms: J = 4/16, then J += (8 - J)/16, then J += (0 - J)/16.
    statistics = ReceptionStatistics(CLOCK_HZ)
    for number, arrival_ms in enumerate((100.0, 124.0, 136.0, 156.0)):
        statistics.add(number, number * STEP, 100, arrival_ms / 1000)
    first = 4 / 16
    second = first + (8 - first) / 16
    third = second + (0 - second) / 16
    assert statistics.jitter_ms == pytest.approx(third)
    assert statistics.jitter_units == int(third * CLOCK_HZ / 1000)


def test_packets_of_one_frame_share_a_timestamp_and_make_no_jitter() -> None:
    statistics = ReceptionStatistics(90_000)
    for frame in range(30):
        for part in range(4):
            statistics.add(frame * 4 + part, frame * 3000, 1000, frame / 30 + part * 0.004)
    assert statistics.jitter_ms == pytest.approx(0, abs=1e-6)


def test_jitter_is_unimpressed_by_a_restarted_clock_and_by_the_wrap_of_timestamps() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    for number in range(10):
        statistics.add(number, (0xFFFFFFFF - 5 * STEP + number * STEP) & 0xFFFFFFFF, 100, number * 0.02)
    assert statistics.jitter_ms == pytest.approx(0, abs=1e-6)
    for number in range(10, 20):
        statistics.add(number, 2_000_000_000 + number * STEP, 100, number * 0.02)
    assert statistics.jitter_ms == pytest.approx(0, abs=1e-6)


def test_fraction_lost_is_of_the_interval() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    assert statistics.take_fraction_lost() == 0
    feed(statistics, [0, 1, 2, 4])  # 1 of 5
    assert statistics.take_fraction_lost() == 256 // 5
    assert statistics.take_fraction_lost() == 0
    feed(statistics, [8])  # 3 of 4
    assert statistics.take_fraction_lost() == 3 * 256 // 4
    feed(statistics, [3, 5, 6, 7])  # the late ones: more than were expected
    assert statistics.take_fraction_lost() == 0


def test_fraction_lost_fits_into_its_byte() -> None:
    statistics = ReceptionStatistics(CLOCK_HZ)
    feed(statistics, [0])
    statistics.take_fraction_lost()
    feed(statistics, [2900])
    assert statistics.take_fraction_lost() == 255


def test_a_random_stream_is_counted_exactly() -> None:
    generator = random.Random(1)
    numbers = list(range(20_000))
    received = [number for number in numbers if number in (0, 19_999) or generator.random() > 0.05]
    shuffled = sorted(received, key=lambda number: number + generator.uniform(0, 20))
    statistics = ReceptionStatistics(CLOCK_HZ)
    first = min(shuffled[:30])
    shuffled.remove(first)
    feed(statistics, [first, *shuffled], begin=50_000)
    assert statistics.packets_expected == 20_000
    assert statistics.packets_lost == 20_000 - len(received)


@given(
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.booleans()), max_size=200),
)
def test_hostile_numbers_leave_every_figure_within_its_field(packets: list[tuple[int, int, bool]]) -> None:
    statistics = ReceptionStatistics(90_000)
    for index, (number, timestamp, repaired) in enumerate(packets):
        if repaired:
            statistics.add_repaired(number)
        else:
            statistics.add(number, timestamp, 10, index * 0.001)
    assert 0 <= statistics.take_fraction_lost() <= 255
    assert 0 <= statistics.extended_highest <= 0xFFFFFFFF
    assert 0 <= statistics.jitter_units <= 0xFFFFFFFF
    assert statistics.packets_received + statistics.repaired <= len(packets)
    assert statistics.repaired >= 0
