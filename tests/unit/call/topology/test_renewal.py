"""How long to wait before a connection to the SFU is made again."""

from __future__ import annotations

from desktop_app.call.topology.renewal import DELAYS_S, LASTING_S, Renewal


def test_each_failure_in_a_row_waits_longer() -> None:
    renewal = Renewal()
    assert tuple(renewal.lost(float(at_s)) for at_s in range(len(DELAYS_S) + 2)) == (
        *DELAYS_S,
        DELAYS_S[-1],
        DELAYS_S[-1],
    )


def test_a_connection_that_lasted_begins_anew_and_a_short_one_does_not() -> None:
    renewal = Renewal()
    for _ in range(3):
        renewal.lost(0.0)
    renewal.up(1.0)
    assert renewal.lost(1.0 + LASTING_S / 2) == DELAYS_S[3]
    renewal.up(20.0)
    assert renewal.lost(20.0 + LASTING_S) == DELAYS_S[0]
