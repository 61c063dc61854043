"""What to ask the SFU for next, from what a participant wants and what is on its m-lines: pure.

One step at a time, each answered before the next: an m-line that is given up is inactive in an answered description
before somebody else is put on it. `Switch` alone changes an m-line that carries something, and only between a
participant's thumbnail and camera, or from an older publication of the same participant to a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from desktop_app.protocol.topology import LARGE_FEEDS, MAX_LARGE_FEEDS, Stream, WantedFeed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from desktop_app.protocol.topology import Feed

MAX_OFFER_CHARS = 57_000
"""Of the descriptions' 60,000: their m-lines and nothing else are counted here."""
AUDIO_LINE_CHARS = 370
VIDEO_LINE_CHARS = 520
"""An m-line of Janus's offers, made compact (measured with 126 of them: 365 and 505)."""

_PICTURE: tuple[Feed, ...] = ("camera", "thumbnail")


@dataclass(frozen=True, slots=True)
class Source:
    """Something that is published: whose and what it is, and how the SFU names it."""

    user_id: str
    kind: Feed
    feed: str
    mid: str


@dataclass(frozen=True, slots=True)
class Line:
    """An m-line of the subscriber connection; not `active` means inactive, and answered."""

    mid: str
    source: Source
    active: bool

    def stream(self) -> Stream:
        """As the participant is told."""
        return Stream(self.mid, self.source.user_id, self.source.kind, self.active)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Put these on m-lines that are inactive or new."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Let nothing be on these m-lines."""

    mids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """Let something else of the same participant be on these m-lines."""

    changes: tuple[tuple[str, Source], ...]


Step: TypeAlias = Subscribe | Unsubscribe | Switch


def bounded(feeds: Iterable[WantedFeed], own_user_id: str) -> tuple[WantedFeed, ...]:
    """What of `feeds` a participant may have; sound goes before pictures, else the order counts."""
    kept: dict[WantedFeed, None] = {}
    pictures: set[str] = set()
    large, chars = 0, 0
    for feed in sorted(dict.fromkeys(feeds), key=lambda feed: feed.kind != "audio"):
        if feed.user_id == own_user_id or (feed.kind in _PICTURE and feed.user_id in pictures):
            continue
        if feed.kind in LARGE_FEEDS and large >= MAX_LARGE_FEEDS:
            continue
        size = AUDIO_LINE_CHARS if feed.kind == "audio" else VIDEO_LINE_CHARS
        if chars + size > MAX_OFFER_CHARS:
            continue
        chars += size
        large += feed.kind in LARGE_FEEDS
        if feed.kind in _PICTURE:
            pictures.add(feed.user_id)
        kept[feed] = None
    return tuple(kept)


def next_step(
    lines: Sequence[Line],
    wanted: Sequence[WantedFeed],
    published: Mapping[tuple[str, Feed], Source],
) -> Step | None:
    """The next thing to do; None when everything is as it shall be.

    Args:
        lines: all m-lines of the connection.
        wanted: what `bounded` left.
        published: everything that can be had now, by participant and kind.
    """
    missing: dict[Source, None] = {}
    for feed in wanted:
        source = published.get((feed.user_id, feed.kind))
        if source is not None:
            missing[source] = None
    publishing = {user for user, _ in published}
    idle: list[Line] = []
    for line in lines:
        if line.active and line.source in missing:
            del missing[line.source]
        elif line.active:
            idle.append(line)
    changes: list[tuple[str, Source]] = []
    mids: list[str] = []
    for line in idle:
        other = next((source for source in missing if _may_follow(line.source, source)), None)
        if other is not None and line.source.user_id in publishing:
            del missing[other]
            changes.append((line.mid, other))
        else:
            mids.append(line.mid)
    if changes:
        return Switch(tuple(changes))
    if mids:
        return Unsubscribe(tuple(mids))
    if missing:
        return Subscribe(tuple(missing))
    return None


def fits(before: Sequence[Line], after: Iterable[tuple[str, Source | None]]) -> bool:
    """Whether no m-line that carried somebody carries somebody else `after` one step."""
    owners = {line.mid: line.source.user_id for line in before if line.active}
    return all(source is None or owners.get(mid, source.user_id) == source.user_id for mid, source in after)


def _may_follow(old: Source, new: Source) -> bool:
    if old.user_id != new.user_id:
        return False
    return old.kind == new.kind or (old.kind in _PICTURE and new.kind in _PICTURE)
