"""The estimate from transport-wide feedback: on simulated links with two crowded directions, and its rules alone."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.rtc.packet_log import PacketResult
from desktop_app.rtc.path_delay import PathDelay
from desktop_app.rtc.send_estimate import MAX_KBPS, MIN_KBPS, START_KBPS
from desktop_app.rtc.transport_estimate import SILENT_S, TransportEstimator
from tests.netlab.links import Conditions

from .transport_simulation import Moment, Simulation

WHOLE_KBPS = 1032 + 25 + 60
"""Pictures of 1000 and sound of 32 kbit/s with their headers, about."""


def weather(**changes: float) -> Conditions:
    return Conditions(
        delay_ms=25,
        queue_ms=changes.get("queue", 300.0),
        loss_pct=changes.get("loss", 0.0),
        jitter_ms=changes.get("jitter", 0.0),
        rate_kbps=changes.get("rate", 0.0),
    )


def delivered(moments: list[Moment]) -> float:
    return mean(each.delivered_kbps for each in moments)


def queue_ms(moments: list[Moment], percent: int) -> float:
    return sorted(each.queue_ms for each in moments)[(len(moments) - 1) * percent // 100]


# On links

SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_path_is_found_within_seconds(seed: int) -> None:
    path = Simulation(weather(), seed=seed)
    path.run_until(4)
    assert delivered(path.run_until(20)) > 950


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("rate", "share"), [(2000, 0.5), (500, 0.75), (200, 0.55)])
def test_a_narrow_path_is_filled_and_its_queue_is_short(rate: float, share: float, seed: int) -> None:
    path = Simulation(weather(rate=rate), seed=seed)
    path.run_until(6)
    moments = path.run_until(40)
    assert delivered(moments) > min(950, share * rate)
    assert queue_ms(moments, 95) < 150
    assert sum(each.audio_lost for each in moments) == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [700, 500, 200])
def test_a_path_that_narrows_at_once_is_not_flooded_for_long(rate: float, seed: int) -> None:
    path = Simulation(weather(), seed=seed)
    path.run_until(8)
    path.run_until(9.5, weather(rate=rate))
    moments = path.run_until(12)
    assert queue_ms(moments, 90) < 150
    assert sum(each.audio_lost for each in moments) == 0
    assert delivered(path.run_until(20)) > 0.5 * rate


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bottleneck_that_is_gone_is_noticed_soon(seed: int) -> None:
    path = Simulation(weather(rate=200), seed=seed)
    path.run_until(20)
    path.run_until(28, weather())
    assert delivered(path.run_until(30)) > 0.9 * 1000


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("loss", "least"), [(5, 900), (10, 700), (20, 450)])
def test_random_loss_does_not_strangle_the_rate(loss: float, least: float, seed: int) -> None:
    path = Simulation(weather(loss=loss), seed=seed)
    path.run_until(20)
    assert delivered(path.run_until(60)) > least


@pytest.mark.parametrize("seed", SEEDS)
def test_jitter_is_not_taken_for_a_queue(seed: int) -> None:
    path = Simulation(weather(jitter=30), seed=seed)
    path.run_until(4)
    assert delivered(path.run_until(30)) > 950


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shallow_queue_that_drops_is_found_by_its_loss(seed: int) -> None:
    path = Simulation(weather(rate=500, queue=10), seed=seed)
    path.run_until(10)
    moments = path.run_until(40)
    assert delivered(moments) > 250
    assert mean(each.sent_kbps for each in moments) < 600


@pytest.mark.parametrize("seed", SEEDS)
def test_a_path_that_was_cut_for_a_moment_goes_on_as_before(seed: int) -> None:
    path = Simulation(weather(), seed=seed)
    for second in range(5, 30, 5):
        path.run_until(second)
        path.run_until(second + 0.3, weather(loss=100))
        path.run_until(second + 1.5, weather())
        assert delivered(path.run_until(second + 3)) > 900


def test_what_is_not_sent_does_not_lower_the_estimate() -> None:
    path = Simulation(weather())
    path.run_until(8)
    end = path.ends[0]
    before = end.estimator.kbps
    end.max_video_kbps = end.video_kbps = 40
    path.run_until(30)
    assert end.estimator.kbps >= 0.95 * before


# Rules


def arrivals(begin_s: float, count: int, delay_s: float, size: int = 600) -> list[PacketResult]:
    return [PacketResult(begin_s + i * 0.01, begin_s + i * 0.01 + delay_s, size) for i in range(count)]


def run(estimator: TransportEstimator, begin_s: float, end_s: float, delay_s: float) -> float:
    now_s = begin_s
    while now_s < end_s:
        estimator.take(now_s + delay_s + 0.1, arrivals(now_s, 10, delay_s))
        now_s += 0.1
    return now_s


def test_without_feedback_the_estimate_fades_and_comes_back_with_the_first() -> None:
    estimator = TransportEstimator()
    run(estimator, 0.0, 3.0, 0.025)
    before = estimator.kbps
    assert before > START_KBPS
    now_s = 3.2
    while now_s < 10:
        estimator.update(now_s, oldest_unanswered_s=3.1)
        now_s += 0.25
    assert MIN_KBPS <= estimator.kbps < 0.1 * before
    estimator.take(10.1, arrivals(10.0, 5, 0.025))
    assert estimator.kbps >= 0.5 * before


def test_silence_of_our_own_is_no_silence_of_the_path() -> None:
    estimator = TransportEstimator()
    run(estimator, 0.0, 3.0, 0.025)
    before = estimator.kbps
    estimator.update(3.0 + 10 * SILENT_S, oldest_unanswered_s=None)
    assert estimator.kbps == before


def test_a_longer_route_is_accepted_after_a_while() -> None:
    estimator = TransportEstimator()
    now_s = run(estimator, 0.0, 5.0, 0.025)
    now_s = run(estimator, now_s, now_s + 6.0, 0.145)
    assert estimator.queue_s < 0.02
    lowest = estimator.kbps
    run(estimator, now_s, now_s + 5.0, 0.145)
    assert estimator.kbps > lowest


@pytest.mark.parametrize("outage_s", [1.4, 9.0])
def test_after_an_outage_the_longer_way_of_a_relay_is_no_queue(outage_s: float) -> None:
    estimator = TransportEstimator()
    now_s = run(estimator, 0.0, 5.0, 0.025)
    before = estimator.kbps
    lost = [PacketResult(each.sent_s, None, 600) for each in arrivals(now_s, round(100 * outage_s), 0.0)]
    for _ in range(round(4 * outage_s)):
        now_s += 0.25
        estimator.update(now_s, oldest_unanswered_s=5.0)
    estimator.take(now_s + 0.1, arrivals(now_s, 10, 0.075))
    estimator.take(now_s + 0.2, arrivals(now_s + 0.1, 10, 0.075) + lost)
    lowest = estimator.kbps
    for tenth in range(2, 20):
        run(estimator, now_s + tenth / 10, now_s + tenth / 10 + 0.1, 0.075)
        lowest = min(lowest, estimator.kbps)
        assert estimator.queue_s < 0.001
    assert lowest >= 0.5 * before
    assert estimator.fraction_lost < 0.01


def test_room_is_what_the_path_takes_in_a_round_trip_and_a_short_queue() -> None:
    estimator = TransportEstimator()
    run(estimator, 0.0, 3.0, 0.025)
    assert not estimator.is_congested(3.1, 6_000)
    assert estimator.is_congested(3.1, 60_000)


@given(st.floats(0, 0.04), st.integers(0, 1000))
def test_the_least_delay_of_late_is_the_queue(jitter_s: float, seed: int) -> None:
    delay = PathDelay()
    for index in range(100):
        held_up = index % 5 != seed % 5
        delay.add(index * 0.01, 100 + index * 0.01 + 0.025 + (jitter_s if held_up else 0))
    assert delay.queue_s == pytest.approx(0, abs=1e-6)
    for index in range(100, 130):
        delay.add(index * 0.01, 100 + index * 0.01 + 0.105)
    assert delay.queue_s == pytest.approx(0.08, abs=1e-6)


finite = st.floats(-1e6, 1e6)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 2),
            st.lists(st.tuples(finite, st.one_of(st.none(), finite), st.integers(0, 1500)), max_size=12),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_whatever_is_reported_the_estimate_stays_within_its_bounds(
    steps: list[tuple[float, list[tuple[float, float | None, int]], bool]],
) -> None:
    estimator = TransportEstimator()
    now_s = 0.0
    for elapsed_s, results, contiguous in steps:
        now_s += elapsed_s
        estimator.take(now_s, [PacketResult(*each) for each in results], is_contiguous=contiguous)
        estimator.update(now_s, oldest_unanswered_s=now_s)
        assert MIN_KBPS <= estimator.kbps <= MAX_KBPS
        assert 0 <= estimator.fraction_lost <= 1
        assert estimator.queue_s >= 0
        estimator.is_congested(now_s, 10_000)
