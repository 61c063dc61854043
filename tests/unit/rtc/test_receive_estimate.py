"""The receiver's estimate: its state machine, and hostile stamps."""

from __future__ import annotations

import math

from aiortc.rate import BandwidthUsage
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.receive_estimate import (
    BACK_OFF,
    FIRST_ESTIMATE_MS,
    FIRST_KBPS,
    SENT_FLOOR_KBPS,
    SENT_RATIO,
    RateControl,
    ReceiveEstimator,
)


def grown(control: RateControl, seconds: float, begin_ms: int, received_kbps: float = 1e6) -> float:
    kbps: float | None = None
    for step in range(round(seconds * 2)):
        kbps = control.update(BandwidthUsage.NORMAL, received_kbps, begin_ms + 500 * step)
    assert kbps is not None
    return kbps


def test_the_first_estimate_is_what_arrives_after_three_seconds() -> None:
    control = RateControl()
    assert control.update(BandwidthUsage.NORMAL, 500.0, 0) is None
    assert control.update(BandwidthUsage.NORMAL, 600.0, FIRST_ESTIMATE_MS - 1) is None
    assert control.update(BandwidthUsage.NORMAL, 700.0, FIRST_ESTIMATE_MS) == 700


def test_a_still_picture_makes_no_low_estimate_and_one_that_moves_is_believed() -> None:
    control = RateControl()
    control.update(BandwidthUsage.NORMAL, 20.0, 0)
    assert control.update(BandwidthUsage.NORMAL, 20.0, FIRST_ESTIMATE_MS) == FIRST_KBPS
    control.update(BandwidthUsage.OVERUSING, 50.0, 4000)
    assert grown(control, 10, 4000, received_kbps=20.0) < 60
    assert control.update(BandwidthUsage.NORMAL, 400.0, 14_000) == 400


def test_over_use_goes_below_what_arrives_even_at_once() -> None:
    control = RateControl()
    assert control.update(BandwidthUsage.OVERUSING, 400.0, 0) == BACK_OFF * 400


def test_over_use_never_raises_the_estimate() -> None:
    control = RateControl()
    control.update(BandwidthUsage.OVERUSING, 400.0, 0)
    assert control.update(BandwidthUsage.OVERUSING, 900.0, 100) == BACK_OFF * 400


def test_growth_is_careful_near_a_limit_and_quick_long_after_it() -> None:
    control = RateControl()
    control.update(BandwidthUsage.OVERUSING, 1000.0, 0)
    after_4_s = grown(control, 4, 0)
    assert 850 < after_4_s < 940
    after_12_s = grown(control, 8, 4000)
    assert after_12_s > 3 * after_4_s


def test_growth_needs_what_arrives() -> None:
    control = RateControl()
    control.update(BandwidthUsage.OVERUSING, 100.0, 0)
    assert grown(control, 60, 0, received_kbps=100.0) <= SENT_RATIO * 100 + SENT_FLOOR_KBPS


def test_a_queue_that_drains_is_let_drain() -> None:
    control = RateControl()
    control.update(BandwidthUsage.OVERUSING, 1000.0, 0)
    assert control.update(BandwidthUsage.UNDERUSING, 1000.0, 500) == BACK_OFF * 1000
    assert control.update(BandwidthUsage.UNDERUSING, 1000.0, 1000) == BACK_OFF * 1000


def fed(estimator: ReceiveEstimator, delays_ms: list[float], begin_s: float = 0.0) -> list[float]:
    """A packet of 1000 bytes every 10 ms, each with its delay; what was reported."""
    reported = []
    arrival_ms = 0
    for number, delay_ms in enumerate(delays_ms):
        sent_s = begin_s + number / 100
        arrival_ms = max(arrival_ms, int(sent_s * 1000 + delay_ms))
        stamp = int(sent_s * (1 << 18)) & 0xFFFFFF
        kbps = estimator.add(abs_send_time=stamp, arrival_ms=arrival_ms, payload_bytes=1000)
        if kbps is not None:
            reported.append(kbps)
    return reported


def test_a_thread_that_wakes_late_is_no_full_link() -> None:
    estimator = ReceiveEstimator()
    fed(estimator, [30.0] * 600)
    # Every half second nothing is read for 80 ms; then all of it at once.
    late = [30 + max(0.0, 80 - 10 * (number % 50)) for number in range(1500)]
    assert min(fed(estimator, late, 6.0)) > 750


def test_a_queue_that_is_full_and_does_not_grow_is_seen() -> None:
    estimator = ReceiveEstimator()
    fed(estimator, [30.0] * 600)
    assert fed(estimator, [330.0] * 200, 6.0)[-1] < 0.75 * 800


def test_a_longer_route_is_accepted_in_the_end() -> None:
    estimator = ReceiveEstimator()
    fed(estimator, [30.0] * 600)
    assert fed(estimator, [330.0] * 4000, 6.0)[-1] > 1000


@given(
    st.lists(
        st.tuples(st.integers(0, 0xFFFFFF), st.integers(-3000, 3000), st.integers(0, 65_535)), max_size=200
    )
)
def test_hostile_stamps_and_clocks_are_survived(packets: list[tuple[int, int, int]]) -> None:
    estimator = ReceiveEstimator()
    now_ms = 0
    for stamp, pause_ms, size in packets:
        now_ms += pause_ms
        kbps = estimator.add(abs_send_time=stamp, arrival_ms=now_ms, payload_bytes=size)
        assert kbps is None or (math.isfinite(kbps) and kbps > 0)
