"""Token buckets: never more than burst and rate allow, whatever the order of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.server.guard.buckets import Bucket, Buckets, take_if_there

STEPS = st.lists(st.tuples(st.floats(0, 5, allow_nan=False), st.floats(0.1, 5, allow_nan=False)), max_size=60)


@given(st.floats(0.1, 50), st.floats(1, 100), STEPS)
def test_what_is_let_through_is_bounded(rate: float, burst: float, steps: list[tuple[float, float]]) -> None:
    now_s, let_through = 0.0, 0.0
    bucket = Bucket(rate, burst, burst, now_s)
    for pause_s, cost in steps:
        now_s += pause_s
        if bucket.wait_s(now_s, cost) <= 0:
            assert bucket.take(now_s, cost) == 0
            let_through += cost
        assert let_through <= burst + rate * now_s + 1e-6


@given(st.floats(0.1, 50), st.integers(1, 20))
def test_what_is_taken_in_advance_is_waited_for(rate: float, count: int) -> None:
    bucket = Bucket(rate, 1.0, 1.0, 0.0)
    waits = [bucket.take(0.0) for _ in range(count)]
    for number, wait_s in enumerate(waits):
        assert abs(wait_s - number / rate) < 1e-6
    assert bucket.wait_s(count / rate + 0.01) <= 0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = Bucket(1.0, 2.0, 0.0, 100.0)
    assert bucket.wait_s(50.0) > 0
    assert bucket.wait_s(101.0) <= 0
    bucket.take(101.0)
    bucket.give_back()
    bucket.give_back(5)
    assert bucket.tokens == 2.0


def test_all_or_none_are_taken() -> None:
    full, empty = Bucket(1.0, 5.0, 5.0, 0.0), Bucket(1.0, 5.0, 0.0, 0.0)
    assert not take_if_there(0.0, full, empty)
    assert full.tokens == 5.0
    assert take_if_there(1.0, full, empty)
    assert (full.tokens, empty.tokens) == (4.0, 0.0)


def test_the_keys_are_bounded_and_the_newest_stay() -> None:
    buckets = Buckets(1.0, 1.0, max_keys=3)
    for key in ("a", "b", "c"):
        buckets.of(key, 0.0).take(0.0)
    buckets.of("a", 0.0)
    buckets.of("d", 0.0)
    assert len(buckets) == 3
    assert buckets.of("a", 0.0).tokens == 0.0
    assert buckets.of("b", 0.0).tokens == 1.0  # forgotten, and so new
