"""Timestamps of sound over hours of a sound card whose clock is not quite right."""

from __future__ import annotations

import random

import pytest

from desktop_app.media.clock import AUDIO_FRAME_S, AUDIO_FRAME_SAMPLES, AUDIO_RATE_HZ
from desktop_app.rtc.sample_clock import SampleClock

BEGIN_S = 1000.0
HOUR_FRAMES = round(3600 / AUDIO_FRAME_S)


class Microphone:
    """A sound card that is `ppm` too slow, read by a thread that wakes up late now and then."""

    def __init__(self, ppm: float = 0.0, wobble_s: float = 0.0) -> None:
        self.clock = SampleClock()
        self.frame_s = AUDIO_FRAME_S * (1 + ppm * 1e-6)
        self.now_s = BEGIN_S
        self.timestamps: list[int] = []
        self._wobble_s = wobble_s
        self._random = random.Random(2)

    def run(self, frames: int) -> None:
        """Capture so many frames."""
        for _ in range(frames):
            wobble_s = self._random.uniform(0, self._wobble_s)
            self.timestamps.append(self.clock.advance(self.now_s + wobble_s))
            self.now_s += self.frame_s

    @property
    def steps(self) -> set[int]:
        """The distances between timestamps that occurred."""
        pairs = zip(self.timestamps, self.timestamps[1:], strict=False)
        return {after - before for before, after in pairs}

    @property
    def report_error_s(self) -> float:
        """By how much a sender report would miss the capture time of the newest frame."""
        captured_s = self.timestamps[-1] / AUDIO_RATE_HZ + self.clock.lag_s
        return captured_s - (self.now_s - self.frame_s)


def test_the_first_timestamp_is_the_clock_s() -> None:
    microphone = Microphone()
    microphone.run(1)
    assert microphone.timestamps == [BEGIN_S * AUDIO_RATE_HZ]
    assert microphone.clock.lag_s == 0


@pytest.mark.parametrize("ppm", [-300, -100, 100, 300])
def test_hours_of_drift_make_no_seam_and_reports_know_the_way(ppm: float) -> None:
    microphone = Microphone(ppm, wobble_s=0.015)
    for _ in range(3):
        microphone.run(HOUR_FRAMES)
        # The frames' own mean lateness, and what the filter is behind, are all that is missed.
        assert microphone.report_error_s == pytest.approx(0.0075, abs=0.004)
    assert microphone.steps == {AUDIO_FRAME_SAMPLES}
    assert microphone.clock.lag_s == pytest.approx(3 * 3600 * ppm * 1e-6, abs=0.015)


def test_a_hole_is_jumped_over_also_after_an_hour_of_drift() -> None:
    microphone = Microphone(100)
    microphone.run(HOUR_FRAMES)
    microphone.now_s += 0.5
    microphone.run(500)
    assert max(microphone.steps) == pytest.approx(AUDIO_FRAME_SAMPLES + 0.5 * AUDIO_RATE_HZ, abs=100)
    assert sorted(microphone.steps)[0] == AUDIO_FRAME_SAMPLES
    assert len(microphone.steps) == 2
    assert microphone.report_error_s == pytest.approx(0, abs=0.003)


def test_a_short_hole_is_no_jump_but_reports_learn_of_it() -> None:
    microphone = Microphone()
    microphone.run(500)
    microphone.now_s += 0.060
    microphone.run(2500)
    assert microphone.steps == {AUDIO_FRAME_SAMPLES}
    assert microphone.report_error_s == pytest.approx(0, abs=0.001)


def test_another_device_whose_times_are_older_never_moves_timestamps_back() -> None:
    microphone = Microphone()
    microphone.run(500)
    microphone.now_s -= 1.0
    microphone.run(500)
    assert microphone.steps == {AUDIO_FRAME_SAMPLES}
    assert microphone.report_error_s == pytest.approx(0, abs=0.001)
