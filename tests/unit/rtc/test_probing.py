"""Packet trains that find out what a path carries."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.packet_log import PacketResult
from desktop_app.rtc.probing import (
    AGAIN_S,
    ANSWER_S,
    MAX_AGAIN_S,
    MIN_PACKETS,
    RATIO,
    SETTLED_S,
    SHARE,
    Prober,
    Train,
)
from tests.netlab.links import Conditions, Link

SIZE = 1100
LONG_AGO_S = -math.inf


def over(train: Train, conditions: Conditions, begin_s: float, seed: int = 1) -> list[PacketResult]:
    """What became of a train on a link."""
    link, chance = Link(conditions), random.Random(seed).random
    packets = max(MIN_PACKETS, train.bytes // SIZE)
    results = []
    for index in range(packets):
        sent_s = begin_s + index * SIZE * 8 / (train.kbps * 1000)
        results.append(PacketResult(sent_s, link.arrival_s(SIZE, sent_s, chance), SIZE, train.number))
    return results


def probed(
    prober: Prober, now_s: float, kbps: float, conditions: Conditions, wanted_kbps: float = 2500
) -> float | None:
    """Send the train that is due, if one is, and take what comes of it."""
    train = prober.due(now_s, kbps, wanted_kbps=wanted_kbps, quiet_since_s=LONG_AGO_S)
    if train is None:
        return None
    results = over(train, conditions, now_s)
    prober.sent(len(results))
    return prober.take(now_s + 0.2, kbps, results)


def test_a_wide_path_is_found_in_a_few_trains() -> None:
    prober, kbps, now_s = Prober(), 100.0, 0.0
    while now_s < 8 * AGAIN_S:
        kbps = probed(prober, now_s, kbps, Conditions(delay_ms=25)) or kbps
        now_s += 0.25
    assert kbps == pytest.approx(2500)


@pytest.mark.parametrize("rate", [300, 700, 1500])
def test_a_path_is_never_imagined_wider_than_it_is(rate: float) -> None:
    prober, kbps, now_s = Prober(), 100.0, 0.0
    while now_s < 60:
        kbps = probed(prober, now_s, kbps, Conditions(delay_ms=25, rate_kbps=rate, queue_ms=300)) or kbps
        now_s += 0.25
    assert 0.8 * rate <= kbps <= rate


def test_trains_become_rare_where_there_is_no_more_room() -> None:
    prober, now_s, sent_s = Prober(), 0.0, []
    while now_s < 200:
        train = prober.due(now_s, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S)
        if train is not None:
            sent_s.append(now_s)
            results = over(train, Conditions(rate_kbps=520, queue_ms=300), now_s)
            prober.sent(len(results))
            assert prober.take(now_s + 0.2, 500, results) is None
        now_s += 0.25
    assert sent_s[1] - sent_s[0] <= 2 * AGAIN_S + 0.5
    assert sent_s[-1] - sent_s[-2] >= MAX_AGAIN_S


def test_an_estimate_that_has_grown_is_a_reason_to_try_at_once() -> None:
    prober, now_s = Prober(), 0.0
    while now_s < 200:
        probed(prober, now_s, 500, Conditions(rate_kbps=520, queue_ms=300))
        now_s += 0.25
    assert prober.due(now_s, 510, wanted_kbps=2500, quiet_since_s=LONG_AGO_S) is None
    assert prober.due(now_s, 610, wanted_kbps=2500, quiet_since_s=LONG_AGO_S) is not None


@pytest.mark.parametrize(
    ("kbps", "wanted_kbps", "quiet_since_s"),
    [
        (2500, 2000, LONG_AGO_S),  # more than anybody has a use for
        (500, 0, LONG_AGO_S),  # the camera is off
        (500, 2000, 10 - SETTLED_S / 2),  # a queue was there just now
    ],
)
def test_no_train_is_sent_that_is_of_no_use(kbps: float, wanted_kbps: float, quiet_since_s: float) -> None:
    assert Prober().due(10, kbps, wanted_kbps=wanted_kbps, quiet_since_s=quiet_since_s) is None


def test_a_train_is_no_faster_than_is_of_use() -> None:
    train = Prober().due(0, 500, wanted_kbps=600, quiet_since_s=LONG_AGO_S)
    assert train is not None
    assert train.kbps == pytest.approx(600 / SHARE)
    train = Prober().due(0, 500, wanted_kbps=6000, quiet_since_s=LONG_AGO_S)
    assert train is not None
    assert train.kbps == RATIO * 500


def test_a_lost_train_and_one_that_never_left_are_given_up() -> None:
    prober = Prober()
    assert probed(prober, 0.0, 500, Conditions(loss_pct=100)) is None
    begun_s = 2 * AGAIN_S + 0.5
    later = prober.due(begun_s, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S)
    assert later is not None
    prober.sent(0)  # there was nothing to repeat, which says nothing of the path
    assert prober.due(begun_s + 0.5, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S) is None
    assert prober.due(begun_s + AGAIN_S, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S) is not None
    assert (
        prober.due(begun_s + AGAIN_S + ANSWER_S / 2, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S) is None
    )


def test_packets_that_belong_to_no_train_say_nothing() -> None:
    prober = Prober()
    train = prober.due(0, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S)
    assert train is not None
    prober.sent(MIN_PACKETS)
    strangers = [PacketResult(i * 0.001, i * 0.001, SIZE) for i in range(20)]
    assert prober.take(0.1, 500, strangers) is None


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.none() | st.floats(-1e6, 1e6)), max_size=30))
def test_whatever_is_reported_what_is_shown_is_finite(times: list[tuple[float, float | None]]) -> None:
    prober = Prober()
    train = prober.due(0, 500, wanted_kbps=2500, quiet_since_s=LONG_AGO_S)
    assert train is not None
    prober.sent(len(times))
    results = [PacketResult(sent_s, arrival_s, SIZE, train.number) for sent_s, arrival_s in times]
    shown = prober.take(0.1, 500, results)
    assert shown is None or 500 < shown < math.inf
