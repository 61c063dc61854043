"""Who is the active speaker."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.server.topology.speaker import NOBODY_S, ActiveSpeaker


def talk(speaker: ActiveSpeaker, start_s: float, seconds: float, **dbov: float) -> float:
    """Everybody reports twice a second; returns when it ended."""
    for step in range(int(seconds * 2)):
        for user, level in dbov.items():
            speaker.level(user, level, start_s + step * 0.5)
    return start_s + seconds


def test_the_first_one_to_speak_is_the_speaker_at_once() -> None:
    speaker = ActiveSpeaker()
    assert speaker.level("ann", -30, 0.0)
    assert speaker.user_id == "ann"
    assert not speaker.level("ann", -35, 0.5)


def test_noise_is_nobody() -> None:
    speaker = ActiveSpeaker()
    assert not speaker.level("ann", -80, 0.0)
    assert speaker.user_id is None


def test_a_louder_one_takes_over_after_a_while_and_an_equal_one_does_not() -> None:
    speaker = ActiveSpeaker()
    at_s = talk(speaker, 0.0, 2, ann=-35)
    at_s = talk(speaker, at_s, 5, ann=-35, bob=-32)
    assert speaker.user_id == "ann"
    at_s = talk(speaker, at_s, 1, ann=-35, bob=-15)
    assert speaker.user_id == "ann"
    talk(speaker, at_s, 2, ann=-35, bob=-15)
    assert speaker.user_id == "bob"


def test_one_word_in_between_changes_nothing_but_a_pause_does() -> None:
    speaker = ActiveSpeaker()
    at_s = talk(speaker, 0.0, 2, ann=-30)
    speaker.level("bob", -10, at_s)
    speaker.level("bob", -127, at_s + 0.4)
    assert speaker.user_id == "ann"
    speaker.level("ann", -127, at_s + 0.5)
    at_s = talk(speaker, at_s + 1.0, 1.5, bob=-45)
    assert speaker.user_id == "bob"


def test_after_long_silence_there_is_none() -> None:
    speaker = ActiveSpeaker()
    at_s = talk(speaker, 0.0, 1, ann=-30)
    speaker.level("ann", -127, at_s)
    assert not speaker.look(at_s + NOBODY_S - 1.0)
    assert speaker.due_s() is not None
    assert speaker.look(at_s + NOBODY_S)
    assert speaker.user_id is None


def test_whoever_leaves_is_not_the_speaker() -> None:
    speaker = ActiveSpeaker()
    talk(speaker, 0.0, 1, ann=-30, bob=-40)
    assert speaker.left("ann", 1.0)
    assert speaker.user_id == "bob"
    assert not speaker.left("nobody", 1.0)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(-127, 0), st.floats(0.01, 3.0)), min_size=1, max_size=60
    )
)
def test_whoever_it_is_has_spoken_and_it_does_not_flicker(reports: list[tuple[str, int, float]]) -> None:
    speaker, now_s, spoke, changed_s = ActiveSpeaker(), 0.0, set(), -10.0
    for user, dbov, pause_s in reports:
        now_s += pause_s
        if dbov > -60:
            spoke.add(user)
        before = speaker.user_id
        assert speaker.level(user, dbov, now_s) == (speaker.user_id != before)
        assert speaker.user_id is None or speaker.user_id in spoke
        if speaker.user_id != before:
            assert before is None or now_s - changed_s >= 0.5
            changed_s = now_s
