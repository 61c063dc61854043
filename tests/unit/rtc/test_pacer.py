"""How the packets of a frame are spread."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.pacer import MAX_WAIT_S, NARROW_FACTOR, PACING_FACTOR, Pacer


def send(pacer: Pacer, count: int, begin_s: float = 0.0) -> list[float]:
    """The times at which `count` packets of 1000 bytes leave that are there at `begin_s`."""
    now_s, times = begin_s, []
    for _ in range(count):
        now_s += pacer.wait_s(1000, now_s)
        times.append(now_s)
    return times


def test_without_a_target_nothing_waits() -> None:
    assert send(Pacer(), 100) == [0.0] * 100


def test_a_large_frame_leaves_at_a_multiple_of_the_bitrate() -> None:
    pacer = Pacer()
    pacer.set_target_kbps(800)
    times = send(pacer, 25)
    # 24 packets of 8 kbit at 2 Mbit/s
    assert abs(times[-1] - 24 * 8 / (800 * PACING_FACTOR)) < 0.010
    assert times == sorted(times)


def test_on_a_narrow_path_a_large_frame_leaves_more_slowly() -> None:
    pacer = Pacer()
    pacer.set_target_kbps(800, is_narrow=True)
    assert abs(send(pacer, 25)[-1] - 24 * 8 / (800 * NARROW_FACTOR)) < 0.010


def test_a_small_frame_leaves_at_once() -> None:
    pacer = Pacer()
    pacer.set_target_kbps(1000)
    for frame in range(100):
        assert send(pacer, 1, frame / 30) == [frame / 30]


@given(st.lists(st.integers(0, 1500), max_size=300), st.floats(1, 5000))
def test_no_packet_waits_longer_than_the_bound(sizes: list[int], kbps: float) -> None:
    pacer = Pacer()
    pacer.set_target_kbps(kbps)
    for size in sizes:
        assert 0 <= pacer.wait_s(size, 0.0) <= MAX_WAIT_S
