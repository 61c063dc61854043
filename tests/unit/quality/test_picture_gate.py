"""When a path gets pictures, and when sound alone."""

from __future__ import annotations

import pytest

from desktop_app.quality.picture_gate import MAX_QUIET_S, QUIET_S, PictureGate

STEP_S = 0.25


class Run:
    """A gate and its clock."""

    def __init__(self) -> None:
        self.gate = PictureGate()
        self.now_s = 0.0
        self.changes: list[tuple[float, bool]] = []

    def go(self, seconds: float, kbps: float, loss_pct: float = 0.0) -> bool:
        for _ in range(max(1, round(seconds / STEP_S))):
            before = self.gate.is_open
            if self.gate.update(self.now_s, kbps, loss_pct) is not before and before is not None:
                self.changes.append((self.now_s, not before))
            self.now_s += STEP_S
        assert self.gate.is_open is not None
        return self.gate.is_open


@pytest.mark.parametrize(("kbps", "is_open"), [(30, False), (60, False), (80, True), (600, True)])
def test_it_begins_by_what_is_left_beside_the_sound(kbps: float, is_open: bool) -> None:
    assert Run().go(STEP_S, kbps) is is_open


def test_a_little_too_little_is_given_a_second_and_far_too_little_is_not() -> None:
    run = Run()
    run.go(10, 300)
    assert run.go(1.0, 90)
    assert not run.go(STEP_S, 90)
    run = Run()
    run.go(10, 300)
    assert not run.go(STEP_S, 50)


def test_loss_confirms_a_fall() -> None:
    run = Run()
    run.go(10, 300)
    assert not run.go(STEP_S, 90, loss_pct=8)


def test_it_opens_by_trial_and_stays_open_on_a_path_that_carries_it() -> None:
    run = Run()
    run.go(2, 60)
    while not run.go(STEP_S, 90):
        assert run.now_s < 2 * QUIET_S
    assert run.go(8, 90), "the estimate needs a while to grow"
    assert run.go(60, 200)
    assert len(run.changes) == 1


def test_trials_that_fail_become_rare() -> None:
    run = Run()
    run.go(2, 60)
    while run.now_s < 300:
        run.go(STEP_S, 50 if run.gate.is_open else 90, loss_pct=20 if run.gate.is_open else 0)
    tries = [at_s for at_s, is_open in run.changes if is_open]
    assert 5 <= len(tries) <= 16
    assert tries[-1] - tries[-2] >= MAX_QUIET_S


def test_no_trial_while_sound_is_lost() -> None:
    run = Run()
    run.go(2, 60)
    assert not run.go(120, 60, loss_pct=12)


def test_no_quiet_time_is_kept_where_the_path_has_become_wide() -> None:
    run = Run()
    run.go(10, 300)
    assert not run.go(1, 50)
    assert not run.go(1, 1000)
    assert run.go(1, 1000)
    run.go(1, 50)
    run.go(1, 1000)
    assert not run.go(1.5, 50), "a moment of it is not enough"
