"""What is read from everybody's packets about our downlink."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.reception import ReceptionStatistics
from desktop_app.rtc.sfu.reception import STALE_S, DownlinkMonitor, LineDelay

RATE_HZ = 48000
FRAME_S = 0.020


def feed(
    line: LineDelay, begin_s: float, end_s: float, delay_s: float = 0.02, *, first: int = 0, jump: int = 0
) -> None:
    """Packets every 20 ms that are so long on their way; `jump` is added to the timestamps."""
    for index in range(round(begin_s / FRAME_S), round(end_s / FRAME_S)):
        timestamp = (first + jump + index * round(FRAME_S * RATE_HZ)) & 0xFFFFFFFF
        line.add(timestamp, RATE_HZ, index * FRAME_S + delay_s)


def test_a_queue_is_how_much_longer_packets_take_than_at_their_quickest() -> None:
    line = LineDelay()
    feed(line, 0, 5)
    assert line.queue_s(5.0) == pytest.approx(0, abs=1e-6)
    feed(line, 5, 8, 0.22)
    assert line.queue_s(8.2) == pytest.approx(0.2, abs=1e-3)
    feed(line, 8, 10, 0.02)
    assert line.queue_s(10.0) == pytest.approx(0, abs=1e-3)


def test_one_late_packet_is_no_queue() -> None:
    line = LineDelay()
    feed(line, 0, 5)
    line.add(round(5 * RATE_HZ), RATE_HZ, 5.4)
    feed(line, 5.02, 5.6)
    assert line.queue_s(5.6) == pytest.approx(0, abs=1e-3)


def test_timestamps_that_begin_anew_and_a_silent_line_say_nothing() -> None:
    line = LineDelay()
    feed(line, 0, 5)
    assert line.queue_s(5 + STALE_S + 0.1) is None
    feed(line, 5, 8, jump=10 * RATE_HZ)
    assert line.queue_s(8.0) == pytest.approx(0, abs=1e-3)
    line.restart()
    assert line.queue_s(8.0) is None


@given(st.integers(0, 0xFFFFFFFF), st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_a_queue_is_never_negative_wherever_timestamps_begin(
    first: int, early_s: float, late_s: float
) -> None:
    line = LineDelay()
    feed(line, 0, 3, early_s, first=first)
    feed(line, 3, 6, late_s, first=first)
    queue_s = line.queue_s(6.0 + late_s)
    assert queue_s is not None
    assert queue_s == pytest.approx(max(0.0, late_s - early_s), abs=1e-3)


def lines(*delays_s: float) -> list[LineDelay]:
    """One for each of these queues."""
    made = []
    for delay_s in delays_s:
        line = LineDelay()
        feed(line, 0, 5)
        feed(line, 5, 8, 0.02 + delay_s)
        made.append(line)
    return made


def test_one_line_alone_does_not_speak_for_all() -> None:
    monitor = DownlinkMonitor()
    state = monitor.update(8.1, statistics={}, delays=lines(0.3, 0.0, 0.0), bytes_received=0)
    assert state.queue_s == pytest.approx(0, abs=1e-3)
    state = monitor.update(8.2, statistics={}, delays=lines(0.3, 0.25, 0.3), bytes_received=0)
    assert state.queue_s == pytest.approx(0.3, abs=1e-3)


def test_a_queue_that_round_trips_do_not_show_is_a_senders() -> None:
    monitor = DownlinkMonitor()
    for index in range(14):
        monitor.round_trips.add(1 + index / 2, 0.030)
    late = lines(0.3)
    assert monitor.update(8.1, statistics={}, delays=late, bytes_received=0).queue_s == pytest.approx(0)
    for at_s in (8.0, 8.2):
        monitor.round_trips.add(at_s, 0.280)
    state = monitor.update(8.3, statistics={}, delays=late, bytes_received=0)
    assert state.queue_s == pytest.approx(0.25, abs=1e-3)


def packets(statistics: ReceptionStatistics, begin: int, end: int, *, lose_every: int = 0) -> None:
    """These numbers, but for each so-manieth."""
    for number in range(begin, end):
        if not lose_every or number % lose_every:
            statistics.add(number, number * 960, 100, number * FRAME_S)


def test_loss_and_rate_are_of_the_last_moments() -> None:
    monitor = DownlinkMonitor()
    sound, picture = ReceptionStatistics(RATE_HZ), ReceptionStatistics(RATE_HZ)
    packets(sound, 1, 101)
    packets(picture, 1, 101, lose_every=4)
    monitor.update(0.0, statistics={}, delays=(), bytes_received=1000)
    state = monitor.update(1.0, statistics={"a": {1: sound, 2: picture}}, delays=(), bytes_received=26_000)
    assert state.fraction_lost == pytest.approx(25 / 200, abs=0.01)
    assert state.kbps == pytest.approx(200)
    assert state.queue_s == 0
    # The picture has ended, and nothing more is lost.
    packets(sound, 101, 201)
    for tick in range(1, 8):
        state = monitor.update(1.0 + tick / 2, statistics={"a": {1: sound}}, delays=(), bytes_received=26_000)
    assert state.fraction_lost == 0
    assert state.kbps == 0


@given(
    st.lists(st.sampled_from((0, 3, 4, 10)), min_size=3, max_size=9).filter(
        lambda losses: 2 * sum(map(bool, losses)) < len(losses)
    )
)
def test_what_fewer_than_half_of_the_senders_lose_is_lost_on_their_uplinks(losses: list[int]) -> None:
    monitor = DownlinkMonitor()
    users = {f"u{index}": ReceptionStatistics(RATE_HZ) for index in range(len(losses))}
    for second in range(4):
        for (_, statistics), every in zip(users.items(), losses, strict=True):
            packets(statistics, 1 + 50 * second, 51 + 50 * second, lose_every=every)
        state = monitor.update(
            float(second),
            statistics={user: {index: each} for index, (user, each) in enumerate(users.items())},
            delays=(),
            bytes_received=0,
        )
        assert state.fraction_lost == 0


@given(st.integers(1, 9), st.sampled_from((3, 4, 10)))
def test_what_all_of_them_lose_is_lost_on_our_downlink(count: int, every: int) -> None:
    monitor = DownlinkMonitor()
    users = {f"u{index}": ReceptionStatistics(RATE_HZ) for index in range(count)}
    for each in users.values():
        packets(each, 1, 100, lose_every=every)
    statistics = {user: {index: each} for index, (user, each) in enumerate(users.items())}
    state = monitor.update(1.0, statistics=statistics, delays=(), bytes_received=0)
    assert state.fraction_lost == pytest.approx(1 / every, abs=0.03)


@pytest.mark.parametrize(("ours", "seen"), [(0, 0.25), (50, 0.125), (100, 0.0), (500, 0.0)])
def test_what_was_lost_in_our_own_socket_says_nothing_of_the_downlink(ours: int, seen: float) -> None:
    monitor = DownlinkMonitor()
    users = {f"u{index}": ReceptionStatistics(RATE_HZ) for index in range(4)}
    for each in users.values():
        packets(each, 1, 101, lose_every=4)
    statistics = {user: {index: each} for index, (user, each) in enumerate(users.items())}
    monitor.update(0.0, statistics={}, delays=(), bytes_received=0)
    late = lines(0.3)
    state = monitor.update(8.1, statistics=statistics, delays=late, bytes_received=0, packets_overflowed=ours)
    assert state.fraction_lost == pytest.approx(seen, abs=0.01)
    assert state.queue_s == pytest.approx(0 if ours else 0.3, abs=1e-3)


def test_a_queue_counts_again_when_the_socket_no_longer_overflows() -> None:
    monitor, line = DownlinkMonitor(), LineDelay()
    feed(line, 0, 5)
    seen = {}
    for second in range(5, 14):
        feed(line, second, second + 1, 0.32)
        state = monitor.update(
            second + 1.3,
            statistics={},
            delays=[line],
            bytes_received=0,
            packets_overflowed=9 if second > 6 else 0,
        )
        seen[second] = round(state.queue_s, 2)
    assert (seen[6], seen[7], seen[8]) == (0.3, 0.0, 0.0)
    assert seen[12] == 0.3
    # Another connection, whose socket counts anew:
    assert monitor.update(14.5, statistics={}, delays=[line], bytes_received=0).queue_s > 0.2
