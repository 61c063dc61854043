"""The planner of subscriptions, with an SFU that gives an m-line to whoever comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.protocol.topology import LARGE_FEEDS, MAX_LARGE_FEEDS, MAX_SDP_CHARS, WantedFeed
from desktop_app.server.sfu.subscriptions import (
    Line,
    Source,
    Subscribe,
    Switch,
    Unsubscribe,
    bounded,
    fits,
    next_step,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.protocol.topology import Feed
    from desktop_app.server.sfu.subscriptions import Step

MIDS: dict[Feed, str] = {"audio": "0", "camera": "1", "thumbnail": "2", "screen": "3"}


def source(user: str, kind: Feed, number: int = 1) -> Source:
    return Source(user, kind, f"{user}-{number}", MIDS[kind])


def published(**numbers: int) -> dict[tuple[str, Feed], Source]:
    return {(user, kind): source(user, kind, n) for user, n in numbers.items() for kind in MIDS}


def want(*feeds: tuple[str, Feed]) -> list[WantedFeed]:
    return [WantedFeed(user, kind) for user, kind in feeds]


class Sfu:
    """As Janus: a subscription takes the first m-line of its type that carries nothing, or a new one."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def perform(self, step: Step) -> None:
        match step:
            case Unsubscribe(mids):
                self.lines = [
                    Line(line.mid, line.source, line.active and line.mid not in mids) for line in self.lines
                ]
            case Switch(changes):
                for mid, new in changes:
                    [index] = [i for i, line in enumerate(self.lines) if line.mid == mid]
                    assert self.lines[index].active
                    assert self.lines[index].source.user_id == new.user_id
                    self.lines[index] = Line(mid, new, active=True)
            case Subscribe(sources):
                for new in sources:
                    self._put(new)

    def _put(self, new: Source) -> None:
        for index, line in enumerate(self.lines):
            if not line.active and (line.source.kind == "audio") == (new.kind == "audio"):
                self.lines[index] = Line(line.mid, new, active=True)
                return
        self.lines.append(Line(str(len(self.lines)), new, active=True))

    def settle(self, wanted: Sequence[WantedFeed], there: dict[tuple[str, Feed], Source]) -> list[type[Step]]:
        """Do everything there is to do; the kinds of steps."""
        steps: list[type[Step]] = []
        while (step := next_step(self.lines, wanted, there)) is not None:
            before = list(self.lines)
            self.perform(step)
            assert fits(before, [(line.mid, line.source if line.active else None) for line in self.lines])
            steps.append(type(step))
            assert len(steps) <= 3
        return steps

    @property
    def carries(self) -> set[tuple[str, Feed]]:
        return {(line.source.user_id, line.source.kind) for line in self.lines if line.active}


def test_thumbnail_and_camera_change_without_a_negotiation() -> None:
    sfu = Sfu()
    assert sfu.settle(want(("bob", "audio"), ("bob", "thumbnail")), published(bob=1)) == [Subscribe]
    assert sfu.settle(want(("bob", "audio"), ("bob", "camera")), published(bob=1)) == [Switch]
    assert sfu.carries == {("bob", "audio"), ("bob", "camera")}
    assert len(sfu.lines) == 2


def test_an_m_line_is_inactive_before_somebody_else_is_on_it() -> None:
    sfu = Sfu()
    sfu.settle(want(("bob", "camera")), published(bob=1, cat=1))
    assert sfu.settle(want(("cat", "camera")), published(bob=1, cat=1)) == [Unsubscribe, Subscribe]
    assert len(sfu.lines) == 1


def test_a_screen_never_takes_the_place_of_a_camera() -> None:
    sfu = Sfu()
    sfu.settle(want(("bob", "camera")), published(bob=1))
    assert sfu.settle(want(("bob", "screen")), published(bob=1)) == [Unsubscribe, Subscribe]


def test_a_newer_publication_takes_the_place_of_the_older() -> None:
    sfu = Sfu()
    wanted = want(("bob", "audio"), ("bob", "camera"))
    sfu.settle(wanted, published(bob=1))
    assert sfu.settle(wanted, published(bob=2)) == [Switch]
    assert {line.source.feed for line in sfu.lines} == {"bob-2"}


def test_what_is_not_published_comes_when_it_is() -> None:
    sfu = Sfu()
    assert sfu.settle(want(("bob", "audio")), {}) == []
    assert sfu.settle(want(("bob", "audio")), published(bob=1)) == [Subscribe]
    assert sfu.settle(want(("bob", "audio")), {}) == [Unsubscribe]


def test_what_a_participant_may_have_is_bounded() -> None:
    users = [f"u{number}" for number in range(80)]
    feeds = [WantedFeed(user, kind) for user in users for kind in ("camera", "thumbnail", "audio")]
    kept = bounded([*feeds, *feeds], "u0")
    assert sum(feed.kind in LARGE_FEEDS for feed in kept) == MAX_LARGE_FEEDS
    assert not any(feed.user_id == "u0" for feed in kept)
    assert len(set(kept)) == len(kept)
    assert sum(feed.kind == "audio" for feed in kept) == 79  # sound goes before pictures
    pictures = [feed.user_id for feed in kept if feed.kind != "audio"]
    assert len(pictures) == len(set(pictures))
    assert MAX_SDP_CHARS > 500 * 79


@settings(deadline=None)
@given(st.data())
def test_churn_never_puts_somebody_on_anothers_line(data: st.DataObject) -> None:
    users = ["a", "b", "c", "d"]
    kinds: list[Feed] = ["audio", "camera", "thumbnail", "screen"]
    numbers: dict[str, int] = {}
    publishing: set[str] = set()
    sfu = Sfu()
    for _ in range(data.draw(st.integers(1, 12))):
        for user in data.draw(st.sets(st.sampled_from(users))):
            if user in publishing and data.draw(st.booleans()):
                publishing.remove(user)
            else:
                publishing.add(user)
                numbers[user] = numbers.get(user, 0) + 1
        asked = data.draw(
            st.lists(st.builds(WantedFeed, st.sampled_from(users), st.sampled_from(kinds)), max_size=12)
        )
        wanted = bounded(asked, "me")
        there = published(**{user: numbers[user] for user in publishing})
        sfu.settle(wanted, there)
        assert sfu.carries == {(feed.user_id, feed.kind) for feed in wanted if feed.user_id in publishing}
        current = {line.source.feed for line in sfu.lines if line.active}
        assert current <= {f"{user}-{numbers[user]}" for user in publishing}


def test_a_reused_line_is_noticed() -> None:
    before = [Line("0", source("bob", "audio"), active=True)]
    assert fits(before, [("0", source("bob", "audio", 2)), ("1", source("cat", "audio"))])
    assert fits(before, [("0", None)])
    assert not fits(before, [("0", source("cat", "audio"))])
    assert fits([Line("0", source("bob", "audio"), active=False)], [("0", source("cat", "audio"))])
