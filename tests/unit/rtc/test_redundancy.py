"""How many copies a peer gets: as many as the loss asks for and the path affords."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from desktop_app.rtc.redundancy import RedundancyControl


def after_reports(control: RedundancyControl, loss: float, count: int = 30, seed: int = 1) -> list[int]:
    """The copies after each of `count` reports on 50 packets, each lost by chance."""
    generator = random.Random(seed)
    copies = []
    for _ in range(count):
        lost = sum(generator.random() < loss for _ in range(50))
        control.note_loss(lost / 50, 50)
        copies.append(control.copies)
    return copies


@pytest.mark.parametrize(("loss", "copies"), [(0.0, 0), (0.005, 0), (0.05, 1), (0.10, 2), (0.3, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_decides(loss: float, copies: int, seed: int) -> None:
    settled = after_reports(RedundancyControl(), loss, 60, seed)[10:]
    assert settled.count(copies) >= 0.8 * len(settled)


def test_copies_come_soon_and_go_late() -> None:
    control = RedundancyControl()
    assert after_reports(control, 0.1, 4)[-1] >= 1
    assert after_reports(control, 0.2, 10)[-1] == 2
    assert control.copies == 2
    going = after_reports(control, 0.0, 20)
    assert going[0] == 2
    assert going[-1] == 0
    assert going == sorted(going, reverse=True)


@pytest.mark.parametrize("loss", [0.025, 0.08])
def test_loss_at_a_threshold_does_not_swing(loss: float) -> None:
    copies = after_reports(RedundancyControl(), loss, 120)
    assert sum(before != after for before, after in pairwise(copies)) <= 8


@pytest.mark.parametrize(("kbps", "most"), [(59, 0), (60, 1), (99, 1), (199, 1), (200, 2), (1000, 2)])
def test_a_narrow_path_affords_fewer(kbps: float, most: int) -> None:
    control = RedundancyControl()
    after_reports(control, 0.3)
    control.set_path(kbps, 0.0)
    assert control.copies == most


def test_a_full_queue_gets_no_copies_and_its_loss_is_not_counted() -> None:
    control = RedundancyControl()
    control.set_path(500, 0.3)
    assert set(after_reports(control, 0.3)) == {0}
    control.set_path(500, 0.0)
    assert control.copies == 0
    after_reports(control, 0.2)
    control.set_path(500, 0.3)
    assert control.copies == 0
    control.set_path(500, 0.02)
    assert control.copies == 2


def test_a_report_on_few_packets_says_little() -> None:
    control = RedundancyControl()
    control.note_loss(0.5, 2)
    assert control.copies == 0
    control.note_loss(float("inf"), 50)
    control.note_loss(-1.0, 50)
    assert control.copies in (1, 2)
