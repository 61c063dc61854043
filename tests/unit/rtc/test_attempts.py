"""When recovery tries, and what strangers may make us do."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.rtc.attempts import Allowance, attempt_times


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=20, max_size=20))
def test_attempts_come_quickly_at_first_and_then_every_seven_seconds_or_so(chances: list[float]) -> None:
    numbers = iter(chances)
    times = list(islice(attempt_times(lambda: next(numbers)), 20))
    assert times[:5] == [0.0, 0.3, 1.2, 2.7, 4.8]
    for earlier, later in pairwise(times):
        assert 5.59 <= later - earlier <= 8.41


@given(st.lists(st.floats(0, 5), max_size=200))
def test_an_allowance_is_never_exceeded(pauses_s: list[float]) -> None:
    now_s, taken = 100.0, []
    allowance = Allowance(3, 2.0, now_s)
    for pause_s in pauses_s:
        now_s += pause_s
        if allowance.take(now_s):
            taken.append(now_s)
    assert len(taken) <= 3 + (now_s - 100.0) / 2.0 + 1e-6
    assert len(taken) >= min(len(pauses_s), 3)


def test_an_allowance_comes_back() -> None:
    allowance = Allowance(2, 1.0, 0.0)
    assert [allowance.take(at_s) for at_s in (0.0, 0.0, 0.0, 0.9, 1.1)] == [True, True, False, False, True]
    assert allowance.take(1000.0)
    assert allowance.take(1000.0)
    assert not allowance.take(1000.0)
    assert pytest.approx(0.0, abs=1e-6) == allowance._left
