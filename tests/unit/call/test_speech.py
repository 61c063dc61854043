"""What counts as speech."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.call.speech import END_S, TELL_S, SpeechDetector
from desktop_app.protocol.topology import SILENCE_DBOV

STEP_S = 0.1


def run(levels_dbov: list[float], detector: SpeechDetector | None = None) -> list[tuple[float, int]]:
    """What is told, and when."""
    detector = detector or SpeechDetector()
    told = []
    for index, dbov in enumerate(levels_dbov):
        value = detector.update(index * STEP_S, 10 ** (dbov / 20))
        if value is not None:
            told.append((index * STEP_S, value))
    return told


def speech(seconds: float, loud: float = -25.0, quiet: float = -60.0) -> list[float]:
    """Words: half a second each, with a gap of a fifth."""
    return [quiet if index % 7 >= 5 else loud for index in range(int(seconds / STEP_S))]


def test_speech_is_told_twice_a_second_and_its_end_once() -> None:
    told = run([-60.0] * 20 + speech(5) + [-60.0] * 30)
    assert told[-1][1] == SILENCE_DBOV
    assert all(value == -25 for _, value in told[:-1])
    assert 8 <= len(told) - 1 <= 5 / TELL_S + 2
    assert told[0][0] < 2.0 + 0.8
    assert 7.0 + END_S - 0.3 <= told[-1][0] <= 7.0 + END_S + 0.4


@pytest.mark.parametrize("dbov", [-70.0, -50.0, -35.0, -20.0])
def test_steady_noise_is_no_speech_however_loud(dbov: float) -> None:
    chance = random.Random(1)
    assert run([dbov + chance.uniform(-2, 2) for _ in range(300)]) == []


def test_keystrokes_are_no_speech() -> None:
    assert run([-20.0 if index % 6 == 0 else -60.0 for index in range(300)]) == []


def test_a_mute_ends_it_at_once() -> None:
    detector = SpeechDetector()
    run([-60.0] * 10 + speech(2.9), detector)
    assert detector.speaking
    assert detector.update(3.95, 0.0) == SILENCE_DBOV
    assert [detector.update(3.95 + look * 0.05, 0.0) for look in range(1, 40)] == [None] * 39
    assert not detector.speaking


@given(st.lists(st.floats(-127, 0), max_size=200))
def test_silence_is_told_only_after_speech_and_values_are_in_range(levels: list[float]) -> None:
    before: int | None = SILENCE_DBOV
    last_s = -math.inf
    for at_s, value in run(levels):
        assert SILENCE_DBOV <= value <= 0
        if value == SILENCE_DBOV:
            assert before != SILENCE_DBOV
        else:
            assert at_s - last_s >= TELL_S - 1e-6
            last_s = at_s
        before = value
