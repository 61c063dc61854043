"""The estimates of both ends: together on simulated links, and the sending end's rules one by one."""

from __future__ import annotations

import math
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.loss_control import LossWindow
from desktop_app.rtc.send_estimate import (
    MAX_KBPS,
    MIN_KBPS,
    SENT_FLOOR_KBPS,
    SENT_RATIO,
    START_KBPS,
    SendEstimator,
)
from tests.netlab.links import Conditions

from .path_simulation import Moment, PathSimulation


def weather(**changes: float) -> Conditions:
    return Conditions(
        delay_ms=25,
        queue_ms=300,
        loss_pct=changes.get("loss", 0.0),
        jitter_ms=changes.get("jitter", 0.0),
        rate_kbps=changes.get("rate", 0.0),
    )


def delivered(moments: list[Moment]) -> float:
    return mean(each.delivered_kbps for each in moments)


def queue_pct(moments: list[Moment], percent: int) -> float:
    return sorted(each.queue_ms for each in moments)[(len(moments) - 1) * percent // 100]


# On links


@pytest.mark.parametrize("remb", [True, False])
def test_a_clean_path_is_found_within_seconds_and_not_imagined_wider(remb: bool) -> None:
    path = PathSimulation(weather(), remb=remb)
    path.run_until(6)
    moments = path.run_until(60)
    assert delivered(moments) > 950
    assert max(each.estimate_kbps for each in moments) < 2 * (SENT_RATIO * 1032 + SENT_FLOOR_KBPS)


@pytest.mark.parametrize("remb", [True, False])
def test_jitter_is_not_taken_for_a_queue(remb: bool) -> None:
    path = PathSimulation(weather(jitter=30), remb=remb)
    path.run_until(8)
    assert delivered(path.run_until(40)) > 950


@pytest.mark.parametrize("remb", [True, False])
@pytest.mark.parametrize(("loss", "least_kbps"), [(5, 380), (10, 250), (20, 200)])
def test_random_loss_does_not_strangle_the_rate(remb: bool, loss: float, least_kbps: float) -> None:
    path = PathSimulation(weather(loss=loss), remb=remb)
    path.run_until(10)
    assert delivered(path.run_until(60)) > least_kbps


@pytest.mark.parametrize(("rate", "least_kbps"), [(200, 100), (500, 330), (1000, 700)])
def test_a_bottleneck_is_filled_without_a_standing_queue(rate: float, least_kbps: float) -> None:
    path = PathSimulation(weather(), video_kbps=2500)
    path.run_until(10)
    path.run_until(14, weather(rate=rate))
    moments = path.run_until(60)
    assert delivered(moments) > least_kbps
    assert queue_pct(moments, 99) <= 150


@pytest.mark.parametrize(("rate", "least_kbps"), [(200, 90), (500, 300), (1000, 700)])
def test_loss_and_round_trip_alone_hold_a_bottleneck(rate: float, least_kbps: float) -> None:
    path = PathSimulation(weather(), video_kbps=2500, remb=False)
    path.run_until(10)
    path.run_until(16, weather(rate=rate))
    moments = path.run_until(60)
    assert delivered(moments) > least_kbps
    assert queue_pct(moments, 50) <= 150


@pytest.mark.parametrize("remb", [True, False])
def test_a_path_that_was_full_before_the_first_packet_is_relieved(remb: bool) -> None:
    path = PathSimulation(weather(rate=200), remb=remb)  # no round trip without the queue was ever seen
    path.run_until(12)
    moments = path.run_until(60)
    assert queue_pct(moments, 50) <= 150
    assert delivered(moments) > 80


@pytest.mark.parametrize(("remb", "limit_s"), [(True, 10), (False, 15)])
def test_a_lifted_bottleneck_is_noticed(remb: bool, limit_s: float) -> None:
    path = PathSimulation(weather(), remb=remb)
    path.run_until(10)
    path.run_until(40, weather(rate=500))
    path.run_until(40 + limit_s, weather())
    assert delivered(path.run_until(42 + limit_s)) > 0.9 * 1000


def test_another_route_with_a_longer_round_trip_is_accepted() -> None:
    path = PathSimulation(weather(), remb=False)
    path.run_until(15)
    path.run_until(45, Conditions(delay_ms=250, queue_ms=300))
    assert delivered(path.run_until(55)) > 900


def test_a_still_picture_says_nothing_of_the_path() -> None:
    path = PathSimulation(weather(), video_kbps=20)
    assert min(each.estimate_kbps for each in path.run_until(60)) >= START_KBPS
    path.show(1000)
    assert min(each.estimate_kbps for each in path.run_until(64)) > 250
    assert delivered(path.run_until(80)) > 900


def test_a_still_picture_on_a_narrow_path_does_not_fill_it_for_long_when_it_moves() -> None:
    path = PathSimulation(weather(rate=250), video_kbps=20)
    path.run_until(30)
    path.show(1000)
    path.run_until(36)
    moments = path.run_until(60)
    assert queue_pct(moments, 50) <= 150
    assert delivered(moments) > 100


# Rule by rule


def fed(estimator: SendEstimator, seconds: float, begin_s: float = 0.0, **values: float | None) -> float:
    """A report each second, asked four times a second."""
    sent = values.pop("sent_kbps", None)
    kbps = estimator.estimate.kbps
    for step in range(round(seconds * 4)):
        fresh = step % 4 == 0
        kbps = estimator.update(
            begin_s + step / 4,
            remb_kbps=values.get("remb_kbps"),
            fraction_lost=values.get("fraction_lost", 0.0) if fresh else None,
            round_trip_s=values.get("round_trip_s", 0.05) if fresh else None,
            sent_kbps=kbps if sent is None else sent,
        )
    return kbps


def test_without_any_report_nothing_changes() -> None:
    estimator = SendEstimator()
    for second in range(100):
        estimator.update(
            float(second), remb_kbps=None, fraction_lost=None, round_trip_s=None, sent_kbps=START_KBPS
        )
    assert estimator.estimate.kbps == START_KBPS


def test_a_fresh_remb_is_an_upper_bound() -> None:
    estimator = SendEstimator()
    assert fed(estimator, 5, remb_kbps=300.0) == 300
    assert fed(estimator, 5, 5.0, remb_kbps=450.0) == 450
    assert fed(estimator, 5, 10.0) > 450


def test_moderate_loss_holds() -> None:
    estimator = SendEstimator()
    assert fed(estimator, 60, fraction_lost=0.06) == pytest.approx(START_KBPS, rel=0.05)


def test_what_is_not_sent_is_not_believed() -> None:
    estimator = SendEstimator(100.0)
    assert fed(estimator, 120, sent_kbps=32.0) <= SENT_RATIO * 32 + SENT_FLOOR_KBPS + 1


def test_a_camera_switched_off_takes_nothing_away() -> None:
    estimator = SendEstimator()
    before = fed(estimator, 10)
    assert fed(estimator, 60, 10.0, sent_kbps=32.0) == before


def test_a_growing_round_trip_goes_below_what_arrives_until_the_queue_is_gone() -> None:
    estimator = SendEstimator()
    before = fed(estimator, 5, sent_kbps=600.0)
    during = fed(estimator, 2, 5.0, round_trip_s=0.3, sent_kbps=600.0)
    assert during < 0.85 * 600 < before
    assert estimator.estimate.queue_s == pytest.approx(0.25)
    after = fed(estimator, 3, 7.0, sent_kbps=during)
    assert during < after < 600


def test_one_late_report_is_no_queue() -> None:
    estimator = SendEstimator()
    before = fed(estimator, 5)
    fed(estimator, 1, 5.0, round_trip_s=0.2)
    assert fed(estimator, 1, 6.0) >= before


def test_reports_that_stop_end_the_growth() -> None:
    estimator = SendEstimator()
    fed(estimator, 5, sent_kbps=5000.0)
    values = [
        estimator.update(
            5 + step / 4, remb_kbps=None, fraction_lost=None, round_trip_s=None, sent_kbps=5000.0
        )
        for step in range(40)
    ]
    assert values[-1] == values[16]


loose = st.one_of(st.none(), st.floats(-1, 20_000), st.floats(0, 1))


@given(
    st.lists(
        st.tuples(
            st.floats(-5, 5),
            st.one_of(st.none(), st.floats(0, 20_000)),
            loose,
            st.one_of(st.none(), st.floats(-1, 20)),
            st.floats(0, 1e6),
        ),
        max_size=60,
    )
)
def test_the_estimate_is_bounded_whatever_is_reported(
    steps: list[tuple[float, float | None, float | None, float | None, float]],
) -> None:
    estimator = SendEstimator()
    now_s = 0.0
    for pause_s, remb_kbps, lost, round_trip_s, sent_kbps in steps:
        now_s += pause_s
        kbps = estimator.update(
            now_s, remb_kbps=remb_kbps, fraction_lost=lost, round_trip_s=round_trip_s, sent_kbps=sent_kbps
        )
        assert math.isfinite(kbps)
        assert MIN_KBPS <= kbps <= MAX_KBPS
        assert 0 <= estimator.estimate.fraction_lost <= 1
        assert estimator.estimate.queue_s >= 0


def test_losses_of_two_streams_are_weighted_by_their_packets() -> None:
    window = LossWindow()
    window.add("video", 0.5, 10)
    assert window.take() is None, "10 packets say nothing"
    window.add("audio", 0.0, 30)
    assert window.take() == pytest.approx(5 / 40)
    assert window.take() is None
    window.add("video", 2.0, 40)  # 30 more
    assert window.take() == 1.0


def test_a_stream_that_begins_again_counts_nothing_negative() -> None:
    window = LossWindow()
    window.add("video", 0.0, 1000)
    assert window.take() == 0
    window.add("video", 0.1, 5)
    assert window.take() is None


def test_a_receiver_that_got_little_does_not_bound_the_path_until_more_was_sent() -> None:
    estimator = SendEstimator()
    fed(estimator, 5, sent_kbps=25.0)
    assert fed(estimator, 20, 5, sent_kbps=25.0, remb_kbps=40.0) == START_KBPS
    assert fed(estimator, 3, 25, sent_kbps=500.0, remb_kbps=400.0) == 400
