"""The network benchmark's arithmetic on streams whose delay, gaps and damage are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.bench import network_pictures as pictures
from tests.bench import network_sound as sound
from tests.bench import network_table as table
from tests.bench.network_media import FILM_FRAMES
from tests.bench.network_model import RATE_HZ, TimedSound, Window
from tests.bench.network_scenario import Result

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.network_media import Samples
    from tests.bench.network_model import PictureTime

LENGTH_S = 12
DELAY_S = 0.180
START_S = 1000.0


def talk() -> Samples:
    """Noise in syllables of changing colour: like speech, no stretch of it is like another."""
    generator = np.random.default_rng(3)
    noise = generator.standard_normal(LENGTH_S * RATE_HZ)
    smooth = np.convolve(noise, np.hanning(24) / 12, mode="same")
    times = np.arange(len(noise)) / RATE_HZ
    loudness = np.clip(np.sin(2 * np.pi * 2.3 * times) + 0.6, 0, 1)
    return (smooth * loudness * 4000).astype(np.int16)


def timed(samples: Samples, begin_s: float) -> TimedSound:
    anchors = [(i, begin_s + i / RATE_HZ) for i in range(0, len(samples), RATE_HZ // 10)]
    return TimedSound(samples, anchors)


def test_time_and_sample_belong_together_though_single_times_are_late() -> None:
    late = [(i, START_S + i / RATE_HZ + (0.03 if i % 7 == 0 else 0.0)) for i in range(0, RATE_HZ * 3, 960)]
    recording = TimedSound(np.arange(RATE_HZ * 3).astype(np.int16), late)
    assert recording.index_at(START_S + 1.5) == pytest.approx(1.5 * RATE_HZ, abs=1)


def test_the_interval_before_and_after_a_recording_is_silent() -> None:
    recording = timed(np.full(RATE_HZ, 7, np.int16), START_S)
    piece = recording.between(START_S - 0.5, START_S + 1.5)
    assert len(piece) == 2 * RATE_HZ
    assert not piece[: RATE_HZ // 2].any()
    assert (piece[RATE_HZ // 2 : RATE_HZ * 3 // 2] == 7).all()
    assert not piece[RATE_HZ * 3 // 2 :].any()


def test_the_delay_is_found_in_every_stretch_also_when_it_changes() -> None:
    spoken = talk()
    middle = LENGTH_S * RATE_HZ // 2
    longer = int(0.06 * RATE_HZ)
    heard = np.concatenate((spoken[:middle], np.zeros(longer, np.int16), spoken[middle:]))
    window = Window("clean", START_S + 2, START_S + LENGTH_S - 2)
    delays = sound.delays_s(timed(spoken, START_S), timed(heard, START_S + DELAY_S), window)
    assert delays[0] == pytest.approx(DELAY_S, abs=0.001)
    assert delays[-1] == pytest.approx(DELAY_S + 0.06, abs=0.001)


def test_no_delay_is_made_up_from_other_sound() -> None:
    other = (np.random.default_rng(4).standard_normal(LENGTH_S * RATE_HZ) * 4000).astype(np.int16)
    window = Window("clean", START_S + 2, START_S + LENGTH_S - 2)
    assert sound.delays_s(timed(talk(), START_S), timed(other, START_S), window) == []


def test_sound_is_back_when_the_cut_part_is_over() -> None:
    spoken = talk()
    heard = spoken.copy()
    cut_end_s = START_S + 4.12  # in the middle of a syllable
    silent = slice(
        int((cut_end_s - START_S - DELAY_S - 0.3) * RATE_HZ),
        int((cut_end_s - START_S - DELAY_S + 0.1) * RATE_HZ),
    )
    heard[silent] = 0
    back_s = sound.back_after_s(timed(spoken, START_S), timed(heard, START_S + DELAY_S), cut_end_s, DELAY_S)
    assert back_s == pytest.approx(0.1, abs=0.09)


def film(begin_s: float, seconds: float) -> list[PictureTime]:
    return [(begin_s + i / 30, i % FILM_FRAMES) for i in range(int(seconds * 30))]


def test_delay_of_pictures_over_the_loop_s_seam_and_with_few_captured_ones_known() -> None:
    captured = film(START_S, 25)
    shown: list[PictureTime] = [(at_s + 0.14, counter) for at_s, counter in captured]
    glass = pictures.Glass(captured[::5])
    delays = glass.delays_s(shown, Window("clean", START_S + 8, START_S + 14))
    assert len(delays) == 180
    assert delays == pytest.approx([0.14] * 180, abs=0.001)


def test_sound_is_compared_with_the_pictures_of_its_own_time() -> None:
    captured = film(START_S, LENGTH_S)
    middle_s = START_S + LENGTH_S / 2
    # Late at first, when sound is late as well; after that both are quick, but few pictures come.
    early: list[PictureTime] = [(at_s + 0.4, counter) for at_s, counter in captured if at_s < middle_s]
    late: list[PictureTime] = [(at_s + 0.1, n) for at_s, n in captured[::30] if at_s >= middle_s + 1]
    heard = [
        (Window("rate500", at_s, at_s + 1.6), 0.47 if at_s < middle_s else 0.17)
        for at_s in np.arange(START_S + 1, START_S + LENGTH_S - 3, 0.8)
    ]
    behind_s = sound.behind_picture_s(heard, early + late, pictures.Glass(captured))
    assert behind_s == pytest.approx(0.07, abs=0.001)
    assert sound.behind_picture_s(heard, [], pictures.Glass(captured)) is None


def test_an_unknown_counter_has_no_delay() -> None:
    glass = pictures.Glass(film(START_S, 2))
    assert glass.captured_at_s(200, START_S + 2) is None
    assert glass.captured_at_s(10, START_S + 0.1) is None, "it was not captured yet"


def test_gaps_and_freezes_count_up_to_the_window_s_end() -> None:
    window = Window("loss5", START_S, START_S + 10)
    shown = [(at_s, counter) for at_s, counter in film(START_S, 10) if not 4 < at_s - START_S < 5]
    assert pictures.frozen_s(shown, window) == pytest.approx(1.0, abs=0.07)
    assert pictures.longest_gap_s(shown[:60], window) == pytest.approx(8.0, abs=0.1)
    assert pictures.frozen_s(shown[:60], window) == pytest.approx(8.0, abs=0.1)
    assert pictures.frozen_s([], window) == 10


def test_of_a_freeze_that_began_before_the_window_its_part_inside_counts() -> None:
    window = Window("loss5", START_S + 5, START_S + 10)
    shown = [(at_s, counter) for at_s, counter in film(START_S, 10) if not 4 < at_s - START_S < 6]
    assert pictures.frozen_s(shown, window) == pytest.approx(1.0, abs=0.07)
    assert pictures.open_gap_s(shown, window) == 0
    assert pictures.open_gap_s(shown[:150], window) == pytest.approx(3.0, abs=0.07)


def test_the_picture_is_back_with_one_that_was_captured_after_the_cut() -> None:
    captured = film(START_S, 10)
    old: list[PictureTime] = [(START_S + 5.05, 145), (START_S + 5.1, 148)]  # still from before the cut's end
    new: list[PictureTime] = [(START_S + 5.3, 155)]
    back_s = pictures.Glass(captured).back_after_s(old + new, START_S + 5.0, 3.0)
    assert back_s == pytest.approx(0.3)


def result(scenario: str, phase: str, **figures: float) -> Result:
    return Result(scenario, 1, scenario, "a", "640x480", phase, dict(figures), {"machine_pct": 50.0})


def test_the_table_says_which_target_is_met() -> None:
    lines = table.markdown(
        [
            result("ours", "loss5", pesq=3.2, frozen_s=0.4, sound_behind_ms=-81.0),
            result("ours", "loss5", pesq=3.0, frozen_s=0.0),
            result("chromium", "loss5", pesq=3.0, frozen_s=0.1),
        ]
    ).splitlines()
    assert "|  | PESQ wide band | 3.10 | 3.00 | 1.03 | at least Chromium's | met |" in lines
    assert "|  | sound behind picture, ms | -81 | - | - | within 80 | **missed** |" in lines
    assert "| 5 % loss | frozen, s | 0.20 | 0.10 | 2.00 | 0 | **missed** |" in lines


def test_the_section_is_replaced_and_the_rest_of_the_file_kept(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text("# Benchmarks\n", encoding="utf-8")
    table.write_section(path, "first")
    path.write_text(path.read_text(encoding="utf-8") + "\n## More\n", encoding="utf-8")
    table.write_section(path, "second")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Benchmarks\n")
    assert text.endswith("## More\n")
    assert "second" in text
    assert "first" not in text
    assert text.count(table.BEGIN_MARK) == text.count(table.END_MARK) == 1
