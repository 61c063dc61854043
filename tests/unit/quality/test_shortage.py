"""Doing without while the computer is short of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.quality.shortage import LEAST_OF_ALL, LEVELS, LOOK_S, ShortageControl


class Computer:
    """A control, and a clock that goes on."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.control = ShortageControl()

    def run(self, seconds: float, late_s: float) -> int:
        for _ in range(round(seconds / LOOK_S)):
            self.now_s += LOOK_S
            self.control.measured(late_s)
            self.control.update(self.now_s)
        return LEVELS.index(self.control.level)


def test_a_computer_with_time_takes_everything() -> None:
    assert Computer().run(60, 0.004) == 0


def test_one_long_piece_of_work_is_no_shortage() -> None:
    computer = Computer()
    for _ in range(20):
        computer.run(2, 0.002)
        computer.run(LOOK_S, 0.5)
    assert LEVELS.index(computer.control.level) == 0


def test_large_pictures_go_first_and_all_at_once_when_it_is_bad() -> None:
    assert Computer().run(3, 0.09) == 1
    assert Computer().run(3, 0.3) == LEAST_OF_ALL
    assert LEVELS[LEAST_OF_ALL].max_large == 0


def test_small_pictures_stay_however_bad_it_is() -> None:
    computer = Computer()
    assert computer.run(60, 1.0) == len(LEVELS) - 1
    assert computer.control.level.thumbnail_fps > 2


def test_it_comes_back_and_what_there_is_no_time_for_is_tried_ever_less_often() -> None:
    computer = Computer()
    worst = computer.run(60, 1.0)
    assert computer.run(14, 0.004) == worst - 1
    before_s = computer.now_s
    steps = 0
    while computer.now_s < before_s + 600:
        # Whatever is better than the worst is too much.
        index = LEVELS.index(computer.control.level)
        after = computer.run(1, 0.004 if index == worst else 0.1)
        steps += index == worst and after != worst
    assert 2 <= steps <= 12
    assert computer.run(600, 0.001) == 0


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), max_size=40))
def test_there_is_always_a_level(spans: list[tuple[float, float]]) -> None:
    computer = Computer()
    for seconds, late_s in spans:
        assert 0 <= computer.run(seconds, late_s) < len(LEVELS)


def test_packets_that_found_no_room_in_our_socket_are_a_shortage_however_rarely_the_loop_is_late() -> None:
    control = ShortageControl()
    overflowed = 0
    for tick in range(40):
        overflowed += 2
        control.measured(0.004, overflowed)
        control.update(tick * LOOK_S)
    assert control.is_late
    assert control.is_short
    assert LEVELS.index(control.level) == 1
    for tick in range(40, 60):
        overflowed += 20
        control.measured(0.004, overflowed)
        control.update(tick * LOOK_S)
    assert LEVELS.index(control.level) == LEAST_OF_ALL


def test_another_connection_whose_socket_counts_anew_is_no_shortage() -> None:
    control = ShortageControl()
    for tick in range(30):
        control.measured(0.004, 9 if tick < 15 else 0)
        control.update(tick * LOOK_S)
    assert not control.is_late
    assert LEVELS.index(control.level) == 0
