"""Waiting longer where the computer is short of time."""

from __future__ import annotations

from desktop_app.rtc.patience import HOLD_S, TIMES, Patience


def test_limits_are_longer_while_time_is_short_and_for_a_while_after() -> None:
    patience = Patience()
    patience.look(100.0, is_short=False)
    assert patience.times == 1.0
    patience.look(101.0, is_short=True)
    assert patience.is_short
    assert patience.times == TIMES
    patience.look(101.0 + HOLD_S - 0.1, is_short=False)
    assert patience.is_short
    patience.look(101.0 + HOLD_S, is_short=False)
    assert not patience.is_short
