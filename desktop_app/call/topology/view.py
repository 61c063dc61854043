"""Who is on screen, and which feeds of an SFU are wanted for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop_app.protocol.topology import MAX_LARGE_FEEDS, WantedFeed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop_app.protocol.topology import Feed


@dataclass(frozen=True, slots=True)
class View:
    """What the window shows: user ids, the most important first."""

    large: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    sound: bool = True
    """False for load tests alone: nobody is heard."""
    screens: tuple[str, ...] | None = None
    """Whose shared screens are shown, likewise; None: all that there are."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What our downlink carries of the pictures."""

    max_large: int = MAX_LARGE_FEEDS
    thumbnails: bool = True


def wanted_feeds(
    others: Sequence[str],
    view: View | None,
    offered: Offered = Offered(),
    speaker: str | None = None,
    sharers: Sequence[str] = (),
) -> tuple[WantedFeed, ...]:
    """What to subscribe to: sound of everybody, and one picture of whoever is on screen, large ones first.

    Args:
        others: in the room, in the order in which they are shown while nobody said how.
        view: None while nobody did: then the first few are large, and everybody else is small.
        offered: what there is room for; whoever is large beyond that is small.
        speaker: who is the first of the large ones, if they are large at all.
        sharers: who shows a screen; screens go before large pictures.
    """
    shown = view or View(tuple(others[:MAX_LARGE_FEEDS]), tuple(others[MAX_LARGE_FEEDS:]))
    here = [user for user in dict.fromkeys((*shown.large, *shown.small)) if user in others]
    large = sorted((user for user in here if user in shown.large), key=lambda user: user != speaker)
    wanted = (
        sharers
        if view is None or view.screens is None
        else [each for each in view.screens if each in sharers]
    )
    # A screen has no thumbnail: one stays as long as there are any pictures at all.
    most_screens = max(offered.max_large, 1 if offered.thumbnails else 0)
    screens = tuple(dict.fromkeys(user for user in wanted if user in others))[:most_screens]
    large = large[: max(0, offered.max_large - len(screens))]
    pictures = [WantedFeed(user, "screen") for user in screens]
    for user in here:
        kind: Feed = "camera" if user in large else "thumbnail"
        if kind == "camera" or offered.thumbnails:
            pictures.append(WantedFeed(user, kind))
    heard = others if shown.sound else ()
    return (*(WantedFeed(user, "audio") for user in heard), *pictures)
