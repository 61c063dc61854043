"""Which feeds of an SFU are wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.call.topology.view import Offered, View, wanted_feeds
from desktop_app.protocol.topology import MAX_LARGE_FEEDS, WantedFeed

OTHERS = tuple("abcdefg")
ALL = Offered()


def pictures(view: View | None, offered: Offered = ALL, speaker: str | None = None) -> dict[str, str]:
    """Who is seen how."""
    feeds = wanted_feeds(OTHERS, view, offered, speaker)
    return {feed.user_id: feed.kind for feed in feeds if feed.kind != "audio"}


def test_until_somebody_says_the_first_three_are_large() -> None:
    shown = pictures(None)
    assert [user for user, kind in shown.items() if kind == "camera"] == ["a", "b", "c"]
    assert [user for user, kind in shown.items() if kind == "thumbnail"] == ["d", "e", "f", "g"]


def test_nothing_comes_of_those_who_are_hidden_but_sound() -> None:
    view = View(("g",), ("a", "b"))
    assert pictures(view) == {"g": "camera", "a": "thumbnail", "b": "thumbnail"}
    assert {feed.user_id for feed in wanted_feeds(OTHERS, view) if feed.kind == "audio"} == set(OTHERS)


def test_whoever_speaks_is_the_first_of_the_large_ones() -> None:
    view = View(("a", "b", "c", "d", "e"), ())
    assert pictures(view)["e"] == "thumbnail"
    assert pictures(view, speaker="e")["e"] == "camera"
    assert pictures(View(("a",), ("e",)), speaker="e")["e"] == "thumbnail"


def test_a_narrow_downlink_costs_large_pictures_and_then_all() -> None:
    assert set(pictures(None, Offered(0, True)).values()) == {"thumbnail"}
    assert pictures(None, Offered(0, False)) == {}


USERS = st.lists(st.sampled_from("abcdefghij"), max_size=12).map(tuple)


@given(st.none() | st.builds(View, USERS, USERS), st.booleans(), st.integers(0, 3), st.sampled_from("abz"))
def test_the_bounds_are_kept_whatever_is_asked_for(
    view: View | None, thumbnails: bool, max_large: int, speaker: str
) -> None:
    feeds = wanted_feeds(OTHERS, view, Offered(max_large, thumbnails), speaker)
    seen = [feed.user_id for feed in feeds if feed.kind != "audio"]
    assert len(seen) == len(set(seen))
    assert set(seen) <= set(OTHERS)
    assert sum(feed.kind == "camera" for feed in feeds) <= min(max_large, MAX_LARGE_FEEDS)
    assert [feed.user_id for feed in feeds if feed.kind == "audio"] == list(OTHERS)


def screens(feeds: tuple[WantedFeed, ...]) -> list[str]:
    return [feed.user_id for feed in feeds if feed.kind == "screen"]


def test_screens_go_before_large_pictures_and_never_above_the_limit() -> None:
    view = View(("a", "b", "c"), ("d",))
    feeds = wanted_feeds(OTHERS, view, ALL, None, ("c", "d"))
    assert screens(feeds) == ["c", "d"]
    assert [feed.user_id for feed in feeds if feed.kind == "camera"] == ["a"]
    assert {feed.user_id for feed in feeds if feed.kind == "thumbnail"} == {"b", "c", "d"}
    assert screens(wanted_feeds(OTHERS, None, ALL, None, OTHERS)) == list(OTHERS[:3])


def test_screens_that_are_not_on_screen_or_not_shared_are_not_asked_for() -> None:
    view = View((), (), screens=("b", "stranger", "b"))
    assert screens(wanted_feeds(OTHERS, view, ALL, None, ("a", "b"))) == ["b"]
    assert screens(wanted_feeds(OTHERS, View(screens=()), ALL, None, ("a", "b"))) == []


def test_the_last_screen_goes_with_the_last_thumbnail() -> None:
    assert screens(wanted_feeds(OTHERS, None, Offered(0, True), None, ("a", "b"))) == ["a"]
    assert screens(wanted_feeds(OTHERS, None, Offered(0, False), None, ("a", "b"))) == []
