"""Which reactions are over one tile at a moment, and how strongly. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_S = 4.0
FADE_S = 0.4
MAX_SHOWN = 5
"""Different ones over one tile; a further one takes the place of the oldest."""
MAX_COUNT = 99


@dataclass(slots=True)
class Shown:
    """One emoji, and how often it came while it was shown."""

    emoji: str
    since_s: float
    last_s: float
    count: int = 1

    def strength(self, now_s: float) -> float:
        """0 (not there) to 1: it comes and goes within FADE_S."""
        coming = (now_s - self.since_s) / FADE_S
        going = (self.last_s + SHOWN_S - now_s) / FADE_S
        return max(0.0, min(1.0, coming, going))


class ShownReactions:
    """The reactions over one tile; the times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self.items: list[Shown] = []

    def add(self, emoji: str, now_s: float) -> None:
        """Show one more; the same one again is counted."""
        self.expire(now_s)
        for each in self.items:
            if each.emoji == emoji:
                each.count = min(MAX_COUNT, each.count + 1)
                each.last_s = now_s
                return
        self.items = [*self.items, Shown(emoji, now_s, now_s)][-MAX_SHOWN:]

    def expire(self, now_s: float) -> None:
        """Forget those whose time is over."""
        self.items = [each for each in self.items if now_s < each.last_s + SHOWN_S]

    def next_change_s(self, now_s: float, step_s: float) -> float | None:
        """After how long the picture has to be painted again; None when nothing is shown.

        `step_s` while one comes or goes, else until the first one begins to go: nothing moves in between.
        """
        if not self.items:
            return None
        if any(each.strength(now_s) < 1 for each in self.items):
            return step_s
        return max(step_s, min(each.last_s + SHOWN_S - FADE_S - now_s for each in self.items))
