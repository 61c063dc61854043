"""Who is on which page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.layout.page_turning import NOTCH, REST_MS, PageTurning
from desktop_app.ui.layout.paging import page_of

OWN = ("",)
NUMBERS = st.integers(0, 64)


def people(count: int) -> tuple[str, ...]:
    return tuple(f"u{number}" for number in range(count))


def test_whoever_has_room_is_on_one_page() -> None:
    page = page_of(("p",), people(7), OWN, 9, 0)
    assert page.keys == ("p", *people(7), "")
    assert (page.number, page.pages) == (0, 1)


def test_the_pinned_and_we_ourselves_are_on_every_page() -> None:
    first = page_of(("p",), people(16), OWN, 9, 0)
    assert first.keys == ("p", *people(7), "")
    second = page_of(("p",), people(16), OWN, 9, first.room)
    assert second.keys == ("p", *people(14)[7:], "")
    third = page_of(("p",), people(16), OWN, 9, 2 * first.room)
    assert third.keys == ("p", "u14", "u15", "")
    assert third.pages == 3


def test_without_room_for_them_they_take_their_turn() -> None:
    assert page_of(("p", "q"), people(3), OWN, 3, 0).keys == ("p", "q", "")
    assert page_of(("p", "q"), people(3), OWN, 3, 2).keys == ("u0", "u1", "")
    pages = [page_of(("p",), people(1), OWN, 1, start).keys for start in range(3)]
    assert pages == [("p",), ("u0",), ("",)]


@given(st.integers(0, 2), NUMBERS, st.integers(1, 12), st.integers(-5, 200))
def test_everybody_is_on_some_page_and_no_page_is_too_full(
    pins: int, others: int, capacity: int, start: int
) -> None:
    pinned = tuple(f"p{number}" for number in range(pins))
    asked = page_of(pinned, people(others), OWN, capacity, start)
    assert 0 <= asked.number < asked.pages
    seen: list[str] = []
    for number in range(asked.pages):
        page = page_of(pinned, people(others), OWN, capacity, number * asked.room)
        assert page.number == number
        assert 1 <= len(page.keys) <= capacity
        assert len(set(page.keys)) == len(page.keys)
        seen += page.keys
    assert set(seen) == {*pinned, *people(others), ""}
    middle = [key for key in seen if key.startswith("u")]
    assert middle == list(people(others)), "each once, in the order of their coming"


@given(st.integers(2, 40), st.integers(3, 12), NUMBERS)
def test_whoever_comes_moves_nobody_who_was_there(others: int, capacity: int, start: int) -> None:
    before = page_of((), people(others), OWN, capacity, start)
    after = page_of((), people(others + 1), OWN, capacity, before.start)
    stayed = before.keys[:-1]
    if before.pages > 1:
        assert after.keys[: len(stayed)] == stayed
    else:
        assert set(after.keys[:-1]) <= {*stayed, f"u{others}"}


@given(st.integers(13, 64), NUMBERS, st.integers(2, 12))
def test_another_size_of_the_pages_keeps_somebody_in_sight(others: int, start: int, capacity: int) -> None:
    before = page_of((), people(others), OWN, 12, start)
    after = page_of((), people(others), OWN, capacity, before.start)
    assert before.keys[0] in after.keys


def test_one_notch_of_the_wheel_is_one_page() -> None:
    wheel = PageTurning()
    assert wheel.turn(-NOTCH, 1000) == 1
    assert wheel.turn(NOTCH, 1000 + REST_MS) == -1


def test_a_touchpad_turns_one_page_for_a_long_push() -> None:
    wheel = PageTurning()
    turned = [wheel.turn(-30, 1000 + 15 * number) for number in range(16)]
    assert sum(turned) == 1
    assert turned[3] == 1
    assert wheel.turn(-30, 5000) == 0, "what was left over long ago counts no more"


def test_back_and_forth_cancels_out() -> None:
    wheel = PageTurning()
    assert [wheel.turn(delta, 1000) for delta in (-100, 100, -100, 100)] == [0, 0, 0, 0]
