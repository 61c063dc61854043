"""How much of a flood is let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.data.channels import CHANNELS
from desktop_app.data.rate import FloodGate, TokenBucket

from .fake_services import Clock


@given(steps=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 15)), max_size=60))
def test_never_more_than_the_burst_and_what_time_has_brought(steps: list[tuple[float, float]]) -> None:
    clock = Clock()
    bucket = TokenBucket(2.0, 10.0, clock.now_s)
    begin_s, taken = clock.s, 0.0
    for wait_s, amount in steps:
        clock.s += wait_s
        if bucket.take(amount):
            taken += amount
        assert taken <= 10.0 + 2.0 * (clock.s - begin_s) + 1e-6
    clock.s += 5.0
    assert bucket.take(10.0), "after a pause the whole burst is there again"


@pytest.mark.parametrize("label", [spec.label for spec in CHANNELS])
def test_every_channel_has_a_bound_of_messages_and_of_bytes(label: str) -> None:
    clock = Clock()
    gate = FloodGate(label, clock.now_s)
    assert not all(gate.admits(1) for _ in range(20_000))
    gate = FloodGate(label, clock.now_s)
    assert not all(gate.admits(1024 * 1024) for _ in range(200))
    clock.s += 60
    assert gate.admits(60_000)
