"""How long reactions are shown, and how often they have to be painted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.reactions.shown import MAX_SHOWN, SHOWN_S, ShownReactions

STEP_S = 0.05


def test_a_reaction_comes_stays_and_goes_with_few_paintings() -> None:
    shown = ShownReactions()
    shown.add("👍", 10.0)
    now_s, paints = 10.0, 0
    strengths = []
    while (wait_s := shown.next_change_s(now_s, STEP_S)) is not None:
        strengths.append(shown.items[0].strength(now_s))
        now_s += wait_s
        paints += 1
        shown.expire(now_s)
    assert SHOWN_S <= now_s - 10.0 <= SHOWN_S + STEP_S
    assert paints <= 20
    assert max(strengths) == 1.0
    assert strengths[0] == 0.0
    assert strengths[-1] < 0.3


def test_the_same_again_is_counted_and_stays_longer() -> None:
    shown = ShownReactions()
    shown.add("👍", 0.0)
    shown.add("👍", 3.0)
    shown.expire(5.0)
    assert [(each.emoji, each.count) for each in shown.items] == [("👍", 2)]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=2), st.floats(0, 5)), max_size=60))
def test_many_at_once_are_bounded(reactions: list[tuple[str, float]]) -> None:
    shown = ShownReactions()
    now_s = 0.0
    for emoji, wait_s in reactions:
        now_s += wait_s
        shown.add(emoji, now_s)
        assert 1 <= len(shown.items) <= MAX_SHOWN
        assert all(0 <= each.strength(now_s) <= 1 for each in shown.items)
