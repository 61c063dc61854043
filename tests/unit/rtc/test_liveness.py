"""Silence is judged by packets, and time in which nobody looked does not count."""

from __future__ import annotations

from desktop_app.rtc.liveness import Liveness


def test_packets_and_answers_end_silence() -> None:
    liveness = Liveness(0.25, 10.0)
    quiet = [liveness.look(10.25 + 0.25 * step, 0) for step in range(8)]
    assert quiet[-1] == 2.0
    assert liveness.look(12.25, 1) == 0.0
    assert liveness.look(12.5, 1) == 0.25
    liveness.heard(12.6)
    assert round(liveness.look(12.75, 1), 3) == 0.15


def test_a_process_that_stood_still_takes_nobody_for_dead() -> None:
    liveness = Liveness(0.25, 0.0)
    liveness.look(0.25, 5)
    assert liveness.look(60.0, 5) == 0.25
    assert liveness.look(60.25, 5) == 0.5
