"""What a link does to packets."""

from __future__ import annotations

import random

import pytest

from tests.netlab.links import Conditions, Link, changed


def never() -> float:
    raise AssertionError("no chance was to be taken")


def test_a_clean_link_delivers_at_once_and_counts() -> None:
    link = Link()
    assert link.arrival_s(1200, 5.0, never) == 5.0
    assert link.arrival_s(800, 5.0, never) == 5.0
    assert (link.counters.sent, link.counters.bytes) == (2, 2000)


def test_delay_and_jitter_add_up() -> None:
    link = Link(Conditions(delay_ms=40, jitter_ms=20))
    assert link.arrival_s(100, 1.0, lambda: 0.5) == pytest.approx(1.050)
    chance = random.Random(4).random
    arrivals = [link.arrival_s(100, 0.0, chance) for _ in range(500)]
    assert all(arrival is not None and 0.040 <= arrival < 0.060 for arrival in arrivals)
    assert arrivals != sorted(arrivals, key=lambda arrival: arrival or 0), "jitter may reorder"


def test_loss_is_the_share_that_was_asked_for() -> None:
    link = Link(Conditions(loss_pct=20))
    chance = random.Random(1).random
    for _ in range(5000):
        link.arrival_s(100, 0.0, chance)
    assert link.counters.lost + link.counters.sent == 5000
    assert link.counters.lost == pytest.approx(1000, abs=150)


def test_a_blocked_link_lets_nothing_through() -> None:
    link = Link(Conditions(block=True))
    assert link.arrival_s(100, 0.0, never) is None
    assert link.counters.lost == 1


def test_a_bottleneck_spaces_packets_and_drops_what_would_wait_too_long() -> None:
    link = Link(Conditions(rate_kbps=1000, queue_ms=25))  # 1250 bytes take 10 ms
    arrivals = [link.arrival_s(1250, 0.0, never) for _ in range(5)]
    assert arrivals == [pytest.approx(0.010), pytest.approx(0.020), pytest.approx(0.030), None, None]
    assert link.counters.overflow == 2
    assert link.arrival_s(1250, 0.030, never) == pytest.approx(0.040), "the queue has drained"


@pytest.mark.parametrize(
    "changes",
    [{"los": 1.0}, {"loss": -1.0}, {"loss": 101.0}, {"delay": float("nan")}, {"rate": float("inf")}],
)
def test_a_condition_that_makes_no_sense_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"no such key|must be|at most"):
        changed(Conditions(), changes)


def test_changed_leaves_the_rest() -> None:
    assert changed(Conditions(delay_ms=5), {"loss": 3, "block": 1}) == Conditions(
        delay_ms=5, loss_pct=3, block=True
    )
