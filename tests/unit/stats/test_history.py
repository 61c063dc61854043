"""The history of the graphs: bounded, ordered, with gaps where nothing is known."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.stats.history import MAX_SAMPLES, Metric, StatsHistory
from desktop_app.stats.model import (
    CallStats,
    InboundAudioStats,
    InboundVideoStats,
    OutboundAudioStats,
    OutboundVideoStats,
    PeerStats,
    TransportStats,
)


def peer(
    user_id: str, *, kbps: float = 100.0, loss_pct: float = 0.0, rtt_ms: float | None = 20.0
) -> PeerStats:
    return PeerStats(
        user_id,
        "connected",
        TransportStats(round_trip_time_ms=rtt_ms),
        InboundVideoStats(kbps=kbps, loss_pct=loss_pct),
        InboundAudioStats(kbps=10.0, loss_pct=loss_pct / 2),
        OutboundVideoStats(kbps=2 * kbps, remote_loss_pct=loss_pct),
        OutboundAudioStats(kbps=20.0, remote_loss_pct=3 * loss_pct),
    )


def second(time_s: float, *peers: PeerStats) -> CallStats:
    return CallStats(time_s, {each.user_id: each for each in peers})


def test_a_participant_has_a_value_for_every_metric() -> None:
    history = StatsHistory()
    history.add(second(1000.0, peer("anna", kbps=300.0, loss_pct=2.0, rtt_ms=45.0)))
    values = {metric: history.series(metric, "anna").values for metric in Metric}
    assert values == {
        Metric.RECEIVE_KBPS: (310.0,),
        Metric.SEND_KBPS: (620.0,),
        Metric.RECEIVE_LOSS_PCT: (2.0,),
        Metric.SEND_LOSS_PCT: (6.0,),
        Metric.ROUND_TRIP_TIME_MS: (45.0,),
    }


def test_all_participants_together_are_the_sum_of_rates_and_the_worst_of_the_rest() -> None:
    history = StatsHistory()
    history.add(second(1.0, peer("anna", loss_pct=1.0, rtt_ms=10.0), peer("ben", loss_pct=4.0, rtt_ms=90.0)))
    assert history.series(Metric.RECEIVE_KBPS).values == (220.0,)
    assert history.series(Metric.RECEIVE_LOSS_PCT).values == (4.0,)
    assert history.series(Metric.ROUND_TRIP_TIME_MS).values == (90.0,)


def test_times_are_ages_before_the_newest_sample() -> None:
    history = StatsHistory()
    for time_s in (10.0, 11.0, 13.5):
        history.add(second(time_s, peer("anna")))
    assert history.series(Metric.SEND_KBPS, "anna").ages_s == (-3.5, -2.5, 0.0)


def test_what_is_older_than_the_span_goes() -> None:
    history = StatsHistory(span_s=120.0)
    for time_s in range(300):
        history.add(second(float(time_s), peer("anna")))
    ages_s = history.series(Metric.SEND_KBPS, "anna").ages_s
    assert len(history) == 121
    assert ages_s[0] == -120.0


def test_the_number_of_samples_is_bounded_whatever_the_times_say() -> None:
    history = StatsHistory()
    for index in range(3 * MAX_SAMPLES):
        history.add(second(index / 1000, peer("anna")))
    assert len(history) == MAX_SAMPLES


def test_a_missing_participant_or_an_unknown_rtt_is_a_gap() -> None:
    history = StatsHistory()
    history.add(second(1.0, peer("anna")))
    history.add(second(2.0))
    history.add(second(3.0, peer("anna", rtt_ms=None)))
    rates = history.series(Metric.RECEIVE_KBPS, "anna").values
    assert rates[0] == 110.0
    assert math.isnan(rates[1])
    assert math.isnan(history.series(Metric.ROUND_TRIP_TIME_MS, "anna").values[2])
    assert math.isnan(history.series(Metric.ROUND_TRIP_TIME_MS).values[1])


def test_a_direction_that_does_not_exist_is_a_gap() -> None:
    history = StatsHistory()
    history.add(second(1.0, PeerStats("anna", "connected", inbound_audio=InboundAudioStats(kbps=24.0))))
    assert history.series(Metric.RECEIVE_KBPS, "anna").values == (24.0,)
    assert math.isnan(history.series(Metric.SEND_KBPS, "anna").values[0])


def test_a_clock_set_back_starts_anew() -> None:
    history = StatsHistory()
    history.add(second(5000.0, peer("anna")))
    history.add(second(4000.0, peer("anna", kbps=1.0)))
    assert history.series(Metric.RECEIVE_KBPS, "anna").values == (11.0,)


def test_clear_forgets_everything() -> None:
    history = StatsHistory()
    history.add(second(1.0, peer("anna")))
    history.clear()
    assert len(history) == 0
    assert history.series(Metric.SEND_KBPS).values == ()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60), st.floats(1.0, 500.0))
def test_any_times_leave_an_ordered_history_within_the_span(times_s: list[float], span_s: float) -> None:
    history = StatsHistory(span_s)
    for time_s in times_s:
        history.add(second(time_s, peer("anna")))
    ages_s = history.series(Metric.SEND_KBPS, "anna").ages_s
    assert list(ages_s) == sorted(ages_s)
    assert all(-span_s <= age_s <= 0.0 for age_s in ages_s)


def test_what_was_sent_once_for_everybody_is_not_added_up() -> None:
    history = StatsHistory()
    history.add(second(1.0, peer("anna"), peer("ben")), sent_once=True)
    history.add(second(2.0, peer("anna"), peer("ben")))
    assert history.series(Metric.SEND_KBPS).values == (220.0, 440.0)
    assert history.series(Metric.RECEIVE_KBPS).values == (220.0, 220.0)
    assert history.series(Metric.SEND_KBPS, "ben").values == (220.0, 220.0)
