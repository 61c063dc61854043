"""The large place changes with calm."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.layout.speaker_hold import HOLD_S, MAX_REMEMBERED, SpeakerHold


def recent(hold: SpeakerHold) -> tuple[str, ...]:
    return hold.recent


def test_the_first_to_speak_gets_the_place_at_once() -> None:
    hold = SpeakerHold()
    assert recent(hold) == ()
    hold.speaks("a", 10.0)
    assert recent(hold) == ("a",)
    assert hold.wait_s(10.0) is None


def test_the_next_waits_until_the_last_change_is_long_ago() -> None:
    hold = SpeakerHold()
    hold.speaks("a", 10.0)
    hold.speaks("b", 10.5)
    assert recent(hold) == ("a",)
    assert hold.wait_s(10.5) == HOLD_S - 0.5
    assert not hold.advance(11.9)
    assert hold.advance(12.0)
    assert recent(hold) == ("b", "a")
    hold.speaks("a", 15.0)
    assert recent(hold) == ("a", "b")


def test_whoever_said_a_word_in_between_gets_nothing() -> None:
    hold = SpeakerHold()
    hold.speaks("a", 0.0)
    hold.speaks("b", 0.5)
    hold.speaks("a", 1.0)
    assert hold.wait_s(1.0) is None
    hold.speaks("c", 1.2)
    hold.speaks(None, 1.4)
    assert not hold.advance(9.0)
    assert recent(hold) == ("a",)


def test_silence_changes_nothing() -> None:
    hold = SpeakerHold()
    hold.speaks("a", 0.0)
    hold.speaks(None, 50.0)
    assert recent(hold) == ("a",)


def test_whoever_leaves_gives_the_place_to_the_one_before() -> None:
    hold = SpeakerHold()
    hold.speaks("a", 0.0)
    hold.speaks("b", 5.0)
    hold.speaks("c", 5.5)
    hold.keep(["a", "c"])
    assert recent(hold) == ("a",)
    hold.keep([])
    assert hold.wait_s(6.0) is None
    hold.speaks("d", 6.0)
    assert recent(hold) == ("d",), "nobody has the place: there is nothing to be calm about"
    hold.clear()
    assert recent(hold) == ()


@given(
    st.lists(
        st.tuples(st.floats(0.0, 1.5), st.sampled_from([None, *(f"u{n}" for n in range(12))])), max_size=60
    )
)
def test_never_two_changes_within_the_hold(turns: list[tuple[float, str | None]]) -> None:
    hold, now_s = SpeakerHold(), 0.0
    changed_s: list[float] = []
    for pause_s, speaker in turns:
        now_s += pause_s
        before = hold.recent
        hold.advance(now_s)
        if hold.recent != before:
            changed_s.append(now_s)
        before = hold.recent
        hold.speaks(speaker, now_s)
        if hold.recent != before:
            changed_s.append(now_s)
        assert len(set(hold.recent)) == len(hold.recent) <= MAX_REMEMBERED
    assert all(later - earlier >= HOLD_S - 1e-9 for earlier, later in itertools.pairwise(changed_s))
