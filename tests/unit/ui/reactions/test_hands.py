"""The order of raised hands."""

from __future__ import annotations

from desktop_app.ui.reactions.hands import OWN, Hands


def test_hands_are_numbered_in_the_order_of_raising() -> None:
    hands = Hands()
    assert hands.change("b", True)
    assert hands.change(OWN, True)
    assert not hands.change("b", True), "raised already"
    assert hands.change("a", True)
    assert [hands.place(each) for each in ("b", OWN, "a", "c")] == [1, 2, 3, 0]
    assert hands.change("b", False)
    assert not hands.change("b", False)
    assert hands.order == (OWN, "a")


def test_those_who_leave_take_their_hands_along() -> None:
    hands = Hands()
    for each in ("a", OWN, "b"):
        hands.change(each, True)
    assert hands.keep({"b"}) == ["a"]
    assert hands.order == (OWN, "b")
    hands.clear()
    assert hands.place("b") == hands.place(OWN) == 0
